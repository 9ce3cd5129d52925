"""What no recorded session shows: each trap of Codex's records by itself."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard

from gate.adapters.codex import read_head, read_rollout
from gate.adapters.codex.lines import MOST_LINE
from gate.domain.session.model import Command, CommandOutcome, TestCounts, TestRun, TurnStatus
from gate.domain.session.running import Running, RunningCommands
from gate.domain.session.transcript import EntryKind, Mark

from .records import (
    THREAD,
    TURN,
    call,
    event,
    exited,
    item,
    line,
    opening,
    output,
    read,
    response,
    still_runs,
)

DATA = Path(__file__).with_name("data")
ROLLOUT = next(DATA.glob("01-*/rollout-*.jsonl"))


def only(*content: bytes) -> Command:
    thread, _ = read(opening(), *content)
    (command,) = thread.commands
    return command


def test_a_command_lasts_from_its_call_to_its_item() -> None:
    command = only(call("c1", cmd="sleep 6"), output("c1", still_runs(7)), item("c1", "sleep 6", 0, second=7))

    assert command.duration == timedelta(seconds=6)
    assert command.outcome is CommandOutcome.COMPLETED


def test_the_folder_of_a_command_is_a_path() -> None:
    assert only(call("c1", cmd="ls"), item("c1", "ls", 0)).cwd == "/srv/agent/work/two words"
    assert only(call("c1", cmd="ls", workdir="tests")).cwd == "/srv/agent/work/billing/tests"
    assert only(call("c1", cmd="ls", workdir="/tmp")).cwd == "/tmp"
    assert only(call("c1", cmd="ls")).cwd == "/srv/agent/work/billing"


def test_a_command_without_an_item_has_the_exit_code_of_its_output() -> None:
    command = only(call("c1", cmd="git commit"), output("c1", exited(128, "fatal: read-only\n")))

    assert (command.outcome, command.exit_code) == (CommandOutcome.FAILED, 128)
    assert command.output == "fatal: read-only\n"


def test_a_command_that_still_runs_is_unfinished_with_what_it_printed() -> None:
    command = only(call("c1", cmd="make"), output("c1", still_runs(83097, "cc a.c\n")))

    assert (command.outcome, command.exit_code, command.ended_at) == (CommandOutcome.UNFINISHED, None, None)
    assert command.output == "cc a.c\n"


def test_questions_to_a_running_command_belong_to_it() -> None:
    asked = call("p1", tool="write_stdin", session_id=83097, chars="")

    command = only(
        call("c1", cmd="make"),
        output("c1", still_runs(83097, "one\n")),
        asked + output("p1", still_runs(83097, "two\n")),
        asked + output("p1", exited(2, "three\n"), second=9),
    )

    assert (command.exit_code, command.output) == (2, "one\ntwo\nthree\n")
    assert command.duration == timedelta(seconds=8)


def test_what_is_typed_into_a_running_command_is_told() -> None:
    typed = call("p1", tool="write_stdin", session_id=5, chars="git push --force\n")

    _, entries = read(opening(), call("c1", cmd="bash", tty=True), output("c1", still_runs(5)), typed)

    assert ("Typed into the running command 5", "git push --force\n") in [
        (one.text, one.detail) for one in entries
    ]


@pytest.mark.parametrize(
    "words",
    [
        'exec_command failed: CreateProcess { message: "Rejected(rm -f style commands are not permitted)" }',
        "Command blocked by PreToolUse hook: no pushes on Fridays",
        "approval policy is Never; reject command — you cannot ask for escalated permissions",
    ],
)
def test_a_command_that_was_refused_never_ran(words: str) -> None:
    thread, entries = read(opening(), call("c1", cmd="pytest && git push"), output("c1", words))

    command = thread.commands[0]
    assert (command.outcome, command.exit_code, command.output) == (CommandOutcome.REJECTED, None, words)
    assert command.tests == ()
    assert entries[-1].marks == (Mark.REJECTED,)


def test_a_command_that_was_interrupted_keeps_what_it_printed_even_where_that_comes_last() -> None:
    aborted = event("turn_aborted", 5, turn_id=TURN, reason="interrupted")

    command = only(
        call("c1", cmd="sleep 600"),
        output("c1", "Wall time: 3.5 seconds\naborted by user", second=4),
        aborted,
        item("c1", "sleep 600", -1, second=6, aggregated_output="started\n"),
    )

    assert (command.outcome, command.exit_code, command.output) == (CommandOutcome.ABORTED, -1, "started\n")


def test_an_interrupted_command_without_an_output_of_its_call_is_interrupted_too() -> None:
    aborted = event("turn_aborted", 5, turn_id=TURN, reason="interrupted")

    assert only(call("c1", cmd="make"), aborted, item("c1", "make", -1)).outcome is CommandOutcome.ABORTED
    assert only(call("c1", cmd="make"), item("c1", "make", -1)).outcome is CommandOutcome.FAILED


def test_a_command_is_told_once_however_often_its_end_is() -> None:
    command = only(
        call("c1", cmd="make"), item("c1", "make", 1), output("c1", exited(1)), item("c1", "make", 0)
    )

    assert (command.outcome, command.exit_code) == (CommandOutcome.FAILED, 1)


def test_a_failure_is_seen_though_the_exit_code_hides_it() -> None:
    shown = "== 1 failed, 2 passed in 0.10s ==\n"

    thread, entries = read(
        opening(),
        call("c1", cmd="pytest -q || true"),
        item("c1", "pytest -q || true", 0, aggregated_output=shown),
    )

    assert thread.commands[0].tests == (TestRun("pytest", TestCounts(passed=2, failed=1)),)
    assert thread.commands[0].has_failed_tests
    assert entries[-1].marks == (Mark.FAILURE, Mark.TEST)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("shell", {"command": ["bash", "-lc", "make"], "workdir": "/w"}),
        ("shell_command", {"command": "make", "workdir": "/w"}),
    ],
)
def test_the_tools_of_older_versions_are_known(tool: str, arguments: dict[str, Any]) -> None:
    answer = json.dumps({"output": "done\n", "metadata": {"exit_code": 3, "duration_seconds": 0.1}})

    command = only(call("c1", tool=tool, **arguments), output("c1", answer))

    assert (command.text, command.cwd, command.exit_code, command.output) == ("make", "/w", 3, "done\n")


def test_an_escalation_without_a_reason_is_one() -> None:
    assert only(call("c1", cmd="ls", sandbox_permissions="require_escalated")).escalation == ""
    assert (
        only(call("c1", cmd="ls", with_escalated_permissions=True, justification="why")).escalation == "why"
    )
    assert only(call("c1", cmd="ls", sandbox_permissions="use_default")).escalation is None


def script(call_id: str, source: str, second: int = 1) -> bytes:
    return response("custom_tool_call", second, name="exec", call_id=call_id, input=source)


def script_output(call_id: str, *parts: str, second: int = 2) -> bytes:
    told = [{"type": "input_text", "text": part} for part in parts]
    return response("custom_tool_call_output", second, call_id=call_id, output=told)


PUSH = 'const r = await tools.exec_command({"cmd": "git push", "justification": "why", %s});\ntext(r);'


def test_a_script_tells_of_its_command_before_any_item_does() -> None:
    command = only(script("s1", PUSH % '"sandbox_permissions": "require_escalated"'))

    assert (command.text, command.outcome, command.call_id) == ("git push", CommandOutcome.UNFINISHED, "s1")
    assert command.escalation == "why"


def test_a_command_of_a_script_is_told_once_and_has_the_time_and_line_of_its_script() -> None:
    command = only(script("s1", PUSH % '"yield_time_ms": 1'), item("exec-1", "git push", 0, second=4))

    assert (command.text, command.outcome, command.call_id) == (
        "git push",
        CommandOutcome.COMPLETED,
        "exec-1",
    )
    assert (command.line, command.duration) == (4, timedelta(seconds=3))


def test_each_of_many_commands_in_scripts_finds_its_item() -> None:
    first = 'await tools.exec_command({cmd: "make a"});'
    source = f"{first} await tools.exec_command({{cmd: 'make b', workdir: `/w`}})"

    thread, _ = read(
        opening(),
        script("s1", source),
        script("s2", source),
        item("e1", "make b", 0),
        item("e2", "make b", 1),
    )

    told = [(one.text, one.call_id, one.outcome.value) for one in thread.commands]
    assert sorted(told) == [
        ("make a", "s1#1", "unfinished"),
        ("make a", "s2#1", "unfinished"),
        ("make b", "e1", "completed"),
        ("make b", "e2", "failed"),
    ]


def test_a_loop_in_a_script_runs_its_command_as_often_as_items_say() -> None:
    source = 'for (let i = 0; i < 2; i++) await tools.exec_command({"cmd": "make"})'

    thread, _ = read(opening(), script("s1", source), item("e1", "make", 0), item("e2", "make", 2))

    assert [(one.call_id, one.exit_code) for one in thread.commands] == [("e1", 0), ("e2", 2)]


@pytest.mark.parametrize(
    ("printed", "outcome", "exit_code"),
    [
        ('{"chunk_id":"a","exit_code":128,"output":"fatal\\n"}', CommandOutcome.FAILED, 128),
        ('{"chunk_id":"a","session_id":83097,"output":"one\\n"}', CommandOutcome.UNFINISHED, None),
        ("exec_command failed: rm -f style commands are not permitted", CommandOutcome.REJECTED, None),
        ("", CommandOutcome.UNFINISHED, None),
    ],
)
def test_what_a_script_prints_tells_of_a_command_without_an_item(
    printed: str, outcome: CommandOutcome, exit_code: int | None
) -> None:
    ended = script_output("s1", "Script completed\nWall time 0.1 seconds\nOutput:\n", printed)

    command = only(script("s1", PUSH % '"a": 1'), ended)

    assert (command.outcome, command.exit_code) == (outcome, exit_code)


def test_a_script_that_is_more_than_one_command_is_shown() -> None:
    source = 'await tools.write_stdin({session_id: 5, chars: "git push\\n"})'

    _, entries = read(opening(), script("s1", source))

    assert (entries[-1].kind, entries[-1].text, entries[-1].detail) == (EntryKind.NOTE, "Script", source)


def test_a_turn_that_was_killed_stays_unfinished_when_the_session_goes_on() -> None:
    thread, _ = read(
        opening(), event("task_started", 9, turn_id="t2"), event("task_complete", 10, turn_id="t2")
    )

    assert [(turn.id, turn.status) for turn in thread.turns] == [
        (TURN, TurnStatus.UNFINISHED),
        ("t2", TurnStatus.COMPLETED),
    ]


def test_a_failed_turn_says_why() -> None:
    thread, entries = read(
        opening(), event("task_complete", 5, turn_id=TURN, error={"message": "high demand"})
    )

    assert (thread.turns[0].status, thread.turns[0].error) == (TurnStatus.FAILED, "high demand")
    assert (entries[-1].text, entries[-1].marks) == ("Turn failed: high demand", (Mark.FAILURE,))


def test_a_prompt_that_is_told_twice_is_one_and_a_repeated_one_is_two() -> None:
    said = response("message", role="user", content=[{"type": "input_text", "text": "go on"}])
    heard = event("user_message", message="go on")

    assert read(opening(), said, heard)[0].prompts == ("go on",)
    assert read(opening(), said, heard, said, heard)[0].prompts == ("go on", "go on")
    assert read(opening(), heard, heard)[0].prompts == ("go on", "go on")


def test_what_codex_itself_puts_in_is_no_prompt() -> None:
    context = ["# AGENTS.md instructions for /w\n\nbe kind", "<environment_context>\n<cwd>/w</cwd>"]
    parts = [{"type": "input_text", "text": one} for one in context]

    thread, entries = read(opening(), response("message", role="user", content=parts))

    assert thread.prompts == ()
    assert [(one.kind, one.text) for one in entries[1:]] == [
        (EntryKind.NOTE, "AGENTS.md instructions for /w"),
        (EntryKind.NOTE, "environment_context"),
    ]


def test_a_moved_file_is_gone_from_one_place_and_new_in_another() -> None:
    change = {"type": "FileChange", "id": "p1", "status": "completed", "changes": {}}
    change["changes"] = {"/w/a": {"type": "update", "unified_diff": "@@\n-a\n+b\n", "move_path": "/w/b"}}

    thread, entries = read(opening(), event("item_completed", item=change))

    assert [(edit.path, edit.kind) for edit in thread.edits] == [("/w/a", "delete"), ("/w/b", "add")]
    assert (entries[-1].text, entries[-1].detail) == ("update /w/a → /w/b", "@@\n-a\n+b\n")


def test_a_patch_that_was_not_applied_edits_nothing() -> None:
    patch = "*** Begin Patch\n*** Update File: a.py\n@@\n-a\n+b\n*** End Patch"
    asked = response("custom_tool_call", name="apply_patch", call_id="p1", input=patch)
    answer = response(
        "custom_tool_call_output", call_id="p1", output="patch rejected: outside of the project"
    )

    thread, entries = read(opening(), asked, answer)

    assert thread.edits == ()
    assert (entries[-1].text, entries[-1].marks) == ("Not applied: a.py", (Mark.REJECTED,))


def test_a_patch_without_a_list_of_changes_is_read_from_its_answer() -> None:
    patch = "*** Begin Patch\n*** Add File: a.py\n+b\n*** End Patch"
    asked = response("custom_tool_call", name="apply_patch", call_id="p1", input=patch)
    told = "Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess. Updated the following files:\nA a.py\n"

    thread, _ = read(opening(), asked, response("custom_tool_call_output", call_id="p1", output=told))

    assert [(edit.path, edit.kind) for edit in thread.edits] == [("/srv/agent/work/billing/a.py", "add")]


def test_a_compressed_record_reads_as_the_same(tmp_path: Path) -> None:
    plain = ROLLOUT.read_bytes()
    packed = zstandard.ZstdCompressor().compress(plain)
    many = [packed[at : at + 7] for at in range(0, len(packed), 7)]

    assert read_head(packed) is not None
    assert read(*many) == read(plain)
    assert read(zstandard.ZstdCompressor().compress(plain[:900]) + zstandard.compress(plain[900:])) == read(
        plain
    )


def test_a_compressed_record_that_was_cut_says_so() -> None:
    packed = zstandard.ZstdCompressor().compress(ROLLOUT.read_bytes())

    thread, _ = read(packed[: len(packed) // 2])

    assert thread.faults


def test_a_compressed_record_that_asks_for_much_memory_is_refused() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=28, compression_level=3)
    packed = zstandard.ZstdCompressor(compression_params=wide).compressobj()

    thread, _ = read(packed.compress(opening()) + packed.flush())

    assert any("cannot be read" in fault for fault in thread.faults)


def test_a_line_that_is_too_long_is_left_out_and_said() -> None:
    giant = event("agent_message", message="x" * MOST_LINE)

    thread, entries = read(opening(), giant, event("agent_message", message="after"))

    assert thread.faults == ("line 4 is longer than 16 MiB and left out",)
    assert [(one.text, one.line) for one in entries[1:]] == [("after", 5)]


def test_a_last_line_that_is_too_long_is_said_too() -> None:
    thread, _ = read(opening(), event("agent_message", message="x" * MOST_LINE).rstrip())

    assert thread.faults == ("line 4 is longer than 16 MiB and left out",)


def test_a_half_written_last_line_is_expected_while_a_turn_runs_alone() -> None:
    half = event("agent_message", message="hello")[:-9]

    assert read(opening(), half)[0].faults == ()
    assert read(opening(), event("task_complete", turn_id=TURN), half)[0].faults == (
        "line 5, the last, is half written: the record went on while it was read, or was cut",
    )


def test_a_last_line_without_its_end_counts_where_it_is_whole() -> None:
    _, entries = read(opening(), event("agent_message", message="hello").rstrip(b"\n"))

    assert entries[-1].text == "hello"


def test_lines_that_are_no_record_are_said_once() -> None:
    thread, _ = read(opening(), b"\n", b"[1]\n", b"nothing\n", b'{"type": \n', b"[" * 100_000 + b"\n")

    assert thread.faults == ("line 5 is no record, and so are 3 more",)


def test_what_is_no_text_is_shown_as_such() -> None:
    bad = event("agent_message", message="a#b\x00c\ud800d").replace(b"#", b"\xff")

    _, entries = read(opening(), bad)

    assert entries[-1].text == "a\ufffdb\u2400c\ufffdd"


def test_a_record_without_its_beginning_says_so() -> None:
    thread, _ = read(event("agent_message", message="hello"))

    assert thread.thread_id == ""
    assert thread.faults == ("the record does not say whose it is: it has no session_meta",)


def test_the_first_to_say_whose_record_it_is_is_believed() -> None:
    thread, _ = read(opening(), line("session_meta", {"id": "another", "session_id": "another"}))

    assert thread.thread_id == THREAD


def test_the_parent_of_an_older_subagent_is_in_its_source() -> None:
    spawn = {"subagent": {"thread_spawn": {"parent_thread_id": THREAD, "depth": 1}}}

    thread, _ = read(line("session_meta", {"id": "child", "source": spawn}))

    assert (thread.parent_thread_id, thread.session_id) == (THREAD, THREAD)


def test_entries_are_counted_on_from_where_another_record_ended() -> None:
    numbers: list[int] = []

    thread = read_rollout([ROLLOUT.read_bytes()], lambda entry: numbers.append(entry.n), first_entry=40)

    assert numbers == list(range(40, 40 + thread.entries))
    assert thread.commands[0].entry in numbers


def test_an_end_before_its_beginning_is_no_time() -> None:
    command = only(call("c1", second=9, cmd="ls"), item("c1", "ls", 0, second=3))

    assert (command.ended_at, command.duration) == (None, None)


def test_a_command_without_a_call_began_when_its_item_says() -> None:
    thread, _ = read(
        opening(),
        event(
            "item_completed",
            9,
            started_at_ms=1795367646000,
            item={"type": "CommandExecution", "id": "u1", "command": ["make", "a b"], "exit_code": 0},
        ),
    )

    command = thread.commands[0]
    assert (command.text, command.turn_id, command.duration) == ("make 'a b'", TURN, timedelta(seconds=3))


def test_an_interrupted_command_stays_so_whatever_its_item_says() -> None:
    command = only(
        call("c1", cmd="make"),
        output("c1", "aborted by user"),
        item("c1", "make", 0, aggregated_output="done"),
    )

    assert (command.outcome, command.output) == (CommandOutcome.ABORTED, "done")


def test_a_question_that_fails_says_nothing_of_its_command() -> None:
    asked = call("p1", tool="write_stdin", session_id=7, chars="")

    for answer in ("write_stdin failed: the session is busy", "aborted by user"):
        command = only(call("c1", cmd="make"), output("c1", still_runs(7)), asked, output("p1", answer))

        assert command.outcome is CommandOutcome.UNFINISHED


def test_more_commands_without_an_end_than_anybody_runs_are_all_told() -> None:
    thread, entries = read(opening(), *(call(f"c{n}", cmd=f"sleep {n}") for n in range(300)))

    assert [one.text for one in thread.commands] == [f"sleep {n}" for n in range(300)]
    # The first had to make room before the record ended.
    assert [one.text for one in entries[1:]] == [f"sleep {n}" for n in range(300)]


def test_no_more_commands_are_remembered_than_anybody_runs() -> None:
    running = RunningCommands()

    former = [running.ask(Running(f"c{n}", "ls", n)) for n in range(300)]

    assert len(list(running)) == 200
    assert sum(one is not None for one in former) == 100


def test_a_command_that_is_too_long_is_cut_and_said() -> None:
    thread, entries = read(opening(), call("c1", cmd="cat <<EOF\n" + "x\n" * 100_000 + "EOF"))

    assert len(thread.commands[0].text) <= 1 << 17
    assert len(entries[-1].text) < 1 << 17
    assert thread.faults == ("1 commands are cut after 131072 characters",)


def test_a_long_output_keeps_both_ends_and_the_command_its_last_lines() -> None:
    shown = "first\n" + "x\n" * 100_000 + "last\n"

    thread, entries = read(opening(), call("c1", cmd="make"), item("c1", "make", 0, aggregated_output=shown))

    assert entries[-1].detail.startswith("first\n")
    assert entries[-1].detail.endswith("x\nlast\n")
    assert "characters left out" in entries[-1].detail
    assert len(entries[-1].detail) < (1 << 16) + 100
    assert (thread.commands[0].output[-5:], len(thread.commands[0].output)) == ("last\n", 1_999)
