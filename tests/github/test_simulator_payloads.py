"""Every payload that the simulator sends could be one of GitHub's: by a client's models, and by real ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from githubkit import webhooks
from pydantic import ValidationError

from tests.github.caller import Shop
from tests.github.simulator import ZERO, Delivery, Simulator

REAL: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).with_name("data") / "webhook-examples.json").read_text()
)
ALL = {
    "check_run.completed",
    "check_run.created",
    "create",
    "delete",
    "installation.deleted",
    "installation.new_permissions_accepted",
    "installation.suspend",
    "installation.unsuspend",
    "installation_repositories.added",
    "installation_repositories.removed",
    "issue_comment.created",
    "issue_comment.deleted",
    "issue_comment.edited",
    "member.added",
    "member.edited",
    "member.removed",
    "membership.added",
    "membership.removed",
    "merge_group.checks_requested",
    "ping",
    "pull_request.closed",
    "pull_request.converted_to_draft",
    "pull_request.edited",
    "pull_request.labeled",
    "pull_request.opened",
    "pull_request.ready_for_review",
    "pull_request.reopened",
    "pull_request.review_request_removed",
    "pull_request.review_requested",
    "pull_request.synchronize",
    "pull_request.unlabeled",
    "pull_request_review.dismissed",
    "pull_request_review.edited",
    "pull_request_review.submitted",
    "pull_request_review_comment.created",
    "pull_request_review_thread.resolved",
    "pull_request_review_thread.unresolved",
    "push",
    "repository.archived",
    "repository.renamed",
    "repository.transferred",
    "repository.unarchived",
    "status",
}

# A delivery of an organization's repository has more, and asking is for a person or for a team.
SOMETIMES = {"enterprise", "organization", "repository", "requested_reviewer"}


@pytest.fixture
def told(simulator: Simulator) -> list[Delivery]:
    """Everything that can happen, once or more."""
    shop = Shop(simulator)
    _pull_requests(shop)
    _talk(shop)
    _people(shop)
    _repository_and_app(shop)
    simulator.ping(shop.carol)
    return list(simulator.deliveries)


def test_a_clients_models_take_every_payload(told: list[Delivery]) -> None:
    assert {_name(one) for one in told} == ALL
    faults = [f"{_name(one)}: {fault}" for one in told for fault in _faults_of_model(one)]
    assert sorted(set(faults)) == []


def test_payloads_have_the_shape_of_real_ones(told: list[Delivery]) -> None:
    faults = [
        f"{_name(one)}: {fault}"
        for one in told
        for real in REAL.get(one.event, [])
        if real.get("action") == one.payload.get("action")
        for fault in _differences(one.payload, real)
    ]

    assert sorted(set(faults)) == []


def test_states_are_in_lower_case_where_the_api_has_them_in_upper_case(told: list[Delivery]) -> None:
    states = {one.payload["review"]["state"] for one in told if one.event == "pull_request_review"}

    assert states == {"approved", "changes_requested", "commented", "dismissed"}


def test_nothing_of_the_real_ones_is_left_in_a_payload(told: list[Delivery]) -> None:
    """A field of somebody else's repository would lead the gate astray."""
    strangers = sorted(
        f"{_name(one)}: {path}"
        for one in told
        for path, text in _texts(one.payload)
        if any(word in text.casefold() for word in ("codertocat", "octocat", "hello-world"))
    )

    assert strangers == []


def _pull_requests(shop: Shop) -> None:
    repository, alice, bob = shop.repository, shop.alice, shop.bob
    pull = shop.open()
    shop.branch("change", b="2\n")
    shop.simulator.team("acme/security", [bob])
    alice.ask(repository, pull, "bob", teams=("security",))
    gone = {"reviewers": ["bob"], "team_reviewers": ["security"]}
    shop.gate()("DELETE", "/repos/acme/shop/pulls/1/requested_reviewers", gone)
    alice.make_draft(repository, pull)
    alice.make_ready(repository, pull)
    alice.edit(repository, pull, title="Other", body="why", base="main")
    alice.label(repository, pull, "held")
    alice.unlabel(repository, pull, "held")
    alice.close(repository, pull)
    alice.reopen(repository, pull)
    shop.simulator.queue_merge(repository, pull, shop.carol)
    bob.merge(repository, pull, "squash")
    bob.push(repository, "refs/heads/change", ZERO)
    bob.push(repository, "refs/tags/v1", shop.first)
    bob.push(repository, "refs/tags/v1", ZERO)


def _talk(shop: Shop) -> None:
    repository, bob = shop.repository, shop.bob
    pull = shop.open("talk")
    approval = bob.approve(repository, pull)
    bob.edit_review(repository, pull, approval, "fine")
    bob.request_changes(repository, pull)
    bob.comment_review(repository, pull, "see")
    shop.carol.dismiss(repository, pull, approval)
    said = bob.comment(repository, pull, "hello")
    bob.edit_comment(repository, pull, said, "hello again")
    bob.delete_comment(repository, pull, said)
    thread = bob.open_thread(repository, pull)
    bob.reply(repository, pull, thread, "because")
    bob.resolve(repository, pull, thread)
    bob.resolve(repository, pull, thread, resolved=False)
    bob.report_status(repository, pull.head_sha, "ci", "success")
    bob.report_check(repository, pull.head_sha, "build", "github-actions", None)
    bob.report_check(repository, pull.head_sha, "build", "github-actions", "success")


def _people(shop: Shop) -> None:
    dave, carol = shop.simulator.person("dave"), shop.carol
    for role in ("read", "write", "none"):
        shop.simulator.collaborator(shop.repository, dave, role, by=carol)
    team = shop.simulator.team("acme/shop", [dave])
    shop.simulator.set_members(team, [shop.bob], carol)


def _repository_and_app(shop: Shop) -> None:
    simulator, repository, app, carol = shop.simulator, shop.repository, shop.app, shop.carol
    simulator.archive(repository, carol)
    simulator.archive(repository, carol, archived=False)
    simulator.rename(repository, "store", carol)
    simulator.transfer(repository, simulator.organization("other"), carol)
    simulator.suspend(app, carol)
    simulator.suspend(app, carol, suspended=False)
    simulator.set_permissions(app, {"contents": "read"}, carol)
    simulator.set_repositories(app, [repository, simulator.repository("acme/more")], carol)
    simulator.set_repositories(app, [repository], carol)
    simulator.uninstall(app, carol)


def _name(delivery: Delivery) -> str:
    return f"{delivery.event}.{delivery.action}".rstrip(".")


def _faults_of_model(delivery: Delivery) -> list[str]:
    try:
        webhooks.parse_obj(delivery.event, delivery.payload)
    except ValidationError as fault:
        return [f"{'/'.join(map(str, one['loc']))}: {one['msg']}" for one in fault.errors()[:12]]
    return []


def _differences(ours: Any, real: Any, path: str = "") -> Iterator[str]:
    """Where a value has another type than the real one, or a field of the real one is missing."""
    if ours is None or real is None:
        return
    if type(ours) is not type(real):
        yield f"{path} is {type(ours).__name__}, not {type(real).__name__}"
    elif isinstance(real, dict):
        for key, value in real.items():
            if key in ours:
                yield from _differences(ours[key], value, f"{path}/{key}")
            elif path == "" and key not in SOMETIMES:
                yield f"/{key} is missing"
    elif isinstance(real, list) and real and ours:
        yield from _differences(ours[0], real[0], f"{path}/0")


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, path)
    elif isinstance(value, str):
        yield path, value
