"""Read the session behind a push: its records kept as they are, and told again without their secrets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO

from gate.domain.errors import GateError
from gate.domain.evidence import EvidenceFile, FileKind
from gate.domain.session.model import Session, Thread
from gate.domain.session.transcript import Entry
from gate.services.find_session import FoundSession
from gate.services.ports.evidence import AgentHost, EvidenceStore, HostFile, ReadThread, Redactor
from gate.services.redacted_session import RedactedTexts
from gate.services.snapshot import Snapshot

_PIECE = 1 << 20
# Whoever reads a review reads no more.
_MOST_THREADS = 50


@dataclass(frozen=True, slots=True)
class SessionReading:
    """A session as it was read, the files that it was read from, and what could not be."""

    session: Session | None
    files: tuple[EvidenceFile, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadSession:
    """Snapshot every record of a session once, and write one transcript of all of them.

    Raises Failed where the evidence store or the search for secrets cannot do its part. What the host does
    not give is a fault in words: a push without its session is still reviewed.
    """

    evidence_store: EvidenceStore
    snapshot: Snapshot
    readers: Mapping[FileKind, ReadThread]

    def __call__(self, host: AgentHost, found: FoundSession, redactor: Redactor) -> SessionReading:
        texts = RedactedTexts(redactor)
        records, faults = self._records(host, found)
        for record in records:
            # First all of them: a secret that one record shows may stand in another without its context.
            redactor.learn(self._content(record))
        with tempfile.TemporaryFile() as draft:
            threads = self._read(self.readers[found.kind], records, texts, draft)
            transcript = self._transcript(draft, texts)
        if not threads:
            return SessionReading(None, tuple(records), tuple(faults))
        session = Session(
            found.session_id,
            found.thread_id,
            found.found_by,
            _root_first(threads, found),
            is_whole=not faults and not any(record.is_cut for record in records),
        )
        pairs = zip(records, threads, strict=True)
        told = [replace(record, thread_id=thread.thread_id) for record, thread in pairs]
        return SessionReading(session, (*told, transcript), tuple(faults))

    def _records(self, host: AgentHost, found: FoundSession) -> tuple[list[EvidenceFile], list[str]]:
        records, faults = [], []
        for file in _first_and_newest(found.rollouts):
            try:
                records.append(self.snapshot(host, file, found.kind))
            except GateError as fault:
                if fault.retryable:
                    raise
                faults.append(f"{_name(file)} could not be read: {fault}")
        if len(found.rollouts) > _MOST_THREADS:
            faults.append(f"the session has {len(found.rollouts)} threads, of which {_MOST_THREADS} are read")
        return records, faults

    def _content(self, record: EvidenceFile) -> Iterator[bytes]:
        assert record.sha256 is not None, "a snapshot is in the store"
        return self.evidence_store.read(record.sha256)

    def _read(
        self, read: ReadThread, records: Sequence[EvidenceFile], texts: RedactedTexts, draft: IO[bytes]
    ) -> list[Thread]:
        threads: list[Thread] = []
        first = 0

        def take(entry: Entry) -> None:
            draft.write(texts.entry(entry).line_text().encode("ascii") + b"\n")

        for record in records:
            thread = texts.thread(read(self._content(record), take, first_entry=first))
            first += thread.entries
            threads.append(thread)
        return threads

    def _transcript(self, draft: IO[bytes], texts: RedactedTexts) -> EvidenceFile:
        draft.seek(0)
        kept = self.evidence_store.keep(iter(lambda: draft.read(_PIECE), b""))
        return EvidenceFile(
            FileKind.TRANSCRIPT,
            "transcript",
            text_sha256=kept.sha256,
            text_size=kept.size,
            redactions=texts.count,
            media_type="application/x-ndjson",
        )


def _first_and_newest(rollouts: Sequence[HostFile]) -> Sequence[HostFile]:
    """The root's and the pushing thread's, and of the others, which are in order, the last."""
    first, others = rollouts[:2], rollouts[2:]
    return (*first, *others[-(_MOST_THREADS - 2) :])


def _root_first(threads: Sequence[Thread], found: FoundSession) -> tuple[Thread, ...]:
    return tuple(sorted(threads, key=lambda thread: thread.thread_id != found.session_id))


def _name(file: HostFile) -> str:
    return file.path.rpartition("/")[2]
