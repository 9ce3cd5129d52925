from __future__ import annotations

import time

import pytest
import requests

from tests.github.caller import Caller, Shop
from tests.github.simulator import Simulator

REPOSITORY = "/repos/acme/shop"


@pytest.fixture
def shop(simulator: Simulator) -> Shop:
    return Shop(simulator)


def test_an_app_gets_in_with_its_key_alone(shop: Shop) -> None:
    other, now = shop.simulator.app("other", on=[shop.repository]), int(time.time())

    assert shop.as_app()("GET", "/app").json()["slug"] == "pushgate"
    wrong = [
        shop.as_app(key=other.private_key_pem),
        shop.as_app(exp=now - 1),
        shop.as_app(exp=now + 3600),
        shop.as_app(iat=now + 600),
        Caller(shop.simulator, "a.b.c", "Bearer"),
        Caller(shop.simulator, "ghs_unknown"),
    ]
    assert [caller("GET", "/app").status_code for caller in wrong] == [401] * 6


def test_a_token_of_an_installation_ends_after_an_hour(shop: Shop) -> None:
    gate = shop.gate()
    assert gate("GET", REPOSITORY).status_code == 200

    shop.simulator.world.ahead = 3601

    assert gate.refusal("GET", REPOSITORY) == (401, "Bad credentials")


def test_a_token_has_what_was_asked_for_and_never_more(shop: Shop) -> None:
    asked = shop.mint({"repositories": ["shop"], "permissions": {"contents": "read"}}).json()

    assert asked["permissions"] == {"metadata": "read", "contents": "read"}
    refused = shop.mint({"permissions": {"administration": "write"}})
    assert (refused.status_code, refused.json()["message"]) == (
        422,
        "The permissions requested are not granted to this installation.",
    )
    assert shop.mint({"repositories": ["another"]}).status_code == 422
    assert shop.mint({"repository_ids": [shop.repository.id]}).status_code == 201


@pytest.mark.parametrize(
    ("permissions", "method", "path", "body"),
    [
        ({"contents": "read"}, "GET", "/pulls", None),
        ({"pull_requests": "read"}, "POST", "/pulls", {"head": "change", "base": "main", "title": "x"}),
        ({"pull_requests": "write"}, "PUT", "/pulls/1/merge", {}),
        ({"pull_requests": "read"}, "POST", "/issues/1/comments", {"body": "x"}),
        ({"contents": "write"}, "POST", "/statuses/{head}", {"state": "success"}),
        ({"statuses": "write"}, "GET", "/commits/{head}/check-runs", None),
        ({"pull_requests": "write"}, "GET", "/git/ref/heads/main", None),
        ({"contents": "write"}, "GET", "/branches/main/protection", None),
        ({"contents": "write"}, "GET", "/hooks", None),
    ],
)
def test_what_a_permission_is_missing_for_is_refused(
    shop: Shop, permissions: dict[str, str], method: str, path: str, body: object
) -> None:
    head = shop.open().head_sha

    refusal = shop.gate(**permissions).refusal(method, REPOSITORY + path.format(head=head), body)

    assert refusal == (403, "Resource not accessible by integration")


def test_a_person_may_no_more_than_their_role(shop: Shop) -> None:
    dave = shop.simulator.person("dave")
    token = shop.person(dave)
    ref = {"ref": "refs/heads/new", "sha": shop.first}

    assert token("GET", REPOSITORY).status_code == 404
    shop.simulator.collaborator(shop.repository, dave, "read")
    assert token("GET", REPOSITORY).status_code == 200
    assert token.refusal("POST", f"{REPOSITORY}/git/refs", ref) == (
        403,
        "Resource not accessible by personal access token",
    )
    assert "403" in shop.push(token, f"{shop.first}:refs/heads/new")
    shop.simulator.collaborator(shop.repository, dave, "write")
    assert token("POST", f"{REPOSITORY}/git/refs", ref).status_code == 201


def test_what_a_token_cannot_see_is_not_there(shop: Shop) -> None:
    shop.simulator.repository("acme/other")

    gate = shop.gate()

    assert gate.refusal("GET", "/repos/acme/other") == (404, "Not Found")
    assert gate.refusal("GET", "/repos/acme/none") == (404, "Not Found")
    assert gate.refusal("GET", f"{REPOSITORY}/pulls/7") == (404, "Not Found")


