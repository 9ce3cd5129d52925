"""C03 and C12: what was deleted, and whom files were opened to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.domain.risk.commands.arguments import Arguments, arguments
from gate.domain.risk.commands.look import Hit, Look
from gate.domain.risk.commands.paths import is_below, is_built, is_in, is_temporary
from gate.domain.risk.model import Confidence, Rule, Severity
from gate.domain.risk.view import Simple

C03 = Rule(
    id="C03",
    name="delete",
    severity=Severity.MEDIUM,
    why="What is deleted outside of the work folder, or before it was committed, no revert brings back.",
    check="See what the path stood for, whether the command ran, and whether what it deleted is missed.",
)
C12 = Rule(
    id="C12",
    name="permissions",
    severity=Severity.MEDIUM,
    why="A file that everyone may write, or that runs as another user, is a way in for others on that host.",
    check="See whether the mode is still set, and whether the task needed it.",
)
_WIPERS = frozenset({"shred", "wipefs", "blkdiscard", "sgdisk"})
_UNSAFE_VARIABLE = re.compile(r"\$(?:\w+|\{\w+(?::?-[^}]*)?\})(?:/|/?\*|/\.\*)?\Z|\$(?:\w+|\{\w+\})/")
_OPEN_MODE = re.compile(
    r"[0-7]?[0-7]{2}[2367]|(?:[ugo]*[oa][ugoa]*|)\+[rx]*w[rwxX]*|(?:[ugo]*[oa][ugoa]*)=[rx]*w[rwx]*"
)
_SETUID_MODE = re.compile(r"0*[2-7][0-7]{3}|[ugoa]*\+[rwxX]*s[rwxXst]*")


def delete(look: Look) -> Iterator[Hit]:
    """Recursive deletes, by where they point: things that are built again weigh little."""
    for simple in look.commands:
        name, words = simple.name, simple.words[1:]
        if name == "rm":
            yield from _rm(look, simple)
        elif name in ("find", "fd", "fdfind"):
            yield from _find(look, simple)
        elif name == "git" and words[:1] == ("clean",) and _cleans(arguments(words[1:])):
            yield Hit(Severity.MEDIUM, "files that git does not know were deleted")
        elif name in _WIPERS or name.startswith("mkfs"):
            yield Hit(Severity.CRITICAL if name != "shred" else Severity.MEDIUM, "content was wiped")
        elif name == "dd" and any(word.startswith("of=/dev/") and word != "of=/dev/null" for word in words):
            yield Hit(Severity.CRITICAL, "a device was written over")
        elif name == "truncate":
            yield from (
                hit for path in arguments(words, "-s --size -r").operands for hit in _target(look, path)
            )


def permissions(look: Look) -> Iterator[Hit]:
    """Files opened to everyone, set to run as their owner, or given away."""
    for simple in look.commands:
        words = simple.words[1:]
        if simple.name == "umask" and words and words[0].strip("0") == "":
            yield Hit(Severity.MEDIUM, "new files were made writable for everyone")
        elif simple.name == "chmod":
            yield from _chmod(look, words)
        elif simple.name == "chown" and arguments(words).has("-R", "--recursive"):
            yield Hit(_wider(look, words[-1:]), "the owner of a whole folder was changed")
        elif simple.name == "setfacl":
            yield Hit(_wider(look, words[-1:]), "an access list was changed")


def _rm(look: Look, simple: Simple) -> Iterator[Hit]:
    parts = arguments(simple.words[1:])
    is_recursive = parts.has("-r", "-R", "--recursive")
    if simple.wrappers[-1:] in (("find",), ("fd",), ("fdfind",)):
        return  # Told of by where the search begins.
    if not parts.operands and "xargs" in simple.wrappers:
        yield Hit(Severity.MEDIUM, "files from a list were deleted", Confidence.LIKELY)
    for path in parts.operands:
        hits = list(_target(look, path, is_remote="ssh" in simple.wrappers))
        if is_recursive:
            yield from hits
        elif any(hit.severity.rank >= Severity.HIGH.rank for hit in hits) and not _is_unknown(look, path):
            yield Hit(Severity.MEDIUM, "a file outside of the work folder was deleted")


def _target(look: Look, word: str, *, is_remote: bool = False) -> Iterator[Hit]:
    path = look.path(word)
    if is_remote:
        yield Hit(Severity.CRITICAL, "files on another host were deleted")
    elif path is None:
        yield _unknown(look.expanded(word))
    elif is_temporary(path):
        yield Hit(Severity.LOW, "temporary files were deleted")
    elif not is_in(path, _folders(look)):
        yield Hit(Severity.CRITICAL, "files outside of the work folder were deleted")
    elif any(_is_all_of(path, folder) for folder in _folders(look)):
        yield Hit(Severity.HIGH, "the whole work folder, or its history, was deleted")
    elif is_built(path):
        yield Hit(Severity.LOW, "files that a build makes again were deleted")
    else:
        yield Hit(Severity.MEDIUM, "a folder of the work folder was deleted")


def _unknown(word: str) -> Hit:
    """A path that only the shell knew. With an empty variable `$x/*` is all there is."""
    if _UNSAFE_VARIABLE.match(word) and "/" in word:
        return Hit(
            Severity.CRITICAL, "a path was deleted that begins with an unknown variable", Confidence.POSSIBLE
        )
    if word.startswith("$"):
        return Hit(Severity.HIGH, "a path was deleted that only the shell knew", Confidence.POSSIBLE)
    return Hit(Severity.MEDIUM, "a path was deleted that only the shell knew", Confidence.POSSIBLE)


def _is_unknown(look: Look, word: str) -> bool:
    return look.path(word) is None


def _folders(look: Look) -> tuple[str, ...]:
    named = (look.context.work, *look.context.roots)
    return tuple(folder for folder in named if folder and folder not in ("/", "/tmp"))  # noqa: S108


def _is_all_of(path: str, folder: str) -> bool:
    return path in (folder, f"{folder}/*", f"{folder}/.", f"{folder}/.*") or is_below(path, f"{folder}/.git")


def _find(look: Look, simple: Simple) -> Iterator[Hit]:
    words = simple.words[1:]
    kills = any(word in ("-exec", "-execdir", "-x", "-X") for word in words) and "rm" in words
    if "-delete" not in words and not kills:
        return
    end = next((place for place, word in enumerate(words) if word.startswith(("-", "(", "!"))), len(words))
    names = [
        words[place + 1] for place, word in enumerate(words[:-1]) if word in ("-name", "-iname", "-path")
    ]
    for folder in words[:end] or (".",):
        for hit in _target(look, folder):
            if hit.severity is Severity.HIGH and look.path(folder) is not None:
                # Some of the work folder: by name, or by age.
                is_rebuilt = bool(names) and all(
                    is_built(name.strip("*/")) or is_built(name) for name in names
                )
                yield Hit(
                    Severity.LOW if is_rebuilt else Severity.MEDIUM, "files that a search found were deleted"
                )
            else:
                yield hit


def _cleans(parts: Arguments) -> bool:
    return parts.has("-f", "--force") and not parts.has("-n", "--dry-run")


def _chmod(look: Look, words: tuple[str, ...]) -> Iterator[Hit]:
    plain = [word for word in words if not word.startswith("-") or word[1:2] in "rwxst"]
    if len(plain) < 2:
        return
    mode, targets = plain[0], tuple(plain[1:])
    modes = mode.split(",")
    if any(_SETUID_MODE.fullmatch(one) for one in modes):
        yield Hit(Severity.HIGH, "a file was set to run as its owner or group")
    elif any(_OPEN_MODE.fullmatch(one) for one in modes):
        yield Hit(_wider(look, targets), "files were made writable for everyone")
    elif _wider(look, targets) is Severity.HIGH:
        yield Hit(Severity.MEDIUM, "permissions were changed outside of the work folder")
    elif "+x" in mode or "7" in mode:
        yield Hit(Severity.INFO, "a file of the work folder was made executable")


def _wider(look: Look, targets: tuple[str, ...]) -> Severity:
    """High outside of the work folder and the temporary ones."""
    for target in targets:
        path = look.path(target)
        if path is not None and not is_in(path, _folders(look)) and not is_temporary(path):
            return Severity.HIGH
    return Severity.MEDIUM
