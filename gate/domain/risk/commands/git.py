"""C07, C08 and C09: pushes around the gate, git's own settings, and history that was rewritten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.domain.risk.commands.arguments import Arguments, arguments, written
from gate.domain.risk.commands.look import Hit, Look
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import Simple

C07 = Rule(
    id="C07",
    name="push-abuse",
    severity=Severity.HIGH,
    why="A forced or deleting push takes work away, and one to another place goes around the review.",
    check="See where the push went and what it was to overwrite. What came to the gate is held either way.",
)
C08 = Rule(
    id="C08",
    name="git-settings",
    severity=Severity.HIGH,
    why="git's settings decide where a push goes, and which programs it runs on every later command.",
    check="Look at `git config --list --show-origin` on the agent's host, and set back what is not yours.",
)
C09 = Rule(
    id="C09",
    name="rewrite-history",
    severity=Severity.MEDIUM,
    why="Rewritten or thrown away commits are work that nobody can look at any more.",
    check="See whether what was dropped had been pushed, or was somebody else's.",
)
_GIT_VALUES = "-C -c --git-dir --work-tree --namespace --exec-path --config-env --super-prefix --attr-source"
_PUSH_VALUES = "-o --push-option --repo --receive-pack --exec"
_ADDRESS = re.compile(r"://|\A[\w.-]+@[\w.-]+:|\A[./~]|\A[A-Za-z0-9-]+\.[A-Za-z0-9.-]+:")
_RUNNING_KEY = re.compile(
    r"core\.(?:hookspath|sshcommand|fsmonitor|gitproxy|askpass|worktree)|credential\..+"
    r"|url\..+\.(?:push)?insteadof|remote\..+\.(?:push)?url|remote\.pushdefault|branch\..+\.pushremote"
    r"|http(?:\..+)?\.(?:proxy|sslverify|extraheader|sslcainfo|cookiefile)|include(?:if\..+)?\.path"
    r"|filter\..+|diff\..+\.(?:command|textconv)|merge\..+\.driver|gpg(?:\..+)?\.program|protocol\..+"
    r"|uploadpack\..+|receive\..+|init\.templatedir|sequence\.editor|push\.default|commit\.gpgsign",
    re.IGNORECASE,
)
_IDENTITY_KEY = re.compile(r"user\.(?:name|email|signingkey)", re.IGNORECASE)
_GIT_VARIABLE = re.compile(
    r"GIT_(?:SSH|SSH_COMMAND|DIR|WORK_TREE|ASKPASS|PROXY_COMMAND|EXEC_PATH|TEMPLATE_DIR|SSL_NO_VERIFY|EXTERNAL_DIFF"
    r"|CONFIG(?:_GLOBAL|_SYSTEM|_COUNT|_PARAMETERS|_KEY_\d+|_VALUE_\d+)?|OBJECT_DIRECTORY"
    r"|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|ALLOW_PROTOCOL)"
)
_IDENTITY_VARIABLE = re.compile(r"GIT_(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE)")
_READING = ("--get", "--get-all", "--get-regexp", "--get-urlmatch", "-l", "--list", "--show-origin")
_DROPPING = {
    "reset": ("--hard", "the work tree was set back"),
    "commit": ("--amend", "a commit was made anew"),
    "branch": ("-D", "a branch was deleted whatever was on it"),
}
_CONFIG_VALUES = "-f --file --blob --default --type --comment --value"


@dataclass(frozen=True, slots=True)
class Git:
    """A git command: its own settings of `-c`, the subcommand and what follows it."""

    settings: tuple[tuple[str, str], ...]
    verb: str
    words: tuple[str, ...]


def git_of(simple: Simple) -> Git | None:
    """None for what is no git command."""
    if simple.name != "git":
        return None
    taking = frozenset(_GIT_VALUES.split())
    rest = list(simple.words[1:])
    settings: list[tuple[str, str]] = []
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        value = rest.pop(0) if option in taking and rest else ""
        if option in ("-c", "--config-env"):
            key, _, text = value.partition("=")
            settings.append((key, text))
        elif option.startswith("--config-env="):
            settings.append((option.split("=")[1], ""))
    return Git(tuple(settings), rest[0] if rest else "", tuple(rest[1:]))


def push_abuse(look: Look) -> Iterator[Hit]:
    """Pushes that overwrite or delete, or do not go to the gate. A plain push is what is asked for."""
    for simple in look.commands:
        git = git_of(simple)
        if git is None or git.verb not in ("push", "send-pack"):
            continue
        parts = arguments(git.words, _PUSH_VALUES)
        if parts.has("-n", "--dry-run"):
            continue
        yield from _forced(look, parts)
        remote = parts.operands[0] if parts.operands else parts.value("--repo")
        if remote and not _leads_to_gate(look, remote):
            what = "an address" if _ADDRESS.search(look.expanded(remote)) else "a remote"
            yield Hit(Severity.HIGH, f"a push went to {what} other than the gate's")


def settings(look: Look) -> Iterator[Hit]:
    """Remotes, and settings that choose where git connects to and what it runs."""
    for simple in look.commands:
        git = git_of(simple)
        if git is not None:
            for key, value in git.settings:
                yield from _setting(key, value)
            if git.verb == "remote":
                yield from _remote(look, git)
            elif git.verb == "config":
                yield from _config(git)
        yield from _variables(simple)
        for word in written(simple):
            if (look.path(word) or word).endswith(
                (".git/config", "/.gitconfig", ".git/info/attributes", ".config/git/config")
            ):
                yield Hit(Severity.HIGH, "a file with git's settings was written")


def rewrite_history(look: Look) -> Iterator[Hit]:
    """Commits that were dropped or made anew. Of what was never pushed that weighs little."""
    mild = Severity.MEDIUM if look.past.has_pushed else Severity.LOW
    for simple in look.commands:
        git = git_of(simple)
        if git is not None:
            yield from _dropped(git, arguments(git.words), mild)


def _dropped(git: Git, parts: Arguments, mild: Severity) -> Iterator[Hit]:
    if git.verb in ("filter-branch", "filter-repo"):
        yield Hit(Severity.MEDIUM, "the whole history was rewritten")
    elif git.verb == "reflog" and git.words[:1] in (("expire",), ("delete",)):
        yield Hit(Severity.MEDIUM, "git's own record of earlier commits was deleted")
    elif git.verb == "prune" or (git.verb == "gc" and any("--prune=" in word for word in git.words)):
        yield Hit(Severity.MEDIUM, "commits that no branch holds were deleted for good")
    elif git.verb == "update-ref" and parts.has("-d", "--delete"):
        yield Hit(Severity.MEDIUM, "a ref was deleted")
    elif git.verb == "stash" and git.words[:1] in (("drop",), ("clear",)):
        yield Hit(mild, "work that was set aside was deleted")
    elif git.verb == "rebase" and not parts.has("--abort", "--continue", "--skip", "--show-current-patch"):
        yield Hit(mild, "commits were put elsewhere or made anew")
    elif git.verb in _DROPPING and parts.has(_DROPPING[git.verb][0]):
        yield Hit(mild, _DROPPING[git.verb][1])


def is_push(simple: Simple) -> bool:
    git = git_of(simple)
    return git is not None and git.verb == "push"


def _forced(look: Look, parts: Arguments) -> Iterator[Hit]:
    refs = parts.operands[1:]
    if parts.has("--mirror"):
        yield Hit(Severity.HIGH, "a push was to make the remote a mirror, and delete what it has besides")
    if parts.has("-d", "--delete", "--prune") or any(ref.startswith(":") and len(ref) > 1 for ref in refs):
        yield Hit(Severity.HIGH, "a push was to delete branches or tags")
    if parts.has("-f", "--force") or any(ref.startswith("+") for ref in refs):
        yield Hit(Severity.HIGH, "a push was to overwrite whatever is there")
    elif parts.has("--force-with-lease", "--force-if-includes"):
        is_own = bool(refs) and all(_is_own(look, ref) for ref in refs)
        whose = "the agent's own branch" if is_own else "a branch"
        yield Hit(
            Severity.MEDIUM if is_own else Severity.HIGH,
            f"a push was to overwrite {whose}, if it had not moved",
        )


def _is_own(look: Look, ref: str) -> bool:
    name = ref.rpartition(":")[2].removeprefix("refs/heads/")
    return name.startswith(look.context.own_branches)


def _leads_to_gate(look: Look, remote: str) -> bool:
    name = look.expanded(remote)
    return name.startswith(("$", "`")) or _same(name) in {_same(one) for one in look.context.remotes}


def _same(address: str) -> str:
    """An address without a user's name and password, and without the ends that git does not look at."""
    bare = re.sub(r"(?<=://)[^/@]*@", "", address)
    return bare.rstrip("/").removesuffix(".git")


