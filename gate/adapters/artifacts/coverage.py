"""Coverage reports: Cobertura XML, coverage.py and istanbul JSON, lcov, and Go's cover profiles."""

from __future__ import annotations

import math
import re
from typing import Any

from gate.adapters.artifacts.numbers import count, share
from gate.adapters.artifacts.xml import Attributes, read_xml
from gate.domain.evidence import Coverage

ROOT = "coverage"
_LCOV = re.compile(r"^(LF|LH):(\d{1,9})\s*$", re.MULTILINE)
_GO_MODE = re.compile(r"mode: (?:set|count|atomic)\s*\n")
_GO_BLOCK = re.compile(r"^(\S[^\n]{0,1000}:\d+\.\d+,\d+\.\d+) (\d{1,9}) (\d{1,18})\s*$", re.MULTILINE)


def read_cobertura(name: str, content: bytes) -> Coverage | None:
    """By its counts of lines, else by its rate. Raises BadXml; None where it says neither."""
    root = _RootAttributes()
    read_xml(content, root)
    percent = share(root.attributes.get("lines-covered"), root.attributes.get("lines-valid"))
    if percent is None:
        percent = _rate(root.attributes.get("line-rate", ""))
    return None if percent is None else Coverage(name, percent)


def read_json_coverage(name: str, value: Any) -> tuple[bool, Coverage | None]:
    """Whether the value is a coverage report of coverage.py or istanbul, and what it says if it says it."""
    match value:
        case {"meta": dict(), "totals": dict(totals)} if "percent_covered" in totals:
            percent = share(totals.get("covered_lines"), totals.get("num_statements"))
            percent = _percent(totals["percent_covered"]) if percent is None else percent
        case {"total": {"lines": dict(lines)}}:
            percent = share(lines.get("covered"), lines.get("total"))
            percent = _percent(lines.get("pct")) if percent is None else percent
        case _:
            return False, None
    return True, None if percent is None else Coverage(name, percent)


def is_lcov(text: str) -> bool:
    head = text[:4096]
    return head.startswith(("TN:", "SF:")) and "\nend_of_record" in text


def read_lcov(name: str, text: str) -> Coverage | None:
    found = hit = 0
    for kind, number in _LCOV.findall(text):
        if kind == "LF":
            found += int(number)
        else:
            hit += int(number)
    percent = share(hit, found)
    return None if percent is None or not found else Coverage(name, percent)


def is_go_profile(text: str) -> bool:
    return bool(_GO_MODE.match(text))


def read_go_profile(name: str, text: str) -> Coverage | None:
    """A block that several test binaries ran stands there several times, and counts once."""
    blocks: dict[str, tuple[int, bool]] = {}
    for place, statements, runs in _GO_BLOCK.findall(text):
        _, was_run = blocks.get(place, (0, False))
        blocks[place] = int(statements), was_run or int(runs) > 0
    percent = share(
        sum(number for number, was_run in blocks.values() if was_run),
        sum(number for number, _ in blocks.values()),
    )
    return None if percent is None or not blocks else Coverage(name, percent)


class _RootAttributes:
    def __init__(self) -> None:
        self.attributes: Attributes = {}

    def start(self, name: str, attributes: Attributes, parents: list[str]) -> None:
        if not parents:
            self.attributes = attributes

    def end(self, name: str) -> None: ...


def _rate(text: str) -> int | None:
    """Percent of `0.8333`."""
    try:
        rate = float(text)
    except ValueError:
        return None
    return math.floor(rate * 100 + 1e-9) if 0 <= rate <= 1 else None


def _percent(value: object) -> int | None:
    if isinstance(value, float):
        return math.floor(value) if 0 <= value <= 100 else None
    number = count(value)
    return number if number is not None and number <= 100 else None
