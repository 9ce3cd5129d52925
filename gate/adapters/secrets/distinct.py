"""Which hits are told of those that lie over each other: a token is often also assigned to something."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable

from gate.adapters.secrets.engine import Hit

# One block of base64 may have thousands of hits in it, all in the same place.
_NEIGHBOURS = 8


def distinct(hits: Iterable[Hit]) -> list[Hit]:
    """Every secret that is sure, and what is likely elsewhere, in the order of their places.

    Two that are sure are one only where one value is a part of the other: whoever allows one does not allow
    what lies beside it in the same block.
    """
    ordered = sorted(hits, key=lambda one: (one.start, -one.end, one.rule))
    sure = _whole([hit for hit in ordered if hit.is_sure])
    taken = _spans(sure)
    likely = [hit for hit in ordered if not hit.is_sure and not _is_taken(hit, taken)]
    return sorted([*sure, *_apart(likely)], key=lambda one: one.start)


def _whole(ordered: list[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    near: deque[Hit] = deque(maxlen=_NEIGHBOURS)
    for hit in ordered:
        if not any(hit.start < one.end and hit.value in one.value for one in near):
            kept.append(hit)
            near.append(hit)
    return kept


def _apart(ordered: list[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    for hit in ordered:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


def _spans(ordered: list[Hit]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for hit in ordered:
        if spans and hit.start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(hit.end, spans[-1][1]))
        else:
            spans.append((hit.start, hit.end))
    return spans


def _is_taken(hit: Hit, spans: list[tuple[int, int]]) -> bool:
    """Whether one of the spans, which are in order and apart, lies over it."""
    after = bisect_left(spans, (hit.end, 0))
    return after > 0 and spans[after - 1][1] > hit.start
