"""Make a session's terminal recording ready to be replayed: found, kept, and told without secrets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gate.domain.errors import GateError
from gate.domain.evidence import EvidenceFile, FileKind
from gate.domain.session.model import Session
from gate.services.find_recording import FoundRecording, find_recording
from gate.services.ports.evidence import AgentHost, CastReading, EvidenceStore, ReadRecording, Redactor
from gate.services.redacted_cast import RedactedCast
from gate.services.snapshot import Snapshot

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Replay:
    """The files of a recording: what was recorded, its timing, and the cast. Empty where there is none."""

    files: tuple[EvidenceFile, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MakeReplay:
    """Raises Failed where the evidence store or the search for secrets cannot do its part."""

    evidence_store: EvidenceStore
    snapshot: Snapshot
    read_recording: ReadRecording

    def __call__(self, host: AgentHost, session: Session, redactor: Redactor) -> Replay:
        search = find_recording(host, session)
        if search.found is None:
            return Replay((), search.faults)
        try:
            raw = self._raw(host, search.found)
        except GateError as fault:
            if fault.retryable:
                raise
            return Replay((), (*search.faults, f"the recording could not be read: {fault}"))
        for file in raw:
            redactor.learn(self._content(file))
        cast, reading = self._cast(raw, redactor)
        return Replay(
            (*raw, cast), (*search.faults, *(f"the recording: {words}" for words in reading.faults))
        )

    def _raw(self, host: AgentHost, found: FoundRecording) -> list[EvidenceFile]:
        raw = [self.snapshot(host, found.file, FileKind.RECORDING)]
        if found.timing is not None:
            raw.append(self.snapshot(host, found.timing, FileKind.TIMING))
        return raw

    def _content(self, file: EvidenceFile) -> Iterator[bytes]:
        assert file.sha256 is not None, "a snapshot is in the store"
        return self.evidence_store.read(file.sha256)

    def _cast(self, raw: list[EvidenceFile], redactor: Redactor) -> tuple[EvidenceFile, CastReading]:
        timing = self._content(raw[1]) if len(raw) > 1 else None
        with tempfile.TemporaryFile() as draft:

            def write(line: str) -> None:
                draft.write(line.encode(errors="backslashreplace") + b"\n")

            redacted = RedactedCast(redactor, write)
            reading = self.read_recording(self._content(raw[0]), timing, redacted.take)
            redacted.close()
            draft.seek(0)
            kept = self.evidence_store.keep(iter(lambda: draft.read(_PIECE), b""))
        cast = EvidenceFile(
            FileKind.CAST,
            raw[0].name,
            text_sha256=kept.sha256,
            text_size=kept.size,
            redactions=redacted.count,
            media_type="application/x-asciicast",
        )
        return replace(cast, is_cut=raw[0].is_cut), reading
