"""Makes rollouts out of single records, for what no recorded session shows."""

from __future__ import annotations

import json
from typing import Any

from gate.adapters.codex import read_rollout
from gate.domain.session.model import Thread
from gate.domain.session.transcript import Entry

THREAD = "01a20440-588d-7ed0-96c4-633b07ef9517"
TURN = "01a20440-58a7-73c3-9795-4f312d3f2f6c"


def line(kind: str, payload: Any, second: int = 0) -> bytes:
    record = {"timestamp": f"2026-11-22T17:14:{second:02}.000Z", "type": kind, "payload": payload}
    return json.dumps(record).encode() + b"\n"


def event(kind: str, second: int = 0, **payload: Any) -> bytes:
    return line("event_msg", {"type": kind, **payload}, second)


def response(kind: str, second: int = 0, **payload: Any) -> bytes:
    return line("response_item", {"type": kind, **payload}, second)


def opening() -> bytes:
    """What each record begins with: the thread, and a turn that stays open."""
    meta = {"id": THREAD, "session_id": THREAD, "cwd": "/srv/agent/work/billing", "cli_version": "0.169.0"}
    context = {
        "turn_id": TURN,
        "approval_policy": "never",
        "sandbox_policy": {"type": "read-only"},
        "model": "m",
    }
    return line("session_meta", meta) + event("task_started", turn_id=TURN) + line("turn_context", context)


def call(call_id: str, second: int = 1, tool: str = "exec_command", **arguments: Any) -> bytes:
    return response("function_call", second, name=tool, call_id=call_id, arguments=json.dumps(arguments))


def output(call_id: str, text: Any, second: int = 2) -> bytes:
    return response("function_call_output", second, call_id=call_id, output=text)


def exited(code: int, text: str = "") -> str:
    return f"Chunk ID: 2c41b9\nWall time: 0.1 seconds\nProcess exited with code {code}\nOutput:\n{text}"


def still_runs(process: int, text: str = "") -> str:
    head = f"Chunk ID: 2c41b9\nWall time: 10.0 seconds\nProcess running with session ID {process}\n"
    return f"{head}Original token count: 1\nOutput:\n{text}"


def item(call_id: str, command: str, exit_code: int | None, second: int = 3, **more: Any) -> bytes:
    status = "completed" if exit_code == 0 else "failed"
    told = {
        "type": "CommandExecution",
        "id": call_id,
        "command": ["/bin/bash", "-lc", command],
        "cwd": "file:///srv/agent/work/two%20words",
        "status": status,
        "aggregated_output": "",
        "exit_code": exit_code,
        **more,
    }
    return event("item_completed", second, turn_id=TURN, item=told)


def read(*content: bytes) -> tuple[Thread, list[Entry]]:
    entries: list[Entry] = []
    return read_rollout(content, entries.append), entries
