"""What is inside an archive, as far as its bounds allow.

The engine's own unpacking leaves out what it does not like, such as a locked file or a name with `..` in it,
and says nothing. Here all of it is read, or it is an archive that nobody can look into.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Protocol

import zstandard

from gate.domain.errors import Unreadable

_DEPTH = 3
_MOST_BYTES = 64 << 20
_MOST_FILES = 20_000
_BLOCK = 512
_MEMORY = 256 << 20
_ZIP, _ZIP_ENTRY, _ZIP_END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
# Anything may stand before a zip, such as the program that unpacks it, and a comment behind it.
_ZIP_TAIL = (1 << 16) + 22


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Budget:
    """How much an archive may still unpack to, the archives in it included."""

    def __init__(self) -> None:
        self._bytes = _MOST_BYTES
        self._files = _MOST_FILES

    def read(self, stream: _Stream) -> bytes:
        content = stream.read(self._bytes + 1)
        self._bytes -= len(content)
        self._files -= 1
        if self._bytes < 0 or self._files < 0:
            raise _unreadable("it unpacks to too much")
        return content


_Unpack = Callable[[bytes, _Budget], Iterator[bytes]]


def members(content: bytes) -> Iterator[bytes]:
    """The files in an archive, and in the archives in it; nothing for what is none.

    Raises Unreadable for one that unpacks to too much, is nested too deep, or does not unpack at all.
    """
    yield from _members(content, _DEPTH, _Budget())


def _members(content: bytes, depth: int, budget: _Budget) -> Iterator[bytes]:
    unpack = _unpacker(content)
    if unpack is None:
        return
    if not depth:
        raise _unreadable("nested too deep")
    try:
        for inner in unpack(content, budget):
            yield inner
            yield from _members(inner, depth - 1, budget)
    except Unreadable:
        raise
    except Exception as fault:  # A broken archive raises nearly anything, and its words are the agent's.
        raise _unreadable(type(fault).__name__) from None


def _unpacker(content: bytes) -> _Unpack | None:
    if content.startswith(_ZIP) or content.rfind(_ZIP_END, max(0, len(content) - _ZIP_TAIL)) >= 0:
        return _zip
    if _is_tar_header(content[:_BLOCK]):
        return _tar
    return next((unpack for magic, unpack in _BY_MAGIC if magic.match(content)), None)


def _zip(content: bytes, budget: _Budget) -> Iterator[bytes]:
    # The list of files is read at once, so it is counted before.
    if content.count(_ZIP_ENTRY) > _MOST_FILES:
        raise _unreadable("it has too many files")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        if content.startswith(_ZIP):
            raise
        return  # A program may have these bytes in it, and be no archive.
    entries = archive.infolist()
    # Whatever stands before it may be another archive.
    yield content[: min((entry.header_offset for entry in entries), default=0)]
    for entry in entries:
        with archive.open(entry) as stream:
            yield budget.read(stream)


def _tar(content: bytes, budget: _Budget) -> Iterator[bytes]:
    """The bytes of every entry: its name and kind decide nothing."""
    place = 0
    while any(header := content[place : place + _BLOCK]):
        if not _is_tar_header(header):
            raise _unreadable("a broken tar")
        size = _tar_size(header[124:136])
        place += _BLOCK
        yield budget.read(io.BytesIO(content[place : place + size]))
        place += -(-size // _BLOCK) * _BLOCK


def _is_tar_header(header: bytes) -> bool:
    """By its checksum: that of all bytes, with spaces for the checksum itself."""
    told = header[148:156].strip(b"\0 ")
    if len(header) < _BLOCK or not _OCTAL.fullmatch(told):
        return False
    return int(told, 8) == sum(header[:148]) + sum(header[156:]) + 8 * ord(" ")


def _tar_size(field: bytes) -> int:
    if field[0] == 0x80:
        return int.from_bytes(field[1:])
    digits = field.strip(b"\0 ") or b"0"
    if not _OCTAL.fullmatch(digits):
        raise _unreadable("a broken tar")
    return int(digits, 8)


def _stream(opened: Callable[[io.BytesIO], _Stream]) -> _Unpack:
    def unpack(content: bytes, budget: _Budget) -> Iterator[bytes]:
        yield budget.read(opened(io.BytesIO(content)))

    return unpack


def _streams(magic: re.Pattern[bytes], make: Callable[[], _Decompressor]) -> _Unpack:
    """One stream after the other. Whatever else stands behind them is looked at as well."""

    def unpack(content: bytes, budget: _Budget) -> Iterator[bytes]:
        rest = content
        while magic.match(rest):
            stream = make()
            yield budget.read(_Whole(stream, rest))
            if not stream.eof:
                raise _unreadable("it is cut short")
            rest = stream.unused_data.lstrip(b"\0")
        yield rest

    return unpack


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Whole:
    """All of a stream at once, as a budget reads it."""

    def __init__(self, stream: _Decompressor, content: bytes) -> None:
        self._stream = stream
        self._content = content

    def read(self, size: int, /) -> bytes:
        parts = [self._stream.decompress(self._content, size)]
        left = size - len(parts[0])
        while left > 0 and not self._stream.eof and (part := self._stream.decompress(b"", left)):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)


def _zstd(file: io.BytesIO) -> _Stream:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_MOST_BYTES)
    return decompressor.stream_reader(file, read_across_frames=True)


def _closed(_content: bytes, _budget: _Budget) -> Iterator[bytes]:
    raise _unreadable("there is no reader for its kind")


def _unreadable(why: str) -> Unreadable:
    return Unreadable(f"an archive could not be looked into ({why}).")


_OCTAL = re.compile(rb"[0-7]+")
_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
_XZ = re.compile(rb"\xfd7zXZ\x00")
# The first of its two forms has no magic of its own; this is how it is written where the size is not known.
_LZMA = re.compile(rb"\x5d\x00\x00[\x00-\xff]{2}\xff{8}")
_BY_MAGIC: tuple[tuple[re.Pattern[bytes], _Unpack], ...] = (
    (re.compile(rb"\x1f\x8b\x08"), _stream(lambda file: gzip.GzipFile(fileobj=file))),
    (_BZIP2, _streams(_BZIP2, bz2.BZ2Decompressor)),
    (_XZ, _streams(_XZ, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY))),
    (_LZMA, _streams(_LZMA, lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY))),
    (re.compile(rb"\x28\xb5\x2f\xfd"), _stream(_zstd)),
    (re.compile(rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07"), _closed),
)
