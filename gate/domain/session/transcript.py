"""The transcript: a session as people read it, one entry for each thing that happened."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any


class EntryKind(StrEnum):
    """What an entry tells of."""

    TURN = "turn"
    PROMPT = "prompt"
    MESSAGE = "message"
    REASONING = "reasoning"
    COMMAND = "command"
    EDIT = "edit"
    PLAN = "plan"
    NOTE = "note"


class Mark(StrEnum):
    """Why a reader may want to jump to an entry."""

    PUSH = "push"
    FAILURE = "failure"
    TEST = "test"
    APPROVAL = "approval"
    REJECTED = "rejected"
    REDACTED = "redacted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `n` counts from 0 over the whole transcript, `line` is the 1-based line in its record.

    `text` is what was said, asked or run; `detail` the output of a command or the diff of an edit, capped.
    `outcome` and `exit_code` are a command's. Entries stand in the order in which they ended.
    """

    n: int
    kind: EntryKind
    line: int
    text: str
    thread_id: str = ""
    at: datetime | None = None
    ended_at: datetime | None = None
    call_id: str = ""
    detail: str = ""
    outcome: str = ""
    exit_code: int | None = None
    marks: tuple[Mark, ...] = field(default=())

    def line_text(self) -> str:
        """The entry as one line of ASCII JSON, without its default values."""
        values: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if value not in ("", None, ()):
                values[each.name] = value.isoformat() if isinstance(value, datetime) else value
        return json.dumps(values, separators=(",", ":"))


def entry_from(line: str | bytes) -> Entry:
    """The entry of a line that `line_text` wrote."""
    values: dict[str, Any] = json.loads(line)
    for name in ("at", "ended_at"):
        if name in values:
            values[name] = datetime.fromisoformat(values[name])
    values["kind"] = EntryKind(values["kind"])
    values["marks"] = tuple(Mark(mark) for mark in values.get("marks", ()))
    values.setdefault("text", "")
    values.setdefault("n", 0)
    return Entry(**values)
