"""The scan of what is pushed: which bytes are secret, and which of them stop a push."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from gate.adapters.secrets.archives import members
from gate.adapters.secrets.distinct import distinct
from gate.adapters.secrets.encoded import decoded_blocks
from gate.adapters.secrets.engine import RULES, Hit, engine
from gate.domain.errors import Unreadable
from gate.domain.risk.model import Confidence
from gate.domain.secret import UNSCANNED
from gate.services.ports.evidence import Secret

_MOST = 1_000
# Each costs as much as a kilobyte without any: more of them than anybody writes would take minutes.
_MOST_HITS = 50_000


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
        """Each secret where it is first, at most 1,000 of them: what stops a push goes before what does not.

        Where there are more that would stop it, that is told too: allowing those that are listed must not
        allow another.
        """
        sure: list[Secret] = []
        likely: list[Secret] = []
        for secret in self._all(content):
            (sure if secret.blocks else likely).append(secret)
            del likely[_MOST:]
            if len(sure) == _MOST:
                sure[-1] = self._unscanned(content)
                break
        return tuple(sorted([*sure, *likely][:_MOST], key=lambda one: one.start))

    def _all(self, content: bytes) -> Iterator[Secret]:
        told: set[str] = set()
        for secret in chain(self._secrets(content), self._hidden(content)):
            if secret.identity not in told:
                told.add(secret.identity)
                yield secret

    def _hidden(self, content: bytes) -> Iterator[Secret]:
        """What shows when it is decoded or unpacked. Of what is in an archive the archive is the place."""
        blocks = [block for _, _, block in decoded_blocks(content)]
        yield from self._decoded(content, blocks)
        try:
            for inner in chain(members(content), *map(members, blocks)):
                inner_blocks = [block for _, _, block in decoded_blocks(inner)]
                for secret in chain(self._secrets(inner), self._decoded(inner, inner_blocks)):
                    yield replace(secret, start=0, end=len(content), line=1, column=1)
        except Unreadable:
            yield self._unscanned(content)

    def _unscanned(self, content: bytes) -> Secret:
        """For content of which nobody knows all that is in it."""
        return Secret(
            rule=UNSCANNED,
            rule_name="cannot be looked into",
            confidence=Confidence.CERTAIN,
            blocks=True,
            start=0,
            end=len(content),
            line=1,
            column=1,
            identity=self._identity(content),
        )

    def _decoded(self, content: bytes, blocks: Sequence[bytes]) -> Iterator[Secret]:
        # UTF-16 has a NUL beside each letter, wherever in a file it begins.
        if b"\0" in content:
            yield from self._secrets(content.replace(b"\0", b""))
        # All at once: a lock file has thousands of short ones.
        for secret in self._secrets(b"\n".join(blocks)) if blocks else ():
            yield replace(secret, start=0, end=len(content), line=1, column=1)

    def _secrets(self, content: bytes) -> Iterator[Secret]:
        line = counted = count = 0
        for hits in engine(self._cache_folder).hits_by_chunk(content):
            count += len(hits)
            if count > _MOST_HITS:
                yield self._unscanned(content)
                return
            for hit in distinct(hits):
                if hit.start < counted:
                    line = counted = 0
                line += content.count(b"\n", counted, hit.start)
                counted = hit.start
                yield self._secret(hit, line + 1, hit.start - content.rfind(b"\n", 0, hit.start))

    def _secret(self, hit: Hit, line: int, column: int) -> Secret:
        return Secret(
            rule=hit.rule,
            rule_name=hit.rule_name,
            confidence=hit.confidence,
            blocks=hit.is_sure,
            start=hit.start,
            end=hit.end,
            line=line,
            column=column,
            identity=self._identity(hit.value),
        )

    def _identity(self, value: bytes) -> str:
        return hmac.new(self._key, value, hashlib.sha256).hexdigest()
