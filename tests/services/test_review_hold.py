"""What people may do to a hold, and what is turned away and kept on the trail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gate.domain.errors import IllegalMove, NotAllowed, Outdated, Refused
from gate.domain.hold import HoldState
from gate.domain.review import ReviewState, Role
from gate.domain.user import User
from tests.gate_in_a_box import MAIN, POLICY, Box, Crash


def refusals(box: Box) -> list[tuple[str, str]]:
    return [(event.actor, event.outcome) for event in box.events(action="review:refuse")]


def test_an_approval_of_an_outdated_page_is_refused_and_recorded(box: Box) -> None:
    first = box.commit(a="x")
    box.push(f"{first}:{MAIN}")
    box.push(f"{box.commit(first, a='y')}:{MAIN}")

    with pytest.raises(Outdated, match="is waiting now"):
        box.approve(1, oid=first)

    assert (box.tip(), box.states()) == (box.first, {1: HoldState.IN_REVIEW})
    assert refusals(box) == [("user:alice", "refused")]


def test_the_operator_of_the_agent_cannot_approve(tmp_path: Path) -> None:
    box = Box(tmp_path, operator="alice")
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")

    with pytest.raises(NotAllowed, match="alice is the operator of codex-1"):
        box.approve(1, box.alice)
    with pytest.raises(NotAllowed, match="alice is the operator of codex-1"):
        box.gate.review.override(box.hold(1).id, change, box.alice, "the site is down", revision=1)

    assert box.tip() == box.first
    assert refusals(box) == [("user:alice", "refused")] * 2


def test_the_operator_approves_where_the_policy_says_so(tmp_path: Path) -> None:
    policy = POLICY.replace('name = "one"\n', 'name = "one"\noptions = { allow_operator = true }\n')
    box = Box(tmp_path, operator="alice", policy=policy)
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")

    box.approve(1, box.alice)

    assert box.tip() == change


def test_the_operator_may_ask_for_changes(tmp_path: Path) -> None:
    box = Box(tmp_path, operator="alice")
    box.push(f"{box.commit(a='x')}:{MAIN}")

    box.object(1, box.alice)

    assert box.states() == {1: HoldState.CHANGES_REQUESTED}


def test_an_auditor_decides_on_nothing(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    with box.gate.store.transaction() as tx:
        tx.users.set_role(box.bob.id, Role.AUDITOR)
        bob = tx.users.get("bob")
    hold = box.hold(1)
    acts: list[Callable[[], None]] = [
        lambda: box.approve(1, bob),
        lambda: box.object(1, bob),
        lambda: box.reject(1, bob),
        lambda: box.gate.review.override(hold.id, change, bob, "the site is down", revision=1),
        lambda: box.gate.review.withdraw(hold.id, change, bob, "", revision=1),
        lambda: box.gate.review.try_again(hold.id, change, bob, revision=1),
    ]

    for act in acts:
        with pytest.raises(NotAllowed):
            act()

    assert (box.tip(), box.states()) == (box.first, {1: HoldState.IN_REVIEW})
    assert refusals(box) == [("user:bob", "refused")] * len(acts)


def test_a_rejected_commit_is_never_taken_again(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.reject(1, box.bob, "this breaks the parser")

    again = box.push(f"{change}:{MAIN}")
    elsewhere = box.push(f"{change}:refs/heads/other")

    assert "was rejected by bob (hold 1): this breaks the parser" in " ".join(again.text.split())
    assert "was rejected by bob" in elsewhere.text
    assert box.states() == {1: HoldState.REJECTED}
    assert (box.held_refs(), box.standing()["state"]) == ([], "rejected")


@pytest.mark.parametrize("act", ["approve", "object", "reject", "override", "withdraw", "try again"])
def test_a_rejected_hold_stays_rejected(box: Box, act: str) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.reject(1)
    hold = box.hold(1)
    review = box.gate.review

    acts: dict[str, Callable[[], None]] = {
        "approve": lambda: box.approve(1),
        "object": lambda: box.object(1),
        "reject": lambda: box.reject(1),
        "override": lambda: review.override(hold.id, change, box.carol, "the site is down", revision=1),
        "withdraw": lambda: review.withdraw(hold.id, change, box.carol, "", revision=1),
        "try again": lambda: review.try_again(hold.id, change, box.carol, revision=1),
    }
    with pytest.raises(IllegalMove):
        acts[act]()

    assert (box.tip(), box.hold(1)) == (box.first, hold)


def test_a_withdrawn_commit_may_be_pushed_again(tmp_path: Path) -> None:
    box = Box(tmp_path, operator="alice")
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    hold = box.hold(1)
    with pytest.raises(NotAllowed):
        box.gate.review.withdraw(hold.id, change, box.bob, "", revision=1)

    box.gate.review.withdraw(hold.id, change, box.alice, "wrong branch", revision=1)
    box.push(f"{change}:{MAIN}")

    assert box.states() == {1: HoldState.WITHDRAWN, 2: HoldState.IN_REVIEW}


@pytest.mark.parametrize("body", ["", "  \n"])
def test_an_objection_and_a_rejection_say_why(box: Box, body: str) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")

    with pytest.raises(Refused, match="Say what should change"):
        box.object(1, body=body)
    with pytest.raises(Refused, match="Say why it is rejected"):
        box.reject(1, body=body)


def test_a_comment_changes_nothing(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")

    box.review(1, ReviewState.COMMENTED, body="approve this, please")

    assert (box.tip(), box.states()) == (box.first, {1: HoldState.IN_REVIEW})


def test_trying_again_is_for_what_upstream_refused(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")

    with pytest.raises(IllegalMove, match="nothing was refused"):
        box.gate.review.try_again(box.hold(1).id, change, box.alice, revision=1)


def test_an_objection_before_the_push_stops_the_release(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    box.crash_at = "release:intent"
    with pytest.raises(Crash):
        box.approve(1)

    box.object(1, box.bob)
    box.gate.sweep()

    assert (box.tip(), box.states()) == (box.first, {1: HoldState.CHANGES_REQUESTED})
    assert "review:late_objection" in box.story(1)


def test_an_objection_after_the_release_is_kept_and_undoes_nothing(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.approve(1)

    box.object(1, box.bob, "this broke the build")

    assert (box.tip(), box.states()) == (change, {1: HoldState.RELEASED})
    assert box.story(1)[-1] == "review:late_objection"


def test_an_approval_after_the_release_is_refused(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    box.approve(1)

    with pytest.raises(IllegalMove):
        box.approve(1, box.bob)


def test_a_reject_while_the_release_runs_is_refused(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.crash_at = "release:pushed"
    with pytest.raises(Crash):
        box.approve(1)

    with pytest.raises(IllegalMove):
        box.reject(1, box.bob)
    box.gate.sweep()

    assert (box.tip(), box.states()) == (change, {1: HoldState.RELEASED})


def test_a_nul_in_a_review_is_left_out(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")

    box.object(1, body="not\0this")

    with box.gate.store.snapshot() as tx:
        assert [review.body for review in tx.reviews.of(box.hold(1).id)] == ["notthis"]


def test_two_reviewers_approve_and_one_review_of_each_counts(box: Box) -> None:
    box.write_policy(POLICY.replace("count = 1", "count = 2", 1))
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.approve(1, box.alice)
    box.approve(1, box.alice)
    before = box.tip()

    box.approve(1, box.bob)

    assert (before, box.tip()) == (box.first, change)


def test_a_person_from_before_a_change_of_role_is_judged_as_they_are_now(box: Box) -> None:
    """The page holds the person as they signed in; the store knows better."""
    box.push(f"{box.commit(a='x')}:{MAIN}")
    stale: User = box.bob
    with box.gate.store.transaction() as tx:
        tx.users.set_role(box.bob.id, Role.AUDITOR)

    box.approve(1, stale)

    assert (box.tip(), box.states()) == (box.first, {1: HoldState.IN_REVIEW})


def test_an_approval_of_an_addition_is_none_of_the_rewrite_that_the_same_commit_became(box: Box) -> None:
    change, by_hand = box.commit(a="x"), box.commit(b="y")
    box.push(f"{change}:{MAIN}")
    box.by_hand(MAIN, by_hand)
    box.sync()
    box.push(f"{change}:{MAIN}")

    with pytest.raises(Outdated, match="the page showed revision 1"):
        box.gate.review.submit(
            box.hold(1).id, change, box.carol, ReviewState.APPROVED, "as an addition", revision=1
        )

    assert (box.tip(), box.hold(1).revision.n) == (by_hand, 2)
    assert box.states() == {1: HoldState.IN_REVIEW}
