"""What people are told, word for word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.hold import Hold, HoldState, Revision
from gate.domain.notification import Notification, waiting_message

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URL = "https://gate.example.org"


def hold(number: int = 1, ref: str = "refs/heads/main", waits: timedelta = timedelta(minutes=3)) -> Hold:
    revision = Revision(number, 2, "push-1", "a" * 40, "b" * 40, None, NOON, published_at=NOON - waits)
    return Hold(
        number, 1, "demo", number, 1, "codex-1", ref, HoldState.IN_REVIEW, revision, NOON, NOON
    )  # fmt: skip


def test_one_hold() -> None:
    assert waiting_message([hold()], URL, NOON) == Notification(
        "Pushgate: demo/1 waits for a review",
        "demo/1, revision 2: codex-1 asks to change refs/heads/main\n"
        "  waits for 3 minutes\n"
        "  https://gate.example.org/holds/demo/1\n",
    )


def test_many_holds_are_one_message_of_bounded_length() -> None:
    message = waiting_message([hold(number) for number in range(1, 34)], URL, NOON)

    assert message.subject == "Pushgate: 33 holds wait for a review"
    assert message.text.count("codex-1 asks to change") == 20
    assert message.text.endswith("/holds/demo/20\n\nand 13 more: https://gate.example.org/?state=in_review\n")


def test_a_revision_that_was_not_shown_yet_waits_since_it_came() -> None:
    unshown = hold()
    unshown = replace(unshown, revision=replace(unshown.revision, published_at=None))

    assert "waits for 2 hours" in waiting_message([unshown], URL, NOON + timedelta(hours=2)).text


@pytest.mark.parametrize(
    ("waits", "words"),
    [
        (timedelta(seconds=-5), "less than a minute"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(seconds=60), "1 minute"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(minutes=119), "1 hour"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_how_long_it_waits(waits: timedelta, words: str) -> None:
    assert f"  waits for {words}\n" in waiting_message([hold(waits=waits)], URL, NOON).text


@pytest.mark.parametrize(
    ("ref", "shown"),
    [
        ("refs/heads/www.evil.example/a", "refs/heads/www[.]evil[.]example/a"),
        ("refs/heads/release/1.2", "refs/heads/release/1.2"),
        ("refs/heads/@here", "refs/heads/<U+0040>here"),
        ("refs/heads/a@evil.example", "refs/heads/a<U+0040>evil[.]example"),
        ("refs/heads/<!channel>", "refs/heads/<U+003C><U+0021>channel<U+003E>"),
        ("refs/heads/`*a*`", "refs/heads/<U+0060><U+002A>a<U+002A><U+0060>"),
        ("refs/heads/a\u202eb\udc80", "refs/heads/a<U+202E>b<0x80>"),
        ("refs/heads/" + "x" * 300, "refs/heads/" + "x" * 188 + "\u2026"),
    ],
)
def test_nothing_of_an_agents_acts(ref: str, shown: str) -> None:
    text = waiting_message([hold(ref=ref)], URL, NOON).text

    assert f"codex-1 asks to change {shown}\n" in text


@given(st.text(st.characters(exclude_categories=())))
def test_the_lines_and_links_are_the_gates_own_whatever_the_ref(ref: str) -> None:
    lines = waiting_message([hold(ref=ref)], URL, NOON).text.splitlines()

    assert len(lines) == 3
    assert "://" not in lines[0]
    assert lines[2] == "  https://gate.example.org/holds/demo/1"
