from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gate.domain.errors import Failed, Unavailable
from gate.domain.hold import ZERO_OID, Hold
from gate.domain.review import Account, Check, Comment, Realm, Review, ReviewState
from gate.services.ports.store import SeenReview
from tests.github.forge_world import MAIN, ForgeWorld, forge_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ForgeWorld]:
    with forge_world(tmp_path) as made:
        yield made


@pytest.fixture
def hold(world: ForgeWorld) -> Hold:
    return world.publish(world.hold(MAIN, world.first, world.commit(a="1\n")))


def only(world: ForgeWorld, hold: Hold, **wants: object) -> Review:
    [review] = world.observe(hold, **wants).reviews
    return review


def test_a_pull_request_is_read_as_it_is(world: ForgeWorld, hold: Hold) -> None:
    world.alice.label(world.shop, world.pull(), "do-not-release")

    seen = world.observe(hold)

    assert (seen.is_open, seen.is_draft, seen.head, seen.realm) == (
        True,
        False,
        hold.revision.new,
        Realm.GITHUB,
    )
    assert seen.published_at == hold.revision.published_at
    assert (seen.base, seen.expected_base, seen.author_id) == ("main", "main", world.app.bot.id)
    assert seen.labels == ("pushgate:held", "do-not-release")
    assert seen.title.startswith("Hold 1: codex-1 wants to move main")
    assert (seen.reviews, seen.comments, seen.closing) == ((), (), None)
    assert (seen.checks, seen.seals, seen.unresolved_threads) == (None, None, None)


def test_an_approval_is_the_reviewers_by_number_with_what_he_may_do_now(
    world: ForgeWorld, hold: Hold
) -> None:
    world.simulator.team("acme/security", [world.alice])
    given = world.alice.approve(world.shop, world.pull(), "fine")

    review = only(
        world, hold, users=frozenset({"alice", "nobody"}), teams=frozenset({"acme/security", "acme/no"})
    )

    assert (review.id, review.state, review.said) == (given.id, ReviewState.APPROVED, ReviewState.APPROVED)
    assert (review.oid, review.body, review.submitted_at) == (hold.revision.new, "fine", given.submitted_at)
    reviewer = review.reviewer
    assert (reviewer.id, reviewer.login, reviewer.permission) == (world.alice.id, "alice", "write")
    assert (reviewer.named, reviewer.teams) == (frozenset({"alice"}), frozenset({"acme/security"}))
    assert not reviewer.is_bot


def test_a_recycled_login_is_not_the_person_whom_the_policy_names(world: ForgeWorld, hold: Hold) -> None:
    world.observe(hold, users=frozenset({"alice"}))
    world.alice.rename("alice-2")
    other = world.simulator.person("alice")
    world.simulator.collaborator(world.shop, other, "write")
    other.approve(world.shop, world.pull())
    world.alice.approve(world.shop, world.pull())

    first, second = world.observe(hold, users=frozenset({"alice"})).reviews

    assert (first.reviewer.login, first.reviewer.named) == ("alice", frozenset())
    assert (second.reviewer.login, second.reviewer.named) == ("alice-2", frozenset({"alice"}))


@pytest.mark.parametrize("role", ["admin", "maintain", "write", "triage", "read", "none"])
def test_a_permission_is_the_one_of_now(world: ForgeWorld, hold: Hold, role: str) -> None:
    world.alice.approve(world.shop, world.pull())
    world.simulator.collaborator(world.shop, world.alice, role)

    assert only(world, hold).reviewer.permission == role


def test_where_github_does_not_answer_for_a_reviewer_everything_is_read_again(
    world: ForgeWorld, hold: Hold
) -> None:
    world.alice.request_changes(world.shop, world.pull())
    world.simulator.fault("GET", "/permission", status=502, times=9)

    with pytest.raises(Unavailable):
        world.observe(hold)


