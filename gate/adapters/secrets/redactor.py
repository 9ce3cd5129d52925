"""Take secrets out of texts: those that the engine sees, and those that it has seen elsewhere before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gate.adapters.secrets.bare import views
from gate.adapters.secrets.encoded import decoded_blocks
from gate.adapters.secrets.engine import CHUNK, OVERLAP, engine
from gate.adapters.secrets.known import KnownSecrets, Span
from gate.services.ports.evidence import Redacted


@dataclass(frozen=True, slots=True)
class KingfisherRedactor:
    """Implements `ports.evidence.Redactor` for one collection. It alone holds the values."""

    cache_folder: Path
    _known: KnownSecrets = field(default_factory=KnownSecrets, repr=False)

    def learn(self, content: Iterable[bytes]) -> None:
        for piece in _by_lines(content):
            for view, _ in views(piece):
                for hit in engine(self.cache_folder).hits(view):
                    self._known.note(hit)

    def redact(self, text: str) -> Redacted:
        content = text.encode("utf-8", "surrogatepass")
        spans = _joined(self._spans(content))
        if not spans:
            return Redacted(text, 0)
        return Redacted(_without(content, spans).decode("utf-8", "surrogatepass"), len(spans))

    def _spans(self, content: bytes) -> Iterator[Span]:
        """In the content as it is: what the engine sees, and what is known from now on or from before."""
        seen = tuple(views(content))
        for view, places in seen:
            for hit in engine(self.cache_folder).hits(view):
                self._known.note(hit)
                yield *places.span(hit.start, hit.end), hit.rule
            for start, end, block in decoded_blocks(view):
                sure = next((hit for hit in engine(self.cache_folder).hits(block) if hit.is_sure), None)
                if sure is not None:
                    yield *places.span(start, end), sure.rule
        for view, places in seen:
            for start, end, rule in self._known.spans(view):
                yield *places.span(start, end), rule


def _joined(spans: Iterable[Span]) -> list[Span]:
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
    """The content in pieces that end with a line where one ends, each with some of what is before it."""
    rest = b""
    for piece in content:
        rest += piece
        while len(rest) >= CHUNK:
            end = rest.rfind(b"\n", 2 * OVERLAP, CHUNK) + 1 or CHUNK
            yield rest[:end]
            rest = rest[max(0, end - OVERLAP) :]
    if rest:
        yield rest
