"""The table of races once more: what may happen to upstream between an approval and its release."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from gate.domain.errors import GateError
from gate.domain.hold import BlockReason, HoldState
from tests.gate_in_a_box import MAIN, TOPIC, Crash
from tests.github.github_box import POLICY, GitHubBox
from tests.github.simulator import ZERO, Simulator

TAG = "refs/tags/v1"
WORKERS = 4
DAY = timedelta(days=1)


def _with(method: str) -> str:
    return f'{POLICY}\n[release]\nmethod = "{method}"\n'


def _die_before_the_push(box: GitHubBox, by: str = "carol") -> None:
    """Approve hold 1, and let the gate die when it has said what it wants to do."""
    box.crash_at = "release:intent"
    with pytest.raises(Crash):
        box.approve_there(1, by)
    box.restart()


def _come_to_rest(box: GitHubBox) -> None:
    for _ in range(3):
        box.gate.sweep()
        box.deliver()


def _moves_of(box: GitHubBox, ref: str) -> list[tuple[str, str]]:
    """Every push to a ref that GitHub told of: who, and where to."""
    pushes = (one.payload for one in box.simulator.deliveries if one.event == "push")
    return [(one["pusher"]["name"], one["after"]) for one in pushes if one["ref"] == ref]


def test_r14_of_many_workers_one_releases(box: GitHubBox) -> None:
    hold = box.waiting()
    box.crash_at = "reconcile:stored"
    with pytest.raises(Crash):
        box.approve_there(1)
    assert box.hold(1).state is HoldState.APPROVED
    box.restart()
    workers = [box.gate, *(box.open(box.folder / "home") for _ in range(WORKERS - 1))]

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda worker: _quietly(lambda: worker.release(hold.id)), workers))
    _come_to_rest(box)

    assert (box.hold(1).state, box.tip()) == (HoldState.RELEASED, hold.revision.new)
    assert box.story(1).count("hold:release") == len(box.releases(1)) == 1
    assert sum("pushgate:closing" in comment.body for comment in box.pull(1).comments) == 1
    for worker in workers[1:]:
        worker.store.close()


def _quietly(act: Callable[[], None]) -> None:
    """As a queue would: what may work later is left for later."""
    try:
        act()
    except GateError as fault:
        if not fault.retryable:
            raise


def test_r16_approving_the_lower_of_two_holds_says_nothing_of_the_upper(box: GitHubBox) -> None:
    lower, _ = _stacked(box)

    box.approve_there(1)

    assert box.tip() == lower
    assert box.states() == {1: HoldState.RELEASED, 2: HoldState.BLOCKED}
    assert box.hold(2).reason is BlockReason.BASE_MOVED


def test_r16_approving_the_upper_takes_the_lower_along_and_says_so(box: GitHubBox) -> None:
    _, upper = _stacked(box)
    assert len(box.shop.between(box.first, box.pull(2).head_sha)) == 2

    box.approve_there(2)
    _come_to_rest(box)

    assert (box.tip(), box.hold(2).state) == (upper, HoldState.RELEASED)
    assert (box.hold(1).state, box.pull(1).state) == (HoldState.RELEASED_EXTERNALLY, "closed")
    assert box.hold(1).note == "It went upstream as a part of hold demo/2."


def test_r16_an_approved_branch_does_not_approve_what_it_stands_on_elsewhere(box: GitHubBox) -> None:
    lower = box.commit(a="a")
    upper = box.commit(lower, a="a", b="b")
    box.push(f"{lower}:{MAIN}")
    box.push(f"{upper}:{TOPIC}")
    box.deliver()

    box.approve_there(2)

    assert (box.tip(), box.tip(TOPIC)) == (box.first, upper)
    assert box.states() == {1: HoldState.IN_REVIEW, 2: HoldState.RELEASED}


def _stacked(box: GitHubBox) -> tuple[str, str]:
    """Two agents' holds of main, the second's commit on top of the first's."""
    box.add_agent("codex-2")
    lower = box.commit(a="a")
    upper = box.commit(lower, a="a", b="b")
    box.push(f"{lower}:{MAIN}")
    box.push(f"{upper}:{MAIN}", agent="codex-2")
    box.deliver()
    return lower, upper


