"""The rules over what was pushed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from gate.domain.risk.model import Finding
from gate.domain.risk.view import ChangedText, PushView


def assess_diff(
    view: PushView,
    texts: Iterable[ChangedText],
    match: Callable[[Sequence[str], Sequence[str]], tuple[str, ...]],
) -> Iterator[Finding]:
    yield from ()
