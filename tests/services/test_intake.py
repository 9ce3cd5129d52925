"""What the hook left becomes holds, whatever the order and however often intake runs."""

from __future__ import annotations

import pytest

from gate.domain.errors import Unavailable
from gate.domain.hold import BlockReason, HoldState
from tests.gate_in_a_box import MAIN, POLICY, TOPIC, Box, Crash
from tests.object_store import ZERO, git


def test_a_push_becomes_a_hold_in_review_and_upstream_stays(box: Box) -> None:
    change = box.commit(a="x")

    pushed = box.push(f"{change}:{MAIN}")

    assert pushed.status == 1
    assert "held for review" in pushed.text
    hold = box.hold(1)
    assert (hold.state, hold.ref, hold.revision.n) == (HoldState.IN_REVIEW, MAIN, 1)
    assert (hold.revision.old, hold.revision.new) == (box.first, change)
    assert box.tip() == box.first
    assert box.story(1) == ["hold:register", "hold:collect", "evidence:collect", "hold:publish"]


def test_taking_a_push_in_twice_changes_nothing(box: Box) -> None:
    pushed = box.push(f"{box.commit(a='x')}:{MAIN}")
    before, events = box.holds(), len(box.events())

    box.gate.intake("demo", pushed.id)

    assert box.holds() == before
    assert len(box.events()) == events


def test_taking_a_push_in_again_after_its_hold_was_settled_says_nothing(box: Box) -> None:
    pushed = box.push(f"{box.commit(a='x')}:{MAIN}")
    box.approve(1)
    events = len(box.events())

    box.gate.intake("demo", pushed.id)

    assert box.held_refs() == []
    assert len(box.events()) == events


def test_a_refusal_is_on_the_trail_once_however_often_it_is_taken_in(box: Box) -> None:
    box.gate.agents.disable("codex-1", actor="cli:carol")
    pushed = box.push(f"{box.commit(a='x')}:{MAIN}")
    box.gate.intake("demo", pushed.id)
    box.gate.sweep()

    events = box.events(push=pushed.id)

    assert [(event.action, event.outcome) for event in events] == [("push:refuse", "refused")]
    assert events[0].actor == "agent:codex-1"
    assert "disabled" in str(events[0].details["reasons"])
    assert box.holds() == []


def test_a_refusal_that_was_recorded_but_not_forgotten_is_not_told_twice(box: Box) -> None:
    box.gate.agents.disable("codex-1", actor="cli:carol")
    pushed = box.push(f"{box.commit(a='x')}:{MAIN}", take_in=False)
    refusal = box.bare / "pushgate" / "refusals" / pushed.id
    content = refusal.read_bytes()
    box.gate.intake("demo", pushed.id)
    refusal.write_bytes(content)

    box.gate.sweep()

    assert [event.action for event in box.events(push=pushed.id)] == ["push:refuse"]
    assert not refusal.exists()


def test_a_push_that_left_nothing_is_told_as_that(box: Box) -> None:
    box.gate.intake("demo", "01nothing")

    assert [event.action for event in box.events(push="01nothing")] == ["push:incomplete"]


