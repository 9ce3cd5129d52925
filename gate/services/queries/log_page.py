"""The transcript of a session, a page at a time, and what is looked for in it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gate.domain.errors import NotFound
from gate.domain.evidence import Evidence
from gate.domain.session.marks import marks_of
from gate.domain.session.transcript import Entry, EntryKind, Mark, entry_from
from gate.services.ports.evidence import EvidenceStore

PAGE_SIZE = 200
SHOWN_DETAIL = 12_000
"""Characters of one entry's detail on a page of many; all of it is on the entry's own page."""

_PAGE_CHARACTERS = 600_000
_CHUNK = 500
_MOST_HITS = 50
_SEARCH_SECONDS = 2.0
_SEARCH_BYTES = 64 << 20
_BEFORE, _AFTER = 60, 120


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry; `left_out` are the characters of its detail that are not shown here."""

    entry: Entry
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class LogPage:
    """The entries from `first` on, of `total`."""

    entries: tuple[LogEntry, ...]
    first: int
    total: int

    @property
    def after(self) -> int | None:
        """The first entry that is not shown; None at the end."""
        end = self.first + len(self.entries)
        return end if end < self.total else None

    @property
    def before(self) -> int | None:
        """Where the page before this one begins; None at the beginning."""
        return max(0, self.first - PAGE_SIZE) if self.first else None


@dataclass(frozen=True, slots=True)
class Jump:
    """An entry that a reader may want to see."""

    entry: int
    words: str


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry with what was looked for: the text before it, as it is written there, and the text after."""

    entry: Entry
    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. `further`: where to go on looking, as it stopped before the end."""

    hits: tuple[Hit, ...]
    looked_at: int
    further: int | None


@dataclass(frozen=True)
class ReadLog:
    """Reads the redacted transcript by its line index. `timer` counts seconds."""

    contents: EvidenceStore
    timer: Callable[[], float] = time.monotonic

    def page(self, sha256: str, first: int) -> LogPage:
        """At most 200 entries. An address beyond the end shows the last ones."""
        total = self.contents.count_lines(sha256)
        first = max(0, min(first, total - 1))
        entries = []
        characters = 0
        for number, line in enumerate(self.contents.lines(sha256, first, PAGE_SIZE), first):
            shown = _shortened(_entry(line, number))
            characters += len(shown.entry.text) + len(shown.entry.detail)
            entries.append(shown)
            if characters > _PAGE_CHARACTERS:
                break
        return LogPage(tuple(entries), first, total)

    def entry(self, sha256: str, number: int) -> Entry:
        """One entry, whole. Raises NotFound."""
        lines = self.contents.lines(sha256, number, 1)
        if not lines:
            raise NotFound(f"The log has no entry {number}.")
        return _entry(lines[0], number)

    def search(self, sha256: str, words: str, first: int) -> Found:
        """Entries that have these words, in any case, from `first` on; at most 50, or two seconds' worth."""
        looked_for = re.compile(re.escape(words), re.IGNORECASE)
        hits: list[Hit] = []
        until, size, at = self.timer() + _SEARCH_SECONDS, 0, max(0, first)
        while lines := self.contents.lines(sha256, at, _CHUNK):
            for line in lines:
                size += len(line)
                hit = _hit(_entry(line, at), looked_for)
                at += 1
                if hit is not None:
                    hits.append(hit)
                if len(hits) == _MOST_HITS or size > _SEARCH_BYTES or self.timer() > until:
                    total = self.contents.count_lines(sha256)
                    return Found(tuple(hits), at, at if at < total else None)
        return Found(tuple(hits), at, None)

    def began_at(self, sha256: str) -> float | None:
        """When a terminal recording began, in seconds since 1970; None where its times are not real."""
        lines = self.contents.lines(sha256, 0, 1)
        try:
            header = json.loads(lines[0]) if lines else {}
        except ValueError:
            return None
        began = header.get("timestamp") if isinstance(header, dict) else None
        return float(began) if isinstance(began, int | float) else None


def jumps(evidence: Evidence) -> dict[Mark, tuple[Jump, ...]]:
    """The commands that have a mark, by their marks and in their order."""
    found: dict[Mark, list[Jump]] = {}
    for command in evidence.session.commands if evidence.session else ():
        if command.entry is not None:
            for mark in marks_of(command):
                found.setdefault(mark, []).append(Jump(command.entry, command.text))
    return {mark: tuple(found[mark]) for mark in Mark if mark in found}


def _entry(line: bytes, number: int) -> Entry:
    """The entry of a line; one that cannot be read stands for itself, as nothing may be hidden."""
    try:
        return entry_from(line)
    except (ValueError, TypeError, KeyError):
        text = "This entry cannot be read."
        return Entry(number, EntryKind.NOTE, 0, text, detail=line.decode("utf-8", "surrogateescape"))


def _shortened(entry: Entry) -> LogEntry:
    left_out = max(0, len(entry.text) - SHOWN_DETAIL) + max(0, len(entry.detail) - SHOWN_DETAIL)
    if not left_out:
        return LogEntry(entry)
    shown = replace(entry, text=entry.text[:SHOWN_DETAIL], detail=entry.detail[:SHOWN_DETAIL])
    return LogEntry(shown, left_out)


def _hit(entry: Entry, looked_for: re.Pattern[str]) -> Hit | None:
    for text in _texts(entry):
        match = looked_for.search(text)
        if match is not None:
            before = text[max(0, match.start() - _BEFORE) : match.start()]
            return Hit(entry, before, match[0], text[match.end() : match.end() + _AFTER])
    return None


def _texts(entry: Entry) -> Iterator[str]:
    yield entry.text
    yield entry.detail
