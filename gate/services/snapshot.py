"""Snapshot: take a file of the agent host as it is now, once, into the evidence store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.domain.evidence import EvidenceFile, FileKind
from gate.services.ports.evidence import AgentHost, EvidenceStore, HostFile

_PIECE = 1 << 20
_MOST = {
    FileKind.ROLLOUT: 2 << 30,
    FileKind.EXEC_LOG: 2 << 30,
    FileKind.RECORDING: 1 << 30,
    FileKind.TIMING: 256 << 20,
}
_MOST_OTHERWISE = 64 << 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Keep a file's bytes up to its size at the moment it was looked at, or up to the most for its kind.

    What is written to it meanwhile is left out: the agent goes on working. Raises what the host raises.
    """

    evidence_store: EvidenceStore

    def __call__(self, host: AgentHost, file: HostFile, kind: FileKind) -> EvidenceFile:
        most = _MOST.get(kind, _MOST_OTHERWISE)
        kept = self.evidence_store.keep(_pieces(host, file, min(file.size, most)))
        return EvidenceFile(
            kind,
            file.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"),
            sha256=kept.sha256,
            size=kept.size,
            is_cut=file.size > most or kept.size < min(file.size, most),
            media_type="application/octet-stream",
        )


def _pieces(host: AgentHost, file: HostFile, size: int) -> Iterator[bytes]:
    start = 0
    while start < size:
        piece = host.read(file, start, min(_PIECE, size - start))
        if not piece:
            return  # It became shorter; what is kept says how long it was.
        start += len(piece)
        yield piece
