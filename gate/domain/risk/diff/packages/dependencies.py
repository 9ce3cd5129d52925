"""D10, D11, D14, D15: what is new or asked for differently in manifests and lock files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gate.domain.risk.diff.look import FileLook, FileRule, Hit, PushLook, PushRule
from gate.domain.risk.diff.packages.locks import Lock, is_lock, read_lock
from gate.domain.risk.diff.packages.manifests import (
    MANIFEST_OF,
    Ecosystem,
    dependencies,
    ecosystem,
)
from gate.domain.risk.diff.packages.popular import imitated
from gate.domain.risk.model import Confidence, Rule, Severity
from gate.domain.risk.path_class import path_class
from gate.domain.risk.view import Line, PathClass

D10 = Rule(
    id="D10",
    name="lock-mismatch",
    severity=Severity.MEDIUM,
    why="What is installed is what the lock file says, and it does not say what the manifest asks for.",
    check="Make the lock file anew from the manifest, and compare.",
)
D11 = Rule(
    id="D11",
    name="new-dependency",
    severity=Severity.MEDIUM,
    why="Its code, and that of all it needs, runs with the rights of this project.",
    check="See who makes it, how long it has been there, and whether it is needed.",
)
D14 = Rule(
    id="D14",
    name="unpinned",
    severity=Severity.MEDIUM,
    why="What is installed tomorrow may be another thing than what was reviewed today.",
    check="Ask for a version, or better a hash.",
)
D15 = Rule(
    id="D15",
    name="typosquat",
    severity=Severity.MEDIUM,
    why="Names one letter away from a known one are a common way to have somebody install malware.",
    check="See that it is the package that is meant.",
)

_EXACT = re.compile(r"(==|=)?[ ]*v?\d+(\.\d+){1,3}([.+-][\w.+-]+)?")
_OPEN = re.compile(r"[*]|latest|x|")
_LEFT_OUT = (PathClass.VENDORED, PathClass.GENERATED, PathClass.TEST)


def new_dependency(look: FileLook) -> Iterator[Hit]:
    kind = ecosystem(look.path)
    if kind is None or look.is_deleted:
        return
    old, new = dependencies(kind, look.old) or {}, dependencies(kind, look.new)
    if new is None:
        yield Hit("Its dependencies cannot be read: it does not parse", severity=_in(look), key="parse")
        return
    for name, spec in new.items():
        line = _line_of(look, name)
        if name not in old:
            yield Hit(f"A new dependency from {kind.name}", line, _in(look), seen=_seen(name, spec), key=name)
        elif old[name] != spec:
            seen = f"{name} {old[name]} -> {spec}"
            yield Hit(f"A dependency from {kind.name} moves", line, Severity.LOW, seen=seen)


def newly_locked(look: FileLook) -> Iterator[Hit]:
    """What a lock file brings with it: one line for all, as nobody chose them one by one."""
    if not is_lock(look.path) or look.is_deleted:
        return
    old, new = _lock(look, look.old) or {}, _lock(look, look.new)
    if new is None:
        yield Hit("The lock file cannot be read: it does not parse", key="parse")
        return
    names = sorted(new.keys() - old.keys())
    if names and old:
        listed = ", ".join(names[:20])
        yield Hit(
            f"The lock file pins {len(names)} packages that it did not have",
            severity=Severity.LOW,
            seen=listed,
        )


def loosened(look: FileLook) -> Iterator[Hit]:
    kind = ecosystem(look.path)
    if kind is None or look.is_deleted:
        return
    old, new = dependencies(kind, look.old) or {}, dependencies(kind, look.new) or {}
    for name, spec in new.items():
        before = old.get(name)
        was_exact = before is not None and _EXACT.fullmatch(before) and not _means_a_range(kind)
        if was_exact and not _EXACT.fullmatch(spec):
            words = "A dependency that was pinned to one version is so no more"
            yield Hit(words, _line_of(look, name), _in(look), seen=f"{name} {before} -> {spec}")
        elif before != spec and _OPEN.fullmatch(spec) and kind.name in ("npm", "crates.io", "Packagist"):
            words = "A dependency takes any version there is"
            yield Hit(words, _line_of(look, name), _in(look), seen=_seen(name, spec), key=name)


def typosquat(look: FileLook) -> Iterator[Hit]:
    kind = ecosystem(look.path)
    if kind is None or look.is_deleted:
        return
    old, new = dependencies(kind, look.old) or {}, dependencies(kind, look.new) or {}
    for name in new.keys() - old.keys():
        other = imitated(name, kind.name, frozenset(old))
        if other is not None:
            words = f"A new dependency has nearly the name of {other}"
            yield Hit(
                words,
                _line_of(look, name),
                seen=_seen(name, new[name]),
                key=name,
                confidence=Confidence.LIKELY,
            )


def note(look: FileLook) -> Iterator[Hit]:
    """Remember manifests that ask for something else, and lock files that pin something else, for the end."""
    kind = ecosystem(look.path)
    name = MANIFEST_OF.get(look.path.rpartition("/")[2])
    if look.is_deleted or _is_left_out(look.path):
        return
    if kind is not None and _asks_anew(look, kind):
        look.push.tally.asking.append(look.path)
    elif name is not None and _pins_anew(look):
        look.push.tally.pinning.append(look.path)
    yield from ()


def mismatch(look: PushLook) -> Iterator[Hit]:
    """A manifest that asks for something else without a lock file, or a lock file alone."""
    for path in look.tally.asking:
        kind = ecosystem(path)
        if (
            kind is not None
            and kind.locks
            and not any(lock in look.files for lock in _above(path, kind.locks))
        ):
            yield Hit(
                f"The manifest asks for other packages, and no lock file of {kind.name} changes with it",
                path=path,
                confidence=Confidence.POSSIBLE,
                key="manifest",
            )
    asked = {place for path in look.tally.asking for place in _above(path, (path.rpartition("/")[2],))}
    for path in look.tally.pinning:
        folder, slash, lock = path.rpartition("/")
        manifest = MANIFEST_OF[lock]
        if f"{folder}{slash}{manifest}" not in asked:
            yield Hit(
                f"The lock file pins other packages, and no {manifest} asks for them", path=path, key="lock"
            )


def _asks_anew(look: FileLook, kind: Ecosystem) -> bool:
    old, new = dependencies(kind, look.old), dependencies(kind, look.new)
    return new is None or (old or {}) != new


def _pins_anew(look: FileLook) -> bool:
    if look.file.status != "M" or not is_lock(look.path):
        return look.file.status == "M"
    old, new = _versions(_lock(look, look.old)), _versions(_lock(look, look.new))
    return new is None or old != new


def _versions(lock: Lock | None) -> Mapping[str, frozenset[str]] | None:
    if lock is None:
        return None
    return {name: frozenset(one.version for one in locked) for name, locked in lock.items()}


def _above(path: str, names: tuple[str, ...]) -> Iterator[str]:
    """Files of these names beside a path, and in each folder above, as workspaces have them."""
    folder = path.rpartition("/")[0]
    while True:
        yield from (f"{folder}/{name}" if folder else name for name in names)
        if not folder:
            return
        folder = folder.rpartition("/")[0]


def _is_left_out(path: str) -> bool:
    return "node_modules/" in path or path_class(path) in _LEFT_OUT


def _lock(look: FileLook, text: str) -> Lock | None:
    return read_lock(look.path, text)


def _in(look: FileLook) -> Severity:
    return look.lowered_in(Severity.MEDIUM, *_LEFT_OUT)


def _line_of(look: FileLook, name: str) -> Line | None:
    """The first added line with the name in it, whichever way it is written."""
    written = re.compile(re.sub(r"[-_.]", "[-_.]", re.escape(name).replace("\\-", "-")), re.IGNORECASE)
    return next((line for line in look.added if written.search(line.text)), None)


def _seen(name: str, spec: str) -> str:
    return f"{name} {spec}".rstrip()


def _means_a_range(kind: Ecosystem) -> bool:
    """Cargo reads `1.2.3` as `^1.2.3`."""
    return kind.name == "crates.io"


_DEPENDENCIES = "dependencies"
RULES = (
    FileRule(D10, note, mark=_DEPENDENCIES),
    FileRule(D11, new_dependency, mark=_DEPENDENCIES),
    FileRule(D11, newly_locked, mark=_DEPENDENCIES),
    FileRule(D14, loosened, mark=_DEPENDENCIES),
    FileRule(D15, typosquat, mark=_DEPENDENCIES),
)
PUSH_RULES = (PushRule(D10, mismatch),)
