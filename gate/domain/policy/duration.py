"""Durations as a policy writes them: a whole number and a unit, as in `10m` or `7d`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST = timedelta(days=3650)
_FORM = re.compile(r"([0-9]{1,9})([smhdw])")


def parse_duration(text: str) -> timedelta:
    """Read `90s`, `10m`, `12h`, `7d` or `2w`; raise ValueError with words on anything else."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text!r} is not a duration. Write a number and a unit, such as '10m', '12h' or '7d'"
        )
    length = timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if not timedelta(0) < length <= _LONGEST:
        raise ValueError(f"{text!r} is out of range. Write more than nothing and at most '3650d'")
    return length


def in_words(length: timedelta) -> str:
    """Say a duration in its largest whole unit: `10 minutes`."""
    seconds = int(length.total_seconds())
    names = {86400: "day", 3600: "hour", 60: "minute", 1: "second"}
    size = next(size for size in names if seconds % size == 0 and (seconds or size == 1))
    number = seconds // size
    return f"{number} {names[size]}{'' if number == 1 else 's'}"
