"""What an audit event takes, and the one way in which it is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.audit import Action, AuditEvent, event_from, time_text, writable
from gate.domain.errors import Invalid
from tests.audit.trails import an_event

# The hard part of Unicode: lone surrogates, NUL, the replacement character and its own escapes.
hostile_text = st.text(
    st.characters() | st.characters(categories=["Cs"]) | st.sampled_from("\0\ufffd{}\\\udc80\u202e\n")
)
details = st.dictionaries(
    st.text(st.characters(max_codepoint=127)),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | hostile_text,
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner),
        max_leaves=10,
    ),
)
events = st.builds(
    AuditEvent,
    at=st.datetimes(timezones=st.just(UTC)),
    actor=hostile_text.filter(bool),
    action=st.sampled_from(Action),
    repository=st.none() | hostile_text,
    ref=st.none() | hostile_text,
    hold=st.none() | hostile_text,
    push=st.none() | hostile_text,
    details=details,
    outcome=st.sampled_from(["ok", "refused", "failed"]),
)


def test_an_event_is_written_with_every_field_and_a_version() -> None:
    event = an_event(
        7, action=Action.HOLD_RELEASE, push="01J", details={"files": ["a", "b"], "forced": False}
    )

    written = event.mapping()

    assert written == {
        "v": 1,
        "at": "2026-11-22T18:36:07.000000Z",
        "actor": "user:alice",
        "action": "hold:release",
        "outcome": "ok",
        "repository": "demo",
        "ref": "refs/heads/main",
        "hold": "demo/7",
        "push": "01J",
        "details": {"files": ["a", "b"], "forced": False},
    }
    assert event_from(written) == event


def test_times_are_written_in_utc_with_a_fixed_width() -> None:
    berlin = timezone(timedelta(hours=1))

    assert time_text(datetime(2026, 1, 1, tzinfo=berlin)) == "2025-12-31T23:00:00.000000Z"
    assert time_text(datetime(9, 1, 1, 0, 0, 0, 5, UTC)) == "0009-01-01T00:00:00.000005Z"


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"at": datetime(2026, 1, 1)}, "at has no time zone: times here are UTC"),
        ({"actor": ""}, "actor is empty"),
        ({"action": "release"}, "action 'release' is not of the form subject:verb"),
        ({"outcome": "fine"}, "outcome 'fine' is not one of ok, refused, failed"),
        ({"details": {"size": 0.5}}, "details.size is a float, which the trail does not take"),
        ({"details": {"n": [1, 2**53]}}, "details.n[1] is too large a number: write it as a string"),
        ({"details": {"n": -(2**53)}}, "details.n is too large a number: write it as a string"),
        ({"details": {"größe": 1}}, "details has the key 'größe', which is not ASCII text"),
        ({"details": {"raw": b"x"}}, "details.raw is a bytes, which the trail does not take"),
    ],
)
def test_what_has_no_single_written_form_is_refused(values: dict[str, object], fault: str) -> None:
    with pytest.raises(Invalid) as refusal:
        an_event(**values)  # type: ignore[arg-type]  # Wrong types are the point.

    assert refusal.value.faults == (fault,)


def test_details_nested_without_end_are_refused() -> None:
    nested: dict[str, object] = {}
    for _ in range(100):
        nested = {"in": nested}

    with pytest.raises(Invalid, match="nested deeper than 20"):
        an_event(details=nested)


def test_what_no_database_holds_is_made_visible_and_cannot_be_feigned() -> None:
    texts = ["caf\udce9", "caf\ufffd{dce9}", "a\0b", "a\ufffd{0000}b", "\ufffd", "a\\udce9"]

    written = [writable(text) for text in texts]

    assert written == [
        "caf\ufffd{dce9}",
        "caf\ufffd{fffd}{dce9}",
        "a\ufffd{0000}b",
        "a\ufffd{fffd}{0000}b",
        "\ufffd{fffd}",
        "a\\udce9",
    ]


@given(events, events)
def test_two_different_events_never_share_bytes(one: AuditEvent, other: AuditEvent) -> None:
    same = rfc8785.dumps(one.mapping()) == rfc8785.dumps(other.mapping())

    assert same <= (one == other)


@given(hostile_text, hostile_text)
def test_two_different_texts_are_never_written_alike(one: str, other: str) -> None:
    assert (writable(one) == writable(other)) == (one == other)


def test_every_action_reads_subject_verb_and_says_what_it_means() -> None:
    for action in Action:
        assert an_event(action=action).action == str(action)
        assert action.meaning.endswith(".")
        assert "\n" not in action.meaning


def test_an_event_of_a_newer_version_is_not_guessed_at() -> None:
    with pytest.raises(Invalid, match="version 2"):
        event_from({**an_event().mapping(), "v": 2})
