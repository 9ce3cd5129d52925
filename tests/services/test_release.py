"""An approved hold goes upstream as exactly what was approved, once, or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gate.adapters.git.upstream import GitUpstream
from gate.adapters.sql.releases import SqlReleases
from gate.domain.hold import BlockReason, HoldState
from gate.domain.release import RefMove, ReleaseOutcome
from tests.gate_in_a_box import MAIN, POLICY, TOPIC, Box, Crash
from tests.object_store import ZERO, git

FAST_FORWARD = POLICY + '[release]\nbase_moved = "allow_fast_forward"\n'


def ready_to_release(box: Box, *specs: str, atomic: bool = False) -> None:
    """Push, approve everything, and die before the first release has begun."""
    box.push(*specs, atomic=atomic)
    holds = [hold.number for hold in box.holds() if hold.state is HoldState.IN_REVIEW]
    box.gate.lockdown.on("not yet", actor="cli:carol")
    for number in holds:
        box.approve(number, box.carol)
    box.gate.store.close()


def refuse(box: Box, words: str, script: str = "exit 1") -> Path:
    """Give upstream a hook of its own that refuses with these words."""
    hook = box.upstream / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho '{words}' >&2\n{script}\n")
    hook.chmod(0o755)
    return hook


def test_a_fast_forward_reaches_upstream_and_the_gates_own_branch(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")

    box.approve(1)

    assert (box.tip(), box.tip(folder=box.bare)) == (change, change)
    assert box.states() == {1: HoldState.RELEASED}
    assert box.story(1)[4:] == ["review:submit", "hold:approve", "hold:release_begin", "hold:release"]
    (release,) = box.releases(1)
    assert (release.move, release.outcome) == (RefMove(MAIN, box.first, change), ReleaseOutcome.RELEASED)
    assert json.loads(release.verdict)["outcome"] == "approved"
    assert release.policy_hash == box.events(action="hold:release")[0].details["policy"]


@pytest.mark.parametrize("kind", ["create", "tag", "annotated tag"])
def test_a_new_ref_reaches_upstream(box: Box, kind: str) -> None:
    change = box.commit(a="x")
    new = box.store.tag(change, "v1") if kind == "annotated tag" else change
    ref = TOPIC if kind == "create" else "refs/tags/v1"
    box.push(f"{new}:{ref}")

    box.approve(1)

    assert (box.tip(ref), box.tip(ref, box.bare)) == (new, new)
    assert box.states() == {1: HoldState.RELEASED}


def test_a_delete_waits_for_an_admin_and_then_the_ref_is_gone(box: Box) -> None:
    box.by_hand(TOPIC, box.first)
    box.sync()
    box.push(f":{TOPIC}")

    box.approve(1, box.alice)
    before = box.tip(TOPIC)
    box.approve(1, box.carol)

    assert (before, box.tip(TOPIC), box.tip(TOPIC, box.bare)) == (box.first, ZERO, ZERO)
    assert box.states() == {1: HoldState.RELEASED}


def test_a_delete_of_a_ref_that_moved_is_not_carried_out(box: Box) -> None:
    box.by_hand(TOPIC, box.first)
    box.sync()
    ready_to_release(box, f":{TOPIC}")
    moved = box.commit(a="x")
    box.by_hand(TOPIC, moved)

    box.gate.lockdown.off(actor="cli:carol")

    assert box.tip(TOPIC) == moved
    assert (box.hold(1).state, box.hold(1).reason) == (HoldState.BLOCKED, BlockReason.BASE_MOVED)


def test_a_rewrite_goes_by_its_own_rule(box: Box) -> None:
    lost = box.commit(a="x")
    box.by_hand(MAIN, lost)
    box.sync()
    other = box.commit(b="y")
    box.push(f"{other}:{MAIN}")

    box.approve(1, box.alice)
    before = box.tip()
    box.approve(1, box.carol)

    assert (before, box.tip(), box.tip(folder=box.bare)) == (lost, other, other)


@pytest.mark.parametrize("spec", ["rewrite", "delete"])
def test_what_loses_commits_needs_a_rule_that_names_it(box: Box, spec: str) -> None:
    box.write_policy(POLICY.replace('if = { update_kind = ["rewrite", "delete"] }', ""))
    lost = box.commit(a="x")
    box.by_hand(TOPIC, lost)
    box.sync()
    box.push(f"{box.first}:{TOPIC}" if spec == "rewrite" else f":{TOPIC}")

    box.approve(1, box.alice)
    box.approve(1, box.carol)

    hold = box.hold(1)
    assert box.tip(TOPIC) == lost
    assert (hold.state, hold.reason) == (HoldState.BLOCKED, BlockReason.POLICY_INVALID)
    assert f'update_kind = ["{spec}"]' in hold.note


def test_upstream_that_moved_in_between_is_found_out_before_the_push(box: Box) -> None:
    change = box.commit(a="x")
    ready_to_release(box, f"{change}:{MAIN}")
    by_hand = box.commit(b="y")
    box.by_hand(MAIN, by_hand)

    box.gate.lockdown.off(actor="cli:carol")

    hold = box.hold(1)
    assert box.tip() == by_hand
    assert (hold.state, hold.reason) == (HoldState.BLOCKED, BlockReason.BASE_MOVED)
    assert "git rebase origin/main" in hold.note
    assert box.standing()["reason"] == " ".join(hold.note.split())


def test_a_move_between_the_look_and_the_push_is_caught_by_the_lease(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, by_hand = box.commit(a="x"), box.commit(b="y")
    box.push(f"{change}:{MAIN}")
    push = GitUpstream.push

    def late(self: GitUpstream, moves: list[RefMove], *, timeout: float) -> object:
        box.by_hand(MAIN, by_hand)
        return push(self, moves, timeout=timeout)

    monkeypatch.setattr(GitUpstream, "push", late)
    box.approve(1)

    assert box.tip() == by_hand
    assert (box.hold(1).state, box.hold(1).reason) == (HoldState.BLOCKED, BlockReason.BASE_MOVED)
    assert [release.outcome for release in box.releases(1)] == [ReleaseOutcome.BASE_MOVED]


def test_a_right_lease_never_forces_what_is_no_fast_forward(box: Box) -> None:
    """git takes a rewrite with the right `--force-with-lease`: the gate must ask about ancestors."""
    box.write_policy(FAST_FORWARD)
    change = box.commit(a="x")
    ready_to_release(box, f"{change}:{MAIN}")
    by_hand = box.commit(b="y")
    box.by_hand(MAIN, by_hand)
    box.gate.repositories.open("demo", str(box.upstream)).upstream.sync()

    box.gate.lockdown.off(actor="cli:carol")
    box.gate.release(box.hold(1).id)

    assert box.tip() == by_hand
    assert box.hold(1).reason is BlockReason.BASE_MOVED


def test_a_fast_forward_over_moved_upstream_goes_where_the_policy_allows_it(box: Box) -> None:
    box.write_policy(FAST_FORWARD)
    below = box.commit(a="x")
    above = box.commit(below, a="y")
    ready_to_release(box, f"{above}:{MAIN}")
    box.by_hand(MAIN, below)

    box.gate.lockdown.off(actor="cli:carol")

    assert (box.tip(), box.tip(folder=box.bare)) == (above, above)
    assert [release.move for release in box.releases(1)] == [RefMove(MAIN, below, above)]


def test_upstreams_own_refusal_is_kept_in_its_words_and_can_be_tried_again(box: Box) -> None:
    hook = refuse(box, "main is frozen until Monday")
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")

    box.approve(1)
    refused = box.hold(1)
    box.gate.sweep()
    standing = box.standing()
    attempts = len(box.releases(1))
    hook.unlink()
    box.gate.review.try_again(refused.id, change, box.alice, revision=1)

    assert (refused.state, refused.reason) == (HoldState.BLOCKED, BlockReason.UPSTREAM_REFUSED)
    assert "main is frozen until Monday" in refused.note
    assert (standing["state"], attempts) == ("blocked", 1)
    assert (box.tip(), box.states()) == (change, {1: HoldState.RELEASED})


def test_an_unreachable_upstream_leaves_the_approval_for_later(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.upstream.rename(box.folder / "away.git")
    box.approve(1)
    before = box.states()
    (box.folder / "away.git").rename(box.upstream)

    box.gate.sweep()

    assert before == {1: HoldState.APPROVED}
    assert (box.tip(), box.states()) == (change, {1: HoldState.RELEASED})


def test_an_upstream_that_goes_away_during_the_push_is_looked_at_again(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    push, away = GitUpstream.push, box.folder / "away.git"

    def unplugged(self: GitUpstream, moves: list[RefMove], *, timeout: float) -> object:
        box.upstream.rename(away)
        return push(self, moves, timeout=timeout)

    monkeypatch.setattr(GitUpstream, "push", unplugged)
    box.approve(1)
    monkeypatch.undo()
    before = box.states()
    away.rename(box.upstream)
    box.gate.sweep()

    assert before == {1: HoldState.RELEASING}
    assert (box.tip(), box.states(), len(box.releases(1))) == (change, {1: HoldState.RELEASED}, 1)


@pytest.mark.parametrize("step", ["reconcile:stored", "release:intent", "release:pushed", "release:recorded"])
def test_a_crash_in_a_release_is_made_good_once(box: Box, step: str) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.crash_at = step
    with pytest.raises(Crash):
        box.approve(1)

    box.gate.sweep()
    box.gate.sweep()

    assert (box.tip(), box.tip(folder=box.bare)) == (change, change)
    assert box.states() == {1: HoldState.RELEASED}
    assert [event.action for event in box.events(action="hold:release")] == ["hold:release"]
    assert [release.outcome for release in box.releases(1)] == [ReleaseOutcome.RELEASED]
    assert (box.standing()["state"], box.held_refs()) == ("released", [])


def test_after_a_crash_before_the_push_the_policy_is_asked_again(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.crash_at = "release:intent"
    with pytest.raises(Crash):
        box.approve(1)
    with box.gate.store.transaction() as tx:
        tx.users.set_disabled(box.alice.id, True)

    box.gate.sweep()

    assert box.tip() == box.first
    assert box.states() == {1: HoldState.IN_REVIEW}
    assert [release.outcome for release in box.releases(1)] == [ReleaseOutcome.WITHDRAWN]


def test_after_a_crash_the_intent_is_written_anew_where_upstream_moved(box: Box) -> None:
    box.write_policy(FAST_FORWARD)
    below = box.commit(a="x")
    above = box.commit(below, a="y")
    box.push(f"{above}:{MAIN}")
    box.crash_at = "release:intent"
    with pytest.raises(Crash):
        box.approve(1)
    box.by_hand(MAIN, below)

    box.gate.sweep()

    assert (box.tip(), box.tip(folder=box.bare)) == (above, above)
    assert [(release.move.expected, release.outcome) for release in box.releases(1)] == [
        (box.first, ReleaseOutcome.BASE_MOVED),
        (below, ReleaseOutcome.RELEASED),
    ]


def test_a_reviewer_who_lost_the_right_in_between_counts_no_more(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.crash_at = "reconcile:stored"
    with pytest.raises(Crash):
        box.approve(1)
    with box.gate.store.transaction() as tx:
        tx.users.set_disabled(box.alice.id, True)

    box.gate.release(box.hold(1).id)

    assert box.tip() == box.first
    assert "hold:unapprove" in box.story(1)


def test_two_holds_on_one_ref_go_one_after_the_other(box: Box) -> None:
    box.add_agent("codex-2")
    first, other = box.commit(a="x"), box.commit(b="y")
    box.push(f"{first}:{MAIN}")
    box.push(f"{other}:{MAIN}", agent="codex-2")

    box.approve(1)
    box.approve(2)

    assert box.tip() == first
    assert [(hold.state, hold.reason) for hold in box.holds()] == [
        (HoldState.RELEASED, None),
        (HoldState.BLOCKED, BlockReason.BASE_MOVED),
    ]


def test_a_hold_that_another_release_carried_along_is_no_bypass(box: Box) -> None:
    box.add_agent("codex-2")
    below = box.commit(a="x")
    above = box.commit(below, a="y")
    box.push(f"{below}:{MAIN}")
    box.push(f"{above}:{MAIN}", agent="codex-2")

    box.approve(2)
    box.gate.sweep()

    assert box.states() == {1: HoldState.RELEASED_EXTERNALLY, 2: HoldState.RELEASED}
    assert box.hold(1).note == "It went upstream as a part of hold demo/2."


def test_of_an_atomic_push_nothing_goes_until_all_of_it_is_approved(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}", f"{change}:{TOPIC}", atomic=True)

    box.approve(1)
    box.gate.sweep()
    before = (box.tip(), box.tip(TOPIC), box.states())
    box.approve(2)

    assert before == (box.first, ZERO, {1: HoldState.APPROVED, 2: HoldState.IN_REVIEW})
    assert (box.tip(), box.tip(TOPIC)) == (change, change)
    assert box.states() == {1: HoldState.RELEASED, 2: HoldState.RELEASED}


def test_of_an_atomic_push_nothing_moves_where_upstream_refuses_one_ref(box: Box) -> None:
    refuse(box, "no topics here", "grep -q refs/heads/topic && exit 1\nexit 0")
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}", f"{change}:{TOPIC}", atomic=True)

    box.approve(1)
    box.approve(2)

    assert (box.tip(), box.tip(TOPIC)) == (box.first, ZERO)
    assert {hold.reason for hold in box.holds()} == {BlockReason.UPSTREAM_REFUSED}


def test_of_an_atomic_push_nothing_moves_where_one_ref_moved_upstream(box: Box) -> None:
    change = box.commit(a="x")
    ready_to_release(box, f"{change}:{MAIN}", f"{change}:{TOPIC}", atomic=True)
    by_hand = box.commit(b="y")
    box.by_hand(MAIN, by_hand)

    box.gate.lockdown.off(actor="cli:carol")

    assert (box.tip(), box.tip(TOPIC)) == (by_hand, ZERO)
    assert HoldState.RELEASED not in box.states().values()


@pytest.mark.parametrize("how", ["rejected", "pushed anew"])
def test_an_atomic_push_that_lost_a_part_says_so(box: Box, how: str) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}", f"{change}:{TOPIC}", atomic=True)
    if how == "rejected":
        box.reject(1)
    else:
        box.push(f"{box.commit(change, a='y')}:{MAIN}")

    box.approve(2)

    hold = box.hold(2)
    assert box.tip(TOPIC) == ZERO
    assert (hold.state, hold.reason) == (HoldState.BLOCKED, BlockReason.GROUP_BROKEN)
    assert "demo/1" in hold.note


def test_a_crash_in_the_release_of_a_group_is_made_good_for_all_of_it(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}", f"{change}:{TOPIC}", atomic=True)
    box.approve(1)
    box.crash_at = "release:pushed"
    with pytest.raises(Crash):
        box.approve(2)

    box.gate.sweep()

    assert box.states() == {1: HoldState.RELEASED, 2: HoldState.RELEASED}
    assert len(box.events(action="hold:release")) == 2


def test_an_approval_is_good_for_one_release(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.approve(1)
    box.by_hand(MAIN, box.first)
    box.sync()

    box.push(f"{change}:{MAIN}")
    box.gate.sweep()

    assert box.tip() == box.first
    assert box.states() == {1: HoldState.RELEASED, 2: HoldState.IN_REVIEW}


def test_the_same_commit_on_another_ref_needs_an_approval_of_its_own(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{TOPIC}", f"{change}:refs/tags/v1", f"{change}:{MAIN}")

    box.approve(1)
    box.gate.sweep()

    tips = {hold.ref: box.tip(hold.ref) for hold in box.holds()}
    assert tips == {MAIN: change, TOPIC: ZERO, "refs/tags/v1": ZERO}


def test_the_same_commit_in_another_repository_needs_an_approval_of_its_own(box: Box) -> None:
    other = box.folder / "other.git"
    shutil.copytree(box.upstream, other)
    box.write_policy(POLICY, "other")
    box.gate.enroll.add("other", str(other), forge="local", actor="cli:carol")
    box.gate.agents.grant("codex-1", "other", actor="cli:carol")
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.push(f"{change}:{MAIN}", repository="other")

    box.approve(1)
    box.gate.sweep()

    assert (box.tip(), box.tip(folder=other)) == (change, box.first)
    assert box.hold(1, "other").state is HoldState.IN_REVIEW


def test_objects_that_no_held_commit_reaches_never_go_upstream(box: Box) -> None:
    """A pack may carry more than its refs need (CVE-2025-54586); a release sends what was approved."""
    change, stray = box.commit(a="x"), box.commit(a="stray")
    box.push(f"{change}:{MAIN}")
    box.push(f"{stray}:{TOPIC}")

    box.approve(1)

    assert box.tip() == change
    listing = git(box.upstream, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    assert stray not in listing.split()


def test_releasing_twice_pushes_once(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    pushes: list[object] = []
    push = GitUpstream.push

    def counted(self: GitUpstream, moves: list[RefMove], *, timeout: float) -> object:
        pushes.append(moves)
        return push(self, moves, timeout=timeout)

    monkeypatch.setattr(GitUpstream, "push", counted)
    box.approve(1)
    box.gate.release(box.hold(1).id)

    assert len(pushes) == 1


def test_nothing_is_released_that_upstream_did_not_read_back(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    monkeypatch.setattr(GitUpstream, "push", lambda self, moves, *, timeout: None)

    box.approve(1)

    assert (box.tip(), box.states()) == (box.first, {1: HoldState.RELEASING})


def test_a_commit_that_upstream_got_before_the_release_was_judged_is_no_release(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.crash_at = "release:intent"
    with pytest.raises(Crash):
        box.approve(1)
    box.by_hand(MAIN, change)

    box.gate.sweep()

    assert box.states() == {1: HoldState.RELEASED_EXTERNALLY}
    assert "hold:release" not in box.story(1)


def test_the_parts_of_a_group_end_together_or_not_at_all(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = box.commit(a="x"), box.commit(b="y")
    ready_to_release(box, f"{one}:{MAIN}", f"{two}:{TOPIC}", atomic=True)
    refuse(box, "frozen")
    ends = SqlReleases.end

    def stop_at_the_second(self: SqlReleases, hold_id: int, *rest: Any) -> None:
        if hold_id == box.hold(2).id:
            raise Crash("between the parts")
        ends(self, hold_id, *rest)

    monkeypatch.setattr(SqlReleases, "end", stop_at_the_second)
    with pytest.raises(Crash):
        box.gate.lockdown.off(actor="cli:carol")
    between = box.states()
    monkeypatch.undo()
    box.gate.sweep()

    assert between == {1: HoldState.RELEASING, 2: HoldState.RELEASING}
    assert box.states() == {1: HoldState.BLOCKED, 2: HoldState.BLOCKED}
    assert {box.hold(n).reason for n in (1, 2)} == {BlockReason.UPSTREAM_REFUSED}


def test_a_branch_that_upstream_cannot_take_is_blocked_and_not_tried_for_ever(box: Box) -> None:
    blob = git(box.store.folder, "rev-parse", f"{box.first}:README")
    box.push(f"{blob}:refs/heads/odd")

    box.approve(1)

    hold = box.hold(1)
    assert (hold.state, hold.reason) == (HoldState.BLOCKED, BlockReason.UPSTREAM_REFUSED)
    assert "non-commit object" in hold.note
    assert len(box.releases(1)) == 1
