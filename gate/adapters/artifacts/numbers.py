"""Numbers that a report gives, taken for numbers only where they can be ones."""

from __future__ import annotations

import re

MOST = 10**9
_DIGITS = re.compile(r"\d{1,10}(?:\.0*)?")


def count(value: object) -> int | None:
    """A count of tests or lines; None for what can be none."""
    if isinstance(value, str):
        found = _DIGITS.fullmatch(value.strip()) if value.isascii() else None
        value = None if found is None else int(float(value))
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST:
        return value
    return None


def share(covered: object, all_of_them: object) -> int | None:
    """Percent, rounded down; None where the two are no counts or do not fit."""
    part, whole = count(covered), count(all_of_them)
    if part is None or whole is None or part > whole:
        return None
    return 100 if whole == 0 else part * 100 // whole
