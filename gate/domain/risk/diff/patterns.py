"""Patterns of many alternatives, each of which can be read by itself."""

from __future__ import annotations

import re


def any_of(*alternatives: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """A pattern that matches where one of these does.

    The text is an adversary's, and `re` backtracks: whatever repeats in an alternative is bounded, or cannot
    match what follows it.
    """
    return re.compile("|".join(alternatives), flags)