def test_r18_a_base_that_moved_after_the_approval_is_not_merged_with(box: GitHubBox) -> None:
    box.waiting()
    moved = box.commit(other="o")
    _die_before_the_push(box)
    box.by_hand(MAIN, moved)

    _come_to_rest(box)

    assert (box.tip(), box.hold(1).reason) == (moved, BlockReason.BASE_MOVED)
    assert "git rebase" in box.hold(1).note
    assert "hold:release" not in box.story(1)


@pytest.mark.parametrize("rule", ["hold", "allow_fast_forward"])
def test_r19_a_base_that_moved_to_what_the_hold_contains_lets_it_on_only_where_the_policy_says_so(
    tmp_path: Path, simulator: Simulator, rule: str
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=f'{POLICY}\n[release]\nbase_moved = "{rule}"\n')
    between = box.commit(a="a")
    box.push(f"{box.commit(between, a='a', b='b')}:{MAIN}")
    box.deliver()
    box.by_hand(MAIN, between)
    box.deliver()

    box.approve_there(1)

    is_on = rule == "allow_fast_forward"
    assert box.hold(1).state is (HoldState.RELEASED if is_on else HoldState.BLOCKED)
    assert box.tip() == (box.hold(1).revision.new if is_on else between)


def test_r20_a_rewrite_says_what_it_drops_and_asks_for_more(box: GitHubBox) -> None:
    dropped = box.commit(dropped="d")
    box.by_hand(MAIN, dropped)
    box.deliver()
    hold = box.waiting()
    assert f"{dropped[:7]}" in box.pull(1).body
    assert "drops 1 commit" in box.pull(1).body

    box.approve_there(1, "alice")
    assert (box.hold(1).state, box.tip()) == (HoldState.IN_REVIEW, dropped)
    box.approve_there(1, "carol")

    assert (box.hold(1).state, box.tip()) == (HoldState.RELEASED, hold.revision.new)


def test_r20_a_rewrite_drops_nothing_that_nobody_saw(box: GitHubBox) -> None:
    dropped = box.commit(dropped="d")
    box.by_hand(MAIN, dropped)
    box.deliver()
    box.waiting()
    unseen = box.commit(dropped, dropped="d", unseen="u")
    _die_before_the_push(box)
    box.by_hand(MAIN, unseen)

    _come_to_rest(box)

    assert (box.tip(), box.hold(1).reason) == (unseen, BlockReason.BASE_MOVED)


@pytest.mark.parametrize("ref", [TOPIC, TAG])
def test_r21_what_somebody_else_made_meanwhile_is_not_overwritten(box: GitHubBox, ref: str) -> None:
    theirs = box.commit(theirs="t")
    box.push(f"{box.commit(a='a')}:{ref}")
    box.deliver()
    _die_before_the_push(box)
    box.by_hand(ref, theirs)

    _come_to_rest(box)

    assert (box.tip(ref), box.hold(1).reason) == (theirs, BlockReason.BASE_MOVED)


@pytest.mark.parametrize("ref", [TOPIC, TAG])
def test_r22_what_moved_since_its_delete_was_approved_is_kept(box: GitHubBox, ref: str) -> None:
    box.by_hand(ref, box.first)
    box.deliver()
    box.push(f":{ref}")
    box.deliver()
    moved = box.commit(moved="m")
    _die_before_the_push(box)
    box.by_hand(ref, moved)

    _come_to_rest(box)

    assert (box.tip(ref), box.hold(1).reason) == (moved, BlockReason.BASE_MOVED)


