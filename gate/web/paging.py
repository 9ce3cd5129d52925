"""Where a page begins, as an address says it."""

from __future__ import annotations

_LARGEST = 2**31 - 1


def cursor(said: str) -> int:
    """The number in `?before=`. Raises ValueError, and so counts for nothing, where no row has it."""
    number = int(said)
    if not 0 <= number <= _LARGEST:
        raise ValueError(said)
    return number
