"""Codex's own record of a thread: `rollout-*.jsonl`, of 0.104 to 0.169, with plain tools or code mode.

Commands are told twice: by the call and its output, and since 0.156 by a CommandExecution item. Either may be
missing, so a command is the union of both by its call id (github.com/openai/codex/issues/47433: one that the
sandbox kills within 150 ms has no item; one that still runs has neither end).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gate.adapters.codex.calls import Calls
from gate.adapters.codex.fields import (
    Record,
    inner,
    name,
    number,
    path,
    records,
    said,
    text,
    texts,
    time,
)
from gate.adapters.codex.records import read_records
from gate.domain.session.fold import ThreadFold
from gate.domain.session.model import GitAtStart, Thread, Tokens, TurnStatus
from gate.domain.session.transcript import Entry, Mark

# What Codex itself puts into the conversation under the user's name.
_CONTEXT = re.compile(
    r"# AGENTS\.md instructions|<(?:environment_context|user_instructions|turn_aborted|INSTRUCTIONS|skill"
    r"|subagent_notification|user_shell_command|permissions instructions)\b"
)
_MOST_ROOTS = 100


def read_rollout(content: Iterable[bytes], take: Callable[[Entry], None], *, first_entry: int = 0) -> Thread:
    """Implements `ports.evidence.ReadThread` for rollouts, `.jsonl` and `.jsonl.zst`."""
    fold = ThreadFold(take, first_entry)
    return read_records(content, fold, _Rollout(fold, Calls(fold)).read, begins_with="session_meta")


@dataclass(slots=True)
class _Rollout:
    """Reads one record after the other into the fold."""

    fold: ThreadFold
    calls: Calls
    agent_path: str = ""

    def read(self, record: Record, line: int) -> None:
        self.fold.move_to(line, time(record, "timestamp"))
        kind, payload = name(record, "type"), inner(record, "payload")
        tell = _LINES.get(kind)
        if kind in ("response_item", "event_msg"):
            inner_kind = name(payload, "type")
            tell = (_ITEMS if kind == "response_item" else _EVENTS).get(inner_kind)
            self.calls.read(inner_kind, payload)
        if tell is not None:
            tell(self, payload)

    def session_meta(self, payload: Record) -> None:
        thread_id = name(payload, "id")
        if self.fold.thread.thread_id or not thread_id:
            return
        spawn = inner(inner(inner(payload, "source"), "subagent"), "thread_spawn")
        parent = name(payload, "parent_thread_id") or name(spawn, "parent_thread_id")
        git = inner(payload, "git")
        self.agent_path = name(spawn, "agent_path")
        self.calls.cwd = path(name(payload, "cwd"))
        self.fold.begin(
            Thread(
                thread_id,
                name(payload, "session_id") or parent or thread_id,
                parent or None,
                started_at=time(payload, "timestamp"),
                cwd=self.calls.cwd,
                roots=_roots(payload, "runtime_workspace_roots"),
                cli_version=name(payload, "cli_version"),
                originator=name(payload, "originator"),
                git=GitAtStart(name(git, "commit_hash"), name(git, "branch"), name(git, "repository_url")),
            )
        )

    def turn_context(self, payload: Record) -> None:
        sandbox = inner(payload, "sandbox_policy")
        self.calls.cwd = path(name(payload, "cwd")) or self.calls.cwd
        self.fold.set_roots(_roots(payload, "workspace_roots"))
        self.fold.set_turn(
            name(payload, "turn_id"),
            name(payload, "model"),
            name(payload, "approval_policy"),
            name(sandbox, "type") or name(sandbox, "mode") or name(payload, "sandbox_policy"),
        )

    def task_started(self, payload: Record) -> None:
        self.fold.start_turn(name(payload, "turn_id"))

    def task_complete(self, payload: Record) -> None:
        error = payload.get("error")
        if error:
            words = text(inner(payload, "error"), "message") or text(payload, "error")
            self.fold.end_turn(name(payload, "turn_id"), TurnStatus.FAILED, words)
            return
        self.fold.last_words(text(payload, "last_agent_message"))
        self.fold.end_turn(name(payload, "turn_id"), TurnStatus.COMPLETED)

    def turn_aborted(self, payload: Record) -> None:
        turn_id = name(payload, "turn_id") or self.fold.turn_id
        self.calls.turn_aborted(turn_id)
        self.fold.end_turn(turn_id, TurnStatus.ABORTED, name(payload, "reason"))

    def token_count(self, payload: Record) -> None:
        self._tokens(inner(inner(payload, "info"), "total_token_usage"))

    def token_usage_record(self, payload: Record) -> None:
        self._tokens(inner(payload, "thread_token_usage"))

    def _tokens(self, usage: Record) -> None:
        if usage:
            self.fold.tokens(tokens_of(usage))

    def item_completed(self, payload: Record) -> None:
        item = inner(payload, "item")
        kind = name(item, "type")
        if kind == "CommandExecution":
            self.calls.command_execution(item, payload)
        elif kind == "FileChange":
            self.calls.file_change(item, name(item, "id"), name(item, "status"))
        elif kind == "UserMessage":
            self.fold.prompt(_words(item), "event")
        elif kind == "AgentMessage":
            self.fold.message(_words(item), "event")
        elif kind == "Reasoning":
            for part in texts(item, "summary_text"):
                self.fold.reasoning(part, "event")
        elif kind == "SubAgentActivity":
            self.fold.note(
                f"Agent {name(item, 'agent_path')} {name(item, 'kind')}", name(item, "agent_thread_id")
            )

    def message(self, payload: Record) -> None:
        role = name(payload, "role")
        if role == "assistant":
            self.fold.message(_words(payload), "item")
        elif role == "user":
            self._user_message(payload)

    def _user_message(self, payload: Record) -> None:
        context = [part for part in said(payload) if _CONTEXT.match(part)]
        for part in context:
            title, _, rest = part.partition("\n")
            self.fold.note(title.strip("# <>"), rest)
        if not context:
            self.fold.prompt(_words(payload), "item")

    def user_message(self, payload: Record) -> None:
        self.fold.prompt(text(payload, "message"), "event")

    def agent_message(self, payload: Record) -> None:
        self.fold.message(text(payload, "message"), "event")

    def agent_reasoning(self, payload: Record) -> None:
        self.fold.reasoning(text(payload, "text"), "event")

    def reasoning(self, payload: Record) -> None:
        for part in said(payload, "summary"):
            self.fold.reasoning(part, "item")

    def message_between_agents(self, payload: Record) -> None:
        """What one agent tells another; to a subagent its parent's words are the prompt."""
        head, task, words = "\n".join(said(payload)).partition("Payload:\n")
        words = words.strip() if task else head
        if self.agent_path and name(payload, "recipient") == self.agent_path:
            self.fold.prompt(words, "item")
        else:
            self.fold.note(f"Message from {name(payload, 'author') or 'another agent'}", words)

    def compacted(self, _: Record) -> None:
        self.fold.note("Context compacted: the agent goes on with a summary of what was before")

    def error(self, payload: Record) -> None:
        self.fold.note(f"Error: {text(payload, 'message')}", marks=(Mark.FAILURE,))

    def warning(self, payload: Record) -> None:
        self.fold.note(text(payload, "message") or "Warning")