@pytest.mark.parametrize(
    ("method", "point", "state"),
    [
        ("fast_forward", "release:pushed", HoldState.RELEASED),
        ("squash", "github:merged", HoldState.RELEASED_REWRITTEN),
    ],
)
def test_r26_what_somebody_undid_before_its_record_is_released_once_and_not_again(
    tmp_path: Path, simulator: Simulator, method: str, point: str, state: HoldState
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=_with(method))
    box.waiting()
    box.crash_at = point
    with pytest.raises(Crash):
        box.approve_there(1)
    box.by_hand(MAIN, box.first)
    box.restart()

    _come_to_rest(box)

    assert (box.hold(1).state, box.tip()) == (state, box.first)
    assert [who for who, _ in _moves_of(box, MAIN)] == ["pushgate[bot]", "carol"]
    assert box.gate.repositories.open("demo", str(box.upstream)).history.tip(MAIN) == box.first


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_r27_a_merge_whose_answer_got_lost_is_found_and_not_done_again(
    tmp_path: Path, simulator: Simulator, method: str
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=_with(method))
    box.waiting()
    simulator.fault("PUT", "/merge", after_work=True)

    box.approve_there(1)
    _come_to_rest(box)

    assert box.hold(1).state is (HoldState.RELEASED if method == "merge" else HoldState.RELEASED_REWRITTEN)
    assert len([one for one in simulator.requests if one.method == "PUT" and "/merge" in one.path]) == 1
    assert len(_moves_of(box, MAIN)) == 1
    assert "hold:bypass" not in box.story(1)


def test_r27_a_merge_of_the_gate_is_its_own_whatever_is_taken_back_after_it(
    tmp_path: Path, simulator: Simulator
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=_with("squash"))
    box.waiting()
    simulator.fault("PUT", "/merge", after_work=True)
    box.approve_there(1)
    box.there["carol"].dismiss(box.shop, box.pull(1), box.pull(1).reviews[-1])

    _come_to_rest(box)

    assert box.hold(1).state is HoldState.RELEASED_REWRITTEN
    assert "hold:bypass" not in box.story(1)


@pytest.mark.parametrize("after_work", [True, False])
def test_r27_a_push_whose_answer_got_lost_is_found_and_not_done_again(
    box: GitHubBox, after_work: bool
) -> None:
    hold = box.waiting()
    box.simulator.fault("POST", "/git-receive-pack", after_work=after_work)

    box.approve_there(1)
    _come_to_rest(box)

    assert (box.hold(1).state, box.tip()) == (HoldState.RELEASED, hold.revision.new)
    assert _moves_of(box, MAIN) == [("pushgate[bot]", hold.revision.new)]
    assert box.story(1).count("hold:release") == 1


@pytest.mark.parametrize("after_work", [True, False])
def test_r27_a_review_branch_whose_push_got_no_answer_is_there_once(box: GitHubBox, after_work: bool) -> None:
    box.simulator.fault("POST", "/git-receive-pack", after_work=after_work)

    hold = box.waiting()
    _come_to_rest(box)

    assert box.hold(1).state is HoldState.IN_REVIEW
    assert _moves_of(box, "refs/heads/pushgate/1") == [("pushgate[bot]", hold.revision.new)]
    assert len(box.shop.pulls) == 1


def test_r29_what_github_has_had_enough_of_waits_and_is_not_done_twice(box: GitHubBox) -> None:
    change = box.commit(a="a")
    box.simulator.primary_limit(0)
    box.push(f"{change}:{MAIN}")
    box.gate.sweep()
    assert box.hold(1).state is HoldState.COLLECTING

    box.simulator.primary_limit(1000)
    _come_to_rest(box)
    box.approve_there(1)

    assert (box.hold(1).state, box.tip()) == (HoldState.RELEASED, change)
    assert len(box.shop.pulls) == 1


# R31, a queue that is lost, is in tests/crash/test_crash_outside.py: it needs a real one.


def test_r35_a_hold_that_expires_while_it_is_approved_is_not_released(box: GitHubBox) -> None:
    hold = box.waiting()
    box.gate.lockdown.on("incident", actor="cli:carol")
    box.approve_there(1)
    box.ahead += 8 * DAY
    box.gate.sweep()
    box.gate.lockdown.off(actor="cli:carol")
    _come_to_rest(box)

    box.approve_there(1, "bob")

    assert (box.hold(1).state, box.pull(1).state) == (HoldState.EXPIRED, "closed")
    assert (box.tip(), box.tip("refs/heads/pushgate/1")) == (box.first, ZERO)
    again = box.push(f"{hold.revision.new}:{MAIN}")
    assert "held for review as 2" in again.text
