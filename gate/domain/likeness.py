"""How alike two revisions are, over all revisions between them."""

from __future__ import annotations

from gate.domain.hold import Likeness

_ORDER = tuple(Likeness)


def weakest(one: Likeness | None, other: Likeness | None) -> Likeness | None:
    """The one that says less; None, where one is not known."""
    if one is None or other is None:
        return None
    return max(one, other, key=_ORDER.index)
