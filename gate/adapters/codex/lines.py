"""The lines of a record, from bytes in pieces, compressed or not, in flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import IO, cast

import zstandard

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# The longest line known is a compaction of some MiB.
MOST_LINE = 16 << 20
# A few KiB can decompress to terabytes.
_MOST_DECOMPRESSED = 2 << 30
_MOST_LINES = 10_000_000
# 128 MiB is what zstd itself calls safe (--long=27 and below).
_MOST_WINDOW = 1 << 27
_PIECE = 1 << 18


@dataclass(slots=True)
class Lines:
    """Reads lines without their ends. After the last one the fields say how it went."""

    content: Iterable[bytes]
    count: int = 0
    is_last_whole: bool = True
    faults: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[bytes]:
        """Each line but those that are longer than a line may be, which are faults."""
        rest = bytearray()
        is_too_long = False
        for piece in _plain(self.content, self.faults):
            *ended, last = piece.split(b"\n")
            for part in ended:
                self.count += 1
                if is_too_long or len(rest) + len(part) > MOST_LINE:
                    self._skip()
                else:
                    yield bytes(rest) + part if rest else part
                is_too_long = False
                rest.clear()
                if self.count >= _MOST_LINES:
                    self.faults.append(f"only the first {_MOST_LINES} lines are read")
                    return
            is_too_long = is_too_long or len(rest) + len(last) > MOST_LINE
            if is_too_long:
                rest.clear()
            else:
                rest += last
        if is_too_long:
            self.count += 1
            self._skip()
        elif rest:
            self.count += 1
            self.is_last_whole = False
            yield bytes(rest)

    def _skip(self) -> None:
        words = f"line {self.count} is longer than {MOST_LINE >> 20} MiB and left out"
        if len(self.faults) < 20:
            self.faults.append(words)


def _plain(content: Iterable[bytes], faults: list[str]) -> Iterator[bytes]:
    pieces = iter(content)
    start = b""
    for piece in pieces:
        start += piece
        if len(start) >= len(ZSTD_MAGIC):
            break
    whole = chain([start], pieces)
    yield from _decompressed(whole, faults) if start.startswith(ZSTD_MAGIC) else _bounded(whole)


def _bounded(content: Iterable[bytes]) -> Iterator[bytes]:
    for piece in content:
        for start in range(0, len(piece), _PIECE):
            yield piece[start : start + _PIECE]


def _decompressed(content: Iterable[bytes], faults: list[str]) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW)
    source = _Source(iter(content))
    total = 0
    try:
        with decompressor.stream_reader(cast(IO[bytes], source), read_across_frames=True) as reader:
            while piece := reader.read(_PIECE):
                total += len(piece)
                if total > _MOST_DECOMPRESSED:
                    faults.append(f"only the first {_MOST_DECOMPRESSED >> 30} GiB are read")
                    return
                yield piece
    except (zstandard.ZstdError, MemoryError) as fault:
        faults.append(f"the rest of the compressed record cannot be read: {fault}")


@dataclass(slots=True)
class _Source:
    """Pieces as a file to read from."""

    pieces: Iterator[bytes]
    _rest: bytes = b""

    def read(self, size: int) -> bytes:
        while not self._rest:
            piece = next(self.pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        part, self._rest = self._rest[:size], self._rest[size:]
        return part
