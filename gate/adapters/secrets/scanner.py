"""The scan of what is pushed: which bytes are secret, and which of them stop a push."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from gate.adapters.secrets.archives import members
from gate.adapters.secrets.engine import OWN, RULES, Hit, engine
from gate.domain.risk.model import Confidence
from gate.services.ports.evidence import Secret

# Our rules for things that look like nothing else; the other ones of ours are about what looks secret.
_EXACT = frozenset({f"{OWN}private-key-fragment", f"{OWN}prefixed-token", f"{OWN}aws-secret"})
_MOST = 1_000
_BOMS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class KingfisherScanner:
    """Implements `ports.evidence.SecretScanner`. `key` is the gate's own, for identities."""

    def __init__(self, key: bytes, cache_folder: Path) -> None:
        self._key = key
        self._cache_folder = cache_folder

    @property
    def version(self) -> str:
        rules = hashlib.sha256(RULES.read_bytes()).hexdigest()[:12]
        return f"kingfisher-secret-scanner {version('kingfisher-secret-scanner')}, rules {rules}"

    def warm_up(self) -> None:
        """Build the engine now, so that no scan waits for it."""
        engine(self._cache_folder)

    def scan(self, content: bytes) -> tuple[Secret, ...]:
        text = _as_utf8(content)
        found = list(self._secrets(text))
        # What is inside an archive is told by where the archive is.
        found += [replaced for inner in members(content) for replaced in self._at_start(_as_utf8(inner))]
        return tuple(_strongest(found)[:_MOST])

    def _secrets(self, text: bytes) -> Iterator[Secret]:
        line, counted = 1, 0
        for hit in sorted(engine(self._cache_folder).hits(text), key=lambda one: (one.start, one.end)):
            line += text.count(b"\n", counted, hit.start)
            counted = max(counted, hit.start)
            column = hit.start - (text.rfind(b"\n", 0, hit.start) + 1) + 1
            yield self._secret(hit, line, column)

    def _at_start(self, text: bytes) -> Iterator[Secret]:
        for hit in engine(self._cache_folder).hits(text):
            yield self._secret(hit, 1, 1)

    def _secret(self, hit: Hit, line: int, column: int) -> Secret:
        return Secret(
            rule=hit.rule,
            rule_name=hit.rule_name,
            confidence=hit.confidence,
            blocks=_blocks(hit),
            start=hit.start,
            end=hit.end,
            line=line,
            column=column,
            identity=hmac.new(self._key, hit.value, hashlib.sha256).hexdigest(),
        )


def _blocks(hit: Hit) -> bool:
    """A built-in rule that is sure, or one of ours that is exact. No path and no comment changes that."""
    if hit.rule.startswith(OWN):
        return hit.rule in _EXACT
    return hit.is_visible and hit.confidence is not Confidence.POSSIBLE


def _strongest(found: list[Secret]) -> list[Secret]:
    """One of those that lie over each other: a token is often also what is assigned to something."""
    kept: list[Secret] = []
    for one in sorted(found, key=lambda each: (not each.blocks, each.start, each.start - each.end)):
        if not any(one.start < other.end and other.start < one.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda each: each.start)


def _as_utf8(content: bytes) -> bytes:
    """UTF-16 as UTF-8, by its mark or by a NUL in every second byte; anything else as it is."""
    encoding = _BOMS.get(content[:2])
    if encoding is None and len(content) >= 8:
        head = content[:512]
        if head[1::2].count(0) > len(head) // 2 * 0.9:
            encoding = "utf-16-le"
        elif head[::2].count(0) > len(head) // 2 * 0.9:
            encoding = "utf-16-be"
    return content if encoding is None else content.decode(encoding, "replace").encode("utf-8", "replace")
