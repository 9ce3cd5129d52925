"""The gateways keep what the use cases rely on, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from gate.adapters.sql.schema import holds
from gate.adapters.sql.store import SqlStore
from gate.domain.audit import Action, AuditEvent
from gate.domain.errors import IllegalMove, NotFound, Refused
from gate.domain.facts import ChangedFile, Commit, DiffFacts
from gate.domain.hold import BlockReason, Hold, HoldState, Push, Revision, UpdateKind
from gate.domain.policy import Override
from gate.domain.release import RefMove, Release, ReleaseOutcome
from gate.domain.repository import Grant
from gate.domain.review import Review, Reviewer, ReviewState, Role
from gate.domain.user import SignInLink
from gate.services.ports.store import HoldFilter
from tests.store.world import LATER, MAIN, NEW, NOON, OLD, add_hold, add_push, at_once, move

ANY = HoldFilter()


def test_a_hold_reads_back_as_it_was_written(ready: SqlStore) -> None:
    added = add_hold(ready, group="push-1")

    with ready.snapshot() as tx:
        assert tx.holds.get(added.id) == tx.holds.by_number("demo", 1) == added
        assert tx.holds.live_on("demo", "codex-1", MAIN) == added
        assert tx.holds.of_push("push-1") == tx.holds.of_group("push-1") == [added]
        push = tx.holds.push("push-1")
    assert push == Push("push-1", added.repository_id, added.agent_id, NOON, "http", True, ("a=b",))
    assert added == Hold(
        id=added.id,
        repository_id=added.repository_id,
        repository="demo",
        number=1,
        agent_id=added.agent_id,
        agent="codex-1",
        ref=MAIN,
        state=HoldState.RECEIVED,
        revision=Revision(added.id, 1, "push-1", OLD, NEW, "refs/quarantine/x/1", NOON),
        created_at=NOON,
        updated_at=NOON,
        group="push-1",
    )


def test_an_agent_has_one_live_hold_on_a_ref(ready: SqlStore) -> None:
    hold = add_hold(ready)
    add_push(ready, "push-2")
    again = {"repository_id": hold.repository_id, "agent_id": hold.agent_id, "ref": MAIN, "revision": 1}
    row = {**again, "number": 2, "state": HoldState.BLOCKED, "created_at": NOON, "updated_at": NOON}

    with pytest.raises(Refused, match="held already"):
        add_hold(ready, 2)
    with pytest.raises(IntegrityError), ready.engine.begin() as connection:
        connection.execute(insert(holds).values(row))
    move(ready, hold, HoldState.REJECTED)

    assert add_hold(ready, 3).number == 3


def test_a_number_is_given_once_in_a_repository(ready: SqlStore) -> None:
    add_hold(ready)

    with pytest.raises(Refused, match="demo/1: this number is taken"):
        add_hold(ready, 1, "refs/heads/topic")


def test_a_move_is_made_by_one_of_many(ready: SqlStore) -> None:
    hold = move(ready, add_hold(ready), HoldState.APPROVED)

    def begin(_: int) -> Hold:
        with ready.transaction() as tx:
            return tx.holds.move(hold, HoldState.RELEASING, LATER, None, "")

    ended = at_once(6, begin)

    winners = [one for one in ended if isinstance(one, Hold)]
    assert [one.state for one in winners] == [HoldState.RELEASING]
    assert {type(one) for one in ended if one not in winners} == {IllegalMove}


def test_a_move_from_an_older_revision_is_refused(ready: SqlStore) -> None:
    seen = move(ready, add_hold(ready), HoldState.IN_REVIEW)
    add_push(ready, "push-2")
    newer = Revision(0, 2, "push-2", OLD, "c" * 40, "refs/quarantine/y/1", LATER)
    with ready.transaction() as tx:
        revised = tx.holds.add_revision(seen, newer, "push-2", LATER)

    with pytest.raises(IllegalMove, match="no longer in_review at revision 1"):
        move(ready, seen, HoldState.APPROVED)

    assert (revised.state, revised.revision.n, revised.group) == (HoldState.RECEIVED, 2, "push-2")
    with ready.snapshot() as tx:
        assert [one.new for one in tx.holds.revisions(seen.id)] == [NEW, "c" * 40]


def test_one_push_is_registered_by_one_of_many(ready: SqlStore) -> None:
    registered = at_once(6, lambda _: add_push(ready, "push-1"))

    assert sorted(registered, key=str) == [False] * 5 + [True]


def test_what_a_transaction_did_is_undone_where_it_raises(ready: SqlStore) -> None:
    hold = add_hold(ready)

    def fail() -> None:
        with ready.transaction() as tx:
            tx.holds.move(hold, HoldState.REJECTED, LATER, None, "")
            tx.audit.append(AuditEvent(NOON, "gate", Action.HOLD_REJECT))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with ready.snapshot() as tx:
        assert tx.holds.get(hold.id) == hold
        assert tx.audit.events() == []


def test_a_snapshot_does_not_see_what_comes_after_it(ready: SqlStore) -> None:
    hold = add_hold(ready)

    with ready.snapshot() as tx:
        before = tx.holds.get(hold.id)
        move(ready, hold, HoldState.IN_REVIEW)
        after = tx.holds.get(hold.id)

    assert before == after == hold


def test_writing_in_a_snapshot_of_postgresql_is_an_error(ready: SqlStore) -> None:
    """SQLite cannot say so of a transaction; what is written there is undone, as nobody commits it."""
    if ready.engine.dialect.name == "postgresql":
        with pytest.raises(DatabaseError, match="read-only"), ready.snapshot() as tx:
            tx.settings.put("lockdown", "why")

    with ready.snapshot() as tx:
        assert tx.settings.get("lockdown") is None


def test_facts_read_back_as_they_were_collected(ready: SqlStore) -> None:
    hold = add_hold(ready)
    commit = Commit(NEW, (OLD,), "A", "a@b", "C", "c@d", NOON, "subject \udcff", "body\n")
    file = ChangedFile("odd\udcff\nname", "M", "100644", "100755", OLD, NEW, None, None)
    facts = DiffFacts(OLD, (commit,), (commit,), (file,), is_ancestor=True, truncated=True)

    with ready.transaction() as tx:
        tx.holds.set_collected(hold.id, 1, UpdateKind.FAST_FORWARD, facts)
        tx.holds.set_published(hold.id, 1, LATER)

    with ready.snapshot() as tx:
        assert tx.holds.facts(hold.id, 1) == facts
        revision = tx.holds.get(hold.id).revision
    assert revision == replace(hold.revision, kind=UpdateKind.FAST_FORWARD, base=OLD, published_at=LATER)


def test_holds_are_paged_newest_first(ready: SqlStore) -> None:
    for number in range(1, 6):
        move(ready, add_hold(ready, number), HoldState.REJECTED)

    with ready.snapshot() as tx:
        first = tx.holds.page(ANY, before=None, limit=2)
        second = tx.holds.page(ANY, before=first[-1].id, limit=2)
        none = tx.holds.page(HoldFilter(frozenset({HoldState.RELEASED})), before=None, limit=2)
        one_ref = tx.holds.page(HoldFilter(ref="refs/heads/other"), before=None, limit=2)

    assert [hold.number for hold in (*first, *second)] == [5, 4, 3, 2]
    assert (none, one_ref) == ([], [])


def test_closed_holds_wait_to_be_settled_until_their_repository_is_gone(ready: SqlStore) -> None:
    live, closed = add_hold(ready, 1), move(ready, add_hold(ready, 2, "refs/heads/a"), HoldState.REJECTED)
    settled = move(ready, add_hold(ready, 3, "refs/heads/b"), HoldState.REJECTED)
    with ready.transaction() as tx:
        tx.holds.set_settled(settled.id)

    with ready.snapshot() as tx:
        assert (tx.holds.live_ids(), tx.holds.unsettled()) == ([live.id], [closed])
        assert {state: n for state, n in tx.holds.counts().items() if n} == {
            HoldState.RECEIVED: 1,
            HoldState.REJECTED: 2,
        }
    with ready.transaction() as tx:
        tx.repositories.remove("demo")
    with ready.snapshot() as tx:
        assert tx.holds.unsettled() == []


def test_a_blocked_hold_keeps_its_reason_and_words(ready: SqlStore) -> None:
    hold = add_hold(ready)

    with ready.transaction() as tx:
        tx.holds.move(hold, HoldState.BLOCKED, LATER, BlockReason.BASE_MOVED, "upstream moved")

    with ready.snapshot() as tx:
        now = tx.holds.get(hold.id)
    assert (now.state, now.reason, now.note) == (HoldState.BLOCKED, BlockReason.BASE_MOVED, "upstream moved")


def test_a_review_speaks_for_the_person_as_they_are_now(ready: SqlStore) -> None:
    hold = add_hold(ready)
    with ready.transaction() as tx:
        alice, carol = tx.users.get("alice"), tx.users.add("carol", Role.ADMIN, NOON)
        given = tx.reviews.add(hold.id, alice.id, ReviewState.APPROVED, NEW, "good", NOON)
        other = tx.reviews.add(hold.id, carol.id, ReviewState.APPROVED, NEW, "", NOON)
        tx.reviews.dismiss(other.id, alice.id)
        tx.users.set_disabled(alice.id, True)

    with ready.snapshot() as tx:
        now = tx.reviews.of(hold.id)

    assert given == Review(
        given.id, Reviewer(alice.id, "alice", "write"), ReviewState.APPROVED, NEW, NOON, given.id,
        ReviewState.APPROVED, "good",
    )  # fmt: skip
    assert now[0] == replace(given, reviewer=Reviewer(alice.id, "alice", "none"))
    assert (now[1].state, now[1].said, now[1].dismissed_by) == (
        ReviewState.DISMISSED,
        ReviewState.APPROVED,
        alice.id,
    )


def test_an_override_reads_back(ready: SqlStore) -> None:
    hold = add_hold(ready)
    with ready.transaction() as tx:
        alice = tx.users.get("alice")
        tx.reviews.add_override(hold.id, alice.id, NEW, "the site is down", NOON)

    with ready.snapshot() as tx:
        found = tx.reviews.overrides(hold.id)

    assert found == (Override(Reviewer(alice.id, "alice", "write"), NEW, "the site is down", NOON),)


def test_a_release_is_open_until_it_ends(ready: SqlStore) -> None:
    hold, intent = add_hold(ready), RefMove(MAIN, OLD, NEW)
    with ready.transaction() as tx:
        tx.releases.begin(hold, intent, NOON)
        tx.releases.end(hold.id, ReleaseOutcome.BASE_MOVED, "moved", NOON)
        tx.releases.begin(hold, intent, LATER)
        tx.releases.decide(hold.id, "hash", "verdict")
        tx.releases.end(hold.id, ReleaseOutcome.RELEASED, "", LATER)

    with ready.snapshot() as tx:
        first, second = tx.releases.of(hold.id)

    assert first == Release(
        first.id, hold.id, 1, intent, "", "", NOON, ReleaseOutcome.BASE_MOVED, "moved", NOON
    )
    assert second == Release(
        second.id, hold.id, 1, intent, "hash", "verdict", LATER, ReleaseOutcome.RELEASED, "", LATER
    )


def test_a_grant_replaces_the_one_before(ready: SqlStore) -> None:
    with ready.transaction() as tx:
        tx.agents.grant("codex-1", "demo", ("refs/heads/a/**",))
        tx.agents.grant("codex-1", "demo", ("refs/heads/b/**",))
        tx.agents.set_disabled("codex-1", True)

    with ready.snapshot() as tx:
        assert tx.agents.grants(repository="demo") == [Grant("codex-1", "demo", ("refs/heads/b/**",), True)]


def test_a_sign_in_link_is_used_by_one_of_many(ready: SqlStore) -> None:
    with ready.transaction() as tx:
        alice = tx.users.get("alice")
        tx.users.add_link(SignInLink("hash", alice.id, LATER))

    def use(_: int) -> object:
        with ready.transaction() as tx:
            return tx.users.use_link("hash", NOON)

    used = at_once(6, use)

    assert [one for one in used if one is not None] == [alice]


def test_a_sign_in_link_has_an_end(ready: SqlStore) -> None:
    with ready.transaction() as tx:
        tx.users.add_link(SignInLink("hash", tx.users.get("alice").id, NOON))

    with ready.transaction() as tx:
        assert tx.users.use_link("hash", NOON) is None


def test_a_name_is_taken_once_and_free_after_removal(ready: SqlStore) -> None:
    with pytest.raises(Refused), ready.transaction() as tx:
        tx.repositories.add("demo", "/elsewhere.git", "local", NOON)
    with pytest.raises(Refused), ready.transaction() as tx:
        tx.users.add("alice", Role.ADMIN, NOON)
    with pytest.raises(Refused), ready.transaction() as tx:
        tx.agents.add("codex-1", None, "", NOON)
    with ready.transaction() as tx:
        tx.repositories.remove("demo")
        tx.repositories.add("demo", "/elsewhere.git", "local", NOON)

    with ready.snapshot() as tx:
        assert [one.upstream for one in tx.repositories.all()] == ["/elsewhere.git"]


def test_what_is_not_there_is_said_so(ready: SqlStore) -> None:
    with ready.snapshot() as tx:
        for look in (
            lambda: tx.repositories.get("x"),
            lambda: tx.agents.get("x"),
            lambda: tx.users.get("x"),
            lambda: tx.holds.get(99),
            lambda: tx.holds.by_number("demo", 99),
        ):
            with pytest.raises(NotFound):
                look()
        assert (tx.holds.push("x"), tx.users.by_id(99), tx.agents.token_hash("x")) == (None, None, None)


def test_a_setting_is_replaced_and_taken_away(ready: SqlStore) -> None:
    with ready.transaction() as tx:
        tx.settings.put("lockdown", "one")
        tx.settings.put("lockdown", "two")
    with ready.snapshot() as tx:
        assert tx.settings.get("lockdown") == "two"
    with ready.transaction() as tx:
        tx.settings.put("lockdown", None)

    with ready.snapshot() as tx:
        assert tx.settings.get("lockdown") is None


def test_one_setting_put_by_many_at_once_ends_as_one_of_theirs(ready: SqlStore) -> None:
    def put(n: int) -> None:
        with ready.transaction() as tx:
            tx.settings.put("last_sweep", str(n))

    ended = at_once(6, put)

    assert ended == [None] * 6
    with ready.snapshot() as tx:
        assert tx.settings.get("last_sweep") in set("012345")


def test_times_are_utc_and_sort_as_text(ready: SqlStore) -> None:
    with pytest.raises(Exception, match="has no time zone"), ready.transaction() as tx:
        tx.repositories.set_synced("demo", datetime(2026, 11, 22), None)

    with ready.transaction() as tx:
        tx.repositories.set_synced("demo", NOON, "down")
    with ready.engine.connect() as connection:
        stored = connection.execute(text("SELECT synced_at FROM repositories")).scalar_one()
    assert stored == "2026-11-22T12:00:00.000000Z"
