"""A store with a repository at GitHub and holds in it, and GitHub's side as far as deliveries need it."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gate.adapters.sql.migrate import migrate
from gate.adapters.sql.store import SqlStore
from gate.domain.audit import AuditEvent, AuditFilter
from gate.domain.delivery import Delivery, SentDelivery
from gate.domain.errors import GateError, NotFound, Unavailable
from gate.domain.hold import Hold, HoldState, Push, Revision
from gate.domain.pull_request.model import PullRequest
from gate.domain.repository import Repository
from gate.domain.review import Account
from gate.services.accept_delivery import AcceptDelivery, Accepted, SentHeaders
from gate.services.ports.git import Finding
from gate.services.redeliver import Redeliver
from gate.services.take_delivery import TakeDelivery

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GATE = Account(100, "pushgate[bot]")
ALICE = Account(7, "alice")
BOB = Account(8, "bob")
FORGE_ID = 12
OLD, HEAD = "0a" * 20, "1b" * 20
SECRETS = ("a secret of this gate", "the one before it")
UPSTREAM = "https://github.com/acme/demo.git"


class Jobs:
    """Takes every job, and remembers it."""

    def __init__(self) -> None:
        self.taken: list[tuple[object, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.taken.append((name, *arguments))


@dataclass
class Forge:
    """GitHub's side: repositories by address, and its list of deliveries."""

    numbers: dict[str, int] = field(default_factory=lambda: {UPSTREAM: FORGE_ID})
    sent: list[SentDelivery] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    fault: GateError | None = None

    def account(self, login: str) -> Account:
        raise NotFound(login)

    def repository_id(self, upstream: str) -> int:
        self._answer()
        if upstream not in self.numbers:
            raise NotFound(f"there is no {upstream}")
        return self.numbers[upstream]

    def check(self, repository: Repository) -> list[Finding]:
        return []

    def deliveries(self) -> Sequence[SentDelivery]:
        self._answer()
        return sorted(self.sent, key=lambda one: one.delivered_at, reverse=True)

    def redeliver(self, number: int) -> None:
        self._answer()
        self.asked.append(number)

    def _answer(self) -> None:
        if self.fault is not None:
            raise self.fault


class Upstreams:
    """Counts how often upstream is looked at; it is never there."""

    def __init__(self) -> None:
        self.looks = 0

    def open(self, name: str, upstream: str) -> Any:
        self.looks += 1
        raise Unavailable(f"{upstream} cannot be reached")