def test_a_suspended_or_removed_app_is_locked_out(shop: Shop) -> None:
    gate = shop.gate()

    shop.simulator.suspend(shop.app, shop.carol)
    assert gate.refusal("GET", REPOSITORY) == (403, "This installation has been suspended")
    assert shop.mint({}).status_code == 403
    shop.simulator.suspend(shop.app, shop.carol, suspended=False)
    assert gate("GET", REPOSITORY).status_code == 200
    shop.simulator.set_repositories(shop.app, [shop.simulator.repository("acme/new")], shop.carol)
    assert gate("GET", REPOSITORY).status_code == 404
    shop.simulator.uninstall(shop.app, shop.carol)
    assert gate("GET", REPOSITORY).status_code == 401
    assert shop.as_app()("GET", f"{REPOSITORY}/installation").status_code == 404


def test_an_archived_repository_can_only_be_read(shop: Shop) -> None:
    shop.open()
    shop.simulator.archive(shop.repository, shop.carol)

    refusal = shop.gate().refusal("POST", f"{REPOSITORY}/issues/1/comments", {"body": "x"})

    assert refusal == (403, "Repository was archived so is read-only.")
    assert "403" in shop.push(shop.gate(), f"{shop.first}:refs/heads/new")


def test_an_old_name_leads_to_the_repository_until_another_takes_it(shop: Shop) -> None:
    gate = shop.gate()
    shop.simulator.rename(shop.repository, "store", shop.carol)

    moved = gate("GET", f"{REPOSITORY}/pulls", state="all")

    address = f"{shop.simulator.url}/api/v3/repositories/{shop.repository.id}/pulls?state=all"
    assert (moved.status_code, moved.headers["Location"]) == (301, address)
    assert gate("GET", f"/repositories/{shop.repository.id}").json()["full_name"] == "acme/store"
    other = shop.simulator.repository("acme/shop")
    assert gate("GET", REPOSITORY).status_code == 404
    assert other.id != shop.repository.id


def test_a_login_that_was_given_up_can_be_another_persons(shop: Shop) -> None:
    shop.alice.rename("alice-2")
    other = shop.simulator.person("alice")
    gate = shop.gate()

    assert gate("GET", "/users/alice").json()["id"] == other.id
    assert gate("GET", "/users/alice-2").json()["id"] == shop.alice.id
    path = f"{REPOSITORY}/collaborators/{{}}/permission"
    assert gate("GET", path.format("alice")).json()["permission"] == "none"
    assert gate("GET", path.format("ALICE-2")).json()["permission"] == "write"


@pytest.mark.parametrize(
    ("role", "permission"),
    [("maintain", "write"), ("triage", "read"), ("admin", "admin"), ("none", "none")],
)
def test_a_role_has_an_older_word(shop: Shop, role: str, permission: str) -> None:
    shop.simulator.collaborator(shop.repository, shop.bob, role)

    shown = shop.gate()("GET", f"{REPOSITORY}/collaborators/bob/permission").json()

    assert (shown["permission"], shown["role_name"]) == (permission, role)


def test_lists_come_in_pages_with_links_that_keep_what_was_asked(shop: Shop) -> None:
    shop.open()
    for number in range(65):
        shop.bob.comment(shop.repository, shop.repository.pulls[1], f"{number}")
    path = f"{REPOSITORY}/issues/1/comments"

    first = shop.gate()("GET", path, since="2020-01-01T00:00:00Z")

    assert len(first.json()) == 30
    assert "page=2" in first.links["next"]["url"]
    assert "since=2020" in first.links["next"]["url"]
    assert "page=3" in first.links["last"]["url"]
    last = shop.gate()("GET", path, page=3)
    assert (len(last.json()), set(last.links)) == (5, {"prev", "first"})
    assert len(shop.gate()("GET", path, per_page=1000).json()) == 65


def test_too_many_writes_are_refused_for_a_while(shop: Shop) -> None:
    gate, body = shop.gate(), {"state": "success"}
    shop.simulator.secondary_limit(2, minute=1000)

    answers = [gate("POST", f"{REPOSITORY}/statuses/{shop.first}", body) for _ in range(3)]

    assert [one.status_code for one in answers] == [201, 201, 403]
    assert "secondary rate limit" in answers[2].json()["message"]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 1001
    assert gate("GET", REPOSITORY).status_code == 200


def test_the_hours_requests_run_out(shop: Shop) -> None:
    gate = shop.gate()
    shop.simulator.primary_limit(1, reset_in=60)

    answers = [gate("GET", REPOSITORY) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 403]
    assert [one.headers["X-RateLimit-Remaining"] for one in answers] == ["0", "0"]
    assert 0 < int(answers[1].headers["X-RateLimit-Reset"]) - time.time() <= 61


