"""The log of `codex exec --json`."""

from __future__ import annotations

import json
from typing import Any

from gate.adapters.codex import read_exec_json
from gate.domain.session.model import CommandOutcome, FileEdit, Thread, Tokens, Turn, TurnStatus
from gate.domain.session.transcript import Entry, EntryKind, Mark


def log(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def read(*events: dict[str, Any]) -> tuple[Thread, list[Entry]]:
    entries: list[Entry] = []
    return read_exec_json([log(*events)], entries.append), entries


def item(kind: str, name: str, state: str = "completed", **fields: Any) -> dict[str, Any]:
    return {"type": f"item.{state}", "item": {"id": name, "type": kind, **fields}}


BEGIN = ({"type": "thread.started", "thread_id": "t1"}, {"type": "turn.started"})
COMMAND = {"command": "/bin/bash -lc \"git commit -m 'a b'\"", "aggregated_output": ""}


def test_a_command_is_the_text_that_the_shell_was_given() -> None:
    ended = {**COMMAND, "aggregated_output": "fatal\n", "exit_code": 128, "status": "failed"}

    thread, entries = read(
        *BEGIN,
        item("command_execution", "item_0", "started", **COMMAND, exit_code=None, status="in_progress"),
        item("command_execution", "item_0", **ended),
    )

    (command,) = thread.commands
    assert (command.text, command.call_id, command.line) == ("git commit -m 'a b'", "item_0", 3)
    assert (command.outcome, command.exit_code, command.output) == (CommandOutcome.FAILED, 128, "fatal\n")
    assert (command.turn_id, command.started_at, command.duration) == ("turn_1", None, None)
    assert entries[-1].marks == (Mark.FAILURE,)


def test_a_command_that_was_not_seen_to_end_is_unfinished() -> None:
    thread, _ = read(*BEGIN, item("command_execution", "item_0", "started", **COMMAND, status="in_progress"))

    assert thread.commands[0].outcome is CommandOutcome.UNFINISHED


def test_a_declined_command_never_ran() -> None:
    thread, _ = read(
        *BEGIN, item("command_execution", "item_0", **COMMAND, exit_code=None, status="declined")
    )

    assert thread.commands[0].outcome is CommandOutcome.REJECTED


def test_another_run_in_the_same_log_counts_its_items_anew() -> None:
    ran = item("command_execution", "item_0", **COMMAND, exit_code=0, status="completed")

    thread, _ = read(*BEGIN, ran, *BEGIN, ran)

    assert [(one.call_id, one.turn_id) for one in thread.commands] == [
        ("item_0", "turn_1"),
        ("item_0", "turn_2"),
    ]


def test_edits_plans_and_turns_are_told() -> None:
    usage = {"input_tokens": 5, "cached_input_tokens": 1, "output_tokens": 2}
    steps = [{"text": "test", "completed": True}, {"text": "push", "completed": False}]

    thread, entries = read(
        *BEGIN,
        item("file_change", "item_0", changes=[{"path": "/w/a", "kind": "add"}], status="completed"),
        item("file_change", "item_1", changes=[{"path": "/w/b", "kind": "update"}], status="failed"),
        item("todo_list", "item_2", items=steps),
        {"type": "turn.completed", "usage": usage},
        {"type": "turn.started"},
        {"type": "turn.failed", "error": {"message": "high demand"}},
    )

    assert thread.edits == (FileEdit("/w/a", "add", 3, entry=1),)
    assert thread.tokens == Tokens(5, 1, 2, 7)
    assert thread.turns == (
        Turn("turn_1", TurnStatus.COMPLETED, 2),
        Turn("turn_2", TurnStatus.FAILED, 7, error="high demand"),
    )
    assert [(one.kind, one.text, one.marks) for one in entries[2:4]] == [
        (EntryKind.EDIT, "Not applied: /w/b", (Mark.FAILURE,)),
        (EntryKind.PLAN, "[x] test\n[ ] push", ()),
    ]


def test_a_model_that_is_asked_again_is_no_failure() -> None:
    thread, entries = read(*BEGIN, {"type": "error", "message": "Reconnecting... 1/2"})

    assert (entries[-1].kind, entries[-1].text, entries[-1].marks) == (
        EntryKind.NOTE,
        "Error: Reconnecting... 1/2",
        (),
    )
    assert thread.turns[0].status is TurnStatus.UNFINISHED
