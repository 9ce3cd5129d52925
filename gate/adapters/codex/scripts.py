"""The commands in a script of Codex's code mode, as far as they stand in it literally.

In code mode the model writes JavaScript such as `await tools.exec_command({"cmd": "ls"})`. What a command was
becomes known for sure when it ends; until then, and where Codex records no end, the script alone tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from gate.adapters.codex.fields import Record, name, text
from gate.domain.session.texts import visible

# A script is a few lines; a longer one holds the content of files.
_MOST_SCRIPT = 1 << 18
_MOST_CALLS = 100
_CALL = re.compile(r"\btools\s*\.\s*exec_command\s*\(\s*(?=\{)")
_PROPERTY = re.compile(
    r"""["']?\b(cmd|workdir|justification|sandbox_permissions)\b["']?\s*:\s*"""
    r"""(?:"((?:[^"\\\n]|\\.){0,20000})"|'((?:[^'\\\n]|\\.){0,20000})'|`([^`$\\]{0,20000})`)"""
)
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class ScriptCommand:
    """One literal call. `escalation` is None where it asks for no more than its sandbox allows."""

    text: str
    workdir: str = ""
    escalation: str | None = None


def escalation_of(arguments: Record) -> str | None:
    """Why a call asks to run outside its sandbox, which may be empty; None where it does not ask."""
    wanted = text(arguments, "sandbox_permissions")
    if wanted in ("", "use_default") and arguments.get("with_escalated_permissions") is not True:
        return None
    return text(arguments, "justification")


def script_commands(script: str) -> list[ScriptCommand]:
    """The literal commands of a script in their order."""
    return [
        ScriptCommand(text(call, "cmd"), name(call, "workdir"), escalation_of(call))
        for call in _calls(script[:_MOST_SCRIPT])
        if text(call, "cmd")
    ]


def _calls(script: str) -> Iterator[Record]:
    calls = [found.end() for found in _CALL.finditer(script)][:_MOST_CALLS]
    for start, following in pairwise([*calls, len(script)]):
        yield _arguments(script[start:following])


def _arguments(source: str) -> Record:
    """The object that `source` starts with: as JSON, or as JavaScript has it with plain strings."""
    try:
        value, _ = _DECODER.raw_decode(source)
    except (ValueError, RecursionError):
        return {key: _string(*quoted) for key, *quoted in reversed(_PROPERTY.findall(source))}
    return value if isinstance(value, dict) else {}


def _string(double: str, single: str, template: str) -> str:
    """A JavaScript string; one with escapes that JSON has not is kept as written."""
    try:
        return visible(json.loads(f'"{double}"')) if double else single.replace("\\'", "'") or template
    except ValueError:
        return double
