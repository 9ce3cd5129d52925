from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.adapters.github.admin import GitHubAdmin
from gate.adapters.github.client import GitHub
from gate.adapters.github.deliveries import GitHubDeliveries
from gate.adapters.github.manifest import Registration
from gate.adapters.github.permissions import EVENTS, PERMISSIONS, WORKFLOWS
from gate.adapters.github.protection import (
    Pusher,
    protection_findings,
    review_branch_findings,
    ruleset_findings,
)
from gate.adapters.github.workflows import triggers
from gate.domain.errors import Failed, Invalid, NotFound, Refused
from gate.domain.repository import Repository
from gate.domain.review import Account
from tests.github.loopback import (
    INSTALLATION,
    MINT,
    START,
    Answer,
    Loopback,
    World,
    make_world,
    repository,
    serving,
)

WEBHOOK = "https://gate.example.org/webhooks/github"
GRANTED = {one.name: one.level for one in PERMISSIONS}
OURS = Pusher(app="pushgate", login="pushgate[bot]", merges=False)
SHOP = "/repos/acme/shop"


def installation(**more: Any) -> dict[str, Any]:
    page = "https://github.com/organizations/acme/settings/installations/7"
    return {"id": 7, "permissions": GRANTED, "suspended_at": None, "html_url": page, **more}


