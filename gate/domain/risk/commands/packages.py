"""C11: packages that were installed on the agent's host."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.domain.risk.commands.arguments import arguments
from gate.domain.risk.commands.look import Hit, Look
from gate.domain.risk.commands.programs import is_python
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import Simple

C11 = Rule(
    id="C11",
    name="install-package",
    severity=Severity.MEDIUM,
    why="A package runs its own code when it is installed, and again whenever the tests or the agent use it.",
    check="See that the name is the one that was meant, where it came from, and whether the push pins it.",
)
_VERBS = {
    "npm": {"install", "i", "add", "ci", "update"},
    "pnpm": {"install", "i", "add", "update", "dlx"},
    "yarn": {"install", "add", "dlx", "up"},
    "bun": {"install", "add", "i"},
    "poetry": {"add", "install"},
    "pdm": {"add", "install", "sync"},
    "pipenv": {"install", "sync"},
    "pipx": {"install", "run"},
    "conda": {"install"},
    "mamba": {"install"},
    "apt": {"install"},
    "apt-get": {"install"},
    "aptitude": {"install"},
    "dnf": {"install"},
    "yum": {"install"},
    "apk": {"add"},
    "pacman": {"-S", "-Sy", "-Syu"},
    "zypper": {"install", "in"},
    "brew": {"install"},
    "snap": {"install"},
    "cargo": {"install", "add"},
    "gem": {"install"},
    "bundle": {"install", "add"},
    "go": {"install", "get"},
    "composer": {"require", "install"},
    "nix-env": {"-i", "-iA"},
    "deno": {"install", "add"},
    "dotnet": {"add"},
}
_VALUES = (
    "-r --requirement -c --constraint -i --index-url --extra-index-url -f --find-links -t"
    " --target --prefix --registry"
    " --python -p --group --extra -C --source --git --path --version --features -G"
)
_SOURCES = (
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--registry",
    "--index",
    "--source",
)
_FROM_ADDRESS = re.compile(
    r"\A(?:git\+|https?://|ssh://|git@|github:|gitlab:|git://)|@\s*(?:git\+|https?://)|\.git(?:[@#]|\Z)"
)
_LOCAL = re.compile(r"\A(?:\.{1,2}(?:/|\[|\Z)|/|file:)|\.(?:whl|deb|rpm|tgz)\Z")
_SOURCE_VARIABLES = frozenset(
    {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "GOPROXY"}
)
_SOURCE_VARIABLES |= {"NPM_CONFIG_REGISTRY", "npm_config_registry", "GONOSUMDB", "GOFLAGS", "GONOSUMCHECK"}


def install(look: Look) -> Iterator[Hit]:
    """Packages by name weigh more than what a file of the repository asks for, and an address the most."""
    for simple in look.commands:
        words = _installed(simple)
        if words is None:
            continue
        parts = arguments(words, _VALUES)
        named = [word for word in parts.operands if "://" in word or not _LOCAL.search(word)]
        if parts.has("--dry-run") or parts.has("--help"):
            continue
        if any(map(_FROM_ADDRESS.search, (*named, *parts.values("--git", "-r", "--requirement")))):
            yield Hit(Severity.HIGH, "a package was installed from an address")
        elif parts.has(*_SOURCES) or any(name in _SOURCE_VARIABLES for name, _ in simple.assignments):
            yield Hit(Severity.HIGH, "packages were installed from another index")
        elif named:
            yield Hit(Severity.MEDIUM, "packages were installed by name")
        else:
            yield Hit(Severity.LOW, "packages were installed that a file asks for")


def _installed(simple: Simple) -> tuple[str, ...] | None:
    """The words after the verb of an installation; None for anything else."""
    name, words = simple.name, simple.words[1:]
    if is_python(simple):
        parts = arguments(words, "-m -c -W -X")
        if parts.value("-m") not in ("pip", "pipx", "ensurepip"):
            return None
        name, words = "pip", words[words.index("-m") + 2 :] if "-m" in words else ()
    if name == "uv":
        return _of_uv(words)
    if name == "uvx":
        return tuple(word for word in words if not word.startswith("-"))[:1] or None
    if re.fullmatch(r"pip[\d.]*", name):
        verb = next((place for place, word in enumerate(words) if not word.startswith("-")), len(words))
        return words[verb + 1 :] if words[verb : verb + 1] in (("install",), ("download",)) else None
    if name == "yarn" and not words:
        return ()
    verbs = _VERBS.get(name, set())
    place = next((n for n, word in enumerate(words) if word in verbs or not word.startswith("-")), len(words))
    return words[place + 1 :] if place < len(words) and words[place] in verbs else None


def _of_uv(words: tuple[str, ...]) -> tuple[str, ...] | None:
    match words[:2]:
        case ("pip", "install") | ("tool", "install") | ("tool", "run"):
            return words[2:]
        case ("add", *_):
            return words[1:]
        case ("sync", *_):
            return ()
        case _:
            return None