def test_where_github_refuses_to_say_nothing_is_assumed(world: ForgeWorld, hold: Hold) -> None:
    world.alice.approve(world.shop, world.pull())
    world.simulator.fault("GET", "/permission", status=403, times=9)
    world.simulator.fault("GET", "/memberships/", status=403, times=9)

    reviewer = only(world, hold, teams=frozenset({"acme/security"})).reviewer

    assert (reviewer.permission, reviewer.teams) == (None, None)


def test_the_commit_of_a_review_is_the_one_it_was_first_delivered_with(world: ForgeWorld, hold: Hold) -> None:
    given = world.alice.approve(world.shop, world.pull())
    first = hold.revision.new
    with world.store.transaction() as tx:
        alice = Account(world.alice.id, "alice")
        approved = ReviewState.APPROVED
        tx.seen_reviews.see(
            SeenReview(given.id, hold.id, alice, first, approved, approved, given.submitted_at)
        )
    hold = world.publish(world.revise(hold, world.commit(first, a="2\n")))
    given.commit_id = hold.revision.new

    assert only(world, hold).oid == first


def test_a_review_of_a_carrier_is_about_what_is_held_in_each_revision(world: ForgeWorld) -> None:
    second = world.commit(a="1\n")
    world.push_by_hand("refs/heads/old", second)
    world.sync()
    hold = world.publish(world.hold("refs/heads/old", second, ZERO_OID))
    world.alice.approve(world.shop, world.pull())
    carrier = hold.revision.review_head
    assert carrier not in (None, second)

    assert only(world, hold).oid == second

    hold = world.publish(world.revise(hold, world.commit(second, a="2\n")))

    assert only(world, hold).oid == second
    assert world.observe(hold).head == hold.revision.new


def test_a_dismissed_review_keeps_what_it_said_and_who_took_it_away(world: ForgeWorld, hold: Hold) -> None:
    given = world.alice.approve(world.shop, world.pull())
    alice, approved = Account(world.alice.id, "alice"), ReviewState.APPROVED
    seen = SeenReview(given.id, hold.id, alice, hold.revision.new, approved, approved, given.submitted_at)
    with world.store.transaction() as tx:
        tx.seen_reviews.see(seen)
        tx.seen_reviews.see(replace(seen, state=ReviewState.DISMISSED, dismissed_by=world.bob.id))
    world.bob.dismiss(world.shop, world.pull(), given)

    review = only(world, hold)

    assert (review.state, review.said, review.dismissed_by) == (
        ReviewState.DISMISSED,
        ReviewState.APPROVED,
        world.bob.id,
    )


def test_a_dismissed_review_that_nobody_saw_counts_as_an_objection(world: ForgeWorld, hold: Hold) -> None:
    given = world.alice.approve(world.shop, world.pull())
    world.bob.dismiss(world.shop, world.pull(), given)

    review = only(world, hold)

    assert (review.state, review.said) == (ReviewState.DISMISSED, ReviewState.CHANGES_REQUESTED)
    assert review.dismissed_by is None


def test_every_page_of_reviews_is_read_in_the_order_of_time(world: ForgeWorld, hold: Hold) -> None:
    for number in range(103):
        world.alice.comment_review(world.shop, world.pull(), f"{number}")
    world.bob.request_changes(world.shop, world.pull(), "no")

    reviews = world.observe(hold).reviews

    assert [review.sequence for review in reviews] == list(range(1, 105))
    assert reviews[-1].state is ReviewState.CHANGES_REQUESTED


def test_comments_are_peoples_own_and_say_whether_they_were_edited(world: ForgeWorld, hold: Hold) -> None:
    world.show(hold)
    given = world.alice.comment(world.shop, world.pull(), "/approve 1234567")
    edited = world.dave.comment(world.shop, world.pull(), "x")
    world.dave.edit_comment(world.shop, world.pull(), edited, "/approve 1234567")

    first, second = world.observe(hold, comments=True).comments

    assert first == Comment(given.id, first.author, "/approve 1234567", given.created_at, is_edited=False)
    assert (first.author.login, first.author.permission) == ("alice", "write")
    assert (second.author.login, second.author.permission, second.is_edited) == ("dave", "read", True)


