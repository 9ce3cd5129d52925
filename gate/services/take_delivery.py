"""Take a delivery: write down what it tells, and look again at the holds that it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gate.domain.audit import Action, AuditEvent
from gate.domain.delivery import Delivery, DeliveryOutcome
from gate.domain.delivery_note import delivery_note
from gate.domain.errors import Failed, GateError, NotFound
from gate.domain.hold import Hold, HoldState
from gate.domain.notice import (
    AccessChanged,
    CommentTouched,
    Notice,
    OfCommit,
    OfOwner,
    OfPullRequest,
    OfRef,
    OfRepository,
    PullRequestReopened,
    RepositoryRenamed,
    StatusReported,
    WordsTouched,
    read,
)
from gate.domain.payload import payload_in
from gate.domain.pull_request.model import PullRequest
from gate.domain.repository import Repository
from gate.domain.review import Account
from gate.services.delivery_evidence import actor_of, write_access, write_evidence
from gate.services.ports.forge import ForgeAdmin
from gate.services.ports.git import GateRepositories
from gate.services.ports.outside import Clock, Queue
from gate.services.ports.store import Store, Transaction
from gate.services.upstream_look import LookAtUpstream

OwnAccount = Callable[[str], Account]
"""Who the gate is at the forge, for the repository at this URL. Raises what the forge raises."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a notice is about here: gate repositories, and pull requests by the ids of their holds."""

    repositories: tuple[Repository, ...]
    pull_requests: dict[int, PullRequest | None]


@dataclass(slots=True)
class Calls:
    """Jobs to enqueue once everything is stored."""

    reconcile: list[int] = field(default_factory=list)
    show: list[int] = field(default_factory=list)
    reopen: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TakeDelivery:
    """Look at a stored delivery, once. Nothing in it moves a hold: that does reconcile, which asks GitHub.

    Raises Unavailable where the forge must be asked and does not answer; the delivery stays to be taken.
    """

    store: Store
    repositories: GateRepositories
    forge_admin: ForgeAdmin
    own_account: OwnAccount
    queue: Queue
    clock: Clock

    def __call__(self, delivery_id: str) -> None:
        try:
            with self.store.snapshot() as tx:
                delivery, body = tx.deliveries.get(delivery_id)
        except NotFound:
            return  # It was kept for its time, and dropped.
        if not delivery.outcome.is_open:
            return
        payload = payload_in(body)
        if payload is None:
            self._finish(delivery, DeliveryOutcome.FAILED, "its body is no JSON object")
            return
        try:
            self._take(delivery, read(delivery.event, payload))
        except GateError as fault:
            if fault.retryable:
                raise
            self._finish(delivery, DeliveryOutcome.FAILED, str(fault))

    def _take(self, delivery: Delivery, notice: Notice) -> None:
        found = self._find(notice)
        if not found.repositories:
            where = "" if notice.subject is None else ": no repository behind this gate"
            self._finish(delivery, DeliveryOutcome.IGNORED, notice.words + where)
            return
        if isinstance(notice.evidence, RepositoryRenamed):
            self._follow(notice, notice.evidence.full_name, found.repositories)
        if self._is_echo(notice, found):
            self._finish(delivery, DeliveryOutcome.IGNORED, f"{notice.words}: the gate's own doing")
            return
        if isinstance(notice.subject, OfRef) and not notice.subject.is_review_branch:
            look = LookAtUpstream(self.store, self.repositories, self.clock)
            for repository in found.repositories:
                look(repository)
        self._enqueue(self._write(delivery, notice, found))

    def _find(self, notice: Notice) -> Found:
        with self.store.snapshot() as tx:
            repositories = tuple(_repositories(tx, notice))
            numbers = {one.forge_id for one in repositories if one.forge_id is not None}
            ids = [hold_id for number in sorted(numbers) for hold_id in _hold_ids(tx, notice, number)]
            return Found(repositories, {hold_id: tx.pull_requests.get(hold_id) for hold_id in ids})

    def _is_echo(self, notice: Notice, found: Found) -> bool:
        """Whether the gate did this itself. Its account opened the pull requests, but for those it found."""
        sender = notice.sender
        if sender is None or not notice.is_written_by_gate or not found.pull_requests:
            return False
        if any(one is not None and one.author_id == sender.id for one in found.pull_requests.values()):
            return True
        if not isinstance(notice.evidence, StatusReported):
            return False
        return self.own_account(found.repositories[0].upstream).id == sender.id

    def _follow(self, notice: Notice, full_name: str, repositories: Sequence[Repository]) -> None:
        """Take over the new address of a renamed repository, once the forge says that it is the same one."""
        for repository in repositories:
            upstream = renamed(repository.upstream, full_name)
            if upstream == repository.upstream:
                continue
            if self.forge_admin.repository_id(upstream) != repository.forge_id:
                raise Failed(f"repository {repository.name}: {full_name} is another repository at the forge.")
            with self.store.transaction() as tx:
                tx.repositories.set_upstream(repository.name, upstream, repository.forge_id)
                tx.audit.append(
                    AuditEvent(
                        at=self.clock(),
                        actor=actor_of(notice),
                        action=Action.REPOSITORY_CHANGE,
                        repository=repository.name,
                        details={"upstream": upstream, "before": repository.upstream},
                    )
                )

    def _write(self, delivery: Delivery, notice: Notice, found: Found) -> Calls:
        calls, at = Calls(), self.clock()
        with self.store.transaction() as tx:
            if not tx.deliveries.get(delivery.id)[0].outcome.is_open:
                return calls  # Another worker took it at the same time.
            if isinstance(notice.evidence, AccessChanged):
                for repository in found.repositories:
                    write_access(tx, notice, notice.evidence, repository, at)
            holds = [tx.holds.get(hold_id) for hold_id in found.pull_requests]
            for hold in holds:
                write_evidence(tx, notice, hold, at)
                _call(calls, notice, hold, found.pull_requests[hold.id])
            is_taken = bool(holds) or isinstance(notice.evidence, (AccessChanged, RepositoryRenamed))
            outcome = DeliveryOutcome.TAKEN if is_taken else DeliveryOutcome.IGNORED
            tx.deliveries.finish(
                delivery.id, outcome, delivery_note([hold.name for hold in holds], notice.words), at
            )
        return calls

    def _enqueue(self, calls: Calls) -> None:
        for hold_id in calls.reopen:
            self.queue.reopen(hold_id)
        for hold_id in calls.reconcile:
            self.queue.reconcile(hold_id)
        for hold_id in calls.show:
            self.queue.show(hold_id)

    def _finish(self, delivery: Delivery, outcome: DeliveryOutcome, words: str) -> None:
        with self.store.transaction() as tx:
            tx.deliveries.finish(delivery.id, outcome, delivery_note((), words), self.clock())