def application(**more: Any) -> dict[str, Any]:
    return {
        "id": 123,
        "slug": "pushgate",
        "html_url": "https://github.com/apps/pushgate",
        "permissions": GRANTED,
        "events": [event.name for event in EVENTS],
        **more,
    }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Everything at GitHub is as it should be."""
    with serving(Loopback()) as server:
        world = make_world(server, tmp_path)
        server.get("/app", application())
        server.get(INSTALLATION, installation())
        server.get("/users/pushgate%5Bbot%5D", {"id": 900, "login": "pushgate[bot]"})
        server.get("/app/hook/deliveries?per_page=30", [delivery(202)])
        server.get("/app/hook/config", {"url": WEBHOOK, "insecure_ssl": "0", "secret": "********"})
        server.get(f"{SHOP}/branches/main", {"name": "main"})
        server.get(f"{SHOP}/branches?page=1&per_page=100&protected=true", [])
        server.get(f"{SHOP}/rules/branches/main", [])
        server.get(f"{SHOP}/rules/branches/pushgate%2F1", [])
        yield world


def delivery(code: int, status: str = "OK") -> dict[str, Any]:
    return {"id": 1, "guid": "g", "event": "push", "status": status, "status_code": code}


def admin(world: World, github: GitHub | None = None, **more: Any) -> GitHubAdmin:
    client = github or world.app()
    upstreams = [f"{world.server.url}/acme/shop.git"]
    return GitHubAdmin(client, GitHubDeliveries(client, lambda: upstreams, WEBHOOK), **more)


def found(world: World, github: GitHub | None = None, **more: Any) -> list[tuple[str, bool]]:
    """Subject and whether it is fatal, of everything found."""
    findings = check(world, github, **more)
    assert all(one.what and one.mend for one in findings)
    return [(one.subject, one.is_fatal) for one in findings]


def check(world: World, github: GitHub | None = None, **more: Any) -> list[Any]:
    shop = Repository(1, "shop", f"{world.server.url}/acme/shop.git", "github", START)
    return admin(world, github, **more).check(shop)


def test_where_all_is_well_nothing_is_found(world: World) -> None:
    assert check(world) == []


def test_a_check_does_not_trust_what_a_token_could_do_earlier(world: World) -> None:
    world.app().token("acme/shop")

    check(world)

    assert world.minted == ["ghs_1", "ghs_2"]


def test_each_permission_that_is_missing_is_named_with_its_reason(world: World) -> None:
    world.server.get(INSTALLATION, installation(permissions={"metadata": "read", "contents": "read"}))
    world.server.get("/app", application(permissions={**GRANTED, "contents": "read"}))

    findings = check(world)

    missing = [one for one in PERMISSIONS if one.name != "metadata"]
    assert [(one.subject, one.is_fatal) for one in findings] == [
        (f"permission {one.name}: {one.level}", one.is_needed) for one in missing
    ]
    assert all(one.why in finding.what for one, finding in zip(missing, findings, strict=True))
    assert "accept" in findings[0].mend
    assert "yet to accept: https://github.com/organizations/acme" in findings[1].mend


def test_more_permissions_than_needed_are_named(world: World) -> None:
    more = {**GRANTED, "secrets": "write", "contents": "admin", "workflows": "write"}
    world.server.get(INSTALLATION, installation(permissions=more))

    findings = check(world)

    assert [one.subject for one in findings] == ["permissions", "permission workflows: write"]
    assert "secrets: write" in findings[0].what
    assert "contents" not in findings[0].what


def test_a_suspended_installation_is_all_that_is_said(world: World) -> None:
    world.server.get(INSTALLATION, installation(suspended_at="2026-01-01T00:00:00Z"))

    assert found(world) == [("installation", True)]


def test_an_app_that_is_not_installed_is_all_that_is_said(world: World) -> None:
    world.server.get(INSTALLATION, {"message": "Not Found"}, 404)

    [finding] = check(world)

    assert finding.mend.endswith("https://github.com/apps/pushgate/installations/new")


def test_a_wrong_key_is_said(world: World) -> None:
    world.server.get("/app", {"message": "A JSON web token could not be decoded"}, 401)

    [finding] = check(world)

    assert finding.subject == "credentials"
    assert "private key" in finding.what


def test_a_github_that_does_not_answer_ends_the_check(world: World) -> None:
    world.server.get(f"{SHOP}/branches/main", None, 502)

    assert found(world) == [("GitHub", True)]


def test_events_that_the_app_does_not_hear_of_are_named(world: World) -> None:
    world.server.get("/app", application(events=["push"]))

    [finding] = check(world)

    assert "pull_request_review" in finding.what
    assert not finding.is_fatal


def test_an_archived_renamed_and_empty_repository_is_seen(world: World) -> None:
    world.server.get(SHOP, repository(archived=True, full_name="acme/store"))
    world.server.get(f"{SHOP}/branches/main", {"message": "Branch not found"}, 404)

    findings = check(world)

    assert [(one.subject, one.is_fatal) for one in findings] == [
        ("acme/shop", True),
        ("acme/shop", False),
        ("acme/shop", False),
    ]
    assert "archived" in findings[0].what
    assert "acme/store" in findings[1].what
    assert "no branch main" in findings[2].what


@pytest.mark.parametrize(
    ("deliveries", "words"),
    [
        ([], "sent nothing"),
        ([delivery(401, "Unauthorized"), delivery(202)], "failed with 401"),
        ([delivery(0, "timed out")], "failed with 0"),
        ([delivery(500, "x")], "failed with 500"),
    ],
)
def test_a_webhook_that_does_not_arrive_is_no_fault_but_said(
    world: World, deliveries: list[Any], words: str
) -> None:
    world.server.get("/app/hook/deliveries?per_page=30", deliveries)

    [finding] = check(world)

    assert words in finding.what
    assert not finding.is_fatal


def test_a_gate_that_github_cannot_reach_is_said(world: World) -> None:
    client = world.app()
    url = "http://127.0.0.1:8080/webhooks/github"
    world.server.get("/app/hook/config", {"url": url, "secret": "********"})
    sent = GitHubDeliveries(client, list, url)
    shop = Repository(1, "shop", f"{world.server.url}/acme/shop.git", "github", START)

    [finding] = GitHubAdmin(client, sent).check(shop)

    assert "GitHub cannot reach http://127.0.0.1:8080" in finding.what
    assert not finding.is_fatal


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"url": "https://elsewhere.example.org/", "secret": "*"}, "sends to https://elsewhere.example.org/"),
        ({"secret": "*"}, "sends to nowhere"),
        ({"url": WEBHOOK}, "has no secret"),
        ({"url": WEBHOOK, "secret": "*", "insecure_ssl": "1"}, "certificate"),
    ],
)
def test_a_webhook_that_is_set_up_wrongly_is_said(world: World, config: dict[str, str], words: str) -> None:
    world.server.get("/app/hook/config", config)

    [finding] = check(world)

    assert words in finding.what
    assert not finding.is_fatal


def test_an_old_failure_is_forgiven(world: World) -> None:
    world.server.get("/app/hook/deliveries?per_page=30", [delivery(202), delivery(500)])

    assert check(world) == []


def test_a_token_is_checked_by_what_its_owner_may_do(world: World) -> None:
    world.server.get("/user", {"id": 5, "login": "alice"})
    world.server.get(SHOP, repository(permissions={"push": False}))
    config = {"url": WEBHOOK, "insecure_ssl": "1", "secret": "********"}
    hook = {"active": False, "config": config, "last_response": {"code": 404}}
    world.server.get(f"{SHOP}/hooks", [hook])

    findings = check(world, world.by_token())

    assert [(one.subject, one.is_fatal) for one in findings] == [
        ("token", True),
        ("token", False),
        ("webhook", False),
        ("webhook", False),
        ("webhook", False),
    ]
    assert "alice cannot approve" in findings[1].what


def test_a_webhook_that_may_not_be_looked_at_is_said(world: World) -> None:
    world.server.get("/user", {"id": 5, "login": "alice"})
    world.server.get(SHOP, repository(permissions={"push": True}))
    world.server.get(f"{SHOP}/hooks", {"message": "Resource not accessible by token"}, 403)

    findings = check(world, world.by_token())

    assert [one.subject for one in findings] == ["token", "webhook"]
    assert "cannot be looked at" in findings[1].what


def test_protection_that_may_not_be_looked_at_is_said(world: World) -> None:
    words = {"message": "Resource not accessible by integration"}
    world.server.get(f"{SHOP}/branches/main/protection", words, 403)

    assert found(world) == [("protection of main", False)]


def test_every_protected_branch_is_looked_at(world: World) -> None:
    listed = [{"name": "main"}, {"name": "release/1"}]
    world.server.get(f"{SHOP}/branches?page=1&per_page=100&protected=true", listed)
    world.server.get(f"{SHOP}/branches/release%2F1/protection", {"lock_branch": {"enabled": True}})

    assert found(world) == [("protection of release/1", True)]


def test_a_ruleset_that_the_gate_bypasses_is_nothing_to_it(world: World) -> None:
    rule = {"type": "pull_request", "ruleset_id": 9}
    world.server.get(f"{SHOP}/rules/branches/main", [rule])
    world.server.get(f"{SHOP}/rulesets/9", {"current_user_can_bypass": "never"})
    assert found(world) == [("ruleset 9 for main", True)]

    world.server.get(f"{SHOP}/rulesets/9", {"current_user_can_bypass": "always"})
    assert found(world) == []


def test_rules_for_review_branches_matter_where_they_are_in_the_same_repository(world: World) -> None:
    world.server.get(f"{SHOP}/rules/branches/pushgate%2F1", [{"type": "creation", "ruleset_id": 3}])

    assert found(world) == [("ruleset 3 for pushgate/**", True)]
    assert found(world, is_fork_mode=True) == []


def test_workflows_that_run_before_a_review_are_named(world: World) -> None:
    texts = {"ci.yml": "on: [push, pull_request]\n", "nightly.yaml": "on:\n  schedule:\n    - cron: x\n"}
    listed = [{"name": name, "type": "file"} for name in (*texts, "README.md")]
    world.server.get(f"{SHOP}/contents/.github/workflows", listed)
    for name, text in texts.items():
        content = base64.encodebytes(text.encode()).decode()
        world.server.get(f"{SHOP}/contents/.github/workflows/{name}", {"content": content})

    [finding] = check(world)

    assert finding.subject == "workflow ci.yml"
    assert "pull_request, push" in finding.what
    assert not finding.is_fatal
    assert check(world, is_fork_mode=True) == []


def test_the_right_to_change_workflows_asks_for_fork_mode(world: World) -> None:
    world.server.get(INSTALLATION, installation(permissions={**GRANTED, "workflows": "write"}))

    assert found(world) == [("permission workflows: write", False)]
    assert found(world, is_fork_mode=True) == []


def test_an_upstream_elsewhere_is_said(world: World) -> None:
    other = Repository(1, "shop", "https://git.example.org/acme/shop", "github", START)

    [finding] = admin(world).check(other)

    assert finding.subject == "upstream"


def test_accounts_and_repositories_are_looked_up_by_number(world: World) -> None:
    world.server.get("/users/Alice", {"id": 5, "login": "alice"})

    assert admin(world).account("Alice") == Account(5, "alice")
    assert admin(world).repository_id(f"{world.server.url}/acme/shop") == 42
    with pytest.raises(NotFound):
        admin(world).account("nobody")
    with pytest.raises(Invalid):
        admin(world).repository_id("https://git.example.org/acme/shop")


def test_an_account_is_looked_up_through_any_repository_that_lets_the_app_in(world: World) -> None:
    world.server.get("/users/alice", {"id": 5, "login": "alice"})
    github = world.app()
    upstreams = [f"{world.server.url}/acme/gone", f"{world.server.url}/acme/shop"]
    through = GitHubAdmin(github, GitHubDeliveries(github, lambda: upstreams, WEBHOOK))
    alone = GitHubAdmin(github, GitHubDeliveries(github, lambda: upstreams[:1], WEBHOOK))
    none = GitHubAdmin(github, GitHubDeliveries(github, list, WEBHOOK))

    assert through.account("alice") == Account(5, "alice")
    with pytest.raises(Failed, match="not installed"):
        alone.account("alice")
    with pytest.raises(Refused, match="repo add"):
        none.account("alice")


PROTECTIONS: list[tuple[dict[str, Any], list[bool]]] = [
    ({}, []),
    ({"required_pull_request_reviews": {}}, [True]),
    ({"required_pull_request_reviews": None, "restrictions": None}, []),
    ({"required_pull_request_reviews": {"required_approving_review_count": 1}}, [True]),
    (
        {
            "required_pull_request_reviews": {
                "url": "x",
                "bypass_pull_request_allowances": {"apps": [{"slug": "pushgate"}]},
            }
        },
        [],
    ),
    (
        {
            "required_pull_request_reviews": {
                "url": "x",
                "bypass_pull_request_allowances": {"apps": [{"slug": "another"}]},
            }
        },
        [True],
    ),
    ({"restrictions": {"apps": [], "users": [{"login": "pushgate"}], "teams": []}}, [True]),
    ({"restrictions": {"apps": [{"slug": "pushgate"}], "users": [], "teams": []}}, []),
    ({"lock_branch": {"enabled": True}}, [True]),
    ({"lock_branch": {"enabled": False}}, []),
    ({"required_status_checks": {"contexts": ["ci"], "checks": [{"context": "ci"}]}}, [False]),
    ({"required_status_checks": {"contexts": ["pushgate"]}}, []),
    ({"required_signatures": {"enabled": True}}, [False]),
    ({"required_linear_history": {"enabled": True}}, [False]),
    ({"enforce_admins": {"enabled": True}, "allow_force_pushes": {"enabled": False}}, []),
]


@pytest.mark.parametrize(("protection", "fatal"), PROTECTIONS)
def test_protection_that_refuses_a_release_is_told(protection: dict[str, Any], fatal: list[bool]) -> None:
    findings = list(protection_findings("main", protection, OURS))

    assert [one.is_fatal for one in findings] == fatal
    assert {one.subject for one in findings} <= {"protection of main"}


def test_protection_names_the_token_s_owner(world: World) -> None:
    restrictions = {"restrictions": {"apps": [], "users": [{"login": "alice"}], "teams": []}}

    assert list(protection_findings("main", restrictions, Pusher(None, "alice", False))) == []
    [finding] = protection_findings("main", restrictions, Pusher(None, "bob", False))
    assert "add bob" in finding.mend


@pytest.mark.parametrize(
    ("kind", "fatal", "fatal_for_merges"),
    [
        ("pull_request", [True], []),
        ("merge_queue", [True], [True]),
        ("update", [True], [True]),
        ("creation", [], []),
        ("deletion", [], []),
        ("required_signatures", [False], [False]),
        ("required_linear_history", [False], [False]),
        ("of_tomorrow", [], []),
    ],
)
def test_rules_that_refuse_a_release_are_told(
    kind: str, fatal: list[bool], fatal_for_merges: list[bool]
) -> None:
    rules = [{"type": kind, "ruleset_id": 1}]
    merging = Pusher("pushgate", "pushgate[bot]", merges=True)

    assert [one.is_fatal for one in ruleset_findings("main", rules, OURS)] == fatal
    assert [one.is_fatal for one in ruleset_findings("main", rules, merging)] == fatal_for_merges


def test_required_checks_of_a_ruleset_are_named() -> None:
    parameters = {"required_status_checks": [{"context": "ci"}, {"context": "lint"}, {"context": "pushgate"}]}
    rules = [{"type": "required_status_checks", "ruleset_id": 1, "parameters": parameters}]

    [finding] = ruleset_findings("main", rules, OURS)

    assert "held commit: ci, lint" in finding.what


@pytest.mark.parametrize(
    ("kind", "fatal"),
    [
        ("creation", [True]),
        ("pull_request", [True]),
        ("required_status_checks", [True]),
        ("deletion", [False]),
        ("non_fast_forward", [False]),
        ("required_signatures", []),
    ],
)
def test_rules_that_refuse_review_branches_are_told(kind: str, fatal: list[bool]) -> None:
    assert [one.is_fatal for one in review_branch_findings([{"type": kind}], OURS)] == fatal


WORKFLOW_TEXTS = [
    ("on: push\n", {"push"}),
    ("name: x\n'on': [push, pull_request] # both\n", {"push", "pull_request"}),
    ('"on":\n  - push\n  - workflow_dispatch\n', {"push"}),
    ("on:\n- pull_request\njobs:\n  push:\n", {"pull_request"}),
    ("on:\n  push:\n    branches: [main]\n", set()),
    ("on:\n  push:\n    branches:\n      - main\n      - 'pushgate/**'\n", {"push"}),
    ("on:\n  push:\n    branches: ['**']\n", {"push"}),
    ("on:\n  push:\n    branches: ['*']\n", set()),
    ("on:\n  push:\n    branches: ['**', '!pushgate/**']\n", set()),
    ("on:\n  push:\n    branches-ignore: ['pushgate/**']\n", set()),
    ("on:\n  push:\n    branches-ignore:\n    - gh-pages\n", {"push"}),
    ("on:\n  push:\n    tags: ['v*']\n", set()),
    ("on:\n  push:\n    paths: ['src/**']\n", {"push"}),
    ("on:\n  # a remark\n\n  pull_request_target:\n    types: [opened]\n", {"pull_request_target"}),
    ("on:\n  pull_request:\n    branches: [main]\n  push:\n    branches: [main]\n", {"pull_request"}),
    ("on: {push: {branches: [main]}}\n", {"push"}),
    ("on:\n  schedule:\n    - cron: '0 0 * * *'\n", set()),
    ("on:\n  workflow_run:\n    workflows: [push]\n", set()),
    ("jobs:\n  on: push\n", set()),
    ("", set()),
    ("\0\ud7ff: [", set()),
]


@pytest.mark.parametrize(("text", "events"), WORKFLOW_TEXTS)
def test_a_workflow_tells_whether_it_runs_on_review_branches(text: str, events: set[str]) -> None:
    assert triggers(text) == events


def test_the_manifest_asks_for_what_is_listed_and_no_more() -> None:
    plain = Registration("https://github.com", "https://gate.example.org")
    changing = Registration("https://github.com", "https://gate.example.org", has_workflows=True)

    assert plain.manifest() == {
        "name": "pushgate",
        "url": "https://gate.example.org",
        "description": "Holds what coding agents push, and releases what people approve.",
        "public": False,
        "hook_attributes": {"url": WEBHOOK, "active": True},
        "default_permissions": {
            "metadata": "read",
            "contents": "write",
            "pull_requests": "write",
            "issues": "write",
            "statuses": "write",
            "checks": "write",
            "members": "read",
            "administration": "read",
        },
        "default_events": [event.name for event in EVENTS],
    }
    assert changing.manifest()["default_permissions"]["workflows"] == WORKFLOWS.level


def test_the_link_fills_githubs_form() -> None:
    link = Registration("https://git.example.org", "https://gate.example.org", "gate", "acme").link()

    assert link.startswith("https://git.example.org/organizations/acme/settings/apps/new?name=gate&")
    assert "webhook_url=https%3A%2F%2Fgate.example.org%2Fwebhooks%2Fgithub" in link
    assert "contents=write" in link
    assert "events%5B%5D=pull_request_review" in link


def test_a_token_that_cannot_be_had_is_a_fault(world: World) -> None:
    world.server.answers["POST", MINT] = Answer({"message": "no"}, 403)

    assert found(world) == [("credentials", True)]
