"""An agent host that is this machine: named folders, walked without following a single symbolic link."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from gate.domain.agent_place import LOCAL, AgentPlace
from gate.domain.errors import HostAway, NotFound, Refused
from gate.services.ports.evidence import AgentHost, HostFile, HostFileKind, Root
from gate.services.ports.store import Store

_MOST_ENTRIES = 100_000
_MOST_LINKS = 16
_DEEPEST = 64
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a pipe waits for somebody who writes.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_LOCK = re.compile(r"^\d+: (?:FLOCK|POSIX|OFDLCK) .*? [0-9a-f]+:[0-9a-f]+:(\d+) ", re.MULTILINE)


class LocalAgentHost:
    """Implements `ports.evidence.AgentHost`: paths are absolute ones without their first slash.

    So several folders can stand behind one root, and a path says by itself where its file is.
    """

    def __init__(self, roots: Mapping[Root, Sequence[Path]], *, locks: Path = Path("/proc/locks")) -> None:
        # A root itself may be reached by a link: an admin named it.
        self._roots = {root: list(map(_resolved, folders)) for root, folders in roots.items()}
        self._locks = locks

    def has(self, root: Root) -> bool:
        return bool(self._roots.get(root))

    def inside(self, root: Root, path: str) -> str | None:
        if not path.startswith("/"):
            return None
        wanted = Path(os.path.normpath(path))
        is_inside = any(wanted.is_relative_to(folder) for folder in self._roots.get(root, ()))
        return wanted.as_posix().lstrip("/") if is_inside else None

    def list(self, root: Root, folder: str = "") -> Iterator[HostFile]:
        if not folder:
            for each in self._roots.get(root, ()):
                yield from self.list(root, each.as_posix().lstrip("/"))
            return
        with self._opened(root, folder, _FOLDER) as descriptor:
            names: list[str] = []
            with _faults_told(folder), os.scandir(descriptor) as entries:
                for entry in entries:
                    if len(names) == _MOST_ENTRIES:
                        raise Refused(f"{folder}: it has more than {_MOST_ENTRIES:,} entries.")
                    names.append(entry.name)
            for name in names:
                path = f"{folder.strip('/')}/{name}"
                # It may be gone since the folder was read.
                with suppress(NotFound):
                    with _faults_told(path):
                        facts = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                    yield _host_file(root, path, facts)

    def stat(self, root: Root, path: str) -> HostFile:
        if any(path.strip("/") == each.as_posix().lstrip("/") for each in self._roots.get(root, ())):
            with self._opened(root, path, _FOLDER) as descriptor:
                return _host_file(root, path.strip("/"), os.fstat(descriptor))
        above, _, name = path.strip("/").rpartition("/")
        with self._opened(root, above, _FOLDER) as folder, _faults_told(path):
            facts = os.stat(_parts(name)[0], dir_fd=folder, follow_symlinks=False)
        return _host_file(root, path.strip("/"), facts)

    def read(self, file: HostFile, start: int, length: int) -> bytes:
        if file.kind is not HostFileKind.FILE:
            raise Refused(f"{file.path}: it is no plain file, so it is not read.")
        with self._opened(file.root, file.path, _FILE) as descriptor:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode) or (facts.st_ino, facts.st_dev) != (file.inode, file.device):
                raise Refused(f"{file.path}: another file took its place while it was looked at.")
            with _faults_told(file.path):
                return os.pread(descriptor, length, start)

    def locked_inodes(self) -> frozenset[int]:
        try:
            return frozenset(map(int, _LOCK.findall(self._locks.read_text())))
        except OSError:
            return frozenset()

    @contextmanager
    def _opened(self, root: Root, path: str, flags: int) -> Iterator[int]:
        """The descriptor of what a path leads to, each part of it opened below the one before."""
        folder, parts = self._below(root, path)
        with _faults_told(path):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for number, part in enumerate(parts, start=1):
                with _faults_told(path):
                    is_last = number == len(parts)
                    below = os.open(part, flags if is_last else _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)

    def _below(self, root: Root, path: str) -> tuple[Path, tuple[str, ...]]:
        """The root's folder that the path lies in, and what leads on from there."""
        parts = _parts(path)
        for folder in self._roots.get(root, ()):
            above = folder.parts[1:]
            if parts[: len(above)] == above:
                return folder, parts[len(above) :]
        raise NotFound(f"{path[:200]}: it is not below {root} of this agent.")


class AgentPlaces:
    """Implements `ports.evidence.AgentHosts`: where each agent works, as `agent setup` noted it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, agent: str) -> AgentHost | None:
        with self._store.snapshot() as tx:
            place = tx.places.get(agent)
        return None if place is None or place.kind != LOCAL else local_host(place)


def local_host(place: AgentPlace) -> LocalAgentHost:
    """The host of an agent that works on this machine."""
    return LocalAgentHost(
        {
            Root.CODEX_HOME: [Path(place.codex_home)],
            Root.WORK: list(map(Path, place.work)),
            Root.RECORDINGS: list(map(Path, place.recordings)),
        }
    )


def _parts(path: str) -> tuple[str, ...]:
    parts = tuple(part for part in path.split("/") if part)
    if len(parts) > _DEEPEST or any(part in (".", "..") or "\0" in part for part in parts):
        raise Refused(f"{path[:200]}: this path is not taken.")
    return parts


def _host_file(root: Root, path: str, facts: os.stat_result) -> HostFile:
    kinds = {stat.S_IFREG: HostFileKind.FILE, stat.S_IFDIR: HostFileKind.FOLDER}
    return HostFile(
        root=root,
        path=path,
        kind=kinds.get(stat.S_IFMT(facts.st_mode), HostFileKind.OTHER),
        size=facts.st_size,
        modified_at=_time(facts.st_mtime),
        inode=facts.st_ino,
        device=facts.st_dev,
    )


def _time(seconds: float) -> datetime:
    """A file's time is whatever its owner likes, also one that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return (datetime.max if seconds > 0 else datetime.min).replace(tzinfo=UTC)


def _resolved(folder: Path) -> Path:
    """Where a root really is. A link on the way that the agent could have made is not followed."""
    real, owners = Path("/"), []
    left = list(reversed(folder.parts[1:]))
    with _faults_told(str(folder)):
        while left:
            part = left.pop()
            real = real.parent if part == ".." else real / part
            if not real.is_symlink():
                continue
            owners.append(real.lstat().st_uid)
            if len(owners) > _MOST_LINKS:
                raise Refused(f"{folder}: its links lead nowhere.")
            target = real.readlink()
            left.extend(reversed(target.parts))
            real = real.parent
        if owners and not all(_may_follow(owner, real.stat().st_uid, os.geteuid()) for owner in owners):
            raise Refused(f"{folder}: it goes through a link of another user. Name the folder itself.")
    return real


def _may_follow(link_owner: int, target_owner: int, own: int) -> bool:
    """An admin's link, or one to its owner's own folder: else an agent could point at the gate's files."""
    return link_owner in (0, own, target_owner)


@contextmanager
def _faults_told(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise NotFound(f"{path}: it is not there.") from None
    except OSError as fault:
        if fault.errno in (
            errno.ELOOP,
            errno.ENOTDIR,
            errno.ENXIO,
            errno.EACCES,
            errno.EPERM,
            errno.ENAMETOOLONG,
        ):
            raise Refused(f"{path}: it is not read ({fault.strerror}).") from fault
        raise HostAway(f"{path}: it could not be read now ({fault.strerror}).") from fault