def renamed(upstream: str, full_name: str) -> str:
    """The address of the repository of this name, beside the one at `upstream`."""
    parts = urlsplit(upstream)
    return parts._replace(path=f"/{full_name}{'.git' if parts.path.endswith('.git') else ''}").geturl()


def _repositories(tx: Transaction, notice: Notice) -> list[Repository]:
    match notice.subject:
        case OfOwner(login, ids):
            known = [one for one in tx.repositories.all() if one.forge_id is not None]
            return [one for one in known if (one.forge_id in ids if ids else _is_owner(login, one))]
        case _ if notice.repository_id is not None:
            return tx.repositories.by_forge_id(notice.repository_id)
    return []


def _is_owner(login: str, repository: Repository) -> bool:
    return urlsplit(repository.upstream).path.strip("/").partition("/")[0].casefold() == login.casefold()


def _hold_ids(tx: Transaction, notice: Notice, number: int) -> list[int]:
    match notice.subject:
        case OfPullRequest(n):
            hold_id = tx.pull_requests.find(number, n)
            return [] if hold_id is None else [hold_id]
        case OfCommit(oid):
            return tx.pull_requests.at_head(number, oid)
        case OfRef(ref):
            return tx.pull_requests.on_branch(number, ref)
        case OfRepository() | OfOwner():
            return tx.pull_requests.of_repository(number)
    return []


def _call(calls: Calls, notice: Notice, hold: Hold, pull_request: PullRequest | None) -> None:
    """What a hold needs after this. While the gate is not let in, asking would only fail."""
    if hold.state is HoldState.REJECTED and isinstance(notice.evidence, PullRequestReopened):
        calls.reopen.append(hold.id)
    if not hold.state.is_live:
        return
    is_shut_out = isinstance(notice.evidence, AccessChanged) and notice.evidence.is_lost
    if notice.looks_again and not is_shut_out:
        calls.reconcile.append(hold.id)
    if _is_ours_touched(notice, pull_request):
        calls.show.append(hold.id)


def _is_ours_touched(notice: Notice, pull_request: PullRequest | None) -> bool:
    match notice.evidence:
        case WordsTouched() | StatusReported():
            return True
        case CommentTouched(number, author, _):
            return pull_request is not None and (
                number == pull_request.comment_id or author.id == pull_request.author_id
            )
    return False
