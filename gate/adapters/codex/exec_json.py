"""The log of `codex exec --json`: what its standard output told while it ran.

It has no times, no call ids and nothing of commands that never ran; each run numbers its items from 0.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from gate.adapters.codex.fields import Record, inner, name, number, path, records, text
from gate.adapters.codex.records import read_records
from gate.adapters.codex.rollout import tokens_of
from gate.domain.session.fold import ThreadFold
from gate.domain.session.model import CommandOutcome, Thread, TurnStatus
from gate.domain.session.running import End, Running
from gate.domain.session.transcript import Entry
from gate.services.ports.evidence import RecordHead

_STARTED = re.compile(rb'\s*\{"type":\s*"thread\.started",\s*"thread_id":\s*"([0-9a-zA-Z-]{8,64})"')
_OUTCOMES = {
    "completed": CommandOutcome.COMPLETED,
    "failed": CommandOutcome.FAILED,
    "declined": CommandOutcome.REJECTED,
}
_MOST_FILES = 2_000


def read_exec_head(first_bytes: bytes) -> RecordHead | None:
    """Implements `ports.evidence.ReadHead` for such a log: its thread is the session."""
    started = _STARTED.match(first_bytes)
    if started is None:
        return None
    thread_id = started[1].decode()
    return RecordHead(thread_id, thread_id)


def read_exec_json(
    content: Iterable[bytes], take: Callable[[Entry], None], *, first_entry: int = 0
) -> Thread:
    """Implements `ports.evidence.ReadThread` for the log of `codex exec --json`."""
    fold = ThreadFold(take, first_entry)
    return read_records(content, fold, _ExecLog(fold).read, begins_with="thread.started")


@dataclass(slots=True)
class _ExecLog:
    """Reads one event after the other into the fold."""

    fold: ThreadFold

    def read(self, event: Record, line: int) -> None:
        self.fold.move_to(line, None)
        tell = _EVENTS.get(name(event, "type"))
        if tell is not None:
            tell(self, event)

    def thread_started(self, event: Record) -> None:
        """A run begins; the thread of a further run in the same log is the same, its items count anew."""
        self.fold.running.forget()
        thread_id = name(event, "thread_id")
        if thread_id:
            self.fold.begin(Thread(thread_id, thread_id))

    def turn_started(self, _: Record) -> None:
        self.fold.start_turn()
        self.fold.open_turn()

    def turn_completed(self, event: Record) -> None:
        usage = inner(event, "usage")
        if usage:
            self.fold.tokens(tokens_of(usage))
        self.fold.end_turn("", TurnStatus.COMPLETED)

    def turn_failed(self, event: Record) -> None:
        self.fold.end_turn("", TurnStatus.FAILED, text(inner(event, "error"), "message"))

    def error(self, event: Record) -> None:
        """Also said of a model that is asked again; where it stays away, the turn fails."""
        self.fold.note(f"Error: {text(event, 'message')}")

    def item_started(self, event: Record) -> None:
        item = inner(event, "item")
        if name(item, "type") == "command_execution":
            self._ask(item)

    def item_updated(self, event: Record) -> None:
        item = inner(event, "item")
        if name(item, "type") == "todo_list":
            self._plan(item)

    def item_completed(self, event: Record) -> None:
        item = inner(event, "item")
        tell = _ITEMS.get(name(item, "type"))
        if tell is not None:
            tell(self, item)

    def _ask(self, item: Record) -> None:
        words = _command(text(item, "command"))
        if name(item, "id") and words:
            self.fold.ask(Running(name(item, "id"), words, self.fold.line, self.fold.turn_id))

    def _command_execution(self, item: Record) -> None:
        call_id = name(item, "id")
        if not self.fold.is_pending(call_id) and not self.fold.running.has_ended(call_id):
            self._ask(item)
        exit_code = number(item, "exit_code")
        outcome = _OUTCOMES.get(name(item, "status"), CommandOutcome.UNFINISHED)
        if exit_code is not None and outcome is not CommandOutcome.REJECTED:
            outcome = CommandOutcome.FAILED if exit_code else CommandOutcome.COMPLETED
        self.fold.end(call_id, End(outcome, exit_code, text(item, "aggregated_output")))

    def _agent_message(self, item: Record) -> None:
        self.fold.message(text(item, "text"), "event")

    def _reasoning(self, item: Record) -> None:
        self.fold.reasoning(text(item, "text"), "event")

    def _file_change(self, item: Record) -> None:
        changes = list(islice(records(item, "changes"), _MOST_FILES))
        if name(item, "status") == "failed":
            words = "Not applied: " + ", ".join(path(name(change, "path")) for change in changes[:20])
            self.fold.failed_edit(name(item, "id"), words, "", is_rejected=False)
            return
        for change in changes:
            kind = name(change, "kind")
            if kind in ("add", "update", "delete"):
                self.fold.edit(name(item, "id"), kind, [(path(name(change, "path")), kind)])

    def _plan(self, item: Record) -> None:
        steps = ((step.get("completed") is True, text(step, "text")) for step in records(item, "items"))
        self.fold.plan("\n".join(f"[{'x' if is_done else ' '}] {words}" for is_done, words in steps))

    def _warning(self, item: Record) -> None:
        self.fold.note(f"Warning: {text(item, 'message')}")

    def _between_agents(self, item: Record) -> None:
        self.fold.note(f"Tool call: {name(item, 'tool')}", text(item, "prompt"))


def _command(quoted: str) -> str:
    """The text that the shell was given: the last word of `/bin/bash -lc '…'`."""
    try:
        words = shlex.split(quoted)
    except ValueError:
        return quoted
    return words[2] if len(words) == 3 and words[1] in ("-lc", "-c") else quoted


_Tell = Callable[[_ExecLog, Record], None]
_EVENTS: Mapping[str, _Tell] = {
    "thread.started": _ExecLog.thread_started,
    "turn.started": _ExecLog.turn_started,
    "turn.completed": _ExecLog.turn_completed,
    "turn.failed": _ExecLog.turn_failed,
    "item.started": _ExecLog.item_started,
    "item.updated": _ExecLog.item_updated,
    "item.completed": _ExecLog.item_completed,
    "error": _ExecLog.error,
}
_ITEMS: Mapping[str, _Tell] = {
    "command_execution": _ExecLog._command_execution,
    "agent_message": _ExecLog._agent_message,
    "reasoning": _ExecLog._reasoning,
    "file_change": _ExecLog._file_change,
    "todo_list": _ExecLog._plan,
    "error": _ExecLog._warning,
    "collab_tool_call": _ExecLog._between_agents,
}
