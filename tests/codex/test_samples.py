"""Every recorded session is read to exactly what `expected.json` says is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gate.adapters.codex import read_exec_head, read_exec_json, read_head, read_rollout
from gate.domain.session.model import Thread
from gate.domain.session.shell_words import runs_git_push
from gate.domain.session.transcript import Entry, EntryKind, Mark

DATA = Path(__file__).with_name("data")
EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text("utf-8"))
SAMPLES = [(name, thread) for name, sample in EXPECTED.items() for thread in sample["threads"]]


def read(path: Path) -> tuple[Thread, list[Entry]]:
    entries: list[Entry] = []
    return read_rollout([path.read_bytes()], entries.append), entries


def told(thread: Thread) -> dict[str, Any]:
    """A thread in the words of `expected.json`."""
    return {
        "thread_id": thread.thread_id,
        "session_id": thread.session_id,
        "parent_thread_id": thread.parent_thread_id,
        "cwd": thread.cwd,
        "cli_version": thread.cli_version,
        "git": {
            "commit_hash": thread.git.commit,
            "branch": thread.git.branch,
            "repository_url": thread.git.repository_url,
        },
        "turns": [{"turn_id": turn.id, "status": turn.status.value} for turn in thread.turns],
        "commands": told_commands(thread),
        "model": thread.model,
        "approval_policy": thread.approval_policy,
        "sandbox": thread.sandbox,
    }


def told_commands(thread: Thread) -> list[dict[str, Any]]:
    each = (
        {
            "command": command.text,
            "exit_code": command.exit_code,
            "outcome": command.outcome.value,
            "escalation": command.escalation,
        }
        for command in thread.commands
    )
    return [{name: value for name, value in command.items() if value is not None} for command in each]


@pytest.mark.parametrize(("sample", "expected"), SAMPLES)
def test_a_sample_is_read_to_what_is_in_it(sample: str, expected: dict[str, Any]) -> None:
    thread, entries = read(DATA / sample / expected["rollout"])

    assert {**told(thread), "rollout": expected["rollout"]} == expected
    assert thread.faults == ()
    assert [entry.n for entry in entries] == list(range(thread.entries))


@pytest.mark.parametrize(("sample", "expected"), SAMPLES)
def test_every_command_and_edit_points_to_its_entry(sample: str, expected: dict[str, Any]) -> None:
    thread, entries = read(DATA / sample / expected["rollout"])

    commands = [entry for entry in entries if entry.kind is EntryKind.COMMAND]
    assert {command.entry: command.text for command in thread.commands} == {
        one.n: one.text for one in commands
    }
    for command in thread.commands:
        assert command.entry is not None
        entry = entries[command.entry]
        assert (entry.line, entry.outcome) == (command.line, command.outcome.value)
        assert (entry.call_id, entry.exit_code) == (command.call_id, command.exit_code)
    for edit in thread.edits:
        assert edit.entry is not None
        assert entries[edit.entry].text == f"{edit.kind} {edit.path}"


@pytest.mark.parametrize("sample", EXPECTED)
def test_the_command_that_pushed_is_found_and_marked(sample: str) -> None:
    for push in EXPECTED[sample]["pushes"]:
        rollout = next(DATA.glob(f"{sample}/rollout-*{push['thread_id']}.jsonl"))

        thread, entries = read(rollout)

        pushing = [command for command in thread.commands if runs_git_push(command.text)]
        if push["tool_call_id"]:
            assert push["tool_call_id"] in {command.call_id for command in pushing}
        assert pushing
        assert all(Mark.PUSH in entries[one.entry or 0].marks for one in pushing)
        assert thread.session_id == (push["session_id"] or push["thread_id"])


@pytest.mark.parametrize("log", sorted(DATA.glob("*/exec*.jsonl")), ids=lambda path: path.parent.name)
def test_a_log_of_exec_says_the_same_of_the_commands_that_ran(log: Path) -> None:
    entries: list[Entry] = []

    thread = read_exec_json([log.read_bytes()], entries.append)

    rollout = read(next(log.parent.glob(f"rollout-*{thread.thread_id}.jsonl")))[0]
    known = [(one.text, one.outcome, one.exit_code) for one in rollout.commands]
    for command in thread.commands:
        if command.exit_code is not None:
            assert (command.text, command.outcome, command.exit_code) in known
    assert thread.last_message in ("", rollout.last_message)
    assert [entry.n for entry in entries] == list(range(thread.entries))
    assert thread.faults == ()


def test_the_kinds_of_record_are_told_apart() -> None:
    rollouts = [path.read_bytes()[:2048] for path in DATA.glob("*/rollout-*.jsonl")]
    logs = [path.read_bytes()[:2048] for path in DATA.glob("*/exec*.jsonl")]

    assert rollouts
    assert all(read_head(start) and not read_exec_head(start) for start in rollouts)
    assert logs
    assert all(read_exec_head(start) and not read_head(start) for start in logs)
    assert read_head(b"Script started on 2026-11-22") is None
    assert read_exec_head(b"Script started on 2026-11-22") is None
