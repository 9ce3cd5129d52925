"""Read raw: a file of the evidence as it was on the agent host, for admins, and on the trail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from gate.domain.audit import Action
from gate.domain.errors import NotAllowed, NotFound
from gate.domain.evidence import Evidence, EvidenceFile
from gate.domain.hold import Hold, Revision
from gate.domain.review import Role
from gate.domain.user import User
from gate.services.moves import record
from gate.services.ports.evidence import EvidenceStore
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file with its bytes, in pieces. Nothing is taken out of them."""

    file: EvidenceFile
    content: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class ReadRaw:
    """The raw content of one file of a revision. Every read is an audit event before its first byte is sent.

    Raises NotAllowed for anybody but an admin, NotFound for what is no file of this revision, or is no longer
    kept.
    """

    store: Store
    contents: EvidenceStore
    clock: Clock

    def __call__(self, hold: Hold, revision: Revision, sha256: str, user: User) -> RawFile:
        if user.role is not Role.ADMIN:
            raise NotAllowed(f"hold {hold.name}: only an admin reads what the agent host had, unredacted.")
        with self.store.snapshot() as tx:
            file = _file(hold, tx.evidence.get(hold.id, revision.n), sha256)
        content = self.contents.read(sha256)
        # The store answers at the first piece: what is not there is no read.
        first = next(content, b"")
        with self.store.transaction() as tx:
            record(
                tx,
                hold,
                Action.EVIDENCE_READ,
                at=self.clock(),
                actor=f"user:{user.login}",
                details={"sha256": sha256, "name": file.name, "of_revision": revision.n},
            )
        return RawFile(file, chain((first,), content))


def _file(hold: Hold, evidence: Evidence | None, sha256: str) -> EvidenceFile:
    for file in evidence.files if evidence else ():
        if file.sha256 == sha256:
            return file
    raise NotFound(f"Hold {hold.name} has no file with the SHA-256 {sha256[:12]} in this revision.")