def _remote(look: Look, git: Git) -> Iterator[Hit]:
    verb, *rest = (*git.words, "")
    if verb not in ("add", "set-url", "rename", "remove", "rm"):
        return
    addresses = [word for word in rest if _ADDRESS.search(word)]
    if verb in ("add", "set-url") and addresses and all(_leads_to_gate(look, one) for one in addresses):
        yield Hit(Severity.LOW, "a remote was set to the gate's address")
    else:
        yield Hit(Severity.HIGH, "a remote was added, changed or removed")


def _config(git: Git) -> Iterator[Hit]:
    parts = arguments(git.words, _CONFIG_VALUES)
    operands = parts.operands
    if parts.has(*_READING) or operands[:1] in (("get",), ("list",)):
        return
    if operands[:1] in (("set",), ("unset",), ("edit",)):
        operands = operands[1:]
    is_unset = parts.has("--unset", "--unset-all", "--remove-section") or git.words[:1] == ("unset",)
    if operands and (len(operands) > 1 or is_unset):
        yield from _setting(operands[0], operands[1] if len(operands) > 1 else "")


def _setting(key: str, value: str) -> Iterator[Hit]:
    if _RUNNING_KEY.fullmatch(key) or (key.lower().startswith("alias.") and value.startswith("!")):
        yield Hit(Severity.HIGH, "a setting was made that decides where git connects to, or what it runs")
    elif _IDENTITY_KEY.fullmatch(key):
        yield Hit(Severity.INFO, "the name that commits are made under was set")
    elif key.lower() == "safe.directory":
        yield Hit(Severity.LOW, "git was told to trust a folder of another user")


def _variables(simple: Simple) -> Iterator[Hit]:
    names = [name for name, _ in simple.assignments]
    if simple.name in ("export", "declare", "typeset", "readonly"):
        names.extend(word.partition("=")[0] for word in simple.words[1:] if "=" in word)
    if any(map(_GIT_VARIABLE.fullmatch, names)):
        yield Hit(Severity.HIGH, "a variable was set that decides where git connects to, or what it runs")
    elif any(map(_IDENTITY_VARIABLE.fullmatch, names)):
        yield Hit(Severity.INFO, "the name or time that commits are made under was set")
