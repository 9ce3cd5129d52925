"""What people do to a hold on the built-in review page: review, override, reject, withdraw, try again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gate.domain.audit import Action, Detail
from gate.domain.errors import GateError, IllegalMove, NotAllowed, Outdated, Refused
from gate.domain.hold import REVIEWABLE_STATES, BlockReason, Hold, HoldState
from gate.domain.review import ReviewState, Role
from gate.domain.user import User
from gate.services.moves import move, record
from gate.services.ports.forge import Forge
from gate.services.ports.outside import Clock, PolicySource, Queue
from gate.services.ports.store import Store, Transaction
from gate.services.valid_policy import valid_policy

Seen = tuple[int, str]
"""The number and the commit of the revision that a person had before them."""

_MAX_BODY = 10_000
# An objection to what is on its way, or upstream already, is kept for people to act on.
_TOO_LATE = frozenset({HoldState.RELEASING, HoldState.RELEASED})
_MIN_REASON = 10
# What was never reviewed, or not as it is held, begins anew; what only has to be sent once more does not.
_TRIED_AGAIN_AS = {
    BlockReason.UPSTREAM_REFUSED: HoldState.IN_REVIEW,
    BlockReason.PUBLISH_REFUSED: HoldState.RECEIVED,
    BlockReason.TAMPERED: HoldState.RECEIVED,
}


@dataclass(frozen=True, slots=True)
class ReviewHold:
    """Every act takes the revision and commit that the person saw: nobody decides on what they did not see.

    Raises Outdated where the hold has a newer revision, NotAllowed where this person may not do it,
    IllegalMove where the hold's state does not allow it. Refusals are on the audit trail too.
    """

    store: Store
    policies: PolicySource
    forge: Forge
    queue: Queue
    clock: Clock

    def submit(
        self, hold_id: int, oid: str, user: User, state: ReviewState, body: str, *, revision: int
    ) -> None:
        """Approve, request changes, or comment."""
        body = _clean(body)
        if state is ReviewState.CHANGES_REQUESTED and not body:
            raise Refused("Say what should change: the agent reads it on its next push.")

        def act(tx: Transaction, hold: Hold) -> None:
            self._check_reviewed_here(hold)
            is_going = hold.state is HoldState.RELEASING
            is_late = state is ReviewState.CHANGES_REQUESTED and hold.state in _TOO_LATE
            if hold.state not in REVIEWABLE_STATES and not (is_going or is_late):
                raise IllegalMove(f"hold {hold.name}: it is {hold.state}, so there is nothing to review.")
            if state is ReviewState.APPROVED:
                self._check_may_approve(tx, hold, user)
            tx.reviews.add(hold.id, user.id, state, oid, body, self.clock())
            action = Action.REVIEW_LATE_OBJECTION if is_late else Action.REVIEW_SUBMIT
            self._record(tx, hold, action, user, {"review": str(state), "body": body})

        self._act(hold_id, (revision, oid), user, act)

    def override(self, hold_id: int, oid: str, user: User, reason: str, *, revision: int) -> None:
        """Say that this commit may go upstream although the rules are not satisfied; the policy counts it."""
        reason = _clean(reason)
        if len(reason) < _MIN_REASON:
            raise Refused(f"An override needs a reason of {_MIN_REASON} characters or more.")

        def act(tx: Transaction, hold: Hold) -> None:
            if hold.state not in REVIEWABLE_STATES:
                raise IllegalMove(f"hold {hold.name}: it is {hold.state}, so there is nothing to override.")
            if user.github is None and self.forge.carries(hold):
                raise NotAllowed(
                    f"hold {hold.name}: the gate does not know your GitHub account, so it can't tell whether "
                    f"you have a part in this. An admin says it: `python -m gate user map {user.login} "
                    "--github LOGIN`."
                )
            self._check_may_approve(tx, hold, user)
            tx.reviews.add_override(hold.id, user.id, oid, reason, self.clock())
            self._record(tx, hold, Action.REVIEW_SUBMIT, user, {"review": "override", "body": reason})

        self._act(hold_id, (revision, oid), user, act)

    def reject(self, hold_id: int, oid: str, user: User, body: str, *, revision: int) -> None:
        """End the hold for good; the gate refuses this commit from now on."""
        words = _clean(body)
        if not words:
            raise Refused("Say why it is rejected: the agent reads it on its next push.")

        def act(tx: Transaction, hold: Hold) -> None:
            note = f"{user.login}: {words}"
            move(
                tx,
                hold,
                HoldState.REJECTED,
                Action.HOLD_REJECT,
                at=self.clock(),
                actor=_actor(user),
                note=note,
            )

        self._act(hold_id, (revision, oid), user, act)

    def withdraw(self, hold_id: int, oid: str, user: User, body: str, *, revision: int) -> None:
        """Take the hold back, as the agent's operator or an admin; the commit may be pushed again."""

        def act(tx: Transaction, hold: Hold) -> None:
            if user.role is not Role.ADMIN and tx.agents.get(hold.agent).operator_id != user.id:
                raise NotAllowed(f"hold {hold.name}: only {hold.agent}'s operator or an admin withdraws it.")
            note = f"{user.login}: {_clean(body) or 'withdrawn'}"
            move(
                tx,
                hold,
                HoldState.WITHDRAWN,
                Action.HOLD_WITHDRAW,
                at=self.clock(),
                actor=_actor(user),
                note=note,
            )

        self._act(hold_id, (revision, oid), user, act, needs_reviewer=False)

    def try_again(self, hold_id: int, oid: str, user: User, *, revision: int) -> None:
        """Go on with a hold that upstream or the forge refused, once a person has mended the cause.

        One whose pull request was tampered with is published as a new revision, which voids every approval.
        """

        def act(tx: Transaction, hold: Hold) -> None:
            if hold.state is not HoldState.BLOCKED or hold.reason not in _TRIED_AGAIN_AS:
                raise IllegalMove(f"hold {hold.name}: nothing was refused, so there is nothing to try again.")
            if hold.reason is BlockReason.TAMPERED and user.role is not Role.ADMIN:
                raise NotAllowed(f"hold {hold.name}: an admin looks who tampered with it, and tries again.")
            to, at = _TRIED_AGAIN_AS[hold.reason], self.clock()
            if hold.reason is BlockReason.TAMPERED:
                hold.check_move(to)
                hold = tx.holds.add_revision(hold, hold.revision.again(), hold.group, at)
                record(tx, hold, Action.HOLD_REVISE, at=at, actor=_actor(user), details={"why": "tampered"})
            else:
                move(tx, hold, to, Action.HOLD_UNBLOCK, at=at, actor=_actor(user))

        self._act(hold_id, (revision, oid), user, act)
        self.queue.collect(hold_id)

    def _act(
        self,
        hold_id: int,
        seen: Seen,
        user: User,
        act: Callable[[Transaction, Hold], None],
        *,
        needs_reviewer: bool = True,
    ) -> None:
        try:
            with self.store.transaction() as tx:
                hold = tx.holds.get(hold_id)
                _check_current(hold, seen)
                if needs_reviewer:
                    _check_reviewer(hold, user)
                act(tx, hold)
                closed = hold.state.is_live and not tx.holds.get(hold_id).state.is_live
        except (NotAllowed, Outdated, IllegalMove) as refusal:
            self._record_refusal(hold_id, seen, user, refusal)
            raise
        if closed:
            self.queue.settle(hold_id)
        else:
            self.queue.reconcile(hold_id)

    def _check_reviewed_here(self, hold: Hold) -> None:
        if self.forge.carries(hold):
            raise Refused(f"hold {hold.name}: it is reviewed in its pull request. Review it there.")

    def _check_may_approve(self, tx: Transaction, hold: Hold, user: User) -> None:
        if tx.agents.get(hold.agent).operator_id != user.id:
            return
        policy = valid_policy(self.policies, hold.repository)
        if policy is None or not any(rule.options.allow_operator for rule in policy.rules):
            raise NotAllowed(
                f"hold {hold.name}: {user.login} is the operator of {hold.agent}, and nobody approves "
                "their own agent's work. Ask another reviewer."
            )

    def _record(
        self, tx: Transaction, hold: Hold, action: Action, user: User, details: dict[str, Detail]
    ) -> None:
        record(tx, hold, action, at=self.clock(), actor=_actor(user), details=details)

    def _record_refusal(self, hold_id: int, seen: Seen, user: User, refusal: GateError) -> None:
        with self.store.transaction() as tx:
            record(
                tx,
                tx.holds.get(hold_id),
                Action.REVIEW_REFUSE,
                at=self.clock(),
                actor=_actor(user),
                outcome="refused",
                details={"shown": seen[1], "revision_shown": seen[0], "why": str(refusal)},
            )


def _check_current(hold: Hold, seen: Seen) -> None:
    """The commit alone does not say what was seen: pushed again onto a moved base, it drops other commits."""
    current = hold.revision
    if (current.n, current.head) != seen:
        raise Outdated(
            f"hold {hold.name}: the page showed revision {seen[0]} ({seen[1][:7]}), and revision {current.n} "
            f"({current.head[:7]}) is waiting now. Look at the new revision first."
        )


def _check_reviewer(hold: Hold, user: User) -> None:
    if user.permission not in ("write", "admin"):
        raise NotAllowed(
            f"hold {hold.name}: {user.login} is {user.role} here; a reviewer or an admin decides."
        )


def _actor(user: User) -> str:
    return f"user:{user.login}"


def _clean(text: str) -> str:
    # PostgreSQL has no place for NUL in text.
    return text.replace("\0", "").replace("\r\n", "\n").strip()[:_MAX_BODY]
