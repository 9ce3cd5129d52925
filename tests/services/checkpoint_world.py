"""An agent's host that is a folder of the test, and an evidence store that is a dictionary."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gate.domain.errors import NotFound, Refused
from gate.services.ports.evidence import HostFile, HostFileKind, Kept, Redacted, Root


@dataclass
class FolderHost:
    """Its roots are folders; what was read is counted."""

    roots: dict[Root, Path]
    bytes_read: int = 0
    away: set[str] = field(default_factory=set)

    def has(self, root: Root) -> bool:
        return root in self.roots

    def inside(self, root: Root, path: str) -> str | None:
        try:
            return str(Path(path).relative_to(self.roots[root])).removeprefix(".")
        except ValueError:
            return None

    def list(self, root: Root, folder: str = "") -> Iterator[HostFile]:
        for entry in os.scandir(self._real(root, folder)):
            yield self.stat(root, f"{folder}/{entry.name}" if folder else entry.name)

    def stat(self, root: Root, path: str) -> HostFile:
        real = self._real(root, path)
        status = real.lstat()
        kind = HostFileKind.OTHER
        if not real.is_symlink():
            kind = HostFileKind.FOLDER if real.is_dir() else kind
            kind = HostFileKind.FILE if real.is_file() else kind
        at = datetime.fromtimestamp(status.st_mtime, tz=UTC)
        return HostFile(root, path, kind, status.st_size, at, status.st_ino, status.st_dev)

    def read(self, file: HostFile, start: int, length: int) -> bytes:
        if file.kind is not HostFileKind.FILE:
            raise Refused(f"{file.path} is no plain file.")
        if file.path in self.away:
            raise NotFound(f"{file.path} is gone.")
        content = self._real(file.root, file.path).read_bytes()[start : start + length]
        self.bytes_read += len(content)
        return content

    def locked_inodes(self) -> frozenset[int]:
        return frozenset()

    def _real(self, root: Root, path: str) -> Path:
        real = self.roots[root] / path
        if not os.path.lexists(real):
            raise NotFound(f"{path} is not there.")
        return real


@dataclass
class DictStore:
    """Content by its SHA-256."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def keep(self, content: Iterable[bytes]) -> Kept:
        whole = b"".join(content)
        sha256 = hashlib.sha256(whole).hexdigest()
        self.contents[sha256] = whole
        return Kept(sha256, len(whole))

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        yield self.contents[sha256][start : None if length is None else start + length]

    def lines(self, sha256: str, first: int, count: int) -> list[bytes]:
        return self.contents[sha256].splitlines()[first : first + count]

    def count_lines(self, sha256: str) -> int:
        return len(self.contents[sha256].splitlines())

    def drop(self, sha256: str) -> None:
        self.contents.pop(sha256, None)

    def all(self) -> Iterator[tuple[str, datetime]]:
        return ((sha256, datetime(2026, 11, 22, tzinfo=UTC)) for sha256 in self.contents)


@dataclass
class WordRedactor:
    """Takes out what follows `key=`, wherever it stands once it was learnt."""

    known: set[str] = field(default_factory=set)

    def learn(self, content: Iterable[bytes]) -> None:
        for word in b"".join(content).decode(errors="replace").split():
            if word.startswith("key="):
                self.known.add(word.removeprefix("key="))

    def redact(self, text: str) -> Redacted:
        text.encode()  # As an engine that works on bytes has to.
        count = sum(text.count(secret) for secret in self.known)
        for secret in self.known:
            text = text.replace(secret, "[redacted: key]")
        return Redacted(text, count)
