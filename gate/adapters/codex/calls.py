"""The tool calls of a rollout, each joined with its output and its item: commands, scripts and patches."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from gate.adapters.codex.edits import tell_changes, tell_patch_output
from gate.adapters.codex.fields import (
    Record,
    below,
    inner,
    moment,
    name,
    number,
    path,
    record_of,
    records,
    said,
    text,
    texts,
)
from gate.adapters.codex.scripts import escalation_of, script_commands
from gate.domain.session.exec_output import ExecOutput, read_exec_output, read_script_output
from gate.domain.session.fold import ThreadFold
from gate.domain.session.model import CommandOutcome
from gate.domain.session.running import End, Running
from gate.domain.session.texts import first_part

_SHELL_TOOLS = frozenset(("exec_command", "shell", "shell_command", "container.exec", "local_shell"))
# An agent waits for a handful of answers; whoever writes more is not to fill the memory.
_MOST_WAITING = 200
_MOST_PATCH = 1 << 16
_MOST_STEPS = 200

Value = TypeVar("Value")


@dataclass(slots=True)
class Calls:
    """What was called and not answered yet. `cwd` is the folder that a command without its own runs in."""

    fold: ThreadFold
    cwd: str = ""
    # By call id, until their outputs come: patches, questions to running commands, and scripts.
    patches: dict[str, str] = field(default_factory=dict)
    polls: dict[str, str] = field(default_factory=dict)
    scripts: dict[str, int] = field(default_factory=dict)
    told_patches: dict[str, bool] = field(default_factory=dict)
    aborted_turns: dict[str, bool] = field(default_factory=dict)

    def read(self, kind: str, payload: Record) -> None:
        """Read a record where it is of a call or its answer."""
        tell = _KINDS.get(kind)
        if tell is not None:
            tell(self, payload)

    def turn_aborted(self, turn_id: str) -> None:
        _remember(self.aborted_turns, turn_id, True)

    def function_call(self, payload: Record) -> None:
        call_id, tool = name(payload, "call_id"), name(payload, "name")
        arguments = record_of(text(payload, "arguments")) or {}
        if tool in _SHELL_TOOLS:
            self._ask(payload, arguments)
        elif tool == "write_stdin":
            self._poll(call_id, arguments)
        elif tool == "update_plan":
            self.fold.plan(_plan(arguments))
        elif tool == "apply_patch":
            _remember(self.patches, call_id, first_part(text(arguments, "input"), _MOST_PATCH))
        elif tool:
            self.fold.note(f"Tool call: {tool}", text(payload, "arguments"))

    def local_shell_call(self, payload: Record) -> None:
        self._ask(payload, inner(payload, "action"))

    def custom_tool_call(self, payload: Record) -> None:
        call_id, tool, source = name(payload, "call_id"), name(payload, "name"), text(payload, "input")
        if tool == "apply_patch":
            _remember(self.patches, call_id, first_part(source, _MOST_PATCH))
        elif tool == "exec":
            self._script(payload, source)
        elif tool:
            self.fold.note(f"Tool call: {tool}", source)

    def _ask(self, payload: Record, arguments: Record) -> None:
        call_id = name(payload, "call_id")
        words = text(arguments, "cmd") or _command(arguments)
        if not call_id or not words:
            return
        folder = name(arguments, "workdir") or name(arguments, "working_directory")
        self.fold.ask(
            Running(
                call_id,
                words,
                self.fold.line,
                self._turn_of(payload),
                below(self.cwd, path(folder)),
                self.fold.at,
                escalation_of(arguments),
            )
        )

    def _poll(self, call_id: str, arguments: Record) -> None:
        process = _process(arguments, "session_id")
        _remember(self.polls, call_id, process)
        typed = text(arguments, "chars")
        if typed:
            self.fold.note(f"Typed into the running command {process}", typed)

    def _script(self, payload: Record, source: str) -> None:
        call_id = name(payload, "call_id")
        commands = script_commands(source)
        _remember(self.scripts, call_id, len(commands))
        for place, command in enumerate(commands, 1):
            self.fold.ask(
                Running(
                    call_id if len(commands) == 1 else f"{call_id}#{place}",
                    command.text,
                    self.fold.line,
                    self._turn_of(payload),
                    below(self.cwd, path(command.workdir)),
                    self.fold.at,
                    command.escalation,
                    script=call_id,
                )
            )
        if len(commands) != 1 and "apply_patch" not in source:
            self.fold.note("Script", source)

    def _turn_of(self, payload: Record) -> str:
        passed = inner(payload, "internal_chat_message_metadata_passthrough")
        return name(passed, "turn_id") or self.fold.turn_id

    def output(self, payload: Record) -> None:
        call_id, parts = name(payload, "call_id"), _output(payload)
        if not any(parts):
            return
        if call_id in self.polls:
            self._answered(self.fold.running.of_process(self.polls.pop(call_id)), parts, is_poll=True)
        elif call_id in self.scripts:
            self._script_ended(call_id, self.scripts.pop(call_id), parts)
        elif call_id in self.patches:
            tell_patch_output(self.fold, call_id, self.patches.pop(call_id), "\n".join(parts), self.cwd)
        else:
            self._answered(self.fold.running.get(call_id), parts)

    def _answered(self, running: Running | None, parts: list[str], *, is_poll: bool = False) -> None:
        answer = read_exec_output("\n".join(parts))
        # A question to a running command that fails says nothing of the command.
        if running is not None and not (is_poll and (answer.is_refusal or answer.is_aborted)):
            self._heard(running, answer)

    def _script_ended(self, call_id: str, commands: int, parts: list[str]) -> None:
        """Where a script has one command and no item tells of it, what the script printed does."""
        waiting = self.fold.running.of_script(call_id)
        answer = read_script_output(parts) if len(waiting) == commands == 1 else None
        if answer is not None:
            self._heard(waiting[0], answer)

    def _heard(self, running: Running, answer: ExecOutput) -> None:
        if answer.is_aborted:
            self.fold.abort(running.call_id)
        elif answer.process:
            running.process = answer.process
            running.hear(answer.text)
        elif answer.exit_code is not None:
            running.hear(answer.text)
            outcome = CommandOutcome.FAILED if answer.exit_code else CommandOutcome.COMPLETED
            self.fold.end(running.call_id, End(outcome, answer.exit_code, at=self.fold.at))
        else:
            self.fold.end(running.call_id, End(CommandOutcome.REJECTED, output=answer.text, at=self.fold.at))

    def command_execution(self, item: Record, event: Record) -> None:
        call_id, words = name(item, "id"), _command(item)
        process = _process(item, "process_id")
        if not call_id or name(item, "source") == "unified_exec_interaction":
            return
        if not self.fold.is_pending(call_id) and not self.fold.adopt(call_id, words, process):
            if not words or self.fold.running.has_ended(call_id):
                return
            turn_id = name(event, "turn_id") or self.fold.turn_id
            began = moment(event, "started_at_ms")
            self.fold.ask(Running(call_id, words, self.fold.line, turn_id, at=began))
        shown = item.get("aggregated_output")
        end = End(
            self._outcome(item, event),
            number(item, "exit_code"),
            text(item, "aggregated_output") if isinstance(shown, str) else None,
            self.fold.at,
            path(name(item, "cwd")),
        )
        self.fold.end(call_id, end)

    def _outcome(self, item: Record, event: Record) -> CommandOutcome:
        status, exit_code = name(item, "status"), number(item, "exit_code")
        if status == "declined":
            return CommandOutcome.REJECTED
        if exit_code == -1 and name(event, "turn_id") in self.aborted_turns:
            return CommandOutcome.ABORTED
        if exit_code is not None:
            return CommandOutcome.FAILED if exit_code else CommandOutcome.COMPLETED
        return _BY_STATUS.get(status, CommandOutcome.UNFINISHED)

    def patch_apply_end(self, payload: Record) -> None:
        status = name(payload, "status") or ("completed" if payload.get("success") is True else "failed")
        self.file_change(payload, name(payload, "call_id"), status)

    def file_change(self, change: Record, call_id: str, status: str) -> None:
        if self.patches.pop(call_id, None) is None and call_id in self.told_patches:
            return
        _remember(self.told_patches, call_id, True)
        tell_changes(self.fold, call_id, change, status)


def _command(record: Record) -> str:
    """The text that a shell was given, out of its argument vector; or a command that is one text."""
    words = texts(record, "command")
    if len(words) == 3 and words[1] in ("-lc", "-c"):
        return words[2]
    return shlex.join(words) if words else text(record, "command")


def _process(record: Record, field: str) -> str:
    value = number(record, field)
    return name(record, field) if value is None else str(value)


def _output(payload: Record) -> list[str]:
    """The texts of an output: one text, a list of parts, or either as `content`."""
    value = payload.get("output")
    if isinstance(value, dict):
        return _output({"output": value.get("content")})
    return said(payload, "output") if isinstance(value, list) else [text(payload, "output")]


def _plan(arguments: Record) -> str:
    marks = {"completed": "[x]", "in_progress": "[>]"}
    steps = (
        f"{marks.get(name(step, 'status'), '[ ]')} {text(step, 'step')}"
        for step in records(arguments, "plan")
    )
    return "\n".join(filter(None, [text(arguments, "explanation"), *islice(steps, _MOST_STEPS)]))


def _remember(what: dict[str, Value], key: str, value: Value) -> None:
    """Keep a value until it is asked for, at the cost of the oldest."""
    what[key] = value
    if len(what) > _MOST_WAITING:
        del what[next(iter(what))]


_BY_STATUS = {"completed": CommandOutcome.COMPLETED, "failed": CommandOutcome.FAILED}
_KINDS: Mapping[str, Callable[[Calls, Record], None]] = {
    "function_call": Calls.function_call,
    "local_shell_call": Calls.local_shell_call,
    "custom_tool_call": Calls.custom_tool_call,
    "function_call_output": Calls.output,
    "custom_tool_call_output": Calls.output,
    "patch_apply_end": Calls.patch_apply_end,
}
