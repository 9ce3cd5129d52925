"""Recordings of script(1): those of real sessions, and such as are made here by the real script."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.adapters.recordings.reader import read_recording
from gate.services.ports.evidence import CastReading

DATA = Path(__file__).parent / "data"
FIX = "codex exec 'Fix the invoice totals so that the tests pass, then push the branch codex/fix-tax.'"


def read(
    content: bytes, timing: bytes | None = None, *, piece: int = 1 << 16
) -> tuple[CastReading, dict[str, object], list[tuple[int, str, str]]]:
    """What the reader says, the cast's header, and its events with the microseconds before each."""
    lines: list[str] = []
    reading = read_recording(
        pieces(content, piece), None if timing is None else pieces(timing, piece), lines.append
    )
    return reading, json.loads(lines[0]), [event(line) for line in lines[1:]]


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def event(line: str) -> tuple[int, str, str]:
    time, code, data = json.loads(line, parse_float=lambda text: int(text.replace(".", "")))
    return time, code, data


def printed(events: list[tuple[int, str, str]]) -> str:
    return "".join(data for _, code, data in events if code == "o")


def sample(folder: str) -> tuple[bytes, bytes | None]:
    timing = DATA / folder / "terminal.timing"
    content = (DATA / folder / "terminal.typescript").read_bytes()
    return content, timing.read_bytes() if timing.exists() else None


def body_of(content: bytes) -> bytes:
    return content[content.index(b"\n") + 1 : content.rindex(b"\nScript done on ")]


@pytest.mark.parametrize(
    ("folder", "reading", "timestamp"),
    [
        ("01-fix-and-push", CastReading(110, 36, 1999, True, FIX, 0), 1795367655),
        ("02-push-held", CastReading(110, 36, 0, False, FIX, 0), None),
        ("09-interactive-approval", CastReading(110, 36, 14807, True, "codex --no-daemon", 0), 1795367686),
    ],
)
def test_a_real_session_is_read_whole(folder: str, reading: CastReading, timestamp: int | None) -> None:
    content, timing = sample(folder)

    said, header, events = read(content, timing)

    assert said == reading
    assert header["term"] == {"cols": 110, "rows": 36}
    assert (header.get("timestamp"), header["command"]) == (timestamp, reading.command)
    assert printed(events) == body_of(content).decode()
    assert events[-1][1:] == ("x", "0")


def test_an_event_of_the_timing_is_an_event_of_the_cast() -> None:
    content, timing = sample("04-risky-commands")
    assert timing is not None

    _, _, events = read(content, timing)

    expected, at = [], 0
    for line in timing.decode().splitlines():
        delta, size = line.split()
        text = body_of(content)[at : at + int(size)].decode()
        expected.append((int(delta.replace(".", "")), "o", text))
        at += int(size)
    assert events[:-1] == expected


def test_a_recording_without_timing_says_so_and_goes_on_line_by_line() -> None:
    reading, header, events = read(b'Script started on 2026-11-22 17:14:18+00:00 [COMMAND="x"]\na\r\nb\r\n')

    assert header["title"] == "no timing"
    assert events == [(50_000, "o", "a\r\n"), (50_000, "o", "b\r\n")]
    assert reading.faults == (
        "the recording has no end: it is still being written, or its recorder was killed",
    )


def test_a_character_between_two_events_comes_whole_with_the_second() -> None:
    timing = b"0.100000 1\n0.200000 1\n0.300000 4\n0.400000 1\n"

    reading, _, events = read("€ ü".encode() + b"\xff", timing)

    assert events == [(600_000, "o", "€ ü"), (400_000, "o", "\ufffd")]
    assert (reading.duration_ms, reading.faults) == (1000, ())


def test_bytes_beyond_the_timing_are_played_and_a_character_on_the_border_too() -> None:
    reading, _, events = read("aé\nb".encode(), b"1.000000 2\n")

    assert events == [(1_000_000, "o", "a"), (50_000, "o", "é\n"), (50_000, "o", "b")]
    assert reading == CastReading(
        80,
        24,
        1000,
        True,
        faults=("the recording is longer than its timing: the rest is played at an even pace",),
    )


def test_timing_beyond_the_bytes_is_a_fault() -> None:
    reading, _, events = read(b"ab", b"1.0 1\n1.0 999999999999999999\n1.0 5\n")

    assert printed(events) == "ab"
    assert reading.faults == ("the timing file counts more bytes than the recording has",)


def test_what_is_no_timing_is_said_and_changes_nothing() -> None:
    reading, header, events = read(b"a\nb\n", b"<html>\n\x00\xff\n")

    assert (reading.is_timed, header["title"], printed(events)) == (False, "no timing", "a\nb\n")
    assert reading.faults == ("the timing file is none: the recording is played at an even pace",)


def test_a_cut_last_line_of_the_timing_is_not_taken_for_a_number() -> None:
    reading, _, events = read(b"abcdefghijkl", b"0.500000 2\n0.500000 1")  # it was to be 10

    assert events[0] == (500_000, "o", "ab")
    assert reading.faults[0] == "1 lines of the timing file could not be read"
    assert printed(events) == "abcdefghijkl"


def test_absurd_times_are_changed_and_told() -> None:
    reading, _, events = read(b"abc", b"-5.0 1\n99999999.0 1\n0.0 1\n")

    assert [time for time, _, _ in events] == [0, 24 * 3600 * 1_000_000, 0]
    assert reading.faults == ("some times go back, or wait for longer than can be: they were changed",)


