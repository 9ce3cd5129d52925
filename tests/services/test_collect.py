"""What git says about a revision, and how it is put before reviewers."""

from __future__ import annotations

import pytest

from gate.domain.hold import BlockReason, HoldState, UpdateKind
from tests.gate_in_a_box import MAIN, TOPIC, Box, Crash
from tests.object_store import ZERO


def test_each_kind_of_update_is_named(box: Box) -> None:
    ahead = box.commit(a="x")
    box.by_hand(MAIN, ahead)
    box.by_hand("refs/heads/gone", ahead)
    box.by_hand("refs/heads/rewound", ahead)
    box.by_hand("refs/tags/moved", box.first)
    box.sync()
    more = box.commit(ahead, a="y")

    box.push(
        f"{more}:{MAIN}",
        f"{more}:{TOPIC}",
        ":refs/heads/gone",
        f"{box.first}:refs/heads/rewound",
        f"{more}:refs/tags/v1",
        f"{more}:refs/tags/moved",
    )

    assert {hold.ref: hold.revision.kind for hold in box.holds()} == {
        MAIN: UpdateKind.FAST_FORWARD,
        TOPIC: UpdateKind.CREATE,
        "refs/heads/gone": UpdateKind.DELETE,
        "refs/heads/rewound": UpdateKind.REWRITE,
        "refs/tags/v1": UpdateKind.TAG,
        "refs/tags/moved": UpdateKind.REWRITE,
    }


def test_a_branch_on_top_of_unapproved_work_shows_all_of_it(box: Box) -> None:
    """Approving the branch on top must not wave its parents through unseen (CVE-2025-54585)."""
    below = box.commit(a="x")
    box.push(f"{below}:{MAIN}")
    box.reject(1)
    above = box.commit(below, a="x", b="y")

    box.push(f"{above}:{TOPIC}")

    with box.gate.store.snapshot() as tx:
        facts = tx.holds.facts(box.hold(2).id, 1)
    assert facts is not None
    assert [commit.oid for commit in facts.commits] == [above, below]
    assert [file.path for file in facts.files] == ["a", "b"]


def test_a_rewrite_lists_the_commits_it_drops(box: Box) -> None:
    lost = box.commit(a="x")
    box.by_hand(MAIN, lost)
    box.sync()

    box.push(f"{box.commit(b='y')}:{MAIN}")

    with box.gate.store.snapshot() as tx:
        facts = tx.holds.facts(box.hold(1).id, 1)
    assert facts is not None
    assert [commit.oid for commit in facts.dropped] == [lost]


def test_a_revision_that_git_cannot_read_is_blocked_and_the_agent_is_told(box: Box) -> None:
    change = box.commit(a="x")
    box.crash_at = "intake:stored"
    with pytest.raises(Crash):
        box.push(f"{change}:{MAIN}")
    (box.bare / "objects" / change[:2] / change[2:]).unlink()

    box.gate.queue.collect(box.hold(1).id)

    hold = box.hold(1)
    assert (hold.state, hold.reason) == (HoldState.BLOCKED, BlockReason.COLLECT_FAILED)
    assert "Push one more commit" in hold.note
    assert box.standing()["state"] == "blocked"
    assert box.tip() == box.first


def test_a_blocked_revision_gives_way_to_the_next_push(box: Box) -> None:
    change = box.commit(a="x")
    box.crash_at = "intake:stored"
    with pytest.raises(Crash):
        box.push(f"{change}:{MAIN}")
    stored = box.bare / "objects" / change[:2] / change[2:]
    content = stored.read_bytes()
    stored.unlink()
    box.gate.queue.collect(box.hold(1).id)
    stored.write_bytes(content)

    box.push(f"{box.commit(change, a='y')}:{MAIN}")

    assert (box.hold(1).state, box.hold(1).revision.n) == (HoldState.IN_REVIEW, 2)


@pytest.mark.parametrize(
    "step",
    [
        "collect:before-store",
        "collect:stored",
        "assess:before-store",
        "assess:stored",
        "publish:before-store",
    ],
)
def test_a_crash_on_the_way_to_review_is_made_good(box: Box, step: str) -> None:
    box.crash_at = step
    with pytest.raises(Crash):
        box.push(f"{box.commit(a='x')}:{MAIN}")

    box.gate.sweep()

    assert box.story(1) == ["hold:register", "hold:collect", "evidence:collect", "hold:publish"]
    assert box.standing()["state"] == "in_review"


def test_collect_and_publish_run_twice_do_nothing_more(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    before = box.hold(1)

    box.gate.collect(before.id)
    box.gate.publish(before.id)

    assert box.hold(1) == before


def test_the_head_of_a_delete_is_the_commit_that_goes(box: Box) -> None:
    box.by_hand(TOPIC, box.first)
    box.sync()

    box.push(f":{TOPIC}")

    assert (box.hold(1).revision.new, box.hold(1).revision.head) == (ZERO, box.first)
