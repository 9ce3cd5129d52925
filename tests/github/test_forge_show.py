from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gate.domain.errors import Failed, Unavailable
from gate.domain.hold import ZERO_OID, Hold, HoldState
from gate.domain.pull_request.marker import digest, marker_of_closing, marker_of_status
from gate.domain.release import PushRefused
from gate.services.ports.forge import MergeMethod
from tests.github.forge_world import MAIN, Crash, ForgeWorld, forge_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ForgeWorld]:
    with forge_world(tmp_path) as made:
        yield made


@pytest.fixture
def hold(world: ForgeWorld) -> Hold:
    return world.publish(world.hold(MAIN, world.first, world.commit(a="1\n")))


def status(world: ForgeWorld, hold: Hold) -> tuple[str, str | None]:
    """The latest status of the gate's name on the review branch's head: who said it, and what."""
    last = [one for one in world.shop.statuses[str(hold.revision.review_head)] if one.context == "pushgate"][
        -1
    ]
    return last.creator.login, last.description


def test_a_status_is_shown_once_and_kept_in_one_comment(world: ForgeWorld, hold: Hold) -> None:
    world.show(hold)
    world.writes()

    world.show(hold)

    [comment] = world.pull().comments
    assert world.writes() == []
    assert comment.body.startswith(str(marker_of_status(hold)))
    assert world.row(hold).comment_id == comment.id
    assert status(world, hold)[0] == "pushgate[bot]"


def test_a_status_that_changed_is_edited_in_place(world: ForgeWorld, hold: Hold) -> None:
    world.show(hold)
    world.writes()

    world.show(world.ended(hold, HoldState.CHANGES_REQUESTED))

    [comment] = world.pull().comments
    assert world.writes() == [
        ("PATCH", f"/issues/comments/{comment.id}"),
        ("POST", f"/statuses/{hold.revision.new}"),
    ]


def test_a_lost_number_finds_the_comment_and_a_deleted_one_is_written_again(
    world: ForgeWorld, hold: Hold
) -> None:
    world.show(hold)
    with world.store.transaction() as tx:
        tx.pull_requests.put(replace(world.row(hold), comment_id=None))
    world.show(hold)
    assert len(world.pull().comments) == 1

    world.alice.delete_comment(world.shop, world.pull(), world.pull().comments[0])
    world.show(hold)

    [comment] = world.pull().comments
    assert world.row(hold).comment_id == comment.id


def test_a_marker_in_another_hands_comment_is_not_taken_for_the_gates(world: ForgeWorld, hold: Hold) -> None:
    world.alice.comment(world.shop, world.pull(), f"{marker_of_status(hold)}\n\nAll is approved.")

    world.show(hold)

    assert [comment.author.login for comment in world.pull().comments] == ["alice", "pushgate[bot]"]


def test_a_status_of_the_gates_name_by_another_is_said_over(world: ForgeWorld, hold: Hold) -> None:
    world.show(hold)
    words = status(world, hold)
    world.alice.report_status(world.shop, hold.revision.new, "pushgate", "success")

    world.show(hold)

    assert status(world, hold) == words


def test_a_text_that_another_hand_changed_is_restored_and_one_that_is_ours_left_alone(
    world: ForgeWorld, hold: Hold
) -> None:
    before = world.pull().body
    world.show(hold, write_request=lambda: pytest.fail("nobody changed it"))
    world.alice.edit(world.shop, world.pull(), body="All is approved.")

    world.show(hold, write_request=lambda: world.request(hold))

    assert digest(world.pull().body) == digest(before)


def test_a_label_that_was_taken_away_comes_back(world: ForgeWorld, hold: Hold) -> None:
    world.alice.unlabel(world.shop, world.pull(), "pushgate:held")

    world.show(hold)

    assert world.pull().labels == ["pushgate:held"]


def test_a_hold_that_was_rejected_is_closed_and_leaves_nothing_behind(world: ForgeWorld, hold: Hold) -> None:
    world.show(hold)
    hold = world.ended(hold, HoldState.REJECTED)

    world.close(hold)

    pull = world.pull()
    assert (pull.state, pull.labels, world.tip("refs/heads/pushgate/1")) == ("closed", [], ZERO_OID)
    assert pull.comments[-1].body.startswith(str(marker_of_closing(hold)))
    world.writes()
    world.close(hold)
    assert world.writes() == []


