"""What the store keeps of a forge: pull requests, reviews seen, deliveries, logins and accounts."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from gate.adapters.sql.store import SqlStore
from gate.domain.delivery import Delivery, DeliveryOutcome, Stored
from gate.domain.errors import NotFound, Taken
from gate.domain.facts import DiffFacts
from gate.domain.hold import Hold, HoldState, Likeness, UpdateKind
from gate.domain.pull_request.model import PullRequest
from gate.domain.review import Account, Observation, Review, Reviewer, ReviewState, Role
from gate.services.notify import Notify
from gate.services.ports.store import SeenReview
from tests.store.world import LATER, MAIN, NEW, NOON, OLD, add_hold, at_once, move, revise

SHOP = 4_100_000_000  # Beyond 32 bits, as GitHub's numbers will be.
TOPIC = "refs/heads/pushgate/demo/1"
CAROL = Account(SHOP + 1, "carol")


def pull_request(hold: Hold, number: int = 7) -> PullRequest:
    return PullRequest(
        hold_id=hold.id,
        repository_id=SHOP,
        number=number,
        url=f"https://github.example.org/acme/shop/pull/{number}",
        head_repository="acme/shop",
        head_ref=TOPIC,
        base_ref=hold.ref,
        author_id=SHOP + 9,
        opened_at=NOON,
    )


def put(store: SqlStore, *pull_requests: PullRequest) -> None:
    with store.transaction() as tx:
        for one in pull_requests:
            tx.pull_requests.put(one)


def test_a_pull_request_is_written_anew(ready: SqlStore) -> None:
    hold = add_hold(ready)
    opened = pull_request(hold)
    shown = replace(opened, comment_id=SHOP + 2, body_digest="b", status_digest="s", base_ref="refs/heads/x")

    put(ready, opened, shown)

    with ready.snapshot() as tx:
        assert tx.pull_requests.get(hold.id) == shown
        assert (tx.pull_requests.find(SHOP, 7), tx.pull_requests.find(SHOP, 8)) == (hold.id, None)
        assert (tx.pull_requests.find(SHOP + 1, 7), tx.pull_requests.get(99)) == (None, None)


def test_a_pull_request_is_of_one_hold(ready: SqlStore) -> None:
    first, second = add_hold(ready), add_hold(ready, 2, "refs/heads/other")
    put(ready, pull_request(first))

    with pytest.raises(Taken, match="pull/7: it is of another hold already"):
        put(ready, pull_request(second))

    with ready.snapshot() as tx:
        assert (tx.pull_requests.find(SHOP, 7), tx.pull_requests.get(second.id)) == (first.id, None)


def test_a_hold_is_found_by_what_its_review_branch_shows_now(ready: SqlStore) -> None:
    hold = move(ready, add_hold(ready), HoldState.IN_REVIEW)
    put(ready, pull_request(hold))
    with ready.transaction() as tx:
        tx.holds.set_review_head(hold.id, 1, NEW)
    with ready.snapshot() as tx:
        shown = tx.pull_requests.at_head(SHOP, NEW)
        elsewhere = (tx.pull_requests.at_head(SHOP + 1, NEW), tx.pull_requests.at_head(SHOP, OLD))
    revised = revise(ready, hold)
    with ready.transaction() as tx:
        before = tx.pull_requests.at_head(SHOP, NEW)
        tx.holds.set_review_head(hold.id, 2, "c" * 40)
        after = tx.pull_requests.at_head(SHOP, "c" * 40)
    move(ready, revised, HoldState.WITHDRAWN)

    assert (shown, elsewhere, before, after) == ([hold.id], ([], []), [], [hold.id])
    with ready.snapshot() as tx:
        assert tx.pull_requests.at_head(SHOP, "c" * 40) == []


def test_live_holds_are_found_by_every_branch_that_concerns_them(ready: SqlStore) -> None:
    published, waiting = add_hold(ready), add_hold(ready, 2, "refs/heads/other")
    put(ready, replace(pull_request(published), base_ref="refs/heads/base"))
    with ready.transaction() as tx:
        tx.repositories.set_upstream("demo", "https://github.example.org/acme/shop", SHOP)

    with ready.snapshot() as tx:
        found = {
            ref: tx.pull_requests.on_branch(SHOP, ref)
            for ref in (MAIN, TOPIC, "refs/heads/base", "refs/heads/other", "refs/tags/main", "main")
        }
        elsewhere = tx.pull_requests.on_branch(SHOP + 1, MAIN)
        whole = (tx.pull_requests.of_repository(SHOP), tx.pull_requests.of_repository(SHOP + 1))
    move(ready, published, HoldState.REJECTED)
    with ready.snapshot() as tx:
        closed = (tx.pull_requests.on_branch(SHOP, MAIN), tx.pull_requests.of_repository(SHOP))

    assert found == {
        MAIN: [published.id],
        TOPIC: [published.id],
        "refs/heads/base": [published.id],
        "refs/heads/other": [waiting.id],
        "refs/tags/main": [],
        "main": [],
    }
    assert (elsewhere, whole, closed) == ([], ([published.id], []), ([], []))


def test_the_last_look_is_kept_over_what_the_gate_writes(ready: SqlStore) -> None:
    hold = add_hold(ready)
    carol = Reviewer(CAROL.id, CAROL.login, "write", named=frozenset({"carol"}), teams=None)
    review = Review(1, carol, ReviewState.APPROVED, NEW, NOON, 1, ReviewState.APPROVED, "odd \0 \udcff")
    look = Observation(True, False, NEW, NOON, (review,), author_id=SHOP, contributor_ids=frozenset({1, 2}))
    put(ready, pull_request(hold))
    with ready.transaction() as tx:
        before = tx.pull_requests.observation(hold.id)
        tx.pull_requests.put_observation(hold.id, look)

    put(ready, replace(pull_request(hold), comment_id=1))

    with ready.snapshot() as tx:
        assert (before, tx.pull_requests.observation(hold.id)) == (None, look)
        assert tx.pull_requests.observation(99) is None


def review(hold: Hold, **changes: object) -> SeenReview:
    given = SeenReview(
        SHOP + 5, hold.id, CAROL, NEW, ReviewState.APPROVED, ReviewState.APPROVED, NOON, "good"
    )
    return replace(given, **changes)  # type: ignore[arg-type]


def see(store: SqlStore, seen: SeenReview) -> bool:
    with store.transaction() as tx:
        return tx.seen_reviews.see(seen)


def test_a_review_keeps_what_it_was_first_delivered_with(ready: SqlStore) -> None:
    hold = add_hold(ready)
    first = review(hold)
    moved = review(hold, oid="c" * 40, said=ReviewState.COMMENTED, submitted_at=LATER)
    dismissed = review(hold, said=ReviewState.DISMISSED, state=ReviewState.DISMISSED, body="why")

    news = [see(ready, one) for one in (first, first, moved, dismissed, dismissed)]

    assert news == [True, False, False, True, False]
    with ready.snapshot() as tx:
        assert tx.seen_reviews.of(hold.id) == {
            first.id: replace(first, state=ReviewState.DISMISSED, body="why")
        }
        assert tx.seen_reviews.of(99) == {}


def test_who_dismissed_a_review_is_learnt_later_and_never_forgotten(ready: SqlStore) -> None:
    hold = add_hold(ready)
    look = review(hold, state=ReviewState.DISMISSED)
    webhook = replace(look, dismissed_by=SHOP + 3)

    news = [see(ready, one) for one in (look, webhook, look, replace(look, dismissed_by=SHOP + 4))]

    assert news == [True, False, False, False]
    with ready.snapshot() as tx:
        assert tx.seen_reviews.of(hold.id)[look.id] == webhook


def test_a_review_seen_by_many_at_once_is_new_to_one(ready: SqlStore) -> None:
    hold = add_hold(ready)

    news = at_once(
        6, lambda n: see(ready, review(hold, oid=f"{n:040x}", dismissed_by=SHOP if n == 3 else None))
    )

    assert sorted(news) == [False] * 5 + [True]
    with ready.snapshot() as tx:
        kept = tx.seen_reviews.of(hold.id)[SHOP + 5]
    assert (kept.oid, kept.dismissed_by) == (f"{news.index(True):040x}", SHOP)


def test_who_dismissed_a_review_is_kept_by_a_look_at_the_same_moment(ready: SqlStore) -> None:
    hold = add_hold(ready)
    see(ready, review(hold))
    look = review(hold, state=ReviewState.DISMISSED, body="why")
    webhook = replace(look, dismissed_by=SHOP)
    told: list[Future[bool]] = []
    begun = threading.Event()

    def meanwhile(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE seen_reviews") and not begun.is_set():
            begun.set()
            told.append(pool.submit(see, ready, webhook))
            until_it_waits(ready, told[0])

    with ThreadPoolExecutor(1) as pool:
        event.listen(ready.engine, "before_cursor_execute", meanwhile)
        news = see(ready, look)

    assert (news, told[0].result()) == (True, False)
    with ready.snapshot() as tx:
        assert tx.seen_reviews.of(hold.id)[look.id] == webhook


def until_it_waits(store: SqlStore, other: Future[bool]) -> None:
    """Until the other one waits for a row of this one, or has not had to; on SQLite it cannot even begin."""
    if store.engine.dialect.name == "postgresql":
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        with store.engine.connect() as connection:
            while not (other.done() or connection.execute(waiting).scalar_one()):
                connection.rollback()  # It shows one state for as long as a transaction lasts.


def test_notifications_that_run_at_once_send_one_message(ready: SqlStore) -> None:
    move(ready, add_hold(ready), HoldState.IN_REVIEW)
    sent: list[str] = []

    class Mail:
        name = "email"

        def send(self, subject: str, text: str) -> None:
            sent.append(subject)

    notify = Notify(ready, (Mail(),), timedelta(minutes=5), "", lambda: LATER, lambda event, fault: None)
    ended = at_once(6, lambda _: notify())

    assert (ended, sent) == ([None] * 6, ["Pushgate: demo/1 waits for a review"])


def test_what_a_review_says_can_always_be_written(ready: SqlStore) -> None:
    hold = add_hold(ready)
    odd = review(hold, body="a\0b\udc80\U0001f600")

    news = [see(ready, odd), see(ready, odd)]

    assert news == [True, False]
    with ready.snapshot() as tx:
        assert tx.seen_reviews.of(hold.id)[odd.id].body == "a\ufffd{0000}b\ufffd{dc80}\U0001f600"


def delivery(number: int = 1, body_hash: str = "h", minutes: int = 0) -> Delivery:
    at = NOON + timedelta(minutes=minutes)
    return Delivery(f"delivery-{number}", "pull_request", "opened", body_hash, at)


def deliver(store: SqlStore, *deliveries: Delivery, body: bytes = b"{}") -> list[Stored]:
    with store.transaction() as tx:
        return [tx.deliveries.add(one, body) for one in deliveries]


def test_a_delivery_is_stored_once_with_its_raw_bytes(ready: SqlStore) -> None:
    raw = b'{"a":  "\\u0000\xff"}\r\n' * 1000

    stored = [
        *deliver(ready, delivery(), body=raw),
        *deliver(ready, delivery(minutes=5), delivery(body_hash="other"), body=b"other"),
    ]

    assert stored == [Stored.NEW, Stored.SAME, Stored.MISMATCH]
    with ready.snapshot() as tx:
        assert tx.deliveries.get("delivery-1") == (delivery(), raw)
        with pytest.raises(NotFound, match="delivery-9"):
            tx.deliveries.get("delivery-9")


def test_a_delivery_that_comes_many_times_at_once_is_new_to_one(ready: SqlStore) -> None:
    stored = at_once(6, lambda n: deliver(ready, delivery(body_hash="h" if n % 2 else "other"))[0])

    others = [one for n, one in enumerate(stored) if n % 2 != stored.index(Stored.NEW) % 2]
    same = [one for n, one in enumerate(stored) if n % 2 == stored.index(Stored.NEW) % 2]
    assert others == [Stored.MISMATCH] * 3
    assert sorted(same) == [Stored.NEW, Stored.SAME, Stored.SAME]


def test_a_delivery_waits_until_it_is_finished(ready: SqlStore) -> None:
    deliver(ready, delivery(1), delivery(2, minutes=2), delivery(3, minutes=1), delivery(4, minutes=9))
    with ready.transaction() as tx:
        tx.deliveries.finish("delivery-1", DeliveryOutcome.FAILED, "no \0 object", LATER)

    with ready.snapshot() as tx:
        assert tx.deliveries.unfinished(NOON + timedelta(minutes=9)) == ["delivery-3", "delivery-2"]
        finished = tx.deliveries.get("delivery-1")[0]
    assert finished == replace(
        delivery(1), outcome=DeliveryOutcome.FAILED, note="no \ufffd{0000} object", finished_at=LATER
    )


def test_deliveries_are_paged_newest_first_even_those_of_one_moment(ready: SqlStore) -> None:
    deliver(ready, delivery(1), delivery(2, minutes=1), delivery(3, minutes=1), delivery(4, minutes=1))

    with ready.snapshot() as tx:
        first = tx.deliveries.page(before=None, limit=2)
        second = tx.deliveries.page(before=first[-1].id, limit=2)
        third = tx.deliveries.page(before=second[-1].id, limit=2)

    assert [one.id for one in (*first, *second)] == [f"delivery-{n}" for n in (4, 3, 2, 1)]
    assert third == []


def test_only_old_deliveries_that_are_finished_are_dropped(ready: SqlStore) -> None:
    deliver(ready, delivery(1), delivery(2), delivery(3, minutes=5))
    with ready.transaction() as tx:
        for n in (1, 3):
            tx.deliveries.finish(f"delivery-{n}", DeliveryOutcome.IGNORED, "", LATER)
        dropped = tx.deliveries.drop_older(LATER)

    with ready.snapshot() as tx:
        assert (dropped, [one.id for one in tx.deliveries.page(before=None, limit=9)]) == (
            1,
            ["delivery-3", "delivery-2"],
        )


def test_a_login_is_resolved_once_until_it_is_forgotten(ready: SqlStore) -> None:
    with ready.transaction() as tx:
        tx.logins.put("Carol", SHOP)
        tx.logins.put("carol", SHOP + 1)
        known = tx.logins.get("CAROL")
        tx.logins.forget("cArol")
        forgotten = tx.logins.get("carol")
        tx.logins.put("carol", SHOP + 1)

    with ready.snapshot() as tx:
        assert (known, forgotten, tx.logins.get("carol")) == (SHOP, None, SHOP + 1)


def test_an_account_is_one_persons(ready: SqlStore) -> None:
    with ready.transaction() as tx:
        alice, bob = tx.users.get("alice"), tx.users.add("bob", Role.REVIEWER, NOON)
        tx.users.set_github(alice.id, CAROL)
        tx.users.set_github(alice.id, CAROL)

    with pytest.raises(Taken, match="renamed is matched with somebody else here"), ready.transaction() as tx:
        tx.users.set_github(bob.id, Account(CAROL.id, "renamed"))
    with ready.snapshot() as tx:
        mapped = (tx.users.get("alice").github, tx.users.get("bob").github)
    with ready.transaction() as tx:
        tx.users.set_github(alice.id, None)
        tx.users.set_github(bob.id, CAROL)

    assert mapped == (CAROL, None)
    with ready.snapshot() as tx:
        assert (tx.users.get("alice").github, tx.users.by_id(bob.id)) == (None, replace(bob, github=CAROL))


def test_two_people_who_are_given_one_account_at_once(ready: SqlStore) -> None:
    with ready.transaction() as tx:
        ids = [tx.users.get("alice").id, tx.users.add("bob", Role.REVIEWER, NOON).id]

    def give(n: int) -> None:
        with ready.transaction() as tx:
            tx.users.set_github(ids[n], CAROL)

    ended = at_once(2, give)

    assert {type(one) for one in ended} == {type(None), Taken}


def test_an_agent_has_an_account(ready: SqlStore) -> None:
    with ready.transaction() as tx:
        agent = tx.agents.get("codex-1")
        tx.agents.set_github("codex-1", CAROL)

    with ready.snapshot() as tx:
        assert tx.agents.all() == [replace(agent, github=CAROL)]


def test_a_repository_is_known_by_its_number_at_the_forge(ready: SqlStore) -> None:
    with ready.transaction() as tx:
        tx.repositories.add("twin", "/srv/twin.git", "github", NOON)
        tx.repositories.add("gone", "/srv/gone.git", "github", NOON)
        for name in ("demo", "twin", "gone"):
            tx.repositories.set_upstream(name, f"https://github.example.org/acme/{name}", SHOP)
        tx.repositories.remove("gone")

    with ready.snapshot() as tx:
        found = tx.repositories.by_forge_id(SHOP)
        assert tx.repositories.by_forge_id(SHOP + 1) == []
    assert [(one.name, one.upstream, one.forge_id) for one in found] == [
        ("demo", "https://github.example.org/acme/demo", SHOP),
        ("twin", "https://github.example.org/acme/twin", SHOP),
    ]


def test_a_revision_says_how_like_the_one_before_it_is(ready: SqlStore) -> None:
    hold = revise(ready, add_hold(ready))
    facts = DiffFacts(OLD, (), (), (), is_ancestor=True, truncated=False)

    with ready.transaction() as tx:
        tx.holds.set_collected(hold.id, 2, UpdateKind.FAST_FORWARD, facts, Likeness.TRIVIAL_REBASE)
        tx.holds.set_review_head(hold.id, 2, "d" * 40)

    collected = replace(
        hold.revision,
        kind=UpdateKind.FAST_FORWARD,
        base=OLD,
        likeness=Likeness.TRIVIAL_REBASE,
        review_head="d" * 40,
    )
    with ready.snapshot() as tx:
        assert tx.holds.get(hold.id).revision == tx.holds.revisions(hold.id)[1] == collected


def test_each_revision_in_review_is_notified_of_once(ready: SqlStore) -> None:
    hold = move(ready, add_hold(ready), HoldState.IN_REVIEW)
    add_hold(ready, 2, "refs/heads/other")
    with ready.transaction() as tx:
        before = tx.holds.unnotified()
        tx.holds.set_notified(hold.id, 1)
        after = tx.holds.unnotified()
    revised = move(ready, revise(ready, hold), HoldState.COLLECTING, HoldState.IN_REVIEW)

    assert (before, after) == ([hold], [])
    with ready.snapshot() as tx:
        assert tx.holds.unnotified() == [revised]
    with ready.transaction() as tx:
        tx.repositories.remove("demo")
        assert tx.holds.unnotified() == []


@pytest.mark.parametrize("how", ["move", "revise"])
def test_a_rejection_that_is_taken_back_is_to_be_settled_again(ready: SqlStore, how: str) -> None:
    rejected = move(ready, add_hold(ready), HoldState.REJECTED)
    with ready.transaction() as tx:
        tx.holds.set_settled(rejected.id)

    again = revise(ready, rejected) if how == "revise" else move(ready, rejected, HoldState.RECEIVED)
    closed = move(ready, again, HoldState.REJECTED)

    with ready.snapshot() as tx:
        assert tx.holds.unsettled() == [closed]
