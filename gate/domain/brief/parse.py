"""Read a brief: Markdown with the headings Goal, Allowed, Not allowed, Stop-if and Before finishing."""

from __future__ import annotations

from gate.domain.brief.model import Brief, BriefRule, BriefSource, Part
from gate.domain.brief.reading import read
from gate.domain.brief.rules import rules_of

MOST_BYTES = 64 * 1024
MOST_RULES = 200
_HEADINGS_OF_A_PROMPT = 2
_LONGEST_GOAL = 2_000


def parse_brief(text: str, source: BriefSource, where: str) -> Brief:
    """Read any text as a brief; what cannot be read is among its faults, each with its line."""
    kept, faults = _capped(text)
    reading = read(kept)
    faults += reading.faults
    goal = " ".join(item.text for item in reading.items if item.part is Part.GOAL and not item.is_code)
    rules: list[BriefRule] = []
    for item in reading.items:
        if item.part is not Part.GOAL:
            rules += rules_of(item)
    if len(rules) > MOST_RULES:
        faults.append(f"line {rules[MOST_RULES].line}: only the first {MOST_RULES} rules are read")
    if not reading.parts:
        faults.append("it has none of the headings Goal, Allowed, Not allowed, Stop-if, Before finishing")
    return Brief(source, where, kept, goal[:_LONGEST_GOAL], tuple(rules[:MOST_RULES]), tuple(faults))


def is_brief(text: str) -> bool:
    """Whether a prompt is a brief: it has at least two of the headings."""
    return len(set(read(_capped(text)[0]).parts)) >= _HEADINGS_OF_A_PROMPT


def _capped(text: str) -> tuple[str, list[str]]:
    # A lone surrogate stands for a byte that is no UTF-8, and no page could show it.
    encoded = text.encode(errors="surrogateescape")
    kept = encoded[:MOST_BYTES].decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return kept, [f"only its first {MOST_BYTES // 1024} KiB are read"] if len(encoded) > MOST_BYTES else []
