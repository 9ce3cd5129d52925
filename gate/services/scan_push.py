"""Scan everything that a push brings for secrets: not what it changes in the end, but what it publishes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gate.domain.errors import Failed
from gate.domain.facts import DiffFacts
from gate.domain.hold import RefUpdate
from gate.domain.secret import UNSCANNED, FoundSecret
from gate.services.ports.evidence import Secret, SecretScanner
from gate.services.ports.git import History, Introduced
from gate.services.ports.store import AllowedSecret

_LARGEST = 128 << 20
_MOST = 200
_UNSEEN = "cannot be looked into"
# Each costs git a walk through the push.
_MOST_TRACED, _MOST_TRACED_LIKELY = 100, 50


@dataclass(frozen=True, slots=True)
class ScanPush:
    """Every blob, commit, tag and tree that upstream does not have, and the name of the ref.

    Raises Failed where it cannot say: the scanner fails, or objects that have to be there are not.
    """

    scanner: SecretScanner

    def __call__(
        self,
        history: History,
        update: RefUpdate,
        facts: DiffFacts,
        allowed: Mapping[str, AllowedSecret],
        learn: Callable[[Iterable[bytes]], None] = lambda _: None,
    ) -> tuple[FoundSecret, ...]:
        """`learn` is given every content with a secret in it."""
        found: dict[tuple[str, str | None, str | None], FoundSecret] = {}
        counts = {True: 0, False: 0}
        for one in self._all(history, update, facts, learn):
            key = (one.identity, one.path, one.oid)
            if key in found or counts[one.blocks] > _MOST:
                continue
            counts[one.blocks] += 1
            found[key] = one if counts[one.blocks] <= _MOST else _more(update, one)
            if counts[True] > _MOST:
                break
        secrets = sorted(found.values(), key=lambda one: (not one.blocks, one.path or "", one.line or 0))
        return tuple(_as_allowed(one, allowed) for one in secrets)

    def _all(
        self,
        history: History,
        update: RefUpdate,
        facts: DiffFacts,
        learn: Callable[[Iterable[bytes]], None],
    ) -> Iterator[FoundSecret]:
        for secret in self.scanner.scan(update.ref.encode("utf-8", "surrogateescape")):
            yield _found(secret, "a ref's name")
        if update.is_delete:
            return
        trace = _Trace(history, update.new, self.scanner)
        commits = 0
        for thing in history.introduced(update.new, max_bytes=_LARGEST):
            commits += thing.type == "commit"
            if thing.content is None:
                yield _too_large(thing, trace)
                continue
            secrets = self.scanner.scan(thing.content)
            if secrets:
                learn([thing.content])
            for secret in secrets:
                yield _in_file(secret, thing, trace) if thing.type == "blob" else _in_words(secret, thing)
        if commits < len(facts.commits):
            raise Failed(f"{update.ref}: git showed {commits} commits of {len(facts.commits)}.")


class _Trace:
    """Which commit brought a blob first, and where to; asked of git once, and not without end.

    The path is None where there is a secret in it as well.
    """

    def __init__(self, history: History, new: str, scanner: SecretScanner) -> None:
        self._scanner = scanner
        self._history = history
        self._new = new
        self._known: dict[str, tuple[str | None, str | None]] = {}

    def __call__(self, thing: Introduced, *, blocks: bool) -> tuple[str | None, str | None]:
        """The commit where that is known, and the path."""
        if thing.oid not in self._known:
            most = _MOST_TRACED if blocks else _MOST_TRACED_LIKELY
            is_traced = len(self._known) < most
            found = self._history.first_commit_with(thing.oid, self._new) if is_traced else None
            commit, path = found or (None, thing.path)
            is_secret = self._scanner.scan(path.encode("utf-8", "surrogateescape"))
            self._known[thing.oid] = commit, None if is_secret else path
        return self._known[thing.oid]


_NAMELESS = "a file whose name has a secret in it"
_WORDS = {"commit": "a commit's message", "tag": "a tag's message", "tree": "a file's name"}


def _in_words(secret: Secret, thing: Introduced) -> FoundSecret:
    """In a name the name itself is not told: it has the secret in it."""
    return _found(secret, _WORDS[thing.type], oid=None if thing.type == "tree" else thing.oid)


def _in_file(secret: Secret, thing: Introduced, trace: _Trace) -> FoundSecret:
    commit, path = trace(thing, blocks=secret.blocks)
    found = _found(secret, _NAMELESS if path is None else "file", oid=commit, path=path)
    return found if secret.rule == UNSCANNED else replace(found, line=secret.line, column=secret.column)


def _found(secret: Secret, what: str, *, oid: str | None = None, path: str | None = None) -> FoundSecret:
    return FoundSecret(
        secret.rule, secret.rule_name, secret.identity, secret.blocks, what=what, oid=oid, path=path
    )


def _too_large(thing: Introduced, trace: _Trace) -> FoundSecret:
    identity = hashlib.sha256(thing.oid.encode()).hexdigest()
    found = FoundSecret(UNSCANNED, _UNSEEN, identity, blocks=True)
    if thing.type == "blob":
        commit, path = trace(thing, blocks=True)
        return replace(found, what=_NAMELESS if path is None else "file", path=path, oid=commit)
    return replace(found, what=_WORDS[thing.type], oid=None if thing.type == "tree" else thing.oid)


def _more(update: RefUpdate, one: FoundSecret) -> FoundSecret:
    """What stands for those that are not listed."""
    words = f"more than {_MOST} of them, of which the others are not listed"
    identity = hashlib.sha256(f"more\0{one.blocks}\0{update.new}".encode()).hexdigest()
    return FoundSecret(UNSCANNED if one.blocks else "more", words, identity, one.blocks, what="the push")


def _as_allowed(secret: FoundSecret, allowed: Mapping[str, AllowedSecret]) -> FoundSecret:
    word = allowed.get(secret.identity)
    return secret if word is None else replace(secret, allowed_by=word.login, reason=word.reason)
