"""What the gate wrote into the repository's own git configuration."""

import posix

from pushgate_hook.descriptors import read_all
from pushgate_hook.git import Git

_HEADS_AND_TAGS = ["refs/heads/**", "refs/tags/**"]
# What means something to git, or is changed by it, in a value without quotes.
_NEEDS_GIT = frozenset(' \t"\\#;')


class BriefLimits:
    """The operator's brief for one agent: paths are git pathspecs, refs patterns; empty means no limit."""

    __slots__ = (
        "forbid_paths",
        "forbid_refs",
        "max_changed_files",
        "max_changed_lines",
        "only_paths",
        "only_refs",
    )

    def __init__(
        self,
        max_changed_files: int | None,
        max_changed_lines: int | None,
        forbid_paths: list[str],
        only_paths: list[str],
        forbid_refs: list[str],
        only_refs: list[str],
    ) -> None:
        self.max_changed_files = max_changed_files
        self.max_changed_lines = max_changed_lines
        self.forbid_paths = forbid_paths
        self.only_paths = only_paths
        self.forbid_refs = forbid_refs
        self.only_refs = only_refs

    @property
    def is_about_files(self) -> bool:
        has_limit = self.max_changed_files is not None or self.max_changed_lines is not None
        return has_limit or bool(self.forbid_paths) or bool(self.only_paths)


class Settings:
    """The `pushgate.*` settings of one repository; the names and defaults are in docs/receipt-format.md."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        self._values = values
        self._sections = {key.rpartition(".")[0] for key in values}
        self.repository = self._last("pushgate.repository") or "this repository"
        self.url = (self._last("pushgate.url") or "").rstrip("/")
        self.lockdown = self._last("pushgate.lockdown")
        self.fail_point = self._last("pushgate.failpoint")
        self.scan_socket = self._last("pushgate.scansocket")
        self.refs = values.get("pushgate.refs", _HEADS_AND_TAGS)
        self.max_pack_size = self._number("pushgate.maxpacksize")
        self.max_file_size = self._number("pushgate.maxfilesize")
        self.max_changed_files = self._number("pushgate.maxchangedfiles")
        self.on_push = self._choice("pushgate.onpush", ("append", "supersede", "refuse"))
        self.accepts = self._choice("pushgate.reply", ("hold", "accept")) == "accept"

    def knows(self, agent: str) -> bool:
        return f"pushgateagent.{agent}" in self._sections

    def is_disabled(self, agent: str) -> bool:
        """Whether the agent is switched off; anything but a clear `false` switches it off."""
        return (self._last(f"pushgateagent.{agent}.disabled") or "false") != "false"

    def allowed_refs(self, agent: str) -> list[str]:
        return self._values.get(f"pushgateagent.{agent}.allowref", [])

    def brief(self, agent: str) -> BriefLimits:
        """What the operator's brief for the agent refuses."""
        section = f"pushgateagent.{agent}"
        return BriefLimits(
            self._number(f"{section}.maxchangedfiles"),
            self._number(f"{section}.maxchangedlines"),
            *(
                self._values.get(f"{section}.{name}", [])
                for name in ("forbidpath", "onlypath", "forbidref", "onlyref")
            ),
        )

    def _last(self, key: str) -> str | None:
        values = self._values.get(key)
        return values[-1] if values else None

    def _number(self, key: str) -> int | None:
        text = self._last(key)
        return None if text is None else int(text)

    def _choice(self, key: str, choices: tuple[str, ...]) -> str:
        text = self._last(key) or choices[0]
        if text not in choices:
            raise ValueError(f"{key} is {text!r}, which is none of {', '.join(choices)}")
        return text


def read_settings(git: Git, directory: bytes) -> Settings:
    """Read the repository's configuration file, and no other: not the user's and not the system's."""
    descriptor = posix.open(directory + b"/config", posix.O_RDONLY)
    content = read_all(descriptor).decode(errors="surrogateescape")
    posix.close(descriptor)
    values = parse_configuration(content)
    return Settings(_asked_of_git(git) if values is None else values)


def parse_configuration(content: str) -> dict[str, list[str]] | None:
    """The settings in a file as the gate writes it, or None for one that only git is sure to understand.

    Asking git takes 2 ms, twice in every push.
    """
    if "\r" in content or "\\\n" in content:
        return None
    values: dict[str, list[str]] = {}
    section: str | None = ""
    for line in content.split("\n"):
        line = line.strip(" \t")
        if not line or line[0] in "#;":
            continue
        if line[0] == "[":
            section = _section(line)
            if section is None:
                return None
        elif section and section.startswith("pushgate"):
            name, _, text = line.partition(" = ")
            value = _value(text)
            if value is None or not name.isalnum():
                return None
            values.setdefault(f"{section}.{name.lower()}", []).append(value)
    return values


def _section(line: str) -> str | None:
    name, quote, rest = line[1:].partition(' "')
    if not quote:
        name, rest = name[:-1], name[-1:]
        return name.lower() if rest == "]" and name.isalnum() else None
    subsection, end = rest[:-2], rest[-2:]
    if end != '"]' or not name.isalnum() or '"' in subsection or "\\" in subsection:
        return None
    return f"{name.lower()}.{subsection}"


def _value(text: str) -> str | None:
    if len(text) > 1 and text[0] == '"' == text[-1]:
        text = text[1:-1]
        return None if '"' in text or "\\" in text else text
    return text if text and _NEEDS_GIT.isdisjoint(text) else None


def _asked_of_git(git: Git) -> dict[str, list[str]]:
    # Status 1 says that no key matched.
    output = git.run("config", "--local", "-z", "--get-regexp", "^pushgate", expected=(0, 1))
    values: dict[str, list[str]] = {}
    for entry in output.split(b"\0")[:-1]:
        key, _, value = entry.decode(errors="surrogateescape").partition("\n")
        values.setdefault(key, []).append(value)
    return values
