"""When people are told that holds wait for a review."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from gate.adapters.sql.migrate import migrate
from gate.adapters.sql.store import SqlStore
from gate.domain.errors import Failed, GateError, Unavailable
from gate.domain.hold import Hold, HoldState
from gate.services.notify import Notify
from gate.services.ports.notify import Notifier
from tests.store.world import NOON, add_hold, furnish, move, revise

EVERY = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)


@dataclass
class Mailbox:
    """A notifier that keeps what it is given, or fails."""

    name: str = "email"
    subjects: list[str] = field(default_factory=list)
    fault: GateError | None = None

    def send(self, subject: str, text: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.subjects.append(subject.removeprefix("Pushgate: "))


class Office:
    """Notifications on a clock that moves by hand."""

    def __init__(self, folder: Path) -> None:
        self.store = SqlStore(f"sqlite:///{folder}/gate.db")
        migrate(self.store)
        furnish(self.store)
        self.now = NOON
        self.mail, self.chat = Mailbox(), Mailbox("slack")
        self.faults: list[str] = []

    def review(self, number: int) -> Hold:
        hold = add_hold(self.store, number, f"refs/heads/topic-{number}")
        return move(self.store, hold, HoldState.IN_REVIEW)

    def notify(self, *notifiers: Notifier, after: timedelta = MINUTE) -> None:
        self.now += after
        self.use_case(*notifiers)()

    def use_case(self, *notifiers: Notifier) -> Notify:
        return Notify(
            self.store,
            notifiers or (self.mail,),
            EVERY,
            "https://gate.example.org",
            lambda: self.now,
            lambda event, fault: self.faults.append(f"{event} {fault}"),
        )

    def trail(self) -> list[tuple[str, object, object]]:
        with self.store.snapshot() as tx:
            events = [stored.event for stored in reversed(tx.audit.events())]
        return [(str(event.outcome), event.details["by"], event.details["holds"]) for event in events]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_all_holds_that_wait_are_one_message(office: Office) -> None:
    office.review(1)
    office.review(2)
    add_hold(office.store, 3, "refs/heads/still-received")

    office.notify()
    office.notify(after=EVERY)

    assert office.mail.subjects == ["2 holds wait for a review"]
    assert office.trail() == [("ok", "email", ["demo/1", "demo/2"])]


def test_what_comes_soon_after_a_message_waits_for_the_next(office: Office) -> None:
    office.review(1)
    office.notify()
    office.review(2)

    office.notify(after=MINUTE)
    too_early = list(office.mail.subjects)
    office.review(3)
    office.notify(after=EVERY - MINUTE)

    assert too_early == ["demo/1 waits for a review"]
    assert office.mail.subjects == ["demo/1 waits for a review", "2 holds wait for a review"]


def test_a_hold_that_no_longer_waits_is_left_out(office: Office) -> None:
    office.review(1)
    office.notify()
    decided, revised = office.review(2), office.review(3)
    office.notify(after=MINUTE)
    move(office.store, decided, HoldState.APPROVED)
    move(office.store, revise(office.store, revised), HoldState.COLLECTING, HoldState.IN_REVIEW)

    office.notify(after=EVERY)

    assert office.mail.subjects == ["demo/1 waits for a review", "demo/3 waits for a review"]


def test_a_new_revision_is_news(office: Office) -> None:
    hold = office.review(1)
    office.notify()
    move(office.store, revise(office.store, hold), HoldState.COLLECTING, HoldState.IN_REVIEW)

    office.notify(after=EVERY)

    assert office.mail.subjects == ["demo/1 waits for a review"] * 2


def test_a_notifier_that_fails_is_tried_again_and_keeps_nobody_else(office: Office) -> None:
    office.review(1)
    office.chat.fault = Unavailable("the chat is away")

    office.notify(office.chat, office.mail)
    office.notify(office.chat, office.mail)
    failed = (list(office.chat.subjects), list(office.mail.subjects))
    office.chat.fault = None
    office.notify(office.chat, office.mail)
    office.notify(office.chat, office.mail, after=EVERY)

    assert failed == ([], ["demo/1 waits for a review"])
    assert (office.chat.subjects, office.mail.subjects) == (["demo/1 waits for a review"],) * 2
    assert office.faults == ["notify:failed the chat is away"] * 2
    assert office.trail() == [
        ("failed", "slack", ["demo/1"]),
        ("ok", "email", ["demo/1"]),
        ("ok", "slack", ["demo/1"]),
    ]


def test_each_time_that_a_notifier_begins_to_fail_is_on_the_trail(office: Office) -> None:
    for number in (1, 2):
        office.review(number)
        office.mail.fault = Unavailable("away")
        office.notify(after=EVERY)
        office.notify()
        office.mail.fault = None
        office.notify()

    assert [outcome for outcome, _, _ in office.trail()] == ["failed", "ok"] * 2


def test_a_failure_brings_the_next_message_no_earlier(office: Office) -> None:
    office.review(1)
    office.notify()
    office.review(2)
    office.mail.fault = Failed("refused")
    office.notify(after=EVERY)
    office.mail.fault = None
    office.notify()
    office.review(3)

    office.notify(after=EVERY - MINUTE)
    too_early = len(office.mail.subjects)
    office.notify(after=MINUTE)

    assert (too_early, office.mail.subjects[2:]) == (2, ["demo/3 waits for a review"])


def test_a_crash_while_sending_costs_time_and_no_message(office: Office) -> None:
    office.review(1)

    class Crash(Mailbox):
        def send(self, subject: str, text: str) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        office.notify(Crash())
    office.notify(after=MINUTE)
    at_first = list(office.mail.subjects)
    office.notify(after=EVERY)

    assert (at_first, office.mail.subjects) == ([], ["demo/1 waits for a review"])


def test_a_notifier_that_breaks_in_no_foreseen_way_keeps_nobody_else(office: Office) -> None:
    office.review(1)

    class Broken(Mailbox):
        def send(self, subject: str, text: str) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        office.notify(Broken("broken"), office.mail)
    office.notify(Broken("broken"), office.mail)

    assert office.mail.subjects == ["demo/1 waits for a review"]


def test_without_a_notifier_nothing_happens(office: Office) -> None:
    office.review(1)

    Notify(office.store, (), EVERY, "https://gate.example.org", lambda: NOON, lambda *_: None)()

    with office.store.snapshot() as tx:
        assert len(tx.holds.unnotified()) == 1
    office.notify()
    assert office.mail.subjects == ["demo/1 waits for a review"]
