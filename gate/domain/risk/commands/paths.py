"""Where a path on the agent host lies, by its text alone: nothing is looked up."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

_UNKNOWN = re.compile(r"[$`]|[<>]\(")
_HOME = re.compile(r"\A(?:~|\$HOME|\$\{HOME\})(?=/|\Z)")
_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm", "/private/tmp")  # noqa: S108 (names, nothing is opened)
_BUILT = frozenset(
    "node_modules dist build target out .next .nuxt .cache coverage htmlcov artifacts tmp .tmp"
    " __pycache__ .venv venv"
    " .pytest_cache .mypy_cache .ruff_cache .tox .nox .gradle .parcel-cache .turbo .eggs"
    " wheelhouse logs".split()
)
_BUILT_NAME = re.compile(
    r"\.egg-info|\.py[co]|\.o|\.class|\.tmp|\.log|~|\.bak|\.orig|\.rej|\.coverage|\.DS_Store"
)
_DOCUMENT = re.compile(
    r"\.(?:md|rst|txt|adoc|log|xml|json|html|csv|typescript|cast)\Z|(?:\A|/)(?:artifacts|docs)/"
)
_TEST = re.compile(
    r"(?:\A|/)(?:tests?|__tests__|spec|specs)(?:/|\Z)|(?:\A|/)test_[^/]*\Z"
    r"|[._](?:test|spec)s?\.\w+\Z|_test\.\w+\Z"
)


def resolve(word: str, cwd: str | None) -> str | None:
    """An absolute path, one that begins with `~`, or None where the word holds what only a shell can know."""
    home = _HOME.match(word)
    rest = word[home.end() :] if home else word
    if _UNKNOWN.search(rest):
        return None
    if home:
        path = posixpath.normpath("/~" + rest)
        return path[1:] if path.startswith("/~") else "/"
    if rest.startswith("~"):
        return posixpath.normpath(rest)
    if rest.startswith("/"):
        return posixpath.normpath("/" + rest.lstrip("/"))
    if cwd is None:
        return None
    if cwd.startswith("~"):
        return resolve(f"{cwd}/{rest}", None)
    return (
        posixpath.normpath(posixpath.join("/", cwd.lstrip("/") or "/", rest)) if cwd.startswith("/") else None
    )


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or something in it."""
    folder = folder.rstrip("/")
    return path == folder or path.startswith(folder + "/")


def is_in(path: str, folders: Iterable[str]) -> bool:
    return any(folder and is_below(path, folder) for folder in folders)


def is_temporary(path: str) -> bool:
    """Something in a folder for temporary files, and not that folder itself."""
    return any(path.startswith(folder + "/") and path != folder + "/*" for folder in _TEMPORARY)


def is_built(path: str) -> bool:
    """Something that a build makes again, by its name."""
    parts = path.split("/")
    return any(part in _BUILT for part in parts) or bool(_BUILT_NAME.search(parts[-1]))


def is_document(path: str) -> bool:
    """Text and reports, which no test depends on."""
    return bool(_DOCUMENT.search(path))


def is_test(path: str) -> bool:
    return bool(_TEST.search(path))
