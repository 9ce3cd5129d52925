"""Turns at a task that many may ask for at once, and that only the latest state of matters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gate.adapters.git.files import locked, read_file, write_file


class Turns:
    """One turn at a time, in any process. Counted, as clocks can jump."""

    def __init__(self, path: Path) -> None:
        self._lock = path.with_suffix(".lock")
        self._path = path

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Wait for a turn; False where a turn that began after this call has ended well meanwhile."""
        begun_before, _ = self._counts()
        with locked(self._lock):
            begun, ended_well = self._counts()
            is_needed = ended_well <= begun_before
            if not is_needed:
                yield False
                return
            self._write(begun + 1, ended_well)
            yield True
            self._write(begun + 1, begun + 1)

    def _counts(self) -> tuple[int, int]:
        """How many turns have begun, and which was the last that ended well."""
        words = (read_file(self._path) or b"0 0").split()
        return int(words[0]), int(words[1])

    def _write(self, begun: int, ended_well: int) -> None:
        write_file(self._path, f"{begun} {ended_well}\n".encode())
