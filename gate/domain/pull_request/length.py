"""How long a text is for GitHub, and cutting it to that.

GitHub takes 65,536 characters in a body or comment and says no more about them. Counted here are UTF-16
code units: never fewer than the characters however they are counted, except as bytes of UTF-8, of which
the same text has at most three times as many, which is below the four times 65,536 that GitHub stores.
"""

from __future__ import annotations

LONGEST_TEXT = 65_536


def units(text: str) -> int:
    """The length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """The longest beginning of `text` that is no longer than `limit`, with no character cut in half."""
    beginning = text[:limit]
    if units(beginning) <= limit:
        return beginning
    return beginning.encode("utf-16-le", "surrogatepass")[: 2 * limit].decode("utf-16-le", "ignore")