def _roots(payload: Record, field: str) -> tuple[str, ...]:
    return tuple(map(path, texts(payload, field)[:_MOST_ROOTS]))


def tokens_of(usage: Record) -> Tokens:
    told = (number(usage, field) or 0 for field in ("input_tokens", "cached_input_tokens", "output_tokens"))
    read, cached, written = told
    return Tokens(read, cached, written, number(usage, "total_tokens") or read + written)


def _words(record: Record) -> str:
    """What a message says; an image only where it is all there is."""
    parts = [text(part, "text") for part in records(record, "content")]
    return "\n".join(filter(None, parts)) or "\n".join(said(record))


_Tell = Callable[[_Rollout, Record], None]
_LINES: Mapping[str, _Tell] = {
    "session_meta": _Rollout.session_meta,
    "turn_context": _Rollout.turn_context,
    "token_usage_record": _Rollout.token_usage_record,
    "compacted": _Rollout.compacted,
}
_ITEMS: Mapping[str, _Tell] = {
    "message": _Rollout.message,
    "agent_message": _Rollout.message_between_agents,
    "reasoning": _Rollout.reasoning,
}
_EVENTS: Mapping[str, _Tell] = {
    "task_started": _Rollout.task_started,
    "task_complete": _Rollout.task_complete,
    "turn_started": _Rollout.task_started,
    "turn_complete": _Rollout.task_complete,
    "turn_aborted": _Rollout.turn_aborted,
    "token_count": _Rollout.token_count,
    "user_message": _Rollout.user_message,
    "agent_message": _Rollout.agent_message,
    "agent_reasoning": _Rollout.agent_reasoning,
    "item_completed": _Rollout.item_completed,
    "error": _Rollout.error,
    "stream_error": _Rollout.warning,
    "warning": _Rollout.warning,
}
