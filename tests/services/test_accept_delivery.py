"""Which deliveries are taken in, and what is written down about those that are not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from gate.domain.delivery import Delivery, DeliveryOutcome, Stored
from gate.domain.errors import Invalid, NotAllowed
from gate.domain.payload import payload_in
from gate.services.accept_delivery import AcceptDelivery, SentHeaders, is_signed
from tests.services.delivery_world import NOON, SECRETS, DeliveryWorld, signature

BODY = b'{"action":"created","zen":"Keep it logically awesome."}'


@pytest.fixture
def world(tmp_path: Path) -> DeliveryWorld:
    return DeliveryWorld(tmp_path)


def _send(world: DeliveryWorld, signed: str, delivery_id: str = "d-1", event: str = "star") -> None:
    world.accept(SentHeaders(delivery_id, event, signed), BODY, address="192.0.2.1")


def test_the_signature_is_the_one_of_githubs_own_example() -> None:
    signed = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    assert is_signed(signed, b"Hello, World!", ("It's a Secret to Everybody",))
    assert not is_signed(signed, b"Hello, World", ("It's a Secret to Everybody",))


def test_a_signed_delivery_is_stored_as_it_came(world: DeliveryWorld) -> None:
    accepted = world.post("star", BODY, "d-1")

    with world.store.snapshot() as tx:
        stored = tx.deliveries.get("d-1")
    digest = hashlib.sha256(BODY).hexdigest()
    assert stored == (Delivery("d-1", "star", "created", digest, NOON), BODY)
    assert (accepted.stored, accepted.is_due) == (Stored.NEW, True)


@pytest.mark.parametrize("secret", SECRETS)
def test_both_secrets_are_good_while_one_follows_the_other(world: DeliveryWorld, secret: str) -> None:
    _send(world, signature(BODY, secret))

    assert world.delivery("d-1").outcome is DeliveryOutcome.STORED


@pytest.mark.parametrize(
    "signed",
    [
        "",
        signature(BODY, "another secret"),
        signature(BODY + b" "),
        signature(BODY).upper(),
        signature(BODY).removeprefix("sha256="),
        "sha1=" + "0" * 40,
        signature(BODY) + "\n",
        "sha256=" + "\u0663" * 64,
    ],
)
def test_r07_what_no_secret_signed_is_not_stored(world: DeliveryWorld, signed: str) -> None:
    with pytest.raises(NotAllowed):
        _send(world, signed)

    with world.store.snapshot() as tx:
        assert tx.deliveries.page(before=None, limit=1) == []
    assert [(event.action, event.outcome, event.details) for event in world.events()] == [
        ("webhook:refuse", "refused", {"address": "192.0.2.1", "attempts": 1, "why": "signature"})
    ]


@pytest.mark.parametrize(
    ("delivery_id", "event"),
    [("", "star"), ("d-1", ""), ("a" * 101, "star"), ("d 1", "star"), ("d-1\n", "star"), ("d-1", "Star!")],
)
def test_headers_that_github_does_not_send_are_refused(
    world: DeliveryWorld, delivery_id: str, event: str
) -> None:
    with pytest.raises(Invalid):
        _send(world, signature(BODY), delivery_id, event)

    with world.store.snapshot() as tx:
        assert tx.deliveries.page(before=None, limit=1) == []


def test_noise_fills_no_trail_whatever_process_it_comes_to(world: DeliveryWorld) -> None:
    processes = [world.new_process() for _ in range(3)]

    for _ in range(20):
        for process in processes:
            process.refuse("signature", "192.0.2.1")
        world.later(seconds=5)

    assert len(world.events("webhook:refuse")) == 2


def test_r02_the_same_id_with_another_body_is_refused_and_told(world: DeliveryWorld) -> None:
    world.post("star", BODY, "d-1")
    other = BODY + b" "

    accepted = world.post("star", other, "d-1")

    with world.store.snapshot() as tx:
        assert tx.deliveries.get("d-1")[1] == BODY
    assert (accepted.stored, accepted.is_due) == (Stored.MISMATCH, False)
    assert [(event.action, event.outcome, event.details) for event in world.events()] == [
        (
            "webhook:mismatch",
            "refused",
            {"delivery": "d-1", "event": "star", "body": hashlib.sha256(other).hexdigest()},
        )
    ]


def test_r01_the_same_delivery_is_due_again_until_it_was_taken(world: DeliveryWorld) -> None:
    world.post("star", BODY, "d-1")

    before = world.post("star", BODY, "d-1")
    world.take("d-1")
    after = world.post("star", BODY, "d-1")

    assert (before.stored, before.is_due) == (Stored.SAME, True)
    assert (after.stored, after.is_due) == (Stored.SAME, False)


def test_there_is_no_webhook_without_a_secret(world: DeliveryWorld) -> None:
    with pytest.raises(Invalid):
        AcceptDelivery(world.store, world.accept.queue, world.clock, ())
    with pytest.raises(Invalid):
        AcceptDelivery(world.store, world.accept.queue, world.clock, ("good", ""))


def test_the_secrets_are_never_shown(world: DeliveryWorld) -> None:
    assert not any(secret in repr(world.accept) for secret in SECRETS)


def test_a_form_carries_the_same_payload() -> None:
    text = json.dumps({"action": "created", "body": "a&b=c+d%"})
    form = "payload=" + "".join(f"%{byte:02X}" for byte in text.encode())

    assert payload_in(form.encode()) == payload_in(text.encode()) == {"action": "created", "body": "a&b=c+d%"}