def test_checks_threads_and_seals_are_read_where_they_are_wanted(world: ForgeWorld, hold: Hold) -> None:
    head = hold.revision.new
    world.alice.report_status(world.shop, head, "ci", "failure")
    world.alice.report_status(world.shop, head, "ci", "success")
    world.alice.report_status(world.shop, head, "slow", "pending")
    world.alice.report_check(world.shop, head, "build", "github-actions", None)
    world.alice.report_check(world.shop, head, "build", "github-actions", "success")
    thread = world.bob.open_thread(world.shop, world.pull())
    world.bob.open_thread(world.shop, world.pull())
    world.bob.resolve(world.shop, world.pull(), thread)

    seen = world.observe(hold, checks=True, threads=True, seals=True)

    assert seen.checks is not None
    assert set(seen.checks) == {
        Check("build", "success", "github-actions"),
        Check("ci", "success", None),
        Check("slow", None, None),
    }
    assert seen.unresolved_threads == 1
    assert seen.seals is not None
    assert [(seal.oid, seal.is_valid) for seal in seen.seals] == [(head, False)]


def test_people_whom_commits_name_are_found_by_number(world: ForgeWorld) -> None:
    trailer = f"change\n\nCo-authored-by: Bob <{world.bob.id}+bob@users.noreply.github.com>\n".encode()
    new = world.commit(a="1\n", message=trailer)
    hold = world.publish(world.hold(MAIN, world.first, new))
    world.dave.approve(world.shop, world.pull())

    seen = world.observe(hold)

    assert seen.coauthor_ids == {world.bob.id}
    assert seen.contributor_ids <= {world.alice.id, world.bob.id}


def test_a_pull_request_that_a_person_closed(world: ForgeWorld, hold: Hold) -> None:
    world.alice.close(world.shop, world.pull())

    seen = world.observe(hold)

    assert seen.closing is not None
    assert (seen.is_open, seen.closing.by) == (False, Account(world.alice.id, "alice"))
    assert (seen.closing.merged, seen.closing.is_by_gate, seen.closing.is_branch_gone) == (None, False, False)


def test_a_pull_request_whose_branch_was_deleted(world: ForgeWorld, hold: Hold) -> None:
    world.push_by_hand("refs/heads/pushgate/1", ZERO_OID)

    seen = world.observe(hold)

    assert seen.closing is not None
    assert (seen.closing.merged, seen.closing.is_branch_gone) == (None, True)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_pull_request_that_a_person_merged(world: ForgeWorld, hold: Hold, method: str) -> None:
    world.alice.merge(world.shop, world.pull(), method)

    seen = world.observe(hold)

    assert seen.closing is not None
    assert (seen.is_merged, seen.closing.by) == (True, Account(world.alice.id, "alice"))
    assert seen.closing.merged == world.tip(MAIN)


def test_a_moved_branch_and_a_changed_base_are_seen(world: ForgeWorld, hold: Hold) -> None:
    world.push_by_hand("refs/heads/other", world.first)
    moved = world.commit(hold.revision.new, b="1\n")
    world.push_by_hand("refs/heads/pushgate/1", moved)
    world.alice.edit(world.shop, world.pull(), base="other")

    seen = world.observe(hold)

    assert (seen.head, seen.base, seen.expected_base) == (moved, "other", "main")


def test_another_repository_of_the_same_name_is_not_believed(world: ForgeWorld, hold: Hold) -> None:
    with world.store.transaction() as tx:
        tx.pull_requests.put(replace(world.row(hold), repository_id=7))

    with pytest.raises(Failed, match="and the gate knows it as 7"):
        world.observe(hold)


def test_a_renamed_repository_is_still_found(world: ForgeWorld, hold: Hold) -> None:
    world.simulator.rename(world.shop, "store", world.alice)

    assert world.observe(hold).is_open
