"""The whole way: a push becomes a pull request, an approval there brings it upstream."""

from __future__ import annotations

from gate.domain.hold import HoldState
from tests.gate_in_a_box import MAIN
from tests.github.github_box import GitHubBox


def test_a_push_becomes_a_pull_request_of_exactly_the_held_commit(box: GitHubBox) -> None:
    change = box.commit(a="a")

    box.push(f"{change}:{MAIN}")

    pull = box.pull(1)
    assert box.hold(1).state is HoldState.IN_REVIEW
    assert (pull.head_sha, pull.base_ref, pull.head_ref) == (change, "main", "pushgate/1")
    assert pull.labels == ["pushgate:held"]
    assert not pull.draft
    assert box.tip() == box.first


def test_an_approval_there_brings_it_upstream(box: GitHubBox) -> None:
    hold = box.waiting()

    box.approve_there(1)

    assert box.hold(1).state is HoldState.RELEASED
    assert box.tip() == hold.revision.new
    assert box.pull(1).merged_at is not None
    assert box.tip("refs/heads/pushgate/1") == "0" * 40
    assert "closed" in box.pull(1).state
    assert any("released" in comment.body.lower() for comment in box.pull(1).comments)


def test_without_webhooks_the_sweep_does_the_same(box: GitHubBox) -> None:
    hold = box.waiting()
    box.there["alice"].approve(box.shop, box.pull(1))

    box.gate.sweep()

    assert box.hold(1).state is HoldState.RELEASED
    assert box.tip() == hold.revision.new
