"""Parts of a pull request's text that are folded: there for who wants them, out of the way for the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from gate.domain.pull_request.sections import Section

CLOSE = "</details>"


def opened(summary: str) -> str:
    """What begins a folded part; `summary` is the gate's words, in which nothing is markup."""
    return f"<details>\n<summary>{summary}</summary>\n"


def folded(summary: str, text: str) -> str:
    """A folded text of fixed length."""
    return f"{opened(summary)}\n{text.rstrip()}\n\n{CLOSE}"


def folded_list(
    summary: str, items: Iterable[str], count: int, *, most: int, opening: str = ""
) -> Iterator[str | Section]:
    """A folded list, of which at most `most` items are shown."""
    yield Section(opened(summary) + (f"\n{opening}" if opening else ""), islice(items, most), count)
    yield CLOSE
