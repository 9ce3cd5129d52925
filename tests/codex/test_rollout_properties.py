"""Whatever a record holds, reading it neither crashes nor invents, and takes little memory."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.adapters.codex import read_exec_head, read_exec_json, read_head, read_rollout
from gate.domain.session.model import Command, CommandOutcome, Thread
from gate.domain.session.transcript import Entry, entry_from

from .records import call, event, exited, item, line, opening, output, response

DATA = Path(__file__).with_name("data")
ROLLOUTS = sorted(DATA.glob("*/rollout-*.jsonl"))
LOGS = sorted(DATA.glob("*/exec*.jsonl"))
Read = Callable[..., Thread]


def reading(read: Read, content: bytes) -> tuple[Thread, list[Entry]]:
    entries: list[Entry] = []
    return read([content], entries.append), entries


@cache
def whole(path: Path) -> tuple[Thread, list[Entry]]:
    return reading(read_rollout if "rollout" in path.name else read_exec_json, path.read_bytes())


def is_of(cut: Command, full: Command) -> bool:
    """Whether a command of a cut record says nothing that the whole record does not say."""
    if (cut.line, cut.text, cut.escalation) != (full.line, full.text, full.escalation):
        return False
    if cut.outcome is CommandOutcome.UNFINISHED:
        return cut.exit_code is None
    # The exit code of an interrupted command comes after its interruption.
    is_early = cut.outcome is CommandOutcome.ABORTED and cut.exit_code is None
    return cut.outcome is full.outcome and (is_early or cut.exit_code == full.exit_code)


@settings(max_examples=150)
@given(path=st.sampled_from(ROLLOUTS + LOGS), at=st.floats(0, 1))
def test_a_record_that_is_cut_anywhere_invents_nothing(path: Path, at: float) -> None:
    content = path.read_bytes()
    full, full_entries = whole(path)

    cut, entries = reading(
        read_rollout if "rollout" in path.name else read_exec_json, content[: int(at * len(content))]
    )

    for command in cut.commands:
        assert any(is_of(command, one) for one in full.commands), command
    assert len(cut.commands) <= len(full.commands)
    assert {turn.id for turn in cut.turns} <= {turn.id for turn in full.turns}
    assert {(edit.line, edit.path, edit.kind) for edit in cut.edits} <= {
        (edit.line, edit.path, edit.kind) for edit in full.edits
    }
    assert set(cut.prompts) <= set(full.prompts)
    words = {(entry.kind, entry.text) for entry in full_entries if entry.kind not in ("turn",)}
    assert {(entry.kind, entry.text) for entry in entries if entry.kind not in ("turn",)} <= words


@settings(max_examples=60)
@given(path=st.sampled_from(ROLLOUTS), sizes=st.lists(st.integers(1, 5_000), min_size=1, max_size=9))
def test_how_the_bytes_come_makes_no_difference(path: Path, sizes: list[int]) -> None:
    content = path.read_bytes()
    entries: list[Entry] = []

    thread = read_rollout(_pieces(content, sizes), entries.append)

    assert (thread, entries) == whole(path)


def _pieces(content: bytes, sizes: list[int]) -> Iterator[bytes]:
    at, turn = 0, 0
    while at < len(content):
        size = sizes[turn % len(sizes)]
        yield content[at : at + size]
        at, turn = at + size, turn + 1


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["exec_command", "exec", "c1", "completed", '{"cmd": "ls"}', "Process exited with code 1"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "id", "item", "call_id", "name", "arguments", "output", "text", "command", "git"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(
    path=st.sampled_from(ROLLOUTS + LOGS), seed=st.integers(), values=st.lists(JSON, min_size=1, max_size=30)
)
def test_a_field_of_another_type_crashes_nothing(path: Path, seed: int, values: list[Any]) -> None:
    records = [json.loads(text) for text in path.read_bytes().splitlines()]
    chosen = random.Random(seed)
    for value in values:
        _put(chosen.choice(records), value, chosen)
    content = b"".join(json.dumps(record).encode() + b"\n" for record in records)

    for read in (read_rollout, read_exec_json):
        thread, entries = reading(read, content)

        assert thread.entries == len(entries)
        assert [entry_from(entry.line_text()) for entry in entries] == entries


def _put(record: Any, value: Any, chosen: random.Random) -> None:
    """Put a value somewhere into a record."""
    place = record
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = chosen.choice(keys)
        if isinstance(place[key], dict | list) and chosen.random() < 0.8:
            place = place[key]
            continue
        place[key] = value
        return


@settings(max_examples=100)
@given(st.binary(max_size=3_000) | st.text(max_size=2_000).map(lambda text: text.encode("utf-8", "replace")))
def test_random_bytes_are_no_record(content: bytes) -> None:
    for start in (b"", b"\x28\xb5\x2f\xfd", opening()):
        for read in (read_rollout, read_exec_json):
            thread, entries = reading(read, start + content)
            assert thread.entries == len(entries)
    assert read_head(content) is None
    assert read_exec_head(content) is None


@settings(max_examples=60)
@given(path=st.sampled_from(ROLLOUTS), seed=st.integers(), count=st.integers(1, 40))
def test_damaged_bytes_crash_nothing(path: Path, seed: int, count: int) -> None:
    content = bytearray(path.read_bytes())
    chosen = random.Random(seed)
    for _ in range(count):
        content[chosen.randrange(len(content))] = chosen.randrange(256)

    thread, entries = reading(read_rollout, bytes(content))

    assert thread.entries == len(entries)


def a_long_record(mebibytes: int) -> Iterator[bytes]:
    """A session of as many commands, edits, messages and unfinished calls as fill so much space."""
    yield opening()
    size, n = 0, 0
    shown = "".join(f"tests/test_{n}.py::test_{n} PASSED\n" for n in range(300))
    while size < mebibytes << 20:
        n += 1
        change = {"type": "FileChange", "id": f"p{n}", "status": "completed", "changes": {}}
        change["changes"] = {f"/w/{n}.py": {"type": "add", "content": shown}}
        piece = (
            call(f"c{n}", cmd=f"pytest tests/test_{n}.py")
            + item(f"c{n}", f"pytest tests/test_{n}.py", 0, aggregated_output=f"{shown}3 passed in 0.1s\n")
            + output(f"c{n}", exited(0, shown))
            + call(f"lost{n}", cmd=f"sleep {n}")
            + event("item_completed", item=change)
            + response("message", role="user", content=[{"type": "input_text", "text": f"{n} {shown}"}])
            + event("agent_message", message=f"{n} {shown}")
            + event("task_started", turn_id=f"turn-{n}")
            + line("unknown", {"text": shown})
        )
        size += len(piece)
        yield piece


def test_reading_takes_a_small_part_of_the_memory_that_the_record_would() -> None:
    tracemalloc.start()
    try:
        thread = read_rollout(a_long_record(20), lambda entry: None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(thread.commands) > 500
    assert peak < (20 << 20) / 4


def test_giant_calls_that_nothing_answers_take_little_memory() -> None:
    def hostile() -> Iterator[bytes]:
        yield opening()
        for n in range(60):
            giant = "x" * (1 << 20)
            yield call(f"c{n}", cmd=giant)
            yield response("custom_tool_call", name="apply_patch", call_id=f"p{n}", input=giant)
            yield response(
                "custom_tool_call", name="exec", call_id=f"s{n}", input=f"tools.exec_command({giant}"
            )

    tracemalloc.start()
    try:
        read_rollout(hostile(), lambda entry: None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 30 << 20


def test_what_is_left_out_of_the_thread_is_said() -> None:
    entries: list[Entry] = []
    asked = (call(f"c{n}", cmd=f"echo {n}") + output(f"c{n}", exited(0)) for n in range(10_007))

    thread = read_rollout([opening(), *asked], entries.append)

    texts = [command.text for command in thread.commands]
    assert (texts[0], texts[-1], len(texts)) == ("echo 0", "echo 10006", 10_000)
    assert thread.faults == ("7 commands from the middle of the record are in its transcript alone",)
    assert len(entries) == 10_008