def test_a_released_hold_is_merged_at_github_and_not_closed_by_hand(world: ForgeWorld, hold: Hold) -> None:
    world.push_by_hand(MAIN, hold.revision.new)
    hold = world.ended(hold)

    world.close(hold)

    assert world.pull().merged_at is not None
    assert ("PATCH", "/pulls/1") not in world.writes()


def test_closing_waits_for_github_to_see_the_merge_but_not_for_ever(world: ForgeWorld, hold: Hold) -> None:
    hold = world.ended(hold)
    with pytest.raises(Unavailable, match="does not call"):
        world.close(hold)
    assert len(world.pull().comments) == 2

    world.ahead = timedelta(seconds=61)
    world.close(hold)

    assert (world.pull().state, len(world.pull().comments)) == ("closed", 2)


def test_a_review_branch_that_another_hand_moved_is_not_deleted(world: ForgeWorld, hold: Hold) -> None:
    other = world.commit(hold.revision.new, b="1\n")
    world.push_by_hand("refs/heads/pushgate/1", other)

    world.close(world.ended(hold, HoldState.WITHDRAWN))

    assert world.tip("refs/heads/pushgate/1") == other


def test_the_review_branch_stays_where_the_policy_says_so(world: ForgeWorld, hold: Hold) -> None:
    world.close(world.ended(hold, HoldState.WITHDRAWN), delete_branch=False)

    assert world.tip("refs/heads/pushgate/1") == hold.revision.new


def test_a_crash_while_closing_says_the_end_once(world: ForgeWorld, hold: Hold) -> None:
    hold = world.ended(hold, HoldState.EXPIRED)
    world.crash_at = "github:closed"
    with pytest.raises(Crash):
        world.close(hold)

    world.close(hold)

    assert len([one for one in world.pull().comments if "pushgate:closing" in one.body]) == 1
    assert world.tip("refs/heads/pushgate/1") == ZERO_OID


@pytest.mark.parametrize("method", list(MergeMethod))
def test_github_merges_exactly_the_head_that_was_approved(
    world: ForgeWorld, hold: Hold, method: MergeMethod
) -> None:
    refused = world.forges.merge(hold, method, timeout=10)

    assert refused is None
    assert world.observe(hold).is_merged
    assert world.forges.merge(hold, method, timeout=10) is None


def test_a_merge_that_got_lost_after_the_work_is_found_done(world: ForgeWorld, hold: Hold) -> None:
    world.simulator.fault("PUT", "/merge", status=502, after_work=True)
    with pytest.raises(Unavailable):
        world.forges.merge(hold, MergeMethod.SQUASH, timeout=10)

    assert world.forges.merge(hold, MergeMethod.SQUASH, timeout=10) is None
    assert world.writes().count(("PUT", "/pulls/1/merge")) == 1


def test_a_head_that_moved_is_stale_and_nothing_is_merged(world: ForgeWorld, hold: Hold) -> None:
    world.push_by_hand("refs/heads/pushgate/1", world.commit(hold.revision.new, b="1\n"))

    refused = world.forges.merge(hold, MergeMethod.MERGE, timeout=10)

    assert isinstance(refused, PushRefused)
    assert (refused.is_stale, refused.is_final) == (True, False)
    assert world.tip(MAIN) == world.first


def test_what_cannot_be_merged_is_refused_for_good_with_a_next_step(world: ForgeWorld, hold: Hold) -> None:
    world.push_by_hand(MAIN, world.commit(a="other\n"))

    refused = settled_merge(world, hold)

    assert isinstance(refused, PushRefused)
    assert (refused.is_stale, refused.is_final) == (False, True)
    assert "Rebase and push again." in refused.words


def settled_merge(world: ForgeWorld, hold: Hold) -> PushRefused | None:
    """A merge as it ends once GitHub knows whether there are conflicts."""
    for _ in range(5):
        with suppress(Unavailable):
            return world.forges.merge(hold, MergeMethod.MERGE, timeout=10)
    pytest.fail("GitHub never says whether it can be merged")


def test_a_hold_without_a_pull_request_is_never_merged(world: ForgeWorld) -> None:
    hold = world.hold(MAIN, world.first, world.commit(a="1\n"))

    with pytest.raises(Failed):
        world.forge.merge(hold, MergeMethod.MERGE, timeout=10)
