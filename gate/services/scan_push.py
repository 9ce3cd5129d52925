"""Scan everything that a push brings for secrets: not what it changes in the end, but what it publishes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gate.domain.errors import Failed, Unreadable
from gate.domain.facts import DiffFacts
from gate.domain.hold import RefUpdate
from gate.domain.secret import UNSCANNED, FoundSecret
from gate.services.ports.evidence import Secret, SecretScanner
from gate.services.ports.git import History, Introduced
from gate.services.ports.store import AllowedSecret

_LARGEST = 128 << 20
_MOST = 200
_MOST_TRACED = 50


@dataclass(frozen=True, slots=True)
class ScanPush:
    """Every blob, commit and tag that upstream does not have, and the names of refs and files.

    Raises Failed where it cannot say: the scanner fails, or objects that have to be there are not.
    """

    scanner: SecretScanner

    def __call__(
        self, history: History, update: RefUpdate, facts: DiffFacts, allowed: Mapping[str, AllowedSecret]
    ) -> tuple[FoundSecret, ...]:
        found: dict[tuple[str, str | None, str | None], FoundSecret] = {}
        for one in self._all(history, update, facts):
            found.setdefault((one.identity, one.path, one.oid), one)
            if len(found) == _MOST:
                found["", None, None] = _too_many(update)
                break
        secrets = sorted(found.values(), key=lambda one: (not one.blocks, one.path or "", one.line or 0))
        return tuple(_as_allowed(one, allowed) for one in secrets)

    def _all(self, history: History, update: RefUpdate, facts: DiffFacts) -> Iterator[FoundSecret]:
        yield from self._names(update, facts)
        new = update.new
        if update.is_delete:
            return
        count = 0
        traced: dict[str, tuple[str, str] | None] = {}
        for thing in history.introduced(new, max_bytes=_LARGEST):
            count += 1
            for secret in self._secrets(thing):
                if thing.type != "blob":
                    yield _in_words(secret, thing)
                    continue
                if thing.oid not in traced and len(traced) < _MOST_TRACED:
                    traced[thing.oid] = history.first_commit_with(thing.oid, new)
                yield _in_file(secret, thing, traced.get(thing.oid))
        if facts.commits and count < len(facts.commits):
            raise Failed(f"{update.ref}: git showed {count} objects of {len(facts.commits)} commits.")

    def _secrets(self, thing: Introduced) -> tuple[Secret | None, ...]:
        """What is secret in an object; None stands for all of one that could not be looked at."""
        if thing.content is None:
            return (None,)
        try:
            return self.scanner.scan(thing.content)
        except Unreadable:
            return (None,)

    def _names(self, update: RefUpdate, facts: DiffFacts) -> Iterator[FoundSecret]:
        names = {"a ref's name": [update.ref], "a file's name": [file.path for file in facts.files]}
        for what, texts in names.items():
            content = "\n".join(texts).encode("utf-8", "surrogateescape")
            for secret in self.scanner.scan(content):
                # The name itself is not told: it has the secret in it.
                yield _found(secret, what, path=None, line=None, oid=None)


def _in_words(secret: Secret | None, thing: Introduced) -> FoundSecret:
    what = "a commit's message" if thing.type == "commit" else "a tag's message"
    if secret is None:
        return _unscanned(thing, what, None, thing.oid)
    return _found(secret, what, path=None, line=None, oid=thing.oid)


def _in_file(secret: Secret | None, thing: Introduced, first: tuple[str, str] | None) -> FoundSecret:
    commit, path = first if first is not None else (None, thing.path)
    if secret is None:
        return _unscanned(thing, "file", path, commit)
    return _found(secret, "file", path=path, line=secret.line, oid=commit, column=secret.column)


def _found(
    secret: Secret,
    what: str,
    *,
    path: str | None,
    line: int | None,
    oid: str | None,
    column: int | None = None,
) -> FoundSecret:
    return FoundSecret(
        rule=secret.rule,
        rule_name=secret.rule_name,
        identity=secret.identity,
        blocks=secret.blocks,
        path=path,
        line=line,
        column=column,
        oid=oid,
        what=what,
    )


def _unscanned(thing: Introduced, what: str, path: str | None, oid: str | None) -> FoundSecret:
    identity = hashlib.sha256(thing.oid.encode()).hexdigest()
    return FoundSecret(UNSCANNED, "cannot be looked into", identity, True, path, None, None, oid, what)


def _too_many(update: RefUpdate) -> FoundSecret:
    words = f"more than {_MOST} of them, of which the others are not listed"
    identity = hashlib.sha256(f"too many\0{update.new}".encode()).hexdigest()
    return FoundSecret(UNSCANNED, words, identity, True, None, None, None, None, "the push")


def _as_allowed(secret: FoundSecret, allowed: Mapping[str, AllowedSecret]) -> FoundSecret:
    word = allowed.get(secret.identity)
    return secret if word is None else replace(secret, allowed_by=word.login, reason=word.reason)
