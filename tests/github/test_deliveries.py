"""GitHub's list of deliveries, as an App and as a token may read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.adapters.github.client import GitHub
from gate.adapters.github.deliveries import GitHubDeliveries
from gate.domain.delivery import SentDelivery
from gate.domain.errors import Failed, NotFound, Unavailable
from tests.github.loopback import Answer, Loopback, World, make_world, serving

ADDRESS = "https://gate.example.org/webhooks/github"
HOOKS = "/repos/acme/shop/hooks"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving(Loopback()) as server:
        yield make_world(server, tmp_path)


def _deliveries(world: World, github: GitHub) -> GitHubDeliveries:
    return GitHubDeliveries(github, lambda: [f"{world.server.url}/acme/shop.git"], ADDRESS)


def _item(number: int, status: int = 202, *, action: str | None = "submitted") -> dict[str, Any]:
    return {
        "id": number,
        "guid": f"guid-{number}",
        "delivered_at": f"2026-11-22T12:00:{number:02}Z",
        "redelivery": False,
        "duration": 0.1,
        "status": "OK" if status < 300 else "Bad Gateway",
        "status_code": status,
        "event": "pull_request_review",
        "action": action,
        "installation_id": 7,
        "repository_id": 42,
    }


def _sent(number: int, status: int = 202, action: str = "submitted") -> SentDelivery:
    at = datetime(2026, 11, 22, 12, 0, number, tzinfo=UTC)
    return SentDelivery(number, f"guid-{number}", "pull_request_review", action, at, status, False)


def _list(world: World, path: str, latest: list[Any], failed: list[Any], **headers: Any) -> None:
    world.server.get(f"{path}/deliveries?per_page=100", latest)
    world.server.get(f"{path}/deliveries?per_page=100&status=failure", failed, **headers)


def test_an_app_reads_its_latest_and_its_failed_deliveries(world: World) -> None:
    _list(world, "/app/hook", [_item(5), _item(4, 502)], [_item(4, 502), _item(1, 0, action=None)])

    found = _deliveries(world, world.app()).deliveries()

    assert found == [_sent(5), _sent(4, 502), _sent(1, 0, "")]
    assert all(one.authorization.startswith("Bearer eyJ") for one in world.server.requests)


def test_failed_deliveries_are_read_over_pages(world: World) -> None:
    more = f"{world.server.url}/api/v3/app/hook/deliveries?cursor=v1_2"
    _list(world, "/app/hook", [], [_item(4, 502)], Link=f'<{more}>; rel="next"')
    world.server.get("/app/hook/deliveries?cursor=v1_2", [_item(3, 502)])

    assert [one.number for one in _deliveries(world, world.app()).deliveries()] == [4, 3]


def test_an_app_asks_for_one_again(world: World) -> None:
    _list(world, "/app/hook", [], [_item(4, 502)])
    world.server.answers["POST", "/app/hook/deliveries/4/attempts"] = Answer({}, 202)

    _deliveries(world, world.app()).redeliver(4)

    assert world.server.asked()[-1] == ("POST", "/app/hook/deliveries/4/attempts")


def test_what_github_has_forgotten_cannot_be_asked_for(world: World) -> None:
    _list(world, "/app/hook", [], [])

    with pytest.raises(NotFound, match="no longer lists a delivery 4"):
        _deliveries(world, world.app()).redeliver(4)


def test_a_token_reads_the_repositorys_own_webhook(world: World) -> None:
    hooks = [
        {"id": 8, "config": {"url": "https://elsewhere.example.org"}},
        {"id": 9, "config": {"url": ADDRESS}},
    ]
    world.server.get(f"{HOOKS}?per_page=100", hooks)
    _list(world, f"{HOOKS}/9", [_item(5)], [_item(4, 502)])
    world.server.answers["POST", f"{HOOKS}/9/deliveries/4/attempts"] = Answer({}, 202)
    deliveries = _deliveries(world, world.by_token())

    assert deliveries.deliveries() == [_sent(5), _sent(4, 502)]
    deliveries.redeliver(4)

    assert world.server.asked()[-1] == ("POST", f"{HOOKS}/9/deliveries/4/attempts")


def test_a_repository_without_our_webhook_says_so(world: World) -> None:
    world.server.get(f"{HOOKS}?per_page=100", [{"id": 8, "config": {"url": "https://elsewhere.example.org"}}])

    with pytest.raises(
        Failed, match=r"acme/shop has no webhook to https://gate\.example\.org/webhooks/github"
    ):
        _deliveries(world, world.by_token()).deliveries()


@pytest.mark.parametrize(("status", "fault"), [(403, Failed), (404, NotFound), (502, Unavailable)])
def test_a_token_that_may_not_read_webhooks_is_told(
    world: World, status: int, fault: type[Exception]
) -> None:
    world.server.get(f"{HOOKS}?per_page=100", {"message": "Resource not accessible"}, status)

    with pytest.raises(fault):
        _deliveries(world, world.by_token()).deliveries()
