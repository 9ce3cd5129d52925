"""Every kind of push has a pull request that carries it, and every way of releasing it ends well."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.domain.hold import BlockReason, HoldState
from tests.gate_in_a_box import MAIN, TOPIC
from tests.github.github_box import POLICY, GitHubBox
from tests.github.simulator import ZERO, Simulator


def test_a_delete_rides_on_an_empty_commit_and_is_carried_out(box: GitHubBox) -> None:
    box.by_hand(TOPIC, box.first)
    box.deliver()
    box.push(f":{TOPIC}")
    box.deliver()

    carrier = box.pull(1).head_sha
    box.approve_there(1, "carol")

    assert box.shop.git("show", "-s", "--format=%P", carrier) == box.first
    assert box.shop.git("diff", "--name-only", box.first, carrier) == ""
    assert box.hold(1).state is HoldState.RELEASED
    assert box.tip(TOPIC) == ZERO


def test_a_new_tag_shows_the_commits_it_brings(box: GitHubBox) -> None:
    tagged = box.commit(z="z")
    box.push(f"{tagged}:refs/tags/v1")
    box.deliver()

    assert tagged in box.shop.between(box.first, box.pull(1).head_sha)
    box.approve_there(1)

    assert box.hold(1).state is HoldState.RELEASED
    assert box.tip("refs/tags/v1") == tagged


def test_a_new_branch_is_reviewed_against_the_default_branch(box: GitHubBox) -> None:
    change = box.commit(z="z")
    box.push(f"{change}:{TOPIC}")
    box.deliver()

    assert box.pull(1).base_ref == "main"
    box.approve_there(1)

    assert box.hold(1).state is HoldState.RELEASED
    assert (box.tip(TOPIC), box.tip(MAIN)) == (change, box.first)
    assert box.pull(1).state == "closed"


def test_a_rewind_is_carried_out_once_an_admin_approves(box: GitHubBox) -> None:
    box.by_hand(MAIN, box.commit(z="z"))
    box.deliver()
    box.push(f"{box.first}:{MAIN}")
    box.deliver()

    box.approve_there(1, "alice")
    assert box.hold(1).state is HoldState.IN_REVIEW
    box.approve_there(1, "carol")

    assert box.hold(1).state is HoldState.RELEASED
    assert box.tip() == box.first


@pytest.mark.parametrize(
    ("method", "state"),
    [
        ("merge", HoldState.RELEASED),
        ("squash", HoldState.RELEASED_REWRITTEN),
        ("rebase", HoldState.RELEASED_REWRITTEN),
    ],
)
def test_github_merges_where_the_policy_asks_for_it(
    tmp_path: Path, simulator: Simulator, method: str, state: HoldState
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=f'{POLICY}\n[release]\nmethod = "{method}"\n')
    hold = box.waiting()

    box.approve_there(1)

    assert box.hold(1).state is state
    assert box.shop.is_ancestor(hold.revision.new, box.tip()) is (method == "merge")
    assert box.pull(1).merged_at is not None
    assert box.gate.repositories.open("demo", str(box.upstream)).history.tip(MAIN) == box.tip()


def test_a_protected_branch_is_explained_and_not_tried_in_a_loop(box: GitHubBox) -> None:
    box.simulator.protect(box.shop, "main")
    hold = box.waiting()

    box.approve_there(1)
    pushes = [one for one in box.story(1) if one == "hold:release_begin"]
    box.gate.sweep()

    assert box.hold(1).reason is BlockReason.UPSTREAM_REFUSED
    assert "GH006" in box.hold(1).note
    assert [one for one in box.story(1) if one == "hold:release_begin"] == pushes
    assert box.tip() != hold.revision.new


def test_a_branch_that_requires_the_gates_own_status_takes_the_release(box: GitHubBox) -> None:
    box.simulator.protect(box.shop, "main", "pushgate")
    hold = box.waiting()

    box.approve_there(1)

    assert (box.hold(1).state, box.tip()) == (HoldState.RELEASED, hold.revision.new)


def test_a_reopened_pull_request_counts_no_earlier_approval_whatever_may_be_copied(
    tmp_path: Path, simulator: Simulator
) -> None:
    copying = POLICY.replace("settle_seconds = 0", 'settle_seconds = 0\ncopy_condition = "trivial_rebase"')
    box = GitHubBox(tmp_path, simulator, policy=copying.replace("count = 1", "count = 2", 1))
    hold = box.waiting()
    box.approve_there(1, "alice")
    box.there["bob"].close(box.shop, box.pull(1))
    box.deliver()
    assert box.hold(1).state is HoldState.REJECTED

    # GitHub's two buttons: restore the branch, reopen the pull request.
    box.by_hand("refs/heads/pushgate/1", hold.revision.new, by="bob")
    box.there["bob"].reopen(box.shop, box.pull(1))
    box.deliver()
    box.approve_there(1, "bob")

    assert box.hold(1).state is HoldState.IN_REVIEW
    box.approve_there(1, "alice")
    assert box.hold(1).state is HoldState.RELEASED
