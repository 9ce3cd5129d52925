"""What becomes of a delivery: what is written down, and which holds are looked at again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gate.domain.delivery import DeliveryOutcome
from gate.domain.errors import Unavailable
from gate.domain.hold import HoldState
from gate.domain.review import ReviewState
from tests.services.delivery_world import (
    ALICE,
    BOB,
    FORGE_ID,
    GATE,
    HEAD,
    UPSTREAM,
    DeliveryWorld,
    comment,
    payload,
    pull,
    review,
)


@pytest.fixture
def world(tmp_path: Path) -> DeliveryWorld:
    return DeliveryWorld(tmp_path)


def test_e01_an_approval_is_written_down_and_only_looked_at(world: DeliveryWorld) -> None:
    hold = world.hold()

    delivery = world.deliver("pull_request_review", review(hold, "approved"))

    with world.store.snapshot() as tx:
        seen = tx.seen_reviews.of(hold.id)[91]
        assert tx.holds.get(hold.id) == hold
    assert (seen.reviewer, seen.oid, seen.said, seen.state) == (
        ALICE,
        HEAD,
        ReviewState.APPROVED,
        ReviewState.APPROVED,
    )
    assert world.jobs.taken == [("reconcile", hold.id)]
    assert (delivery.outcome, delivery.note) == (
        DeliveryOutcome.TAKEN,
        "demo/1: pull request 21, by alice",
    )
    assert [(event.action, event.actor, event.hold) for event in world.events()] == [
        ("review:submit", "github:alice", "demo/1")
    ]


def test_e05_a_dismissal_says_whose_review_it_was_and_who_dismissed_it(world: DeliveryWorld) -> None:
    hold = world.hold()
    world.deliver("pull_request_review", review(hold, "changes_requested", reviewer=BOB, sender=BOB))

    world.deliver("pull_request_review", review(hold, "dismissed", action="dismissed", reviewer=BOB))

    [event] = world.events("review:dismiss")
    with world.store.snapshot() as tx:
        seen = tx.seen_reviews.of(hold.id)[91]
    assert (event.actor, event.details["reviewer"], event.details["review"]) == (
        "github:alice",
        "bob",
        "changes_requested",
    )
    assert (seen.said, seen.state, seen.dismissed_by) == (
        ReviewState.CHANGES_REQUESTED,
        ReviewState.DISMISSED,
        ALICE.id,
    )


def test_r04_a_dismissal_that_comes_before_its_review_stands(world: DeliveryWorld) -> None:
    hold = world.hold()
    world.deliver("pull_request_review", review(hold, "dismissed", action="dismissed", reviewer=BOB))

    world.deliver("pull_request_review", review(hold, "approved", reviewer=BOB, sender=BOB))

    with world.store.snapshot() as tx:
        seen = tx.seen_reviews.of(hold.id)[91]
    assert (seen.said, seen.state) == (ReviewState.CHANGES_REQUESTED, ReviewState.DISMISSED)
    assert [event.action for event in world.events()] == ["review:dismiss"]


def test_r01_the_same_delivery_is_taken_once(world: DeliveryWorld) -> None:
    hold = world.hold()
    world.deliver("pull_request_review", review(hold, "approved"), "d-same")

    again = world.send("pull_request_review", review(hold, "approved"), "d-same")
    world.take("d-same")

    assert not again.is_due
    assert world.jobs.taken == [("reconcile", hold.id)]
    assert len(world.events()) == 1


@pytest.mark.parametrize("event", ["review", "comment", "status", "delete"])
def test_r03_two_webhooks_that_tell_the_same_are_written_down_once(world: DeliveryWorld, event: str) -> None:
    hold = world.hold()
    name, content = {
        "review": ("pull_request_review", review(hold, "approved")),
        "comment": ("issue_comment", comment(hold, "edited", author=BOB, sender=ALICE)),
        "status": ("status", payload(id=4, sha=HEAD, context="pushgate", state="success")),
        "delete": ("delete", payload(ref="pushgate/1", ref_type="branch")),
    }[event]

    world.deliver(name, content, "from-the-app")
    world.deliver(name, content, "from-the-repository")

    assert len(world.events()) == 1


def test_r13_an_objection_after_the_release_is_told(world: DeliveryWorld) -> None:
    hold = world.hold(HoldState.RELEASED)

    world.deliver("pull_request_review", review(hold, "changes_requested"))

    assert [(event.action, event.actor) for event in world.events()] == [
        ("review:late_objection", "github:alice")
    ]
    assert world.jobs.taken == []


def test_e07_the_echo_of_our_own_push_is_looked_at(world: DeliveryWorld) -> None:
    hold = world.hold()

    world.deliver("pull_request", pull("synchronize", hold, sender=GATE))

    assert world.jobs.taken == [("reconcile", hold.id)]


@pytest.mark.parametrize(
    ("event", "content"),
    [
        ("pull_request", {"action": "opened"}),
        ("pull_request", {"action": "edited", "changes": {"body": {"from": "x"}}}),
        ("pull_request", {"action": "labeled", "label": {"name": "pushgate:held"}}),
        ("status", {"id": 4, "sha": HEAD, "context": "pushgate", "state": "pending"}),
        ("push", {"ref": "refs/heads/pushgate/1"}),
        ("create", {"ref": "pushgate/1", "ref_type": "branch"}),
        ("delete", {"ref": "pushgate/1", "ref_type": "branch"}),
    ],
)
def test_what_the_gate_did_itself_is_only_an_echo(
    world: DeliveryWorld, event: str, content: dict[str, Any]
) -> None:
    hold = world.hold()

    delivery = world.deliver(event, {**pull("x", hold, sender=GATE), **content})

    assert (delivery.outcome, world.jobs.taken, world.events()) == (DeliveryOutcome.IGNORED, [], [])
    assert delivery.note.endswith(": the gate's own doing")


def test_the_gates_own_comment_is_an_echo_and_its_owners_is_not(world: DeliveryWorld) -> None:
    hold = world.hold()
    own = comment(hold, "created", author=GATE, sender=GATE, body="<!-- pushgate:status demo/1 --> Held.")
    typed = comment(hold, "created", author=GATE, sender=GATE, body="/hold wait for me")

    world.deliver("issue_comment", own)
    world.deliver("issue_comment", typed)

    assert world.jobs.taken == [("reconcile", hold.id)]


def test_e11_words_that_somebody_changed_are_put_back(world: DeliveryWorld) -> None:
    hold = world.hold()

    world.deliver("pull_request", pull("edited", hold, changes={"body": {"from": "x"}}))

    assert world.jobs.taken == [("reconcile", hold.id), ("show", hold.id)]


def test_e12_a_closed_pull_request_is_looked_at_and_nothing_more(world: DeliveryWorld) -> None:
    hold = world.hold()

    world.deliver("pull_request", pull("closed", hold))

    with world.store.snapshot() as tx:
        assert tx.holds.get(hold.id) == hold
    assert world.jobs.taken == [("reconcile", hold.id)]


def test_e17_a_reopened_pull_request_asks_to_take_the_rejection_back(world: DeliveryWorld) -> None:
    rejected, live = world.hold(HoldState.REJECTED), world.hold(ref="refs/heads/topic")

    world.deliver("pull_request", pull("reopened", rejected))
    world.deliver("pull_request", pull("reopened", live))

    assert world.jobs.taken == [("reopen", rejected.id), ("reconcile", live.id)]


def test_e22_another_persons_comment_that_was_changed_is_told(world: DeliveryWorld) -> None:
    hold = world.hold()

    world.deliver("issue_comment", comment(hold, "edited", author=BOB, sender=ALICE))
    world.deliver("issue_comment", comment(hold, "deleted", author=BOB, sender=BOB))

    assert [(event.action, event.actor, event.details["author"]) for event in world.events()] == [
        ("comment:tamper", "github:alice", "bob")
    ]
    assert world.jobs.taken == [("reconcile", hold.id)] * 2


def test_e22_the_gates_own_comment_is_written_again(world: DeliveryWorld) -> None:
    hold = world.hold()

    world.deliver("issue_comment", comment(hold, "deleted", author=GATE, sender=ALICE, number=901))

    assert world.jobs.taken == [("reconcile", hold.id), ("show", hold.id)]


def test_e23_a_remark_on_a_line_is_nothing_to_look_at(world: DeliveryWorld) -> None:
    hold = world.hold()
    said = {"id": 5, "user": {"id": ALICE.id, "login": "alice"}, "body": "/approve"}

    world.deliver("pull_request_review_comment", pull("created", hold, comment=said))

    assert world.jobs.taken == []


def test_e25_a_check_on_the_head_is_looked_at(world: DeliveryWorld) -> None:
    hold = world.hold()

    world.deliver("check_run", payload("completed", check_run={"head_sha": HEAD}))
    elsewhere = world.deliver("check_run", payload("completed", check_run={"head_sha": "9c" * 20}))

    assert world.jobs.taken == [("reconcile", hold.id)]
    assert elsewhere.outcome is DeliveryOutcome.IGNORED


def test_e25_a_check_of_another_repository_ends_at_once(world: DeliveryWorld) -> None:
    world.hold()
    content = {**payload("completed", check_run={"head_sha": HEAD}), "repository": {"id": 99}}

    delivery = world.deliver("check_run", content)

    assert (delivery.outcome, world.jobs.taken) == (DeliveryOutcome.IGNORED, [])
    assert delivery.note == f"commit {HEAD[:9]}, by alice: no repository behind this gate"


def test_e26_a_status_under_the_gates_name_is_told_and_put_right(world: DeliveryWorld) -> None:
    hold = world.hold()

    world.deliver("status", payload(id=4, sha=HEAD, context="pushgate", state="success"))

    [event] = world.events()
    assert (event.action, event.actor, event.details["reported"]) == (
        "status:forge",
        "github:alice",
        "success",
    )
    assert world.jobs.taken == [("reconcile", hold.id), ("show", hold.id)]


def test_e26_the_gates_own_status_is_no_forgery_where_another_opened_the_pull_request(
    world: DeliveryWorld,
) -> None:
    hold = world.hold()
    with world.store.transaction() as tx:
        adopted = tx.pull_requests.get(hold.id)
        assert adopted is not None
        tx.pull_requests.put(replace(adopted, author_id=BOB.id))

    world.deliver("status", payload(sender=GATE, id=4, sha=HEAD, context="pushgate", state="success"))

    assert (world.events(), world.jobs.taken) == ([], [])


def test_e27_a_push_to_the_base_has_upstream_read_before_the_hold(world: DeliveryWorld) -> None:
    hold = world.hold()

    world.deliver("push", payload(ref="refs/heads/main"))
    world.deliver("push", payload(ref="refs/heads/unrelated"))

    with world.store.snapshot() as tx:
        assert "cannot be reached" in str(tx.repositories.get("demo").sync_fault)
    assert world.upstreams.looks == 2
    assert world.jobs.taken == [("reconcile", hold.id)]


def test_e27_a_push_of_another_repository_reads_nothing(world: DeliveryWorld) -> None:
    world.deliver("push", {**payload(ref="refs/heads/main"), "repository": {"id": 99}})

    assert world.upstreams.looks == 0


def test_e29_a_deleted_review_branch_says_who_deleted_it(world: DeliveryWorld) -> None:
    hold = world.hold()

    world.deliver("delete", payload(ref="pushgate/1", ref_type="branch"))

    assert [(event.action, event.actor, event.hold) for event in world.events()] == [
        ("branch:delete", "github:alice", "demo/1")
    ]
    assert (world.jobs.taken, world.upstreams.looks) == ([("reconcile", hold.id)], 0)


def test_e31_a_suspended_installation_is_told_once_and_its_end_has_everything_looked_at(
    world: DeliveryWorld,
) -> None:
    hold = world.hold()
    account = {"installation": {"id": 2, "account": {"id": 3, "login": "Acme"}}}
    sender = {"sender": {"id": ALICE.id, "login": "alice"}}

    world.deliver("installation", {"action": "suspend", **account, **sender})
    world.deliver("installation", {"action": "suspend", **account, **sender})
    paused = list(world.jobs.taken)
    world.deliver("installation", {"action": "unsuspend", **account, **sender})
    world.deliver("installation", {"action": "unsuspend", **account, **sender})

    assert [(event.action, event.actor, event.repository) for event in world.events()] == [
        ("forge:pause", "github:alice", "demo"),
        ("forge:resume", "github:alice", "demo"),
    ]
    assert paused == []
    assert world.jobs.taken == [("reconcile", hold.id)] * 2


def test_e31_only_the_repositories_that_were_removed_are_paused(world: DeliveryWorld) -> None:
    world.hold()
    content = {
        "action": "removed",
        "installation": {"id": 2, "account": {"id": 3, "login": "acme"}},
        "repositories_removed": [{"id": 99}],
    }

    delivery = world.deliver("installation_repositories", content)

    assert (delivery.outcome, world.events()) == (DeliveryOutcome.IGNORED, [])


@pytest.mark.parametrize(
    ("event", "content"),
    [
        ("member", {"action": "removed", "repository": {"id": FORGE_ID}}),
        ("membership", {"action": "removed", "organization": {"login": "acme"}}),
        ("team", {"action": "edited", "organization": {"login": "acme"}}),
        ("repository", {"action": "archived", "repository": {"id": FORGE_ID}}),
    ],
)
def test_e32_a_change_of_who_may_what_has_every_live_hold_looked_at(
    world: DeliveryWorld, event: str, content: dict[str, Any]
) -> None:
    live = [world.hold(), world.hold(ref="refs/heads/topic")]
    world.hold(HoldState.REJECTED, ref="refs/heads/gone")

    world.deliver(event, content)

    assert world.jobs.taken == [("reconcile", hold.id) for hold in live]


def test_e33_a_renamed_repository_is_followed_once_it_proves_to_be_the_same(world: DeliveryWorld) -> None:
    hold = world.hold()
    world.forge.numbers["https://github.com/acme/orders.git"] = FORGE_ID
    content = payload("renamed", repository={"id": FORGE_ID, "full_name": "acme/orders"})

    world.deliver("repository", content)
    world.deliver("repository", content)

    with world.store.snapshot() as tx:
        repository = tx.repositories.get("demo")
    assert (repository.upstream, repository.forge_id) == ("https://github.com/acme/orders.git", FORGE_ID)
    assert [(event.action, event.actor, event.details) for event in world.events()] == [
        ("repository:change", "github:alice", {"before": UPSTREAM, "upstream": repository.upstream})
    ]
    assert world.jobs.taken == [("reconcile", hold.id)] * 2


@pytest.mark.parametrize("number", [99, None])
def test_e33_a_name_that_leads_to_another_repository_is_not_taken_over(
    world: DeliveryWorld, number: int | None
) -> None:
    if number is not None:
        world.forge.numbers["https://github.com/acme/orders.git"] = number
    content = payload("renamed", repository={"id": FORGE_ID, "full_name": "acme/orders"})

    delivery = world.deliver("repository", content)

    with world.store.snapshot() as tx:
        assert tx.repositories.get("demo").upstream == UPSTREAM
    assert delivery.outcome is DeliveryOutcome.FAILED
    assert world.events() == []


def test_e34_a_merge_queues_question_has_its_pull_request_looked_at(world: DeliveryWorld) -> None:
    hold = world.hold()
    ref = f"refs/heads/gh-readonly-queue/main/pr-21-{HEAD}"

    world.deliver("merge_group", payload("checks_requested", merge_group={"head_sha": HEAD, "head_ref": ref}))

    assert world.jobs.taken == [("reconcile", hold.id)]


def test_a_forge_that_does_not_answer_leaves_the_delivery_for_later(world: DeliveryWorld) -> None:
    world.forge.fault = Unavailable("GitHub does not answer")
    content = payload("renamed", repository={"id": FORGE_ID, "full_name": "acme/orders"})
    world.send("repository", content, "d-late")

    with pytest.raises(Unavailable):
        world.take("d-late")

    assert world.delivery("d-late").outcome is DeliveryOutcome.STORED


def test_a_failed_delivery_is_taken_when_it_is_sent_again(world: DeliveryWorld) -> None:
    hold = world.hold()
    content = payload("renamed", repository={"id": FORGE_ID, "full_name": "acme/orders"})
    failed = world.deliver("repository", content, "d-again")
    world.forge.numbers["https://github.com/acme/orders.git"] = FORGE_ID

    again = world.send("repository", content, "d-again")
    world.take("d-again")

    assert (failed.outcome, again.is_due) == (DeliveryOutcome.FAILED, True)
    assert world.delivery("d-again").outcome is DeliveryOutcome.TAKEN
    assert world.jobs.taken == [("reconcile", hold.id)]


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b"payload=%7B", b"a=b", b"[" * 100_000])
def test_a_body_that_is_no_json_object_fails_with_words(world: DeliveryWorld, body: bytes) -> None:
    world.post("pull_request", body, "d-bad")

    world.take("d-bad")

    delivery = world.delivery("d-bad")
    assert (delivery.outcome, delivery.note) == (DeliveryOutcome.FAILED, "its body is no JSON object")


def test_a_delivery_that_was_dropped_meanwhile_is_nothing(world: DeliveryWorld) -> None:
    world.take("d-gone")

    assert world.jobs.taken == []
