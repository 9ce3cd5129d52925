"""Take secrets out of texts: those that the engine sees, and those that it has seen elsewhere before."""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from gate.adapters.secrets.engine import CHUNK, engine
from gate.services.ports.evidence import Redacted

# A shorter value stands in too many places that have nothing to do with it.
_SHORTEST = 8
_MOST_KNOWN = 2_000
_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
_NO_ESCAPE = b"\x1b"

Span = tuple[int, int, str]


@dataclass(slots=True)
class KingfisherRedactor:
    """Implements `ports.evidence.Redactor` for one collection. It alone holds the values."""

    cache_folder: Path
    _known: dict[bytes, str] = field(default_factory=dict, repr=False)
    _pattern: re.Pattern[bytes] | None = field(default=None, repr=False)

    def learn(self, content: Iterable[bytes]) -> None:
        for piece in _by_lines(content):
            self._spans(piece)

    def redact(self, text: str) -> Redacted:
        content = text.encode("utf-8", "surrogatepass")
        spans = _joined([*self._spans(content), *self._known_spans(content)])
        if not spans:
            return Redacted(text, 0)
        return Redacted(_without(content, spans).decode("utf-8", "surrogatepass"), len(spans))

    def _spans(self, content: bytes) -> list[Span]:
        """Where the engine sees secrets, in the bytes as they are; their values are known from now on."""
        bare, places = _bare(content)
        spans = []
        for hit in engine(self.cache_folder).hits(bare):
            self._note(hit.value, hit.rule)
            spans.append((*places.span(hit.start, hit.end), hit.rule))
        return spans

    def _known_spans(self, content: bytes) -> Iterator[Span]:
        if self._pattern is None:
            return
        bare, places = _bare(content)
        for match in self._pattern.finditer(bare):
            yield *places.span(*match.span()), self._known[match[0]]

    def _note(self, value: bytes, rule: str) -> None:
        if value in self._known or len(value) < _SHORTEST or len(self._known) >= _MOST_KNOWN:
            return
        for form in _forms(value):
            if len(form) >= _SHORTEST:
                self._known.setdefault(form, rule)
        longest_first = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, longest_first)))


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the bytes of a text without escapes were in the text with them."""

    starts: tuple[int, ...]
    shifts: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """From the first byte to the last one, with the escapes between them and none behind."""
        return self._original(start), self._original(end - 1) + 1

    def _original(self, place: int) -> int:
        number = bisect_right(self.starts, place) - 1
        return place + (self.shifts[number] if number >= 0 else 0)


_SAME = _Places((), ())


def _bare(content: bytes) -> tuple[bytes, _Places]:
    """The content without terminal escapes, which would cut a secret in two for the engine."""
    if _NO_ESCAPE not in content:
        return content, _SAME
    parts: list[bytes] = []
    starts: list[int] = []
    shifts: list[int] = []
    end = size = 0
    for match in _ESCAPE.finditer(content):
        parts.append(content[end : match.start()])
        size += match.start() - end
        end = match.end()
        starts.append(size)
        shifts.append(end - size)
    parts.append(content[end:])
    return b"".join(parts), _Places(tuple(starts), tuple(shifts))


def _forms(value: bytes) -> Iterator[bytes]:
    """The value as it may be written elsewhere: in JSON, in a URL, in base64, and out of JSON."""
    text = value.decode("utf-8", "replace")
    yield value
    yield json.dumps(text)[1:-1].encode()
    yield quote(text, safe="").encode()
    yield base64.b64encode(value)
    if b"\\n" in value:
        yield value.replace(b"\\r", b"\r").replace(b"\\n", b"\n")


def _joined(spans: list[Span]) -> list[Span]:
    """Spans that lie over each other as one, with the rule of the first."""
    joined: list[Span] = []
    for start, end, rule in sorted(spans):
        if joined and start < joined[-1][1]:
            before = joined.pop()
            joined.append((before[0], max(end, before[1]), before[2]))
        elif start < end:
            joined.append((start, end, rule))
    return joined


def _without(content: bytes, spans: list[Span]) -> bytes:
    parts: list[bytes] = []
    end = 0
    for start, stop, rule in spans:
        parts += [content[end:start], f"[redacted: {rule}]".encode()]
        end = stop
    return b"".join((*parts, content[end:]))


def _by_lines(content: Iterable[bytes]) -> Iterator[bytes]:
    """The content in pieces of whole lines, or of the largest size where a line is longer."""
    rest = b""
    for piece in content:
        rest += piece
        while len(rest) >= CHUNK:
            end = rest.rfind(b"\n", 0, CHUNK) + 1 or CHUNK
            yield rest[:end]
            rest = rest[end:]
    if rest:
        yield rest