def test_the_same_tip_again_is_the_same_hold(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")

    again = box.push(f"{change}:{MAIN}")

    assert "already held as 1" in again.text
    assert [revision.n for revision in box.revisions(1)] == [1]
    assert list(box.states()) == [1]


def test_a_new_tip_is_the_next_revision_and_voids_the_approval(box: Box) -> None:
    two = POLICY.replace("count = 1", "count = 2", 1)
    box.write_policy(two)
    first = box.commit(a="x")
    box.push(f"{first}:{MAIN}")
    box.approve(1, box.alice)

    second = box.commit(first, a="y")
    box.push(f"{second}:{MAIN}")
    box.approve(1, box.bob)

    assert [revision.new for revision in box.revisions(1)] == [first, second]
    assert box.states() == {1: HoldState.IN_REVIEW}
    assert box.tip() == box.first


def test_after_a_closed_hold_comes_a_new_one(box: Box) -> None:
    first = box.commit(a="x")
    box.push(f"{first}:{MAIN}")
    box.reject(1)

    box.push(f"{box.commit(first, a='y')}:{MAIN}")

    assert box.states() == {1: HoldState.REJECTED, 2: HoldState.IN_REVIEW}


def test_pushes_taken_in_out_of_order_end_at_the_newest(box: Box) -> None:
    first, second = box.commit(a="x"), box.commit(a="y")
    early = box.push(f"{first}:{MAIN}", take_in=False)
    late = box.push(f"{second}:{MAIN}", take_in=False)

    box.gate.queue.intake("demo", late.id)
    box.gate.queue.intake("demo", early.id)

    assert box.hold(1).revision.new == second
    assert [revision.push_id for revision in box.revisions(1)] == [early.id, late.id]
    assert box.states() == {1: HoldState.IN_REVIEW}


def test_an_older_push_found_late_never_replaces_a_newer_one(box: Box) -> None:
    """The first push of the hold is lost on its way; its hold is over when the next one comes in."""
    base = box.commit(a="x")
    box.push(f"{base}:{MAIN}")
    lost = box.push(f"{box.commit(a='lost')}:{MAIN}", take_in=False)
    hold = box.hold(1)
    box.gate.review.withdraw(hold.id, hold.revision.head, box.carol, "", revision=1)
    git_standing = box.bare / "pushgate" / "standing" / "codex-1" / f"{MAIN}~"
    git_standing.write_text(git_standing.read_text().replace("received", "withdrawn"))
    newest = box.commit(a="newest")
    box.push(f"{newest}:{MAIN}")

    box.gate.queue.intake("demo", lost.id)

    live = [one for one in box.holds() if one.state.is_live]
    assert [one.revision.new for one in live] == [newest]
    assert lost.id in {one.push_id for one in box.revisions(live[0].number)}


def test_every_update_of_one_push_is_a_hold_of_its_own(box: Box) -> None:
    change = box.commit(a="x")
    tag = box.store.tag(change, "v1")
    box.by_hand("refs/heads/old", box.first)
    box.sync()

    box.push(f"{change}:{MAIN}", f"{change}:{TOPIC}", f"{tag}:refs/tags/v1", ":refs/heads/old")

    kinds = {hold.ref: (str(hold.revision.kind), hold.state, hold.group) for hold in box.holds()}
    assert kinds == {
        MAIN: ("fast_forward", HoldState.IN_REVIEW, None),
        TOPIC: ("create", HoldState.IN_REVIEW, None),
        "refs/tags/v1": ("tag", HoldState.IN_REVIEW, None),
        "refs/heads/old": ("delete", HoldState.IN_REVIEW, None),
    }


def test_a_number_that_is_taken_yields_and_the_hold_does_not(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    (box.bare / "pushgate" / "numbers").write_text("0\n")

    box.push(f"{box.commit(a='y')}:{TOPIC}")

    assert {hold.ref: hold.state for hold in box.holds()} == {
        MAIN: HoldState.IN_REVIEW,
        TOPIC: HoldState.IN_REVIEW,
    }
    other = next(hold for hold in box.holds() if hold.ref == TOPIC)
    assert other.number == 2
    assert box.standing(TOPIC)["hold"] == "2"


def test_a_hold_with_another_number_than_the_receipt_says_leaves_no_held_refs(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    (box.bare / "pushgate" / "numbers").write_text("0\n")
    box.push(f"{box.commit(a='y')}:{TOPIC}")

    box.reject(1)
    box.reject(2)

    assert box.held_refs() == []


def test_a_push_waits_while_its_hold_is_being_released(box: Box) -> None:
    first = box.commit(a="x")
    box.push(f"{first}:{MAIN}")
    box.crash_at = "release:intent"
    with pytest.raises(Crash):
        box.approve(1)
    second = box.commit(first, a="y")

    pushed = box.push(f"{second}:{MAIN}", take_in=False)
    with pytest.raises(Unavailable, match="is being released"):
        box.gate.intake("demo", pushed.id)
    box.gate.sweep()
    box.gate.sweep()

    assert box.tip() == first
    assert [(hold.revision.new, hold.state, hold.reason) for hold in box.holds()] == [
        (first, HoldState.RELEASED, None),
        (second, HoldState.BLOCKED, BlockReason.BASE_MOVED),
    ]


def test_the_holds_of_an_atomic_push_are_a_group(box: Box) -> None:
    change = box.commit(a="x")

    pushed = box.push(f"{change}:{MAIN}", f"{change}:{TOPIC}", atomic=True)

    assert [hold.group for hold in box.holds()] == [pushed.id, pushed.id]


def test_an_atomic_push_onto_a_live_hold_makes_it_a_group(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")

    more = box.commit(change, a="y")
    pushed = box.push(f"{more}:{MAIN}", f"{more}:{TOPIC}", atomic=True)

    assert [(hold.ref, hold.group) for hold in box.holds()] == [(MAIN, pushed.id), (TOPIC, pushed.id)]


def test_push_options_and_transport_are_kept(box: Box) -> None:
    pushed = box.push(f"{box.commit(a='x')}:{MAIN}", options=("topic=parser",))

    with box.gate.store.snapshot() as tx:
        push = tx.holds.push(pushed.id)
    assert push is not None
    assert (push.options, push.transport, push.atomic) == (("topic=parser",), "http", False)


def test_the_committer_of_a_commit_says_nothing_about_who_pushes(box: Box) -> None:
    """Identity is the transport's: a commit by alice's address is codex-1's push."""
    change = box.store.commit({"README": b"two\n"}, box.first, author="alice <alice@example.org>")

    box.push(f"{change}:{MAIN}")

    assert box.hold(1).agent == "codex-1"


def test_another_agents_push_on_the_same_ref_is_another_hold(box: Box) -> None:
    box.add_agent("codex-2")
    box.push(f"{box.commit(a='x')}:{MAIN}")

    box.push(f"{box.commit(a='y')}:{MAIN}", agent="codex-2")

    assert [(hold.agent, hold.revision.n) for hold in box.holds()] == [("codex-1", 1), ("codex-2", 1)]


@pytest.mark.parametrize("step", ["intake:before-store", "intake:stored"])
def test_a_crash_in_intake_loses_no_push(box: Box, step: str) -> None:
    box.crash_at = step
    change = box.commit(a="x")
    with pytest.raises(Crash):
        box.push(f"{change}:{MAIN}")

    box.gate.sweep()

    assert box.states() == {1: HoldState.IN_REVIEW}
    assert box.story(1) == ["hold:register", "hold:collect", "evidence:collect", "hold:publish"]


def test_a_first_push_into_an_empty_repository_is_held(box: Box) -> None:
    git(box.upstream, "update-ref", "-d", MAIN)
    box.sync()
    change = box.commit(a="x")

    box.push(f"{change}:{MAIN}")

    hold = box.hold(1)
    assert (hold.revision.old, str(hold.revision.kind), hold.state) == (ZERO, "create", HoldState.IN_REVIEW)


def test_a_push_that_supersedes_waits_while_the_hold_before_it_is_released(box: Box) -> None:
    box.write_policy(POLICY.replace("[hold]", '[hold]\non_push = "supersede"'))
    box.gate.tell_hooks("demo")
    first, second = box.commit(a="x"), box.commit(a="y")
    box.push(f"{first}:{MAIN}")
    box.crash_at = "release:intent"
    with pytest.raises(Crash):
        box.approve(1)

    box.push(f"{second}:{MAIN}")
    during = box.states()
    box.gate.sweep()
    box.gate.sweep()

    assert during == {1: HoldState.RELEASING}
    assert box.tip() == first
    assert box.states()[1] is HoldState.RELEASED
    assert len(box.states()) == 2
