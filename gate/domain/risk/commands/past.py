"""What a later command can depend on: files, variables and the folder that earlier ones left behind."""

from __future__ import annotations

import posixpath

from gate.domain.risk.commands.arguments import CURL_VALUES, WGET_VALUES, arguments, written
from gate.domain.risk.commands.fetching import decodes
from gate.domain.risk.commands.git import is_push
from gate.domain.risk.commands.look import Look, Past
from gate.domain.risk.commands.programs import fetches
from gate.domain.risk.view import Simple
from gate.domain.session.model import CommandOutcome

_MOST = 10_000
_TEMPORARY = "/tmp/mktemp"  # noqa: S108 (a name for what mktemp makes, nothing is opened)


def learn(look: Look) -> None:
    """Take a pipeline into the past. What never ran left nothing behind but the folder it stood in."""
    past = look.past
    for simple in look.commands:
        _variables(past, look, simple)
        if simple.name in ("cd", "pushd"):
            past.cwd = _folder(look, simple)
    if look.parsed.command.outcome is CommandOutcome.REJECTED or len(past.started) > _MOST:
        return
    targets = {path for simple in look.commands for path in map(look.path, _made(simple)) if path is not None}
    if fetches(look.pipeline):
        past.fetched |= targets
    elif decodes(look.pipeline):
        past.decoded |= targets
    else:
        past.written |= targets
        past.fetched -= targets
    for simple in look.commands:
        _moved(past, look, simple)
        if simple.words[:1] == ("set",) and simple.words[1:2] in (("+e",), ("-e",)):
            past.goes_on_after_failure = simple.words[1] == "+e"
        past.has_pushed = past.has_pushed or is_push(simple)
        past.started.update(word.rpartition("/")[2] for word in simple.words[:8] if not word.startswith("-"))


def _made(simple: Simple) -> tuple[str, ...]:
    """The files that a command makes, also where only the address tells their name."""
    if simple.name == "curl":
        parts = arguments(simple.words[1:], CURL_VALUES)
        folder = parts.value("--output-dir")
        if parts.has("-O", "--remote-name", "--remote-name-all"):
            return tuple(posixpath.join(folder, _last(address)) for address in parts.operands)
    if simple.name == "wget":
        parts = arguments(simple.words[1:], WGET_VALUES)
        if not parts.has("-O", "--output-document"):
            folder = parts.value("-P", "--directory-prefix")
            return tuple(posixpath.join(folder, _last(address)) for address in parts.operands)
    return written(simple)


def _last(address: str) -> str:
    return address.partition("?")[0].rstrip("/").rpartition("/")[2]


def _moved(past: Past, look: Look, simple: Simple) -> None:
    """A copy of what was downloaded or decoded is no better than the first."""
    if simple.name not in ("cp", "mv", "install", "ln"):
        return
    operands = arguments(simple.words[1:], "-m --mode").operands
    if len(operands) != 2:
        return
    source, target = map(look.path, operands)
    if target is not None:
        for files in (past.fetched, past.decoded):
            if source in files:
                files.add(target)


def _variables(past: Past, look: Look, simple: Simple) -> None:
    pairs = list(simple.assignments) if not simple.words else []
    if simple.name in ("export", "declare", "local", "readonly"):
        pairs.extend(
            (word.partition("=")[0], word.partition("=")[2]) for word in simple.words[1:] if "=" in word
        )
    for name, value in pairs:
        if "mktemp" in value and "$(" in value:
            past.variables[name] = _TEMPORARY
        elif "$(" in value or "`" in value or not value:
            past.variables.pop(name, None)
        elif len(past.variables) < _MOST and len(value) < 4096:
            past.variables[name] = look.expanded(value)[:4096]


def _folder(look: Look, simple: Simple) -> str | None:
    if len(simple.words) < 2:
        return "~"
    return look.path(simple.words[-1])
