"""Counts in plain words."""

from __future__ import annotations


def count(number: int, noun: str, *, is_least: bool = False) -> str:
    """`1 commit`, `3 commits`, `at least 10,000 commits`."""
    return f"{'at least ' if is_least else ''}{number:,} {noun}{'' if number == 1 else 's'}"
