"""The evidence store on any file system of fsspec: a folder, or an S3-compatible store."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from gate.adapters.evidence_store.frames import (
    TAIL_SIZE,
    FrameWriter,
    Index,
    index_place,
    lines_from,
    read_index,
)
from gate.domain.errors import GateError, NotFound, Tampered, Unavailable
from gate.services.ports.evidence import Kept

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_LINE = 1 << 20
_INDEXES = 64
_IN_MEMORY = 1 << 24


class FsspecEvidenceStore:
    """Implements `ports.evidence.EvidenceStore` below a URL, such as a folder's path or `s3://bucket/prefix`.

    Content is written under another name and moved into place, so that what is there is whole.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self._url = url
        self._options = options
        self._index = lru_cache(_INDEXES)(self._read_index)

    @property
    def _place(self) -> tuple[Any, str]:
        """The file system and the folder in it; nothing is connected to before the first use.

        Not kept: fsspec has one for each process, and one from before a fork does not work after it.
        """
        # A listing that is remembered knows nothing of what another process keeps or drops.
        system, folder = fsspec.core.url_to_fs(self._url, use_listings_cache=False, **self._options)
        return system, folder.rstrip("/")

    def keep(self, content: Iterable[bytes]) -> Kept:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as draft:
            writer = FrameWriter(draft)
            sha256 = writer.write_all(content)
            draft.seek(0)
            with _faults_told():
                # Also where it is there already: it is as if kept now, so that it does not expire meanwhile,
                # and what was damaged is mended.
                self._store(sha256, draft)
        return Kept(sha256, writer.size)

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        index = self._index(sha256)
        end = index.size if length is None else min(index.size, start + length)
        if start >= end:
            return
        # A part is held against the index alone; the whole of it against its own name.
        whole = hashlib.sha256() if (start, end) == (0, index.size) else None
        with self._opened(sha256) as file:
            for frame in index.frames[index.at(start) :]:
                if frame.start >= end:
                    break
                content = frame.content(_at(file, frame.offset, frame.length))
                if whole is not None:
                    whole.update(content)
                yield content[max(0, start - frame.start) : end - frame.start]
        if whole is not None and whole.hexdigest() != sha256:
            raise Tampered(f"evidence {sha256[:12]}: what is there is other content.")

    def lines(self, sha256: str, first: int, count: int) -> list[bytes]:
        index = self._index(sha256)
        if not 0 <= first < index.lines or count <= 0:
            return []
        number = index.before_line(first)
        with self._opened(sha256) as file:
            contents = (
                frame.content(_at(file, frame.offset, frame.length)) for frame in index.frames[number:]
            )
            return lines_from(contents, first - index.frames[number].lines, count, _LONGEST_LINE)

    def count_lines(self, sha256: str) -> int:
        return self._index(sha256).lines

    def drop(self, sha256: str, *, kept_before: datetime) -> None:
        (system, _), path = self._place, self._path(sha256)
        with _faults_told(), suppress(FileNotFoundError):
            # What was listed a while ago says nothing of now.
            system.invalidate_cache()
            if _kept_at(system.info(path)) < kept_before:
                system.rm(path)

    def all(self) -> Iterator[tuple[str, datetime]]:
        system, folder = self._place
        with _faults_told():
            found = system.find(folder, detail=True) if system.exists(folder) else {}
        for path, facts in found.items():
            name = path.rpartition("/")[2]
            if _SHA256.fullmatch(name):
                yield name, _kept_at(facts)

    @property
    def _system(self) -> Any:
        return self._place[0]

    def _path(self, sha256: str) -> str:
        if not _SHA256.fullmatch(sha256):
            raise NotFound(f"evidence {sha256[:80]!r}: this is no SHA-256.")
        return f"{self._place[1]}/{sha256[:2]}/{sha256}"

    def _store(self, sha256: str, draft: Any) -> None:
        system, path = self._system, self._path(sha256)
        folder = path.rpartition("/")[0]
        if isinstance(system, LocalFileSystem):
            _store_on_disk(Path(folder), Path(path), draft)
            return
        # An object store puts an object whole or not at all.
        system.makedirs(folder, exist_ok=True)
        with system.open(path, "wb") as file:
            shutil.copyfileobj(draft, file)

    def _read_index(self, sha256: str) -> Index:
        with self._opened(sha256) as file:
            size = file.seek(0, 2)
            offset, length = index_place(_at(file, max(0, size - TAIL_SIZE), TAIL_SIZE))
            return read_index(_at(file, offset, min(length, size)))

    @contextmanager
    def _opened(self, sha256: str) -> Iterator[Any]:
        with _faults_told():
            try:
                file = self._system.open(self._path(sha256), "rb")
            except FileNotFoundError:
                raise NotFound(f"evidence {sha256[:12]}: it is not there, or no longer.") from None
        with file:
            yield file


def _store_on_disk(folder: Path, path: Path, draft: Any) -> None:
    """Nobody but the gate's user may read it, and its name comes once all of it is on the disk."""
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = folder / f".{secrets.token_hex(8)}"
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(draft, file)
            file.flush()
            os.fsync(file.fileno())
        written.replace(path)
        _sync(folder)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    """A new name is on the disk only once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _at(file: Any, offset: int, length: int) -> bytes:
    with _faults_told():
        file.seek(offset)
        content: bytes = file.read(length)
    return content


def _kept_at(facts: dict[str, Any]) -> datetime:
    at = facts.get("mtime") or facts.get("LastModified") or facts.get("created")
    if isinstance(at, datetime):
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(at or 0), UTC)


@contextmanager
def _faults_told() -> Iterator[None]:
    try:
        yield
    except (GateError, FileNotFoundError):
        raise
    except Exception as fault:  # The client of each object store has errors of its own, of no common kind.
        raise Unavailable(f"evidence store: it does not answer ({fault}). It is tried again.") from fault
