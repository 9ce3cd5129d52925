"""A hold: one ref update under review, over its life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gate.domain.errors import IllegalMove

ZERO_OID = "0" * 40


class HoldState(StrEnum):
    """Where a hold stands. The only record of it: there are no flags beside the state."""

    RECEIVED = "received"
    COLLECTING = "collecting"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    RELEASING = "releasing"
    RELEASED = "released"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    RELEASED_EXTERNALLY = "released_externally"
    RELEASED_REWRITTEN = "released_rewritten"
    BYPASSED = "bypassed"

    @property
    def is_live(self) -> bool:
        """A live hold waits for something. A closed one is done with, unless a rejection is taken back."""
        return self not in CLOSED_STATES


_S = HoldState
CLOSED_STATES = frozenset(
    {_S.RELEASED, _S.REJECTED, _S.WITHDRAWN, _S.EXPIRED}
    | {_S.RELEASED_EXTERNALLY, _S.RELEASED_REWRITTEN, _S.BYPASSED}
)
LIVE_STATES = frozenset(HoldState) - CLOSED_STATES
_ANY_REVIEW = frozenset(
    {_S.IN_REVIEW, _S.CHANGES_REQUESTED, _S.APPROVED, _S.BLOCKED, _S.REJECTED, _S.WITHDRAWN}
    | {_S.EXPIRED, _S.RELEASED_EXTERNALLY, _S.RELEASED_REWRITTEN, _S.BYPASSED}
)

# A new revision sends every state before `releasing` back to `received`: its approvals are void.
MOVES: dict[HoldState, frozenset[HoldState]] = {
    _S.RECEIVED: frozenset({_S.RECEIVED, _S.COLLECTING, _S.BLOCKED, _S.REJECTED, _S.WITHDRAWN, _S.EXPIRED}),
    _S.COLLECTING: frozenset({_S.RECEIVED}) | _ANY_REVIEW - {_S.CHANGES_REQUESTED, _S.APPROVED},
    _S.IN_REVIEW: (_ANY_REVIEW | {_S.RECEIVED}) - {_S.IN_REVIEW},
    _S.CHANGES_REQUESTED: (_ANY_REVIEW | {_S.RECEIVED}) - {_S.CHANGES_REQUESTED},
    _S.APPROVED: (_ANY_REVIEW | {_S.RECEIVED, _S.RELEASING}) - {_S.APPROVED},
    # Only the release may leave `releasing`, after it has looked at the remote.
    _S.RELEASING: frozenset(
        {_S.RELEASED, _S.APPROVED, _S.IN_REVIEW, _S.CHANGES_REQUESTED, _S.BLOCKED}
        | {_S.RELEASED_EXTERNALLY, _S.RELEASED_REWRITTEN, _S.BYPASSED}
    ),
    # Blocked again for another reason, or with other words.
    _S.BLOCKED: _ANY_REVIEW | {_S.RECEIVED},
    _S.RELEASED: frozenset(),
    # A person opened the closed pull request again: the review starts anew.
    _S.REJECTED: frozenset({_S.RECEIVED}),
    _S.WITHDRAWN: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.RELEASED_EXTERNALLY: frozenset(),
    _S.RELEASED_REWRITTEN: frozenset(),
    _S.BYPASSED: frozenset(),
}

# States in which reviews count and reconcile has something to decide.
REVIEWABLE_STATES = frozenset({_S.IN_REVIEW, _S.CHANGES_REQUESTED, _S.APPROVED, _S.BLOCKED})


class BlockReason(StrEnum):
    """Why a blocked hold cannot go on; the next step is in the hold's `note`."""

    POLICY_INVALID = "policy_invalid"
    POLICY_REFUSES = "policy_refuses"
    BASE_MOVED = "base_moved"
    BASE_DELETED = "base_deleted"
    GROUP_BROKEN = "group_broken"
    TAMPERED = "tampered"
    UPSTREAM_REFUSED = "upstream_refused"
    COLLECT_FAILED = "collect_failed"
    PUBLISH_REFUSED = "publish_refused"
    SECRET_FOUND = "secret_found"  # noqa: S105 - the name of a reason


