"""Where a hold stands follows from what is true now, whatever happened in between."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.domain.hold import BlockReason, HoldState
from gate.domain.review import Role
from tests.gate_in_a_box import MAIN, POLICY, TOPIC, Box, Crash
from tests.object_store import ZERO

OVERRIDE = POLICY + '[policy.override]\nrequires = { count = 1, users = ["carol"] }\nexpires_after = "15m"\n'


def test_an_objection_asks_for_changes_and_its_author_takes_it_back(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")

    box.object(1, box.alice)
    objected = box.states()
    box.approve(1, box.bob)
    still = box.states()
    box.approve(1, box.alice)

    assert (objected, still) == ({1: HoldState.CHANGES_REQUESTED}, {1: HoldState.CHANGES_REQUESTED})
    assert box.states() == {1: HoldState.RELEASED}


def test_an_objection_is_told_to_the_agent(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.object(1, box.alice, "please add a test")

    again = box.push(f"{change}:{MAIN}")

    assert "alice: please add a test" in again.text


@pytest.mark.parametrize("policy", [None, "version = 1\n[policy]\napproval = ['nobody']\n", "\0"])
def test_without_a_valid_policy_nothing_is_released(box: Box, policy: str | None) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    box.write_policy(policy)

    box.approve(1)

    hold = box.hold(1)
    assert box.tip() == box.first
    assert (hold.state, hold.reason) == (HoldState.BLOCKED, BlockReason.POLICY_INVALID)
    assert "policy" in hold.note


def test_a_policy_that_was_mended_unblocks_the_hold(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.write_policy(None)
    box.approve(1)

    box.write_policy(POLICY)
    box.gate.sweep()

    assert box.tip() == change


def test_what_the_policy_refuses_is_blocked_until_the_policy_takes_it(box: Box) -> None:
    change = box.commit(a="x", b="y")
    box.push(f"{change}:{MAIN}")
    box.write_policy(POLICY.replace("settle_seconds = 0", "settle_seconds = 0\nmax_changed_files = 1"))
    box.gate.sweep()
    blocked = box.hold(1)

    box.write_policy(POLICY)
    box.gate.sweep()

    assert (blocked.state, blocked.reason) == (HoldState.BLOCKED, BlockReason.POLICY_REFUSES)
    assert "2 files are changed, 1 are allowed" in blocked.note
    assert box.states() == {1: HoldState.IN_REVIEW}


def test_a_stricter_policy_takes_an_approval_back(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.crash_at = "reconcile:stored"
    with pytest.raises(Crash):
        box.approve(1)
    box.write_policy(POLICY.replace("count = 1", "count = 2", 1))

    box.gate.sweep()

    assert box.tip() == box.first
    assert box.states() == {1: HoldState.IN_REVIEW}
    assert box.story(1)[-1] == "hold:unapprove"


def test_a_hold_that_nobody_decides_on_expires(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    box.ahead = timedelta(days=6, hours=23)
    box.gate.sweep()
    before = box.states()

    box.ahead = timedelta(days=7, hours=1)
    box.gate.sweep()

    assert before == {1: HoldState.IN_REVIEW}
    assert box.states() == {1: HoldState.EXPIRED}
    assert (box.held_refs(), box.standing()["state"]) == ([], "expired")


def test_an_approved_hold_expires_as_well(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    box.gate.lockdown.on("frozen", actor="cli:carol")
    box.approve(1)
    box.ahead = timedelta(days=8)

    box.gate.lockdown.off(actor="cli:carol")

    assert (box.tip(), box.states()) == (box.first, {1: HoldState.EXPIRED})


def test_upstream_that_moved_away_blocks_with_the_way_out(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    box.by_hand(MAIN, box.commit(b="y"))

    box.gate.sweep()

    hold = box.hold(1)
    assert (hold.state, hold.reason) == (HoldState.BLOCKED, BlockReason.BASE_MOVED)
    assert "git fetch origin && git rebase origin/main && git push origin HEAD:refs/heads/main" in hold.note


def test_upstream_that_moved_back_unblocks(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    box.by_hand(MAIN, box.commit(b="y"))
    box.gate.sweep()
    box.by_hand(MAIN, box.first)

    box.gate.sweep()

    assert box.states() == {1: HoldState.IN_REVIEW}
    assert box.story(1)[-2:] == ["hold:block", "hold:unblock"]


def test_the_rebased_push_goes_on_as_the_next_revision(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    by_hand = box.commit(b="y")
    box.by_hand(MAIN, by_hand)
    box.gate.sweep()

    rebased = box.commit(by_hand, a="x", b="y")
    box.push(f"{rebased}:{MAIN}")
    box.approve(1)

    assert (box.tip(), box.hold(1).revision.n) == (rebased, 2)


def test_a_hold_that_contains_moved_upstream_waits_by_default(box: Box) -> None:
    below = box.commit(a="x")
    box.push(f"{box.commit(below, a='y')}:{MAIN}")
    box.by_hand(MAIN, below)

    box.gate.sweep()

    assert (box.hold(1).state, box.hold(1).reason) == (HoldState.BLOCKED, BlockReason.BASE_MOVED)


def test_a_hold_that_contains_moved_upstream_asks_again_where_the_policy_says_so(box: Box) -> None:
    box.write_policy(POLICY.replace("count = 1", "count = 2", 1) + '[release]\nbase_moved = "reapprove"\n')
    below = box.commit(a="x")
    above = box.commit(below, a="y")
    box.push(f"{above}:{MAIN}")
    box.approve(1, box.alice)
    box.by_hand(MAIN, below)

    box.gate.sweep()
    box.approve(1, box.bob)
    asked = box.states()
    box.approve(1, box.alice)

    assert asked == {1: HoldState.IN_REVIEW}
    assert [(one.old, one.new) for one in box.revisions(1)] == [(box.first, above), (below, above)]
    assert (box.tip(), box.states()) == (above, {1: HoldState.RELEASED})


def test_what_a_person_merged_after_the_approval_is_released_externally(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.crash_at = "reconcile:stored"
    with pytest.raises(Crash):
        box.approve(1)
    box.by_hand(MAIN, box.commit(change, a="z"))

    box.gate.sweep()

    assert box.states() == {1: HoldState.RELEASED_EXTERNALLY}
    assert (box.held_refs(), box.standing()["state"]) == ([], "released_externally")
    assert box.releases(1) == []


def test_what_reached_upstream_without_an_approval_is_a_bypass(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.by_hand(MAIN, change)

    box.gate.sweep()

    assert box.states() == {1: HoldState.BYPASSED}
    assert box.story(1)[-1] == "hold:bypass"


def test_a_rewind_did_not_reach_upstream_because_upstream_has_its_commit(box: Box) -> None:
    ahead = box.commit(a="x")
    box.by_hand(MAIN, ahead)
    box.sync()
    box.push(f"{box.first}:{MAIN}")
    box.by_hand(MAIN, box.commit(ahead, a="y"))

    box.gate.sweep()

    assert (box.hold(1).state, box.hold(1).reason) == (HoldState.BLOCKED, BlockReason.BASE_MOVED)


def test_a_delete_that_a_person_carried_out_is_a_bypass(box: Box) -> None:
    box.by_hand(TOPIC, box.first)
    box.sync()
    box.push(f":{TOPIC}")
    box.by_hand(TOPIC, ZERO)

    box.gate.sweep()

    assert box.states() == {1: HoldState.BYPASSED}


def test_an_override_releases_and_is_told_apart(box: Box) -> None:
    box.write_policy(OVERRIDE)
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")

    box.gate.review.override(box.hold(1).id, change, box.carol, "the site is down", revision=1)

    assert (box.tip(), box.states()) == (change, {1: HoldState.RELEASED})
    assert "policy:override" in box.story(1)


def test_an_override_is_void_after_its_time(box: Box) -> None:
    box.write_policy(OVERRIDE)
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.gate.lockdown.on("frozen", actor="cli:carol")
    box.gate.review.override(box.hold(1).id, change, box.carol, "the site is down", revision=1)
    box.ahead = timedelta(minutes=16)

    box.gate.lockdown.off(actor="cli:carol")

    assert (box.tip(), box.states()) == (box.first, {1: HoldState.IN_REVIEW})


def test_reconciling_twice_records_once(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    box.object(1)
    before = box.story(1)

    box.gate.reconcile(box.hold(1).id)

    assert box.story(1) == before


@pytest.mark.parametrize("step", ["reconcile:decided", "reconcile:stored"])
def test_a_crash_in_reconcile_is_made_good(box: Box, step: str) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.crash_at = step
    with pytest.raises(Crash):
        box.approve(1)

    box.gate.sweep()

    assert box.tip() == change


def test_a_demoted_reviewer_counts_no_more(box: Box) -> None:
    box.write_policy(POLICY.replace("count = 1", "count = 2", 1))
    box.push(f"{box.commit(a='x')}:{MAIN}")
    box.approve(1, box.alice)
    with box.gate.store.transaction() as tx:
        tx.users.set_role(box.alice.id, Role.AUDITOR)

    box.approve(1, box.bob)

    assert (box.tip(), box.states()) == (box.first, {1: HoldState.IN_REVIEW})
