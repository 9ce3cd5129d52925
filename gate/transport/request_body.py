"""A request's body as it comes in: never all in memory, unpacked where it is gzip, and whole or an error."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

# Large reads: gunicorn copies what it has buffered on every read, so small ones cost more than they save.
READ_SIZE = 256 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class BodyBroken(Exception):
    """The client went away in the middle, or what it sent is not what it said."""


class Readable(Protocol):
    """The part of a WSGI input that is needed here."""

    def read(self, size: int, /) -> bytes: ...


def blocks(stream: Readable, *, length: int | None, encoding: str) -> Iterator[bytes]:
    """The body in blocks of at most READ_SIZE. Raises BodyBroken; `encoding` is '' or 'gzip'.

    `length` is the Content-Length: a server hands out a body that was cut off as if it had ended there.
    """
    arriving = _as_sent(stream, length)
    return _unpacked(arriving) if encoding == "gzip" else arriving


def _as_sent(stream: Readable, length: int | None) -> Iterator[bytes]:
    received = 0
    while block := _read(stream):
        received += len(block)
        yield block
    if length is not None and received != length:
        raise BodyBroken(f"{received} of {length} bytes came")


def _read(stream: Readable) -> bytes:
    try:
        return stream.read(READ_SIZE)
    # Each server has its own errors for a broken chunk; gunicorn's derive from OSError and from Exception.
    except Exception as error:
        raise BodyBroken(f"{type(error).__name__}: {error}") from error


def _unpacked(packed: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        for block in packed:
            if unpacker.eof:
                raise BodyBroken("something follows the gzip data")
            yield from _inflated(unpacker, block)
    except zlib.error as error:
        raise BodyBroken(f"not gzip: {error}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise BodyBroken("the gzip data ends too early, or something follows it")


def _inflated(unpacker: zlib._Decompress, block: bytes) -> Iterator[bytes]:
    """Unpack one block, at most READ_SIZE at a time however well it was compressed."""
    while True:
        unpacked = unpacker.decompress(block, READ_SIZE)
        if unpacked:
            yield unpacked
        block = unpacker.unconsumed_tail
        # What is left inside comes out with the next block: the end of gzip data always has one.
        if unpacker.eof or not block:
            return
