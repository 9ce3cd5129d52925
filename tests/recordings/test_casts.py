"""asciicasts and plain logs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.adapters.recordings.reader import read_recording
from gate.services.ports.evidence import CastReading

V2 = {"version": 2, "width": 100, "height": 30, "timestamp": 1795367655, "command": "bash", "env": {"A": "b"}}
V3 = {"version": 3, "term": {"cols": 90, "rows": 20, "type": "xterm"}, "title": "mine"}


def cast(*lines: object) -> bytes:
    return b"".join(
        (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines
    )


def read(content: bytes) -> tuple[CastReading, list[str]]:
    lines: list[str] = []
    reading = read_recording([content], None, lines.append)
    return reading, lines


def test_version_2_becomes_version_3_with_the_times_between() -> None:
    reading, lines = read(
        cast(
            V2,
            [0.1, "o", "a"],
            [0.35, "o", "ü"],
            [0.35, "r", "80x24"],
            [1.5, "m", "here"],
            [2, "i", "secret"],
        )
    )

    assert lines == [
        '{"version": 3, "term": {"cols": 100, "rows": 30}, "timestamp": 1795367655, "command": "bash"}',
        '[0.100000, "o", "a"]',
        '[0.250000, "o", "ü"]',
        '[0.000000, "r", "80x24"]',
        '[1.150000, "m", "here"]',
    ]
    assert reading == CastReading(
        100, 30, 2000, True, "bash", None, ("what was typed is left out (1 times)",)
    )


def test_version_3_stays_what_it_is_without_comments_and_titles() -> None:
    reading, lines = read(cast(V3, b"# a comment", [0.1, "o", "a"], [0.2, "o", "b"], b"", [0.3, "x", "2"]))

    assert lines == [
        '{"version": 3, "term": {"cols": 90, "rows": 20}}',
        '[0.100000, "o", "a"]',
        '[0.200000, "o", "b"]',
        '[0.300000, "x", "2"]',
    ]
    assert reading == CastReading(90, 20, 600, True, "", 2)


@given(st.lists(st.integers(0, 10**10), max_size=50))
def test_the_times_of_version_2_add_up_to_the_microsecond(times: list[int]) -> None:
    times = sorted(times)
    events = [[time / 1_000_000, "o", "x"] for time in times]

    _, lines = read(cast(V2, *events))

    at, said = 0, []
    for line in lines[1:]:
        at += int(json.loads(line, parse_float=str)[0].replace(".", ""))
        said.append(at)
    assert said == times


def test_lines_that_are_no_events_are_left_out_and_counted() -> None:
    odd = (
        b"null",
        b"[1]",
        [True, 1, "x"],
        ["0.1", "o", "x"],
        b'[1e999, "o", "x"]',
        b'[NaN, "o", "x"]',
        [0, "z", "x"],
    )

    reading, lines = read(cast(V2, *odd, [0.1, "o", "a"], b"[" * 100_000))

    assert lines[1:] == ['[0.100000, "o", "a"]']
    assert reading.faults == (f"{len(odd) + 1} lines of the recording could not be read",)


def test_a_last_line_that_is_cut_is_told_and_not_played() -> None:
    reading, lines = read(cast(V2, [0.1, "o", "a"]) + b'[0.2, "o", "b')

    assert lines[1:] == ['[0.100000, "o", "a"]']
    assert reading.faults == ("the recording ends within a line, or has one that is too long",)


def test_half_a_surrogate_pair_can_still_be_written_as_utf_8() -> None:
    _, lines = read(cast(V2, b'[0.1, "o", "\\ud800x"]'))

    assert lines[1] == '[0.100000, "o", "\ufffdx"]'


@pytest.mark.parametrize(
    ("size", "expected"), [((10**6, 10**6), (500, 200)), ((0, -1), (80, 24)), ((True, 1), (80, 1))]
)
def test_the_screen_keeps_within_what_can_be_drawn(size: tuple[int, int], expected: tuple[int, int]) -> None:
    reading, _ = read(cast({"version": 2, "width": size[0], "height": size[1]}))

    assert (reading.columns, reading.rows) == expected


def test_a_large_text_becomes_several_events_and_too_many_events_are_cut() -> None:
    line = b'[0.0, "o", "' + b"x" * 150_000 + b'"]'

    _, lines = read(cast(V2, line))

    assert [len(json.loads(one)[2]) for one in lines[1:]] == [65536, 65536, 18928]


@pytest.mark.parametrize(
    "content", [b'{"version": 1, "stdout": []}\n', b'{"version": 2}\n', b"{}\n", b"[" * 10_000]
)
def test_what_only_looks_like_a_cast_is_a_plain_log(content: bytes) -> None:
    reading, lines = read(content)

    assert reading == CastReading(80, 24, 0, False)
    assert json.loads(lines[0])["title"] == "no timing"
    assert "".join(json.loads(line)[2] for line in lines[1:]) == content.decode().replace("\n", "\r\n")


def test_a_plain_log_gets_the_returns_that_a_terminal_needs_and_no_more() -> None:
    _, lines = read(b"a\nb\r\nc\xff")

    assert [json.loads(line)[2] for line in lines[1:]] == ["a\r\n", "b\r\n", "c\ufffd"]


@pytest.mark.parametrize(("last", "played"), [("\r", "\r\n"), ("z", "z\r\n")])
def test_a_line_end_that_two_pieces_share_gets_no_second_return(last: str, played: str) -> None:
    start = "x" * (2 * 65536 - 1)  # It is read in pieces of 64 KiB.

    _, lines = read(f"{start}{last}\ny".encode())

    assert "".join(json.loads(line)[2] for line in lines[1:]) == f"{start}{played}y"


def test_nothing_at_all_is_an_empty_recording() -> None:
    reading, lines = read(b"")

    assert reading == CastReading(80, 24, 0, False)
    assert len(lines) == 1


@given(st.binary(max_size=300), st.sampled_from([V2, V3]))
def test_no_bytes_after_a_header_make_the_reader_fail(rest: bytes, header: dict[str, object]) -> None:
    _, lines = read(cast(header) + rest)

    assert all(json.loads(line) for line in lines)
