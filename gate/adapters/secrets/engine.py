"""Kingfisher's engine with its own rules and ours, built once in a process, before it forks.

`rules.yml` holds ours: kinds of credentials that the built-in rules leave out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kingfisher_sdk

from gate.domain.errors import Failed, Unavailable
from gate.domain.risk.model import Confidence

RULES = Path(__file__).with_name("rules.yml")
_OWN = "pushgate."
# Our rules for things that look like nothing else; the other ones of ours are about what looks secret.
_EXACT = frozenset({f"{_OWN}private-key-fragment", f"{_OWN}prefixed-token", f"{_OWN}aws-secret"})
# The engine slows down with findings in one large buffer, and takes 200 MB/s in small ones.
CHUNK = 1 << 20
# A key of several lines may lie across the end of a chunk.
OVERLAP = 1 << 14
_SECONDS = 30.0
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
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
    value: bytes = field(repr=False)

    @property
    def is_sure(self) -> bool:
        """A built-in rule that is sure, or one of ours that is exact. No path and no comment changes that."""
        if self.rule.startswith(_OWN):
            return self.rule in _EXACT
        return self.is_visible and self.confidence is not Confidence.POSSIBLE


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
        return [hit for hits in self.hits_by_chunk(content) for hit in hits]

    def hits_by_chunk(self, content: bytes) -> Iterator[list[Hit]]:
        """The same piece by piece, for who may have enough of them before the end."""
        for begin, start, end in _chunks(content):
            hits = (_hit(one, begin) for one in self._scan(content[begin:end]))
            # What ends before `start` was in the piece before as a whole.
            yield [hit for hit in hits if hit.end > start or not start]

    def _scan(self, chunk: bytes) -> list[Any]:
        try:
            # No path is told: the built-in rules leave out whole folders by their names.
            found: list[Any] = self._scanner.scan(_undecoded(chunk), timeout=_SECONDS)
        except TimeoutError:
            raise Unavailable("scan for secrets: it took too long. It is tried again.") from None
        except Exception as fault:
            # The fault's own words may quote what was scanned.
            raise Failed(f"scan for secrets: the engine failed ({type(fault).__name__}).") from None
        return found


_built: list[Engine] = []


def engine(cache_folder: Path) -> Engine:
    """The one engine of this process: building it takes 0.3 s, and seconds where nothing is in the cache."""
    if not _built:
        _built.append(Engine(cache_folder))
    return _built[0]


def _chunks(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Pieces from `start` to `end`, where a line ends if one does, each to be read from `begin` before it."""
    start = 0
    while start < len(content) or not start:
        end = start + CHUNK
        if end < len(content):
            end = content.rfind(b"\n", start + OVERLAP, end) + 1 or end
        yield max(0, start - OVERLAP), start, end
        start = end


def _undecoded(chunk: bytes) -> bytes:
    """The chunk, of the same length, such that the engine takes it as it is.

    It decodes what it takes for UTF-16 by a mark or by NULs, so two bytes would hide all that is behind them.
    """
    if chunk.startswith(_UTF16_MARKS):
        chunk = b"  " + chunk[2:]
    return chunk.replace(b"\0", b" ")


def _name(found: Any) -> str:
    """In a few words: a built-in rule's own name is a sentence."""
    rule: str = found.rule_id
    return str(found.rule_name) if rule.startswith(_OWN) else rule.rpartition(".")[2].replace("-", " ")


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
