"""What GitHub could not deliver is asked for again, and what was delivered does not stay lying."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gate.domain.delivery import DeliveryOutcome, SentDelivery
from gate.domain.errors import Failed, GateError, NotFound, Unavailable
from gate.services.redeliver import LookAtDeliveries, last_look
from tests.services.delivery_world import NOON, DeliveryWorld, payload


@pytest.fixture
def world(tmp_path: Path) -> DeliveryWorld:
    return DeliveryWorld(tmp_path)


def _sent(
    number: int, guid: str, status: int = 502, *, at: datetime | None = None, again: bool = False
) -> SentDelivery:
    at = at or NOON - timedelta(minutes=60 - number)
    return SentDelivery(number, guid, "pull_request_review", "submitted", at, status, again)


def _look(world: DeliveryWorld) -> LookAtDeliveries | None:
    with world.store.snapshot() as tx:
        return last_look(tx)


def test_r06_a_failed_delivery_is_asked_for_and_told(world: DeliveryWorld) -> None:
    failed = [_sent(1, "guid-1"), _sent(2, "guid-2", 0)]
    world.forge.sent = [*failed, _sent(3, "guid-3", 202)]

    world.redeliver()

    assert world.forge.asked == [1, 2]
    assert [(event.action, event.actor, event.details) for event in world.events()] == [
        ("webhook:redeliver", "gate", {"deliveries": ["guid-1", "guid-2"]})
    ]
    assert _look(world) == LookAtDeliveries(NOON, (failed[1], failed[0]))


def test_what_arrived_since_is_not_asked_for(world: DeliveryWorld) -> None:
    world.send("star", payload("created"), "guid-1")
    world.forge.sent = [_sent(1, "guid-1"), _sent(2, "guid-2"), _sent(3, "guid-2", 202, again=True)]

    world.redeliver()

    assert (world.forge.asked, world.events(), _look(world)) == ([], [], LookAtDeliveries(NOON, ()))


def test_only_the_latest_attempt_is_asked_for_and_not_for_ever(world: DeliveryWorld) -> None:
    world.forge.sent = [
        *[_sent(n, "tried-twice") for n in (1, 2)],
        *[_sent(n, "tried-often") for n in (11, 12, 13, 14, 15)],
        _sent(21, "too-old", at=NOON - timedelta(days=4)),
    ]

    world.redeliver()

    look = _look(world)
    assert world.forge.asked == [2]
    assert look is not None
    assert [one.number for one in look.failed] == [15, 2]


def test_after_an_outage_they_are_asked_for_a_few_at_a_time(world: DeliveryWorld) -> None:
    world.forge.sent = [_sent(n, f"guid-{n}") for n in range(1, 31)]

    world.redeliver()

    assert world.forge.asked == list(range(1, 21))


@pytest.mark.parametrize(
    "fault", [Failed("the token may not read webhooks."), Unavailable("GitHub is away.")]
)
def test_a_forge_that_does_not_let_it_is_noted(world: DeliveryWorld, fault: GateError) -> None:
    world.forge.fault = fault

    world.redeliver()

    assert (_look(world), world.events()) == (LookAtDeliveries(NOON, (), str(fault)), [])


def test_r31_what_nobody_looked_at_is_enqueued_again(world: DeliveryWorld) -> None:
    world.send("star", payload("created"), "d-forgotten")
    world.later(seconds=61)
    world.send("star", payload("created"), "d-new")

    world.redeliver()

    assert world.jobs.taken == [("take_delivery", "d-forgotten")]


def test_what_cannot_be_looked_at_for_a_day_is_given_up(world: DeliveryWorld) -> None:
    world.send("star", payload("created"), "d-poison")
    world.later(hours=25)
    world.send("star", payload("created"), "d-waiting")
    world.later(minutes=2)

    world.redeliver()

    assert world.delivery("d-poison").outcome is DeliveryOutcome.FAILED
    assert world.jobs.taken == [("take_delivery", "d-waiting")]


def test_deliveries_are_kept_for_a_month(world: DeliveryWorld) -> None:
    world.deliver("star", payload("created"), "d-old")
    world.later(days=29)
    world.deliver("star", payload("created"), "d-newer")
    world.later(days=2)

    world.redeliver()

    with world.store.snapshot() as tx:
        assert [one.id for one in tx.deliveries.page(before=None, limit=9)] == ["d-newer"]


def test_an_admin_asks_for_one_by_hand(world: DeliveryWorld) -> None:
    world.forge.sent = [_sent(n, "tried-often") for n in (11, 12, 13, 14, 15)]
    world.redeliver()

    world.redeliver.by_hand(15, actor="user:alice")

    assert world.forge.asked == [15]
    assert [(event.action, event.actor, event.details) for event in world.events()] == [
        ("webhook:redeliver", "user:alice", {"deliveries": ["tried-often"]})
    ]


def test_only_what_was_seen_to_fail_can_be_asked_for(world: DeliveryWorld) -> None:
    with pytest.raises(NotFound):
        world.redeliver.by_hand(15, actor="user:alice")

    assert (world.forge.asked, world.events()) == ([], [])
