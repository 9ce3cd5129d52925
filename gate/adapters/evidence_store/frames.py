"""Content as independent zstd frames with an index, so that a range costs only the frames that it lies in.

The format: `PGE1\\n`, the frames one after the other, the index as zstd-compressed JSON, where the index is
(its offset and length, 8 bytes each, big-endian), and `PGEX`. The index has every frame's SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, field
from typing import Protocol

import zstandard

from gate.domain.errors import Tampered

MAGIC, END = b"PGE1\n", b"PGEX"
FRAME = 512 * 1024
# A frame ends with a line where one ends soon enough.
_LARGEST_FRAME = 2 * FRAME
_PLACE = struct.Struct(">QQ")
TAIL_SIZE = _PLACE.size + len(END)
_LARGEST_INDEX = 1 << 28


class Sink(Protocol):
    """What can be written to."""

    def write(self, content: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Frame:
    """Where one frame is, in the file and in the content. `lines` counts the line ends before it."""

    offset: int
    length: int
    start: int
    size: int
    lines: int
    digest: str

    def content(self, packed: bytes) -> bytes:
        """Raises Tampered where it is not what was written."""
        try:
            content = zstandard.ZstdDecompressor().decompress(packed, max_output_size=self.size)
        except zstandard.ZstdError as fault:
            raise Tampered(f"evidence: a part of it does not unpack ({fault}).") from fault
        if hashlib.sha256(content).hexdigest() != self.digest:
            raise Tampered("evidence: a part of it is not what was kept.")
        return content


@dataclass(frozen=True, slots=True)
class Index:
    """Every frame in order. `lines` counts a last line without its end as well."""

    frames: tuple[Frame, ...]
    size: int
    lines: int

    def at(self, start: int) -> int:
        """The number of the frame that has this byte."""
        return max(0, bisect_right(self.frames, start, key=lambda frame: frame.start) - 1)

    def before_line(self, line: int) -> int:
        """The number of the frame with the end of the line before this one, counted from 0."""
        return max(0, bisect_left(self.frames, line, key=lambda frame: frame.lines) - 1)

    def packed(self) -> bytes:
        values = {"size": self.size, "lines": self.lines, "frames": [astuple(one) for one in self.frames]}
        return zstandard.ZstdCompressor().compress(json.dumps(values, separators=(",", ":")).encode())


def index_place(tail: bytes) -> tuple[int, int]:
    """Offset and length of the index, from the file's last `TAIL_SIZE` bytes. Raises Tampered."""
    if len(tail) != TAIL_SIZE or not tail.endswith(END):
        raise Tampered("evidence: the end of it is missing.")
    offset, length = _PLACE.unpack(tail[: _PLACE.size])
    return offset, length


def read_index(packed: bytes) -> Index:
    """Raises Tampered for what is none."""
    try:
        text = zstandard.ZstdDecompressor().decompress(packed, max_output_size=_LARGEST_INDEX)
        values = json.loads(text)
        return Index(tuple(Frame(*one) for one in values["frames"]), values["size"], values["lines"])
    except (zstandard.ZstdError, ValueError, KeyError, TypeError) as fault:
        raise Tampered(f"evidence: its index does not read ({fault}).") from fault


@dataclass(slots=True)
class FrameWriter:
    """Writes content to a sink as it comes, in flat memory; `digest` is the SHA-256 of all of it."""

    sink: Sink
    size: int = 0
    lines: int = 0
    _offset: int = 0
    _frames: list[Frame] = field(default_factory=list)
    _waiting: bytearray = field(default_factory=bytearray)
    _ends_with_line: bool = True

    def write_all(self, content: Iterable[bytes]) -> str:
        """Write everything, index included, and return the content's SHA-256 in hex."""
        whole = hashlib.sha256()
        self._put(MAGIC)
        for piece in content:
            whole.update(piece)
            self._waiting += piece
            while len(self._waiting) >= FRAME and (cut := _cut(self._waiting)):
                self._frame(cut)
        if self._waiting:
            self._frame(len(self._waiting))
        index = Index(tuple(self._frames), self.size, self.lines + (not self._ends_with_line)).packed()
        place = _PLACE.pack(self._offset, len(index))
        self._put(index + place + END)
        return whole.hexdigest()

    def _frame(self, size: int) -> None:
        content = bytes(self._waiting[:size])
        del self._waiting[:size]
        packed = zstandard.ZstdCompressor().compress(content)
        digest = hashlib.sha256(content).hexdigest()
        self._frames.append(Frame(self._offset, len(packed), self.size, size, self.lines, digest))
        self._put(packed)
        self.size += size
        self.lines += content.count(b"\n")
        self._ends_with_line = content.endswith(b"\n")

    def _put(self, content: bytes) -> None:
        self.sink.write(content)
        self._offset += len(content)


def _cut(waiting: bytearray) -> int:
    """Where to end a frame: after the first line end beyond its size, or at the most; 0 to wait for more."""
    end = waiting.find(b"\n", FRAME - 1, _LARGEST_FRAME)
    if end >= 0:
        return end + 1
    return _LARGEST_FRAME if len(waiting) >= _LARGEST_FRAME else 0


def lines_from(contents: Iterator[bytes], skip: int, count: int, longest: int) -> list[bytes]:
    """Up to `count` lines after the first `skip` line ends, each cut at `longest` bytes."""
    found: list[bytes] = []
    line = bytearray()
    is_begun = False
    for content in contents:
        start = 0
        while skip and (end := content.find(b"\n", start)) >= 0:
            start, skip = end + 1, skip - 1
        while not skip and start < len(content):
            end = content.find(b"\n", start)
            line += content[start : len(content) if end < 0 else end][: longest - len(line)]
            is_begun = True
            if end < 0:
                break
            found.append(bytes(line))
            line.clear()
            is_begun = False
            start = end + 1
            if len(found) == count:
                return found
    if is_begun:
        found.append(bytes(line))
    return found