@pytest.mark.parametrize(("after_work", "made"), [(True, 1), (False, 0)])
def test_an_answer_goes_wrong_before_or_after_the_work(shop: Shop, after_work: bool, made: int) -> None:
    shop.branch()
    gate = shop.gate()
    shop.simulator.fault("POST", "/pulls", after_work=after_work)

    answer = gate("POST", f"{REPOSITORY}/pulls", {"head": "change", "base": "main", "title": "x"})

    assert (answer.status_code, len(shop.repository.pulls)) == (502, made)


def test_what_the_description_does_not_know_is_a_violation(shop: Shop) -> None:
    gate = shop.gate()

    answers = [
        gate("GET", f"{REPOSITORY}/pulls/1/nothing"),
        gate("GET", f"{REPOSITORY}/pulls", color="red"),
        gate("POST", f"{REPOSITORY}/issues/1/comments", {"text": "x"}),
        gate("POST", f"{REPOSITORY}/pulls"),
        gate("GET", f"{REPOSITORY}/pulls", state="merged"),
    ]

    assert [one.status_code for one in answers] == [404, 422, 422, 422, 422]
    found = [one.partition(": ")[0] for one in shop.simulator.violations]
    assert found == [
        f"GET {REPOSITORY}/pulls/1/nothing",
        f"GET {REPOSITORY}/pulls",
        f"POST {REPOSITORY}/issues/1/comments",
        f"POST {REPOSITORY}/pulls",
        f"GET {REPOSITORY}/pulls",
    ]
    shop.simulator.violations.clear()


def test_members_of_a_team_are_told_to_those_who_may_know(shop: Shop) -> None:
    team = shop.simulator.team("acme/security", [shop.bob])
    path = "/orgs/acme/teams/security/memberships/{}"
    gate = shop.gate()

    assert gate("GET", path.format("bob")).json()["state"] == "active"
    assert gate("GET", path.format("alice")).status_code == 404
    team.invited.add(shop.alice.id)
    assert gate("GET", path.format("alice")).json()["state"] == "pending"
    members = gate("GET", "/orgs/acme/teams/security/members").json()
    assert [one["login"] for one in members] == ["bob"]
    shop.simulator.set_members(team, [], shop.carol)
    assert gate("GET", path.format("bob")).status_code == 404
    assert shop.gate(contents="read")("GET", path.format("bob")).status_code == 403


def test_statuses_and_checks_are_as_long_as_github_lets_them_be(shop: Shop) -> None:
    gate = shop.gate()
    path = f"{REPOSITORY}/statuses/{shop.first}"

    assert gate("POST", path, {"state": "success", "description": "x" * 140}).status_code == 201
    refusal = gate.refusal("POST", path, {"state": "success", "description": "x" * 141})
    assert refusal == (422, "description is too long (maximum is 140 characters)")
    gate("POST", path, {"state": "failure"})
    combined = gate("GET", f"{REPOSITORY}/commits/{shop.first}/status").json()
    assert (combined["state"], combined["total_count"]) == ("failure", 1)
    shop.bob.report_check(shop.repository, shop.first, "build", "github-actions", None)
    run = gate("GET", f"{REPOSITORY}/commits/{shop.first}/check-runs").json()["check_runs"][0]
    assert (run["name"], run["status"], run["app"]["slug"]) == ("build", "in_progress", "github-actions")
    asked = {"name": "gate", "head_sha": shop.first}
    assert shop.gate(checks="read").refusal("POST", f"{REPOSITORY}/check-runs", asked)[0] == 403
    made = gate("POST", f"{REPOSITORY}/check-runs", {**asked, "status": "queued"}).json()
    own = f"{REPOSITORY}/check-runs/{made['id']}"
    done = gate("PATCH", own, {"conclusion": "success", "status": "completed"}).json()
    assert (made["status"], done["status"], done["conclusion"]) == ("queued", "completed", "success")


def test_conversations_are_counted_in_pages(shop: Shop) -> None:
    pull = shop.open()
    threads = [shop.bob.open_thread(shop.repository, pull) for _ in range(3)]
    shop.bob.resolve(shop.repository, pull, threads[1])
    token = shop.gate().token

    def page(after: str | None) -> tuple[list[bool], str | None]:
        query = "query { repository { pullRequest { reviewThreads { nodes { isResolved } } } } }"
        variables: dict[str, str | int | None] = {
            "owner": "acme",
            "name": "shop",
            "number": 1,
            "first": 2,
            "after": after,
        }
        answer = requests.post(
            f"{shop.simulator.url}/api/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"bearer {token}"},
            timeout=30,
        ).json()["data"]["repository"]["pullRequest"]["reviewThreads"]
        more = answer["pageInfo"]["endCursor"] if answer["pageInfo"]["hasNextPage"] else None
        return [one["isResolved"] for one in answer["nodes"]], more

    states, cursor = page(None)
    assert states == [False, True]
    assert page(cursor) == ([False], None)