class DeliveryWorld:
    """The webhook's use cases on a real store and a clock that only moves by hand."""

    def __init__(self, folder: Path) -> None:
        self.store = SqlStore(f"sqlite:///{folder}/gate.db")
        migrate(self.store)
        self.now, self.jobs, self.forge, self.upstreams = NOON, Jobs(), Forge(), Upstreams()
        self._numbers = itertools.count(1)
        self.accept = self.new_process()
        self.take = TakeDelivery(
            self.store,
            self.upstreams,  # type: ignore[arg-type]  # one method is enough here
            self.forge,
            lambda _: GATE,
            self.jobs,
            self.clock,
        )
        self.redeliver = Redeliver(self.store, self.forge, self.jobs, self.clock)
        with self.store.transaction() as tx:
            tx.repositories.add("demo", UPSTREAM, "github", self.now)
            tx.repositories.set_upstream("demo", UPSTREAM, FORGE_ID)
            tx.agents.add("codex-1", None, "0" * 64, self.now)

    def new_process(self) -> AcceptDelivery:
        """The webhook as another web process has it."""
        return AcceptDelivery(self.store, self.jobs, self.clock, SECRETS)

    def clock(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    # What there is

    def hold(self, state: HoldState = HoldState.IN_REVIEW, *, ref: str = "refs/heads/main") -> Hold:
        """A hold in this state, whose pull request has its number plus 20."""
        n = next(self._numbers)
        path = {
            HoldState.REJECTED: (HoldState.REJECTED,),
            HoldState.RELEASED: (HoldState.APPROVED, HoldState.RELEASING, HoldState.RELEASED),
        }.get(state, ())
        with self.store.transaction() as tx:
            repository = tx.repositories.get("demo")
            tx.holds.add_push(
                Push(f"01push{n}", repository.id, tx.agents.get("codex-1").id, self.now, "http")
            )
            revision = Revision(0, 1, f"01push{n}", OLD, HEAD, f"refs/quarantine/01push{n}/1", self.now)
            hold = tx.holds.add("demo", "codex-1", ref, n, revision, None)
            tx.holds.set_review_head(hold.id, 1, HEAD)
            for each in (HoldState.COLLECTING, HoldState.IN_REVIEW, *path):
                hold = tx.holds.move(hold, each, self.now, None, "")
            tx.pull_requests.put(
                PullRequest(
                    hold_id=hold.id,
                    repository_id=FORGE_ID,
                    number=n + 20,
                    url=f"https://github.com/acme/demo/pull/{n + 20}",
                    head_repository="acme/demo",
                    head_ref=f"refs/heads/pushgate/{n}",
                    base_ref="refs/heads/main",
                    author_id=GATE.id,
                    opened_at=self.now,
                    comment_id=900 + n,
                )
            )
            return hold

    # What GitHub sends

    def send(self, event: str, payload: dict[str, Any], delivery_id: str | None = None) -> Accepted:
        """A delivery, accepted by the webhook."""
        body = json.dumps(payload).encode()
        return self.post(event, body, delivery_id or f"d-{next(self._numbers)}")

    def post(self, event: str, body: bytes, delivery_id: str) -> Accepted:
        headers = SentHeaders(delivery_id, event, signature(body))
        return self.accept(headers, body, address="192.0.2.1")

    def deliver(self, event: str, payload: dict[str, Any], delivery_id: str | None = None) -> Delivery:
        """A delivery, accepted and taken. Returns what became of it."""
        delivery_id = delivery_id or f"d-{next(self._numbers)}"
        self.send(event, payload, delivery_id)
        self.take(delivery_id)
        return self.delivery(delivery_id)

    # What came of it

    def delivery(self, delivery_id: str) -> Delivery:
        with self.store.snapshot() as tx:
            return tx.deliveries.get(delivery_id)[0]

    def events(self, action: str = "*:*") -> list[AuditEvent]:
        """Audit events, oldest first."""
        wanted = AuditFilter() if action == "*:*" else AuditFilter(action=action)
        with self.store.snapshot() as tx:
            stored = tx.audit.events(wanted, limit=1000)
        return [one.event for one in sorted(stored, key=lambda one: one.seq)]


def signature(body: bytes, secret: str = SECRETS[0]) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def payload(action: str | None = None, *, sender: Account = ALICE, **content: Any) -> dict[str, Any]:
    """What every delivery about the repository has, and `content`."""
    said: dict[str, Any] = {} if action is None else {"action": action}
    repository = {"id": FORGE_ID, "full_name": "acme/demo", "pushed_at": "2026-11-22T12:00:00Z"}
    return {**said, "repository": repository, "sender": _json(sender), **content}


def pull(action: str, hold: Hold, *, sender: Account = ALICE, **content: Any) -> dict[str, Any]:
    """A delivery about the pull request of this hold."""
    pull_request = {"number": hold.number + 20, "merged": False}
    return payload(action, sender=sender, pull_request=pull_request, **content)


def review(
    hold: Hold,
    state: str,
    *,
    action: str = "submitted",
    number: int = 91,
    sender: Account = ALICE,
    reviewer: Account = ALICE,
    oid: str = HEAD,
) -> dict[str, Any]:
    said = {
        "id": number,
        "user": _json(reviewer),
        "state": state,
        "commit_id": oid,
        "submitted_at": "2026-11-22T12:00:00Z",
        "body": "As I see it.",
    }
    return pull(action, hold, sender=sender, review=said)


def comment(
    hold: Hold, action: str, *, author: Account, sender: Account, number: int = 5, body: str = "Hm."
) -> dict[str, Any]:
    said = {"id": number, "user": _json(author), "body": body, "updated_at": "2026-11-22T12:00:00Z"}
    issue = {"number": hold.number + 20, "pull_request": {"url": "x"}}
    return payload(action, sender=sender, issue=issue, comment=said)


def _json(account: Account) -> dict[str, Any]:
    return {"id": account.id, "login": account.login}
