"""What is inside an archive, as far as its bounds allow."""

from __future__ import annotations

from collections.abc import Iterator

import kingfisher_sdk

from gate.domain.errors import Unreadable

# The engine tells most kinds by their names alone, and a pushed name says nothing.
_KINDS = {b"PK\x03\x04": "zip", b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
_TAR_AT, _TAR = 257, b"ustar"
_DEPTH = 3
_MOST_BYTES = 64 << 20
_MOST_ENTRIES = 5_000
_SECONDS = 20.0


def members(content: bytes, depth: int = _DEPTH) -> Iterator[bytes]:
    """The files in an archive, and in the archives in it; nothing for what is none.

    Raises Unreadable for one that unpacks to too much, is nested too deep, or does not unpack at all.
    """
    kind = _kind(content)
    if kind is None:
        return
    if not depth:
        raise Unreadable("an archive could not be looked into (nested too deep).")
    for inner in _unpacked(content, kind):
        yield inner
        yield from members(inner, depth - 1)


def _kind(content: bytes) -> str | None:
    if content[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return "tar"
    return next((kind for magic, kind in _KINDS.items() if content.startswith(magic)), None)


def _unpacked(content: bytes, kind: str) -> list[bytes]:
    try:
        inside = kingfisher_sdk.expand_archives(
            [kingfisher_sdk.ScanInput(f"archive.{kind}", data=content)],
            depth=1,
            max_bytes=_MOST_BYTES,
            max_entries=_MOST_ENTRIES,
            timeout=_SECONDS,
        )
        return [one.data for one in inside if one.data is not None and one.data != content]
    except Exception as fault:
        raise Unreadable(f"an archive could not be looked into ({type(fault).__name__}).") from None
