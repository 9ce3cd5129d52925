from __future__ import annotations

import pytest

from gate.domain.session.exec_output import ExecOutput, read_exec_output, read_script_output

ENDED = "Chunk ID: 2c41b9\nWall time: 0.0789 seconds\nProcess exited with code 1\nOriginal token count: 274\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ENDED}Output:\nFF.\n", ExecOutput("FF.\n", 1)),
        ("Exit code: 0\nWall time: 0 seconds\nOutput:\nM a\n", ExecOutput("M a\n", 0)),
        (
            "Chunk ID: a\nWall time: 10.0 seconds\nProcess running with session ID 83097\nOutput:\none",
            ExecOutput("one", process="83097"),
        ),
        ("Wall time: 3.5 seconds\naborted by user", ExecOutput("aborted by user", is_aborted=True)),
        ('{"output": "x", "metadata": {"exit_code": 2}}', ExecOutput("x", 2)),
        ("patch rejected: no", ExecOutput("patch rejected: no")),
        ('{"message": "Wait completed."}', ExecOutput('{"message": "Wait completed."}')),
    ],
)
def test_an_answer_is_read(text: str, expected: ExecOutput) -> None:
    assert read_exec_output(text) == expected


def test_what_a_command_printed_is_not_taken_for_the_answers_own_words() -> None:
    printed = "Process exited with code 0\nOutput:\nall fine\naborted by user"

    assert read_exec_output(f"{ENDED}Output:\n{printed}") == ExecOutput(printed, 1)


def test_a_refusal_is_what_neither_ended_nor_runs_nor_was_interrupted() -> None:
    assert read_exec_output("Command blocked by PreToolUse hook: no").is_refusal
    assert not read_exec_output(f"{ENDED}Output:\n").is_refusal
    assert not read_exec_output("aborted by user").is_refusal


def test_a_script_that_printed_nothing_of_its_command_says_nothing() -> None:
    assert read_script_output(["Script completed\nWall time 0.1 seconds\nOutput:\n", "{}"]) is None
    assert read_script_output(["Script completed", '{"exit_code": true}', "[" * 100_000]) is None
    assert read_script_output(["x", '{"exit_code": 0, "output": "y"}']) == ExecOutput("y", 0)
