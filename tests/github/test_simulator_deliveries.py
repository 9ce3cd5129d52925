from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.github.caller import Shop
from tests.github.simulator import Delivery, Simulator

SECRET = "It's a Secret to Everybody"
LIST = "/app/hook/deliveries"


@dataclass
class Receiver:
    """Takes deliveries, answers `status`, and keeps what it got."""

    url: str = ""
    status: int = 202
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def events(self) -> list[str]:
        return [headers["X-GitHub-Event"] for headers, _ in self.got]

    def ids(self) -> list[str]:
        return [headers["X-GitHub-Delivery"] for headers, _ in self.got]

    def is_signed(self) -> list[bool]:
        """Of each delivery, whether its signature is right."""
        return [
            headers["X-Hub-Signature-256"]
            == f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}"
            for headers, body in self.got
        ]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            made.got.append((dict(self.headers), self.rfile.read(size)))
            self.send_response(made.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks/github"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop(simulator: Simulator, receiver: Receiver) -> Shop:
    made = Shop(simulator)
    simulator.outbox.hold()
    simulator.webhook(receiver.url, SECRET)
    return made


def test_what_happens_is_told_at_once_and_signed(shop: Shop, receiver: Receiver) -> None:
    shop.simulator.outbox.release()

    shop.open()

    shop.simulator.outbox.wait()
    assert receiver.events() == ["create", "push", "push", "pull_request"]
    assert all(receiver.is_signed())
    headers, body = receiver.got[-1]
    assert headers["Content-Type"] == "application/json"
    payload = json.loads(body)
    assert (payload["action"], payload["repository"]["full_name"]) == ("opened", "acme/shop")
    assert payload["installation"]["id"] in shop.simulator.world.installations


def test_held_deliveries_come_when_told_to_in_either_order(shop: Shop, receiver: Receiver) -> None:
    pull = shop.open()
    shop.bob.approve(shop.repository, pull)
    assert receiver.got == []

    assert shop.simulator.flush(reverse=True) == 5

    assert receiver.events() == ["pull_request_review", "pull_request", "push", "push", "create"]
    assert shop.simulator.flush() == 0


def test_a_delivery_may_come_twice_with_one_id(shop: Shop, receiver: Receiver) -> None:
    shop.simulator.double()

    shop.branch()
    shop.simulator.flush()

    first, second = receiver.ids()[:2]
    assert first == second
    assert len(set(receiver.ids())) == 3


def test_a_lost_delivery_is_listed_and_sent_again_with_its_id(shop: Shop, receiver: Receiver) -> None:
    shop.bob.push(shop.repository, "refs/tags/v1", shop.first)
    shop.simulator.lose_deliveries(1)
    shop.simulator.flush()
    assert receiver.events() == ["push"]
    as_app = shop.as_app()

    failed = as_app("GET", LIST, status="failure").json()
    assert [(one["event"], one["status_code"], one["redelivery"]) for one in failed] == [("create", 0, False)]
    assert as_app("POST", f"{LIST}/{failed[0]['id']}/attempts").status_code == 202
    shop.simulator.flush()

    assert receiver.events() == ["push", "create"]
    assert receiver.ids()[-1] == failed[0]["guid"]
    again = as_app("GET", LIST).json()[0]
    assert (again["guid"], again["redelivery"], again["status"]) == (failed[0]["guid"], True, "OK")


def test_a_delivery_may_be_lost_where_github_hears_ok(shop: Shop, receiver: Receiver) -> None:
    shop.branch()
    shop.simulator.lose_deliveries(lambda one: one.event == "push", noticed=False)

    shop.simulator.flush()

    assert receiver.events() == ["create"]
    assert shop.as_app()("GET", LIST, status="failure").json() == []


def test_a_bad_answer_is_a_failed_delivery(shop: Shop, receiver: Receiver) -> None:
    receiver.status = 500
    shop.branch()
    shop.simulator.flush()

    listed = shop.as_app()("GET", LIST, status="failure").json()

    assert {(one["status_code"], one["status"]) for one in listed} == {(500, "Invalid HTTP Response: 500")}


def test_what_waits_is_not_listed_and_what_is_old_neither(shop: Shop) -> None:
    shop.branch()
    as_app = shop.as_app
    assert as_app()("GET", LIST).json() == []
    shop.simulator.flush()
    number = as_app()("GET", LIST).json()[0]["id"]

    shop.simulator.world.ahead = 3 * 86400 + 60
    now = int(shop.simulator.world.now().timestamp())
    later = as_app(iat=now - 60, exp=now + 500)

    assert later("GET", LIST).json() == []
    assert later("POST", f"{LIST}/{number}/attempts").status_code == 404


def test_the_list_goes_on_at_a_cursor(shop: Shop) -> None:
    for number in range(4):
        shop.bob.push(shop.repository, f"refs/tags/v{number}", shop.first)
    shop.simulator.flush()

    first = shop.as_app()("GET", LIST, per_page=5)
    rest = shop.as_app()("GET", first.links["next"]["url"].partition("/api/v3")[2])

    assert "cursor=" in first.links["next"]["url"]
    assert [one["id"] for one in first.json() + rest.json()] == sorted(
        (one.number for one in shop.simulator.deliveries if one.is_sent), reverse=True
    )


def test_a_forged_and_a_cut_one_are_not_signed_rightly(shop: Shop, receiver: Receiver) -> None:
    pull = shop.open()
    shop.simulator.flush()
    receiver.got.clear()
    last = shop.simulator.deliveries[-1]

    shop.simulator.forge("pull_request_review", {"action": "submitted"})
    shop.simulator.truncate(last, 100)
    shop.simulator.outbox.post(last)

    assert receiver.is_signed() == [False, False, True]
    assert len(receiver.got[1][1]) == 100
    assert pull.state == "open"


def test_a_repository_may_have_a_webhook_of_its_own(shop: Shop, receiver: Receiver) -> None:
    permissions = {"repository_hooks": "write", "contents": "write"}
    carol = shop.person(shop.carol, **permissions)
    config = {"url": receiver.url, "secret": SECRET, "content_type": "json"}
    hook = carol("POST", "/repos/acme/shop/hooks", {"config": config, "events": ["push"]}).json()
    shop.branch()
    shop.simulator.flush()

    assert carol("GET", "/repos/acme/shop/hooks").json()[0]["config"]["secret"] == "********"
    listed = carol("GET", f"/repos/acme/shop/hooks/{hook['id']}/deliveries").json()
    assert [one["event"] for one in listed] == ["push", "push", "create"]
    path = f"/repos/acme/shop/hooks/{hook['id']}/deliveries/{listed[0]['id']}/attempts"
    assert carol("POST", path).status_code == 202
    assert carol("GET", "/repos/acme/shop/hooks/1/deliveries").status_code == 404
    bob = shop.person(shop.bob, **permissions)
    assert bob("GET", "/repos/acme/shop/hooks").status_code == 403


def test_nothing_is_told_from_within_the_request_that_caused_it(shop: Shop, receiver: Receiver) -> None:
    """A receiver that asks GitHub back while it is told must not wait for the request to end."""
    answers: list[int] = []

    def back(body: bytes, headers: dict[str, str]) -> int:
        answers.append(gate("GET", "/repos/acme/shop").status_code)
        return 202

    gate = shop.gate()
    shop.simulator.outbox.carrier = back
    shop.simulator.outbox.release()

    shop.branch()

    shop.simulator.outbox.wait()
    assert answers == [200] * 3
    assert [one.status for one in _sent(shop)] == [202] * 3


def _sent(shop: Shop) -> list[Delivery]:
    return [one for one in shop.simulator.deliveries if one.is_sent]
