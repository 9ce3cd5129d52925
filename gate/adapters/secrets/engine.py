"""Kingfisher's engine with its own rules and ours, built once in a process, before it forks.

`rules.yml` holds ours: kinds of credentials that the built-in rules leave out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kingfisher_sdk

from gate.domain.errors import Failed, Unavailable
from gate.domain.risk.model import Confidence

RULES = Path(__file__).with_name("rules.yml")
OWN = "pushgate."
# The engine slows down with findings in one large buffer, and takes 200 MB/s in small ones.
CHUNK = 1 << 20
# A key of several lines may lie across the end of a chunk.
_OVERLAP = 1 << 14
_SECONDS = 30.0
_MOST_IN_CHUNK = 10_000
_CONFIDENCE = {"high": Confidence.CERTAIN, "medium": Confidence.LIKELY}


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret in some bytes, with its value, which nothing may keep or show."""

    rule: str
    rule_name: str
    confidence: Confidence
    is_visible: bool
    start: int
    end: int
    value: bytes


class Engine:
    """Finds secrets in bytes. Raises Unavailable where it takes too long, Failed where it cannot tell."""

    def __init__(self, cache_folder: Path) -> None:
        cache_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            # A pushed comment such as `kingfisher:ignore` has no say.
            policy = kingfisher_sdk.DetectionPolicy(inline_ignores=False)
            rules = kingfisher_sdk.Rules([RULES], cache_dir=cache_folder)
            self._scanner = kingfisher_sdk.Scanner(rules, policy=policy)
        except Exception as fault:
            raise Failed(f"scan for secrets: the engine does not start ({type(fault).__name__}).") from None

    def hits(self, content: bytes) -> list[Hit]:
        """Every hit in all of the content, whatever its size."""
        found: dict[tuple[str, int, int], Hit] = {}
        for start, chunk in _chunks(content):
            for one in self._scan(chunk):
                hit = _hit(one, start)
                found[hit.rule, hit.start, hit.end] = hit
        return list(found.values())

    def _scan(self, chunk: bytes) -> list[Any]:
        try:
            # No path is told: the built-in rules leave out whole folders by their names.
            found: list[Any] = self._scanner.scan(chunk, timeout=_SECONDS)
        except TimeoutError:
            raise Unavailable("scan for secrets: it took too long. It is tried again.") from None
        except Exception as fault:
            # The fault's own words may quote what was scanned.
            raise Failed(f"scan for secrets: the engine failed ({type(fault).__name__}).") from None
        return found[:_MOST_IN_CHUNK]


_built: list[Engine] = []


def engine(cache_folder: Path) -> Engine:
    """The one engine of this process: building it takes 0.3 s, and seconds where nothing is in the cache."""
    if not _built:
        _built.append(Engine(cache_folder))
    return _built[0]


def _chunks(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Pieces that end with a line where one ends, each with some of what is before it."""
    start = 0
    while start < len(content) or not start:
        end = start + CHUNK
        if end < len(content):
            end = max(content.rfind(b"\n", start + _OVERLAP, end) + 1, 0) or end
        begin = max(0, start - _OVERLAP)
        yield begin, content[begin:end]
        start = end


def _name(found: Any) -> str:
    """In a few words: a built-in rule's own name is a sentence."""
    rule: str = found.rule_id
    return str(found.rule_name) if rule.startswith(OWN) else rule.rpartition(".")[2].replace("-", " ")


def _hit(found: Any, start: int) -> Hit:
    place = found.location
    place = place if isinstance(place, dict) else place.__dict__
    return Hit(
        rule=found.rule_id,
        rule_name=_name(found),
        confidence=_CONFIDENCE.get(found.confidence, Confidence.POSSIBLE),
        is_visible=found.visible,
        start=start + place["start_offset"],
        end=start + place["end_offset"],
        value=found.secret.encode("utf-8", "surrogateescape"),
    )
