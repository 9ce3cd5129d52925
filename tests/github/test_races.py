"""The table of races and faults of the gate's contract with GitHub."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate.domain.hold import BlockReason, HoldState
from tests.gate_in_a_box import MAIN, TOPIC, Crash
from tests.github.github_box import POLICY, GitHubBox
from tests.github.simulator import Simulator

TWO = POLICY.replace("count = 1", "count = 2", 1)
NAMED = POLICY.replace('permissions = ["write"]', 'users = ["Alice"]', 1)
POINTS = sorted(
    {
        point
        for folder in ("services", "adapters/github")
        for path in (Path(__file__).parents[2] / "gate" / folder).glob("*.py")
        for point in re.findall(r'fail_point\("([^"]+)"\)', path.read_text())
    }
    # Nothing is merged by GitHub in the story below, and intake comes before GitHub.
    - {"github:merged", "release:merged"}
)


def test_r01_a_delivery_that_comes_twice_does_nothing_more(box: GitHubBox) -> None:
    box.simulator.outbox.times = 2
    box.waiting()

    box.approve_there(1)

    assert box.story(1).count("hold:release") == 1
    assert box.story(1).count("review:submit") == 1


def test_r02_the_same_id_with_another_body_is_refused_and_on_the_trail(box: GitHubBox) -> None:
    box.waiting()
    first = box.simulator.deliveries[0]

    status = box.simulator.outbox.post(first, body=b'{"action": "another"}')

    assert status == 409
    assert len(box.events(action="webhook:mismatch")) == 1


def test_r04_deliveries_in_the_wrong_order_lead_to_the_same(box: GitHubBox) -> None:
    box.waiting()
    objection = box.there["bob"].request_changes(box.shop, box.pull(1))
    box.there["bob"].dismiss(box.shop, box.pull(1), objection)
    box.there["bob"].request_changes(box.shop, box.pull(1), "really, please change it")

    box.deliver(reverse=True)

    assert box.hold(1).state is HoldState.CHANGES_REQUESTED


def test_r05_an_old_approval_that_is_played_again_releases_nothing(box: GitHubBox) -> None:
    box.waiting()
    approval = box.there["alice"].approve(box.shop, box.pull(1), oid=box.first)
    box.deliver()
    old = next(one for one in box.simulator.deliveries if one.event == "pull_request_review")
    box.there["carol"].dismiss(box.shop, box.pull(1), approval)
    box.deliver()

    box.simulator.outbox.post(old, guid="11111111-2222-3333-4444-555555555555")

    assert (box.hold(1).state is HoldState.RELEASED, box.tip()) == (False, box.first)


def test_r06_what_got_lost_is_found_by_the_sweep(box: GitHubBox) -> None:
    hold = box.waiting()
    box.simulator.outbox.loses = lambda _: True
    box.approve_there(1)
    assert box.hold(1).state is HoldState.IN_REVIEW

    box.ahead += box.ahead.resolution * 600_000_000
    box.gate.sweep()

    assert (box.hold(1).state, box.tip()) == (HoldState.RELEASED, hold.revision.new)


def test_r07_a_forged_delivery_is_refused_and_nothing_is_stored(box: GitHubBox) -> None:
    box.waiting()
    approval = box.simulator.deliveries[-1]

    status = box.simulator.outbox.post(approval, secret="not the secret at all", guid="forged-1")

    assert status == 401
    with box.gate.store.snapshot() as tx:
        assert "forged-1" not in {one.id for one in tx.deliveries.page(before=None, limit=1000)}


def test_r08_a_permission_that_was_taken_away_is_missed_at_the_release(box: GitHubBox) -> None:
    box.waiting()
    box.crash_at = "release:intent"
    with pytest.raises(Crash):
        box.approve_there(1)
    box.simulator.collaborator(box.shop, box.there["alice"], "read")
    box.restart()

    box.gate.sweep()

    assert (box.hold(1).state, box.tip()) == (HoldState.IN_REVIEW, box.first)


def test_r09_a_permission_that_github_does_not_tell_counts_as_none(box: GitHubBox) -> None:
    box.waiting()
    box.simulator.fault("GET", "/collaborators/alice/permission", status=403, times=50)

    box.approve_there(1)

    assert (box.hold(1).state, box.tip()) == (HoldState.IN_REVIEW, box.first)


def test_r10_a_login_that_another_person_took_over_counts_for_nothing(
    tmp_path: Path, simulator: Simulator
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=NAMED)
    box.waiting()
    box.there["bob"].comment_review(box.shop, box.pull(1), "who is asked here?")
    box.deliver()
    box.there["alice"].rename("alicia")
    taken = simulator.person("alice")
    simulator.collaborator(box.shop, taken, "write")

    taken.approve(box.shop, box.pull(1))
    box.deliver()
    assert (box.hold(1).state, box.tip()) == (HoldState.IN_REVIEW, box.first)
    box.approve_there(1, "alice")

    assert box.hold(1).state is HoldState.RELEASED


def test_r11_an_approval_while_the_agent_pushes_again_counts_for_what_it_was_given(box: GitHubBox) -> None:
    hold = box.waiting()
    box.there["alice"].approve(box.shop, box.pull(1), oid=hold.revision.new)
    box.push(f"{box.commit(b='b')}:{MAIN}")

    box.deliver()

    assert (box.hold(1).state, box.tip()) == (HoldState.IN_REVIEW, box.first)


def test_r12_an_approval_before_the_revision_has_settled_asks_for_another(
    tmp_path: Path, simulator: Simulator
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=POLICY.replace("settle_seconds = 0", "settle_seconds = 30"))
    box.waiting()
    box.approve_there(1)
    assert box.hold(1).state is HoldState.IN_REVIEW

    simulator.world.ahead += 60
    box.approve_there(1)

    assert box.hold(1).state is HoldState.RELEASED


def test_r13_an_objection_after_the_release_is_on_the_trail_and_takes_nothing_back(box: GitHubBox) -> None:
    hold = box.waiting()
    box.approve_there(1)

    box.object_there(1, "bob", "this was wrong")

    assert "review:late_objection" in box.story(1)
    assert (box.hold(1).state, box.tip()) == (HoldState.RELEASED, hold.revision.new)


def test_r15_of_two_approved_holds_of_one_branch_the_second_has_to_be_rebased(box: GitHubBox) -> None:
    box.add_agent("codex-2")
    box.waiting()
    box.push(f"{box.commit(b='b')}:{MAIN}", agent="codex-2")
    box.deliver()

    box.approve_there(1)
    box.approve_there(2)

    assert box.states() == {1: HoldState.RELEASED, 2: HoldState.BLOCKED}
    assert box.hold(2).reason is BlockReason.BASE_MOVED


def test_r17_parts_of_an_atomic_push_are_released_together(box: GitHubBox) -> None:
    change = box.commit(a="a")
    box.push(f"{change}:{MAIN}", f"{change}:{TOPIC}", atomic=True)
    box.deliver()
    box.approve_there(1)
    assert box.tip() == box.first

    box.approve_there(2)

    assert (box.tip(), box.tip(TOPIC)) == (change, change)


def test_r23_who_merges_while_the_release_runs_and_the_gate_push_nothing_twice(box: GitHubBox) -> None:
    hold = box.waiting()
    box.crash_at = "release:intent"
    with pytest.raises(Crash):
        box.approve_there(1)
    box.there["bob"].merge(box.shop, box.pull(1))
    box.restart()

    box.deliver()
    box.gate.sweep()

    assert box.hold(1).state is HoldState.RELEASED_EXTERNALLY
    assert box.shop.git("rev-list", "--count", hold.revision.new) == "2"


@pytest.mark.parametrize("point", POINTS)
def test_r24_to_r26_a_crash_anywhere_leaves_one_pull_request_and_one_release(
    box: GitHubBox, point: str
) -> None:
    change = box.commit(a="a")
    box.crash_at = point
    for act in (
        lambda: box.push(f"{change}:{MAIN}"),
        box.deliver,
        lambda: box.approve_there(1),
        box.deliver,
    ):
        try:
            act()
        except Crash:
            box.restart()
            box.gate.sweep()
            box.deliver()
    for _ in range(3):
        box.gate.sweep()
        box.deliver()

    assert point in box.steps
    assert (box.hold(1).state, box.tip()) == (HoldState.RELEASED, change)
    assert len(box.shop.pulls) == 1
    assert sum("pushgate:closing" in comment.body for comment in box.pull(1).comments) == 1
    assert box.story(1).count("hold:release") == 1


@pytest.mark.parametrize("point", ["github:merged", "release:merged"])
def test_r26_a_crash_after_githubs_merge_and_before_the_record_merges_nothing_twice(
    tmp_path: Path, simulator: Simulator, point: str
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=f'{POLICY}\n[release]\nmethod = "squash"\n')
    box.waiting()
    box.crash_at = point
    with pytest.raises(Crash):
        box.approve_there(1)
    box.restart()

    for _ in range(2):
        box.gate.sweep()
        box.deliver()

    assert box.hold(1).state is HoldState.RELEASED_REWRITTEN
    assert box.shop.git("rev-list", "--count", "main") == "2"
    assert box.story(1).count("hold:release_rewrite") == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/pulls"), ("POST", "/comments"), ("POST", "/statuses"), ("PATCH", "/pulls")],
)
def test_r27_r30_an_answer_that_gets_lost_after_the_work_doubles_nothing(
    box: GitHubBox, method: str, path: str
) -> None:
    box.simulator.fault(method, path, after_work=True)
    change = box.commit(a="a")
    box.push(f"{change}:{MAIN}")
    for _ in range(2):
        box.gate.sweep()
        box.deliver()

    box.approve_there(1)
    for _ in range(2):
        box.gate.sweep()
        box.deliver()

    assert (box.hold(1).state, box.tip()) == (HoldState.RELEASED, change)
    assert len(box.shop.pulls) == 1
    said = [comment.body.partition("-->")[0] for comment in box.pull(1).comments]
    assert len(said) == len(set(said))


# R28, a branch that takes no push, is in test_github_kinds.py, and workflows in test_forge_publish.py.


def test_r33_the_same_tip_again_is_the_same_hold_and_the_same_pull_request(box: GitHubBox) -> None:
    hold = box.waiting()

    again = box.push(f"{hold.revision.new}:{MAIN}")
    box.deliver()

    assert "already held" in again.text
    assert (len(box.holds()), len(box.shop.pulls)) == (1, 1)


def test_r34_under_lock_down_approvals_are_kept_and_releases_wait(box: GitHubBox) -> None:
    box.waiting()
    box.gate.lockdown.on("incident", actor="cli:carol")
    box.approve_there(1)
    assert box.tip() == box.first

    box.gate.lockdown.off(actor="cli:carol")

    assert box.hold(1).state is HoldState.RELEASED


def test_r36_a_policy_that_changed_is_the_one_that_counts(box: GitHubBox) -> None:
    box.waiting()
    box.write_policy(TWO)
    box.approve_there(1, "alice")
    assert box.hold(1).state is HoldState.IN_REVIEW

    box.approve_there(1, "bob")

    assert box.hold(1).state is HoldState.RELEASED