class Likeness(StrEnum):
    """What changed between a revision and the one before it, from nothing that matters to everything.

    `no_change`: same tree, parents and messages. `no_code_change`: same tree on the same base, other
    messages or commits. `trivial_rebase`: the same patches in the same order, on another base.
    """

    NO_CHANGE = "no_change"
    NO_CODE_CHANGE = "no_code_change"
    TRIVIAL_REBASE = "trivial_rebase"
    REWORK = "rework"


class UpdateKind(StrEnum):
    """What a ref update does to upstream."""

    CREATE = "create"
    FAST_FORWARD = "fast_forward"
    REWRITE = "rewrite"
    DELETE = "delete"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """One ref moved by a push: `old` or `new` is `ZERO_OID` for a create or a delete."""

    ref: str
    old: str
    new: str

    @property
    def is_create(self) -> bool:
        return self.old == ZERO_OID

    @property
    def is_delete(self) -> bool:
        return self.new == ZERO_OID


def kind_of(update: RefUpdate, *, is_ancestor: bool) -> UpdateKind:
    """Name the kind of an update; `is_ancestor` says that `new` contains all of `old`.

    A tag that is created is `tag`; a tag that moves is a `rewrite`, as nobody expects tags to move.
    """
    if update.is_delete:
        return UpdateKind.DELETE
    if update.ref.startswith("refs/tags/"):
        return UpdateKind.TAG if update.is_create else UpdateKind.REWRITE
    if update.is_create:
        return UpdateKind.CREATE
    return UpdateKind.FAST_FORWARD if is_ancestor else UpdateKind.REWRITE


@dataclass(frozen=True, slots=True)
class Push:
    """One `git push` as the hook received it; its id names the held refs.

    `claim` is what the pushing side said of its session, and `claim_by` how: `credential`, `environment`, or
    nothing.
    """

    id: str
    repository_id: int
    agent_id: int
    received_at: datetime
    transport: str
    atomic: bool = False
    options: tuple[str, ...] = ()
    claim: str = ""
    claim_by: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """The n-th push of a hold. `kind`, `base` and `likeness` are known once it has been collected.

    `review_head` is what the review branch shows for it: the held commit, or an empty commit that carries
    a request which no diff can show, such as a delete.
    """

    hold_id: int
    n: int
    push_id: str
    old: str
    new: str
    held_ref: str | None
    received_at: datetime
    kind: UpdateKind | None = None
    base: str | None = None
    published_at: datetime | None = None
    likeness: Likeness | None = None
    review_head: str | None = None

    def update(self, ref: str) -> RefUpdate:
        return RefUpdate(ref, self.old, self.new)

    @property
    def head(self) -> str:
        """What a review of this revision is about: the new commit, or for a delete the one that goes."""
        return self.old if self.new == ZERO_OID else self.new

    def again(self) -> Revision:
        """The same push as the next revision: nothing that was found or said of this one holds for it."""
        return Revision(
            hold_id=self.hold_id,
            n=self.n + 1,
            push_id=self.push_id,
            old=self.old,
            new=self.new,
            held_ref=self.held_ref,
            received_at=self.received_at,
        )

    def is_comparable_to(self, other: Revision) -> bool:
        """Whether the two can be compared commit by commit: both collected, and neither a delete."""
        return None not in (self.base, other.base) and ZERO_OID not in (self.new, other.new)

    @property
    def is_shown_itself(self) -> bool:
        """Whether the review branch shows the held commit itself, and not an empty one in its place."""
        return self.review_head in (None, self.new)


@dataclass(frozen=True, slots=True)
class Hold:
    """One ref update under review. `number` is unique in its repository; people say `name/number`."""

    id: int
    repository_id: int
    repository: str
    number: int
    agent_id: int
    agent: str
    ref: str
    state: HoldState
    revision: Revision
    created_at: datetime
    updated_at: datetime
    reason: BlockReason | None = None
    note: str = ""
    group: str | None = None

    @property
    def name(self) -> str:
        """How people name this hold, `repository/number`."""
        return f"{self.repository}/{self.number}"

    def check_move(self, to: HoldState) -> None:
        """Raise IllegalMove unless the table of moves allows this hold to go to `to`."""
        if to not in MOVES[self.state]:
            allowed = ", ".join(sorted(MOVES[self.state])) or "nothing: it is closed"
            raise IllegalMove(
                f"hold {self.name}: it is {self.state}, which cannot become {to}. "
                f"From here it can become {allowed}."
            )
