"""A time and commit ids that stay the same from run to run."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha1

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def oid(name: str) -> str:
    """A commit id that stays the same from run to run."""
    return sha1(name.encode(errors="surrogatepass")).hexdigest()


OLD, NEW, BEFORE = oid("old"), oid("new"), oid("before")