def test_what_was_typed_is_left_out() -> None:
    timing = (
        b"H 0.000000 INPUT_LOG io\nH 0.000000 OUTPUT_LOG io\nH 0.0 COLUMNS 100\nH 0.0 LINES 30\n"
        b"O 0.1 9\nI 0.2 8\nS 0.3 SIGWINCH ROWS=50 COLS=9999999\n"
        b"S 0.1 SIGWINCH ROWS=50 COLS=120\nO 0.4 3\nH 0.0 EXIT_CODE 4\n"
    )

    reading, _, events = read(b"Password:hunter2\rok\n", timing)

    assert events == [
        (100_000, "o", "Password:"),
        (600_000, "r", "120x50"),
        (400_000, "o", "ok\n"),
        (0, "x", "4"),
    ]
    assert reading == CastReading(100, 30, 1100, True, "", 4, ("what was typed is left out (1 times)",))


def test_a_recorder_that_was_killed_leaves_no_exit_code() -> None:
    reading, _, _ = read(b"a\n", b"H 0.0 START_TIME 2026-11-22 17:14:15+00:00\nO 0.1 2\n")

    assert reading.exit_code is None
    assert reading.faults == (
        "the recording has no end: it is still being written, or its recorder was killed",
    )


def test_only_words_of_the_recorder_pass_for_its_last_line() -> None:
    forged = b"a\n\nScript done on hide me [and me]\n"

    _, _, events = read(b"Script started on 2026-11-22 17:14:18+00:00\n" + forged)

    assert printed(events) == forged.decode()


def test_a_first_line_in_no_known_form_is_shown() -> None:
    odd = b"Script started on \x1b[2J nothing\n"

    _, _, events = read(odd + b"a\n")

    assert printed(events) == odd.decode() + "a\n"


@given(st.sampled_from(["01-fix-and-push", "04-risky-commands"]), st.data())
def test_a_recording_cut_anywhere_is_read_and_nothing_is_made_up(folder: str, draw: st.DataObject) -> None:
    content, timing = sample(folder)
    assert timing is not None
    short = content[: draw.draw(st.integers(0, len(content)))]
    short_timing = timing[: draw.draw(st.integers(0, len(timing)))]

    _, _, events = read(short, short_timing, piece=draw.draw(st.sampled_from([1, 7, 4096])))

    assert printed(events).replace("\ufffd", "") in content.decode()


@given(st.binary(max_size=400), st.binary(max_size=200))
@example(b"Script started on ", b"O 0.1 1\n")
@example(b'Script started on x [COMMAND="', b"")
def test_no_bytes_at_all_make_the_reader_fail(content: bytes, timing: bytes) -> None:
    for given_timing in (None, timing):
        lines: list[str] = []

        read_recording([content], given_timing and [given_timing], lines.append)

        assert all("\n" not in line and json.loads(line) and line.encode() for line in lines)


def test_a_long_recording_without_lines_is_read_in_flat_memory() -> None:
    taken = [0, 0]

    def take(line: str) -> None:
        taken[0] += len(line)
        taken[1] = max(taken[1], len(line))

    read_recording((b"\r" * (1 << 16) for _ in range(200)), None, take)

    assert taken[0] > 200 << 16
    assert taken[1] < 1 << 18


Record = Callable[..., tuple[bytes, bytes, int]]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    def run(command: str, *options: str) -> tuple[bytes, bytes, int]:
        done = subprocess.run(
            ("script", "-q", "-e", "-T", "timing", "-O", "out", *options, "-c", command),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={"PATH": os.environ["PATH"], "SHELL": "/bin/sh", "LC_ALL": "C.UTF-8"},
            check=False,
            timeout=30,
        )
        return (tmp_path / "out").read_bytes(), (tmp_path / "timing").read_bytes(), done.returncode

    return run


@pytest.mark.parametrize("form", ["classic", "advanced"])
def test_the_real_script_is_understood(record: Record, form: str) -> None:
    command = (
        "printf '\\303'; sleep 0.05; printf '\\251 '; printf '\\033[31mred\\033[0m\\n'; echo \"]\"; exit 3"
    )

    content, timing, status = record(command, "--logging-format", form)
    reading, header, events = read(content, timing)

    assert printed(events) == "é \x1b[31mred\x1b[0m\r\n]\r\n"
    assert (reading.command, reading.exit_code, status, reading.faults) == (command, 3, 3, ())
    assert events[0][0] >= 50_000, "both halves of the character stand together, after the pause"
    assert abs(sum(time for time, _, _ in events) // 1000 - reading.duration_ms) <= 1
    assert isinstance(header["timestamp"], int)


@pytest.mark.parametrize("form", ["classic", "advanced"])
def test_the_real_script_writes_a_command_of_several_lines_as_one(record: Record, form: str) -> None:
    content, timing, _ = record('echo "one"\necho two', "--logging-format", form)
    reading, _, events = read(content, timing)

    assert printed(events) == "one\r\ntwo\r\n"
    assert (reading.command, reading.faults) == ('echo "one" echo two', ())


def test_an_older_script_writes_such_a_command_as_it_is() -> None:
    started = b"Script started on 2026-11-22 17:14:15+00:00 "
    header = started + b'[COMMAND="echo "a"\nls" TERM="x" COLUMNS="90" LINES="20"]\n'
    timing = b'H 0.0 COMMAND echo "a"\nls\nO 0.1 2\nH 0.0 EXIT_CODE 0\n'

    reading, _, events = read(header + b"b\n\nScript done on today\n", timing)

    assert events == [(100_000, "o", "b\n"), (0, "x", "0")]
    assert reading == CastReading(90, 20, 100, True, 'echo "a"\nls', 0)
