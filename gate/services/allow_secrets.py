"""Allow secrets: an admin says that what the scan found may be published, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gate.domain.audit import Action, Detail
from gate.domain.errors import IllegalMove, NotAllowed, Outdated, Refused
from gate.domain.evidence import Evidence
from gate.domain.hold import BlockReason, Hold, HoldState
from gate.domain.review import Role
from gate.domain.user import User
from gate.services.moves import move, record
from gate.services.ports.outside import Clock, Queue
from gate.services.ports.store import AllowedSecret, Store, Transaction

_LEAST_REASON = 10
_LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class AllowSecrets:
    """Allow these secrets in the hold's repository from now on, and have the revision assessed anew.

    Raises NotAllowed for anybody but an admin, Refused for a reason that says nothing or a secret that was
    not found in this revision, Outdated where a newer revision waits, IllegalMove where no secret stops it.
    """

    store: Store
    queue: Queue
    clock: Clock

    def __call__(
        self, hold_id: int, identities: Sequence[str], user: User, reason: str, *, revision: int
    ) -> None:
        words = reason.replace("\0", "").strip()[:_LONGEST_REASON]
        if len(words) < _LEAST_REASON:
            raise Refused(f"Say why it may be published, in {_LEAST_REASON} characters or more.")
        with self.store.transaction() as tx:
            hold = tx.holds.get(hold_id)
            _check(hold, user, revision)
            evidence = tx.evidence.get(hold.id, revision)
            allowed = _asked(hold, evidence, identities)
            for identity in allowed:
                tx.evidence.allow(hold.repository, AllowedSecret(identity, user.login, words, self.clock()))
            self._begin_anew(tx, hold, user, allowed, words)
        self.queue.collect(hold_id)

    def _begin_anew(
        self, tx: Transaction, hold: Hold, user: User, identities: Sequence[str], reason: str
    ) -> None:
        """Have the same revision collected and assessed once more."""
        actor = f"user:{user.login}"
        details: dict[str, Detail] = {"secrets": list(identities), "reason": reason}
        record(tx, hold, Action.SECRET_ALLOW, at=self.clock(), actor=actor, details=details)
        move(tx, hold, HoldState.RECEIVED, Action.HOLD_UNBLOCK, at=self.clock(), actor=actor)


def _check(hold: Hold, user: User, revision: int) -> None:
    if user.role is not Role.ADMIN:
        raise NotAllowed(f"hold {hold.name}: only an admin allows what the scan takes for a secret.")
    if hold.revision.n != revision:
        raise Outdated(f"hold {hold.name}: revision {hold.revision.n} is waiting now. Look at that first.")
    if (hold.state, hold.reason) != (HoldState.BLOCKED, BlockReason.SECRET_FOUND):
        raise IllegalMove(f"hold {hold.name}: it is {hold.state}, and no secret stops it.")


def _asked(hold: Hold, evidence: Evidence | None, identities: Sequence[str]) -> tuple[str, ...]:
    found = {one.identity for one in evidence.blocking} if evidence is not None else set()
    if not identities or not found.issuperset(identities):
        raise Refused(f"hold {hold.name}: name secrets that were found in revision {hold.revision.n}.")
    return tuple(dict.fromkeys(identities))
