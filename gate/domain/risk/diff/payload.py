"""D30: text that nobody can read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import log2

from gate.domain.risk.diff.look import FileLook, FileRule, Hit
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import PathClass

D30 = Rule(
    id="D30",
    name="opaque-payload",
    severity=Severity.MEDIUM,
    why="Nobody reviews what nobody can read, and a program can unpack and run it.",
    check="Ask what it is and how it was made, and see what the code does with it.",
)
_LONGEST_LINE = 2_000
# The look behind keeps the pattern from starting again at every character of a run that is too short.
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{401,}={0,2}")
_HEX = re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{513,}|(?:\\x[0-9a-fA-F]{2}){200,})")
_DATA_URI = re.compile(r"data:(?:image|font)/[\w.+-]{1,40};base64,$")
_DATA_URIS = re.compile(r"data:(?:image|font)/[\w.+-]{1,40};base64,[A-Za-z0-9+/=]*")
_DATA_FILES = (".svg", ".csv", ".tsv", ".ipynb", ".snap", ".txt", ".geojson", ".jsonl", ".pem", ".crt")
# Text as people write it has about 4 bits a character, packed bytes in base64 nearly 6.
_PACKED_BITS = 4.5
_LOOKED_AT = 2_000


def opaque_payload(look: FileLook) -> Iterator[Hit]:
    if look.path_class is not PathClass.SOURCE or look.path.lower().endswith(_DATA_FILES):
        return
    told = set()
    for line, match in (*look.finds(_HEX), *look.finds(_BASE64)):
        if line.number in told or _DATA_URI.search(line.text[max(0, match.start() - 80) : match.start()]):
            continue
        text = match.group()
        bits = _bits(text)
        if _HEX.match(text) or bits > _PACKED_BITS:
            told.add(line.number)
            yield Hit(f"{len(text)} characters in one run look packed, with {bits:.1f} bits each", line)
    for line in look.added:
        if len(line.text) > _LONGEST_LINE and line.number not in told:
            length = len(_DATA_URIS.sub("", line.text))
            if length > _LONGEST_LINE:
                yield Hit(f"A line is {length} characters long", line)


def _bits(text: str) -> float:
    """Shannon's entropy of the characters, in bits for each."""
    counts = Counter(text[:_LOOKED_AT])
    total = sum(counts.values())
    return -sum(count / total * log2(count / total) for count in counts.values())


RULES = (FileRule(D30, opaque_payload),)
