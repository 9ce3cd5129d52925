"""The id of a push, which names its held refs."""

from __future__ import annotations

import os
import time

_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"


def new_push_id() -> str:
    """A ULID in lower case: 26 characters that sort by time, 48 bits of milliseconds and 80 random bits."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10))
    return "".join(_BASE32[number >> shift & 31] for shift in range(125, -1, -5))
