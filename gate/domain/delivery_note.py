"""The note that a looked-at delivery is finished with: the holds that it was about, and words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_NAMED = 20
_LONGEST = 1000
_NAMES = re.compile(r"((?:[^\s/:]+/[1-9][0-9]*(?: |(?=: )))+): ")


@dataclass(frozen=True, slots=True)
class DeliveryNote:
    """What a note says. `holds` are `repository` and number."""

    holds: tuple[tuple[str, int], ...]
    words: str


def delivery_note(holds: Sequence[str], words: str) -> str:
    """The note's text. Of very many holds it names the first ones."""
    more = f" (and {len(holds) - _MOST_NAMED} more holds)" if len(holds) > _MOST_NAMED else ""
    names = " ".join(holds[:_MOST_NAMED])
    return f"{names}: {words}{more}"[:_LONGEST] if names else words[:_LONGEST]


def read_note(text: str) -> DeliveryNote:
    """Any text makes a note; without names it is words only."""
    found = _NAMES.match(text)
    if found is None:
        return DeliveryNote((), text)
    names = (name.rpartition("/") for name in found[1].split())
    return DeliveryNote(tuple((name, int(number)) for name, _, number in names), text[found.end() :])
