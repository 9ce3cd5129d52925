"""What is inside an archive, as far as its bounds allow."""

from __future__ import annotations

from collections.abc import Iterator

import kingfisher_sdk

from gate.domain.errors import Unreadable

_MAGIC = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_TAR_AT, _TAR = 257, b"ustar"
_DEPTH = 2
_MOST_BYTES = 64 << 20
_MOST_ENTRIES = 5_000
_SECONDS = 20.0


def is_archive(content: bytes) -> bool:
    return content.startswith(_MAGIC) or content[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR


def members(content: bytes) -> Iterator[bytes]:
    """The files in an archive, and in the archives in it; nothing for what is none. Raises Unreadable."""
    if not is_archive(content):
        return
    try:
        inside = kingfisher_sdk.expand_archives(
            [kingfisher_sdk.ScanInput("archive", data=content)],
            depth=_DEPTH,
            max_bytes=_MOST_BYTES,
            max_entries=_MOST_ENTRIES,
            timeout=_SECONDS,
        )
        for one in inside:
            if one.data is not None and one.data is not content:
                yield one.data
    except Exception as fault:
        raise Unreadable(f"an archive could not be looked into ({type(fault).__name__}).") from None
