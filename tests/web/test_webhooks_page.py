"""The admins' page about the webhook."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from gate.domain.delivery import SentDelivery
from gate.domain.errors import Failed
from gate.services.queries.deliveries import PAGE_SIZE
from tests.services.delivery_world import NOON, SECRETS, payload, review
from tests.web.web_world import csrf_token, sign_in
from tests.web.webhook_world import WebhookWorld

FAILED = SentDelivery(
    4711, "guid-1", "pull_request_review", "submitted", NOON - timedelta(hours=1), 502, False
)


@pytest.fixture
def world(tmp_path: Path) -> WebhookWorld:
    return WebhookWorld(tmp_path)


def _words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def test_it_shows_what_came_and_what_became_of_it(world: WebhookWorld) -> None:
    hold = world.hold()
    world.deliver("pull_request_review", review(hold, "approved"), "d-review")
    world.post("star", b"{", "d-bad")
    world.take("d-bad")
    world.send("star", payload("created"), "d-new")

    page = world.browser().get("/webhooks")

    words = _words(page.text)
    assert "pull_request_review submitted taken demo/1 pull request 21, by alice d-review" in words
    assert "star failed its body is no JSON object d-bad" in words
    assert "star created not looked at yet d-new" in words
    assert '<a href="/holds/demo/1">demo/1</a>' in page.text


def test_it_says_what_to_paste_and_no_secret(world: WebhookWorld) -> None:
    page = world.browser().get("/webhooks")

    words = _words(page.text)
    assert "Payload URL http://localhost/webhooks/github" in words
    assert "Secrets two" in words
    assert not any(secret in page.text for secret in SECRETS)


def test_older_deliveries_are_pages_further(world: WebhookWorld) -> None:
    for n in range(PAGE_SIZE + 3):
        world.later(seconds=1)
        world.send("star", payload("created"), f"d-{n:03}")
    alice = world.browser()

    first = alice.get("/webhooks").text
    older = re.search(r'href="(/webhooks\?before=[^"]+)"', first)
    assert older is not None
    second = alice.get(older[1]).text

    assert re.findall(r"d-\d{3}", _words(first)) == [f"d-{n:03}" for n in range(PAGE_SIZE + 2, 2, -1)]
    assert re.findall(r"d-\d{3}", _words(second)) == ["d-002", "d-001", "d-000"]


@pytest.mark.parametrize("before", ["unknown", "' or 1=1", "a" * 500])
def test_a_page_that_never_was_is_still_a_page(world: WebhookWorld, before: str) -> None:
    assert world.browser().get("/webhooks", query_string={"before": before}).status_code == 200


def test_what_github_could_not_deliver_is_asked_for_by_a_button(world: WebhookWorld) -> None:
    world.forge.sent = [FAILED] * 5
    world.redeliver()
    alice = world.browser()

    shown = alice.get("/webhooks")
    form = {"csrf_token": csrf_token(alice, "/webhooks")}
    answer = alice.post("/webhooks/4711/redeliver", data=form, follow_redirects=True)

    assert "pull_request_review submitted 502 guid-1 Redeliver" in _words(shown.text)
    assert "GitHub was asked to send guid-1 again." in answer.text
    assert world.forge.asked == [4711]
    assert [event.actor for event in world.events("webhook:*")] == ["user:alice"]


def test_a_list_that_cannot_be_read_says_so_and_that_nothing_is_lost(world: WebhookWorld) -> None:
    world.forge.fault = Failed("the token may not read webhooks.")
    world.redeliver()

    words = _words(world.browser().get("/webhooks").text)

    assert (
        "the token may not read webhooks. Holds move all the same: the sweep looks at each of them." in words
    )


def test_a_button_that_is_too_late_says_so(world: WebhookWorld) -> None:
    alice = world.browser()

    answer = alice.post("/webhooks/1/redeliver", data={"csrf_token": csrf_token(alice, "/webhooks")})

    assert (answer.status_code, "no longer among the failed ones" in _words(answer.text)) == (404, True)


def test_it_is_for_admins(world: WebhookWorld) -> None:
    bob = world.browser("bob")
    form = {"csrf_token": csrf_token(bob, "/account")}

    assert bob.get("/webhooks").status_code == 403
    assert bob.post("/webhooks/4711/redeliver", data=form).status_code == 403
    assert world.app().test_client().get("/webhooks").status_code == 302


def test_without_github_it_says_what_is_missing(world: WebhookWorld) -> None:
    alice = sign_in(world.app(is_set_up=False).test_client(), "alice")

    assert "GitHub is not set up at this gate." in alice.get("/webhooks").text
    form = {"csrf_token": csrf_token(alice, "/account")}
    assert alice.post("/webhooks/4711/redeliver", data=form).status_code == 404


def test_what_a_delivery_says_is_shown_inert(world: WebhookWorld) -> None:
    hold = world.hold()
    content = review(hold, "approved")
    content["sender"]["login"] = "<b>x</b>\u202egpj"
    world.deliver("pull_request_review", content)

    page = world.browser().get("/webhooks").text

    assert "<b>x</b>" not in page
    assert "\u202e" not in page
