"""What Codex answers its model about a command: a few header lines, then the output; or one sentence."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_HEADER = re.compile(
    r"(?:Chunk ID: \S*"
    r"|Wall time:? [\d.]+(?: seconds)?"
    r"|(?P<exit>(?:Process exited with code|Exit code:) (?P<code>-?\d{1,10}))"
    r"|Process running with session ID (?P<process>\d{1,20})"
    r"|Original token count: \d+"
    r"|Total output lines: \d+)\s*"
)
_MOST_HEADER_LINES = 8
_ABORTED = re.compile(r"(?:command )?aborted(?: by user)?\b", re.IGNORECASE)
_REFUSAL = re.compile(
    r"rejected|not permitted|blocked by|cannot ask for escalated|denied by|declined", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ExecOutput:
    """A tool's answer, read. `process` is the number to ask a running command by.

    Neither ended nor running nor aborted: the command never ran, and `text` says why.
    """

    text: str
    exit_code: int | None = None
    process: str = ""
    is_aborted: bool = False

    @property
    def is_refusal(self) -> bool:
        return self.exit_code is None and not self.process and not self.is_aborted


def read_exec_output(text: str) -> ExecOutput:
    """Read an answer of `exec_command`, `write_stdin`, or of the older `shell` tools."""
    if text.startswith("{"):
        return _from_json(text) or ExecOutput(text)
    rest, exit_code, process = text, None, ""
    for _ in range(_MOST_HEADER_LINES):
        line, _, after = rest.partition("\n")
        if line.rstrip() == "Output:":
            rest = after
            break
        found = _HEADER.fullmatch(line)
        if found is None:
            break
        exit_code = int(found["code"]) if found["exit"] else exit_code
        process = found["process"] or process
        rest = after
    if exit_code is None and not process and _ABORTED.match(rest):
        return ExecOutput(rest, is_aborted=True)
    return ExecOutput(rest, exit_code, "" if exit_code is not None else process)


def read_script_output(parts: list[str]) -> ExecOutput | None:
    """What a script of code mode printed about its one command; None where it printed nothing of it."""
    for part in parts:
        found = _from_json(part)
        if found is not None:
            return found
    text = "\n".join(parts)
    if _REFUSAL.search(text):
        return ExecOutput(text)
    said = read_exec_output(text)
    return said if said.is_aborted else None


def _from_json(text: str) -> ExecOutput | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    metadata = value.get("metadata")
    told = metadata if isinstance(metadata, dict) else value
    output, code, process = value.get("output"), told.get("exit_code"), value.get("session_id")
    shown = output if isinstance(output, str) else ""
    if isinstance(code, int) and not isinstance(code, bool):
        return ExecOutput(shown, code)
    if isinstance(process, int | str) and not isinstance(process, bool) and str(process):
        return ExecOutput(shown, process=str(process))
    return None
