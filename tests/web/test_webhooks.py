"""What GitHub sends to the webhook, and how it is answered."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from gate.domain.delivery import DeliveryOutcome
from gate.domain.errors import Unavailable
from gate.domain.hold import HoldState
from gate.services.accept_delivery import LARGEST_BODY
from tests.services.delivery_world import SECRETS, review, signature
from tests.web.webhook_world import FORM, WebhookWorld

EXAMPLES = Path(__file__).parent.parent / "github" / "data" / "webhook-examples.json"
BODY = b'{"action":"created","zen":"Design for failure."}'


@pytest.fixture
def world(tmp_path: Path) -> WebhookWorld:
    return WebhookWorld(tmp_path)


def _stored(world: WebhookWorld) -> list[str]:
    with world.store.snapshot() as tx:
        return [one.id for one in tx.deliveries.page(before=None, limit=100)]


def test_a_delivery_is_stored_and_looked_at_after_the_answer(world: WebhookWorld) -> None:
    answer = world.github(BODY)

    assert (answer.status_code, answer.content_type) == (202, "text/plain; charset=utf-8")
    assert (_stored(world), world.jobs.taken) == (["d-1"], [("take_delivery", "d-1")])


def test_r01_a_delivery_that_comes_again_is_2xx_and_taken_once(world: WebhookWorld) -> None:
    world.github(BODY)
    world.take("d-1")

    answer = world.github(BODY)

    assert (answer.status_code, answer.text) == (200, "The gate has this delivery already.\n")
    assert world.jobs.taken == [("take_delivery", "d-1")]


def test_r01_a_delivery_that_was_stored_and_forgotten_is_enqueued_again(world: WebhookWorld) -> None:
    world.github(BODY)

    world.github(BODY)

    assert world.jobs.taken == [("take_delivery", "d-1")] * 2


def test_r02_an_id_with_another_body_is_a_conflict(world: WebhookWorld) -> None:
    world.github(BODY)

    answer = world.github(BODY + b"\n")

    assert answer.status_code == 409
    assert [event.action for event in world.events("webhook:*")] == ["webhook:mismatch"]


def test_e35_a_ping_and_events_that_nobody_knows_are_2xx(world: WebhookWorld) -> None:
    answers = [
        world.github(BODY, event=event, delivery=event.replace("_", "-")) for event in ("ping", "new_event")
    ]
    for delivery_id in _stored(world):
        world.take(delivery_id)

    assert [answer.status_code for answer in answers] == [202, 202]
    assert world.delivery("ping").note == "GitHub reaches this gate"
    assert world.delivery("new-event").outcome is DeliveryOutcome.IGNORED


def test_the_signature_is_over_the_raw_bytes_of_a_form_too(world: WebhookWorld) -> None:
    hold = world.hold()
    body = urlencode({"payload": json.dumps(review(hold, "approved"))}).encode()

    answer = world.github(body, event="pull_request_review", Content_Type=FORM)
    world.take("d-1")

    assert answer.status_code == 202
    assert world.jobs.taken == [("take_delivery", "d-1"), ("reconcile", hold.id)]


def test_a_body_that_is_no_json_is_stored_and_fails_later_with_words(world: WebhookWorld) -> None:
    answer = world.github(b"{")
    world.take("d-1")

    assert answer.status_code == 202
    assert world.delivery("d-1").note == "its body is no JSON object"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X_Hub_Signature_256": None}, 401),
        ({"X_Hub_Signature_256": signature(BODY, "not a secret")}, 401),
        ({"X_Hub_Signature_256": "sha256=" + "0" * 64}, 401),
        ({"X_Hub_Signature_256": None, "X_Hub_Signature": "sha1=" + "0" * 40}, 401),
        ({"X_GitHub_Delivery": None}, 400),
        ({"X_GitHub_Event": None}, 400),
        ({"X_GitHub_Delivery": "a" * 101}, 400),
        ({"X_GitHub_Delivery": "../../etc"}, 400),
        ({"X_GitHub_Event": "<script>"}, 400),
    ],
)
def test_r07_what_is_not_githubs_is_refused_and_nothing_of_it_is_kept(
    world: WebhookWorld, headers: dict[str, Any], status: int
) -> None:
    answer = world.github(BODY, **headers)

    assert (answer.status_code, _stored(world), world.jobs.taken) == (status, [], [])
    assert not any(secret in answer.text for secret in SECRETS)
    assert [event.action for event in world.events("webhook:*")] == ["webhook:refuse"]


@pytest.mark.parametrize(
    "header", [{"Authorization": "Basic eDp5"}, {"Cookie": "pushgate=x"}, {"Origin": "http://x"}]
)
def test_nobody_signs_in_and_no_form_token_is_asked_for(world: WebhookWorld, header: dict[str, str]) -> None:
    assert world.github(BODY, **header).status_code == 202


def test_a_truncated_body_is_refused(world: WebhookWorld) -> None:
    answer = world.github(BODY[:-1], X_Hub_Signature_256=signature(BODY))

    assert (answer.status_code, _stored(world)) == (401, [])


def test_bodies_may_be_as_large_as_githubs_and_no_larger(world: WebhookWorld) -> None:
    large = b'{"a":"' + b"x" * (LARGEST_BODY - 8) + b'"}'

    answers = [
        world.github(body, delivery=f"d-{n}").status_code for n, body in enumerate((large, large + b" "))
    ]

    assert (answers, _stored(world)) == ([202, 413], ["d-0"])
    assert [event.details["why"] for event in world.events("webhook:*")] == ["size"]


def test_a_large_body_without_a_signature_is_not_even_read(world: WebhookWorld) -> None:
    class Unread(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("nobody should read this")

        readinto = read  # type: ignore[assignment]

    unsigned = Unread(b"x" * 1000)
    answer = world.app().test_client().post("/webhooks/github", input_stream=unsigned, buffered=True)

    assert answer.status_code == 401


def test_without_github_there_is_no_webhook(world: WebhookWorld) -> None:
    client: FlaskClient = world.app(is_set_up=False).test_client()

    answer = client.post("/webhooks/github", data=BODY, headers={"X-Hub-Signature-256": signature(BODY)})

    assert (answer.status_code, _stored(world)) == (404, [])


def test_a_store_that_is_away_asks_github_to_come_back(
    world: WebhookWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise Unavailable("store: the database did not do its part.")

    monkeypatch.setattr(world.store, "transaction", away)

    assert world.github(BODY).status_code == 503


def test_the_answer_does_not_wait_for_a_queue_that_hangs(
    world: WebhookWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[float] = []
    enqueued: list[float] = []
    monkeypatch.setattr(
        type(world.jobs), "take_delivery", lambda *_: enqueued.append(time.perf_counter()), False
    )
    headers = {
        "X-GitHub-Event": "star",
        "X-GitHub-Delivery": "d-1",
        "X-Hub-Signature-256": signature(BODY),
    }

    answer = world.app().test_client().post("/webhooks/github", data=BODY, headers=headers)
    answered.append(time.perf_counter())
    assert (answer.status_code, enqueued) == (202, [])
    answer.close()

    assert enqueued[0] > answered[0]


def test_figures_have_a_bounded_set_of_events(world: WebhookWorld) -> None:
    for n, event in enumerate(("push", "push", "one_of_a_thousand_words", "another_word")):
        world.github(BODY, event=event, delivery=f"d-{n}")
    world.github(BODY, X_Hub_Signature_256=None)

    assert {labels: value for (name, labels), value in world.totals.totals.items() if "webhooks" in name} == {
        (("event", "other"), ("status", "202")): 2,
        (("event", "other"), ("status", "401")): 1,
        (("event", "push"), ("status", "202")): 2,
    }


def test_every_real_payload_goes_through_and_none_moves_a_hold(world: WebhookWorld) -> None:
    hold = world.hold()
    with world.store.transaction() as tx:
        # The repository that most of the examples are about, with its pull request number 2.
        tx.repositories.set_upstream("demo", "https://github.com/Codertocat/Hello-World.git", 186853002)
    examples = json.loads(EXAMPLES.read_text())
    sent = [(event, body) for event, bodies in examples.items() for body in bodies]

    answers = []
    for n, (event, body) in enumerate(sent):
        answers.append(world.github(json.dumps(body).encode(), event=event, delivery=f"real-{n}").status_code)
        world.take(f"real-{n}")

    outcomes = {world.delivery(f"real-{n}").outcome for n in range(len(sent))}
    with world.store.snapshot() as tx:
        assert tx.holds.get(hold.id).state is HoldState.IN_REVIEW
    assert (set(answers), len(sent) > 30) == ({202}, True)
    assert outcomes == {DeliveryOutcome.TAKEN, DeliveryOutcome.IGNORED}
