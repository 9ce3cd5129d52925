"""`python -m gate brief …`"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click

from gate.cli.context import actor, container
from gate.domain.brief.enforce import is_enforced
from gate.domain.brief.model import Brief, BriefRule, Part, RuleKind
from gate.domain.brief.parse import MOST_BYTES
from gate.domain.errors import Invalid
from gate.services.operator_briefs import OperatorBriefs

_PARTS = {
    Part.ALLOWED: "allowed",
    Part.NOT_ALLOWED: "not allowed",
    Part.STOP_IF: "stop if",
    Part.BEFORE_FINISHING: "before finishing",
    Part.GOAL: "goal",
}
_KINDS = {
    RuleKind.PATHS: "files",
    RuleKind.COMMAND: "commands",
    RuleKind.FILE_LIMIT: "most files",
    RuleKind.LINE_LIMIT: "most lines",
    RuleKind.REFS: "refs",
    RuleKind.LIST: "to be listed",
    RuleKind.WORDS: "for a person to judge",
}


@click.group()
def brief() -> None:
    """What an agent may do, as its operator says: docs/brief.md."""


@brief.command("set")
@click.argument("agent")
@click.argument("file")
@click.option("--repo", "repository", help="For this repository; for all of the agent's else.")
def set_(agent: str, file: str, repository: str | None) -> None:
    """Give AGENT the brief in FILE, or from standard input for `-`."""
    checked = _briefs().set(agent, repository, _text_of(file), actor=actor())
    _show(checked.brief)
    where = repository or "every repository without a brief of its own"
    click.echo(f"\n{agent} has this brief in {where}. A push that breaks a rule marked * is refused.")


@brief.command()
@click.argument("agent")
@click.option("--repo", "repository")
def show(agent: str, repository: str | None) -> None:
    """Show the brief that stands for AGENT."""
    found = _briefs().show(agent, repository)
    click.echo("There is no brief." if found is None else found.text.rstrip("\n"))


@brief.command()
@click.argument("agent")
@click.option("--repo", "repository")
def clear(agent: str, repository: str | None) -> None:
    """Take AGENT's brief away."""
    _briefs().clear(agent, repository, actor=actor())
    click.echo(f"{agent} has no brief any more{'' if repository is None else f' for {repository}'}.")


@brief.command()
@click.argument("file")
def check(file: str) -> None:
    """Show how the brief in FILE is read, line by line, and what is wrong with it."""
    checked = _briefs().check(_text_of(file), file)
    _show(checked.brief)
    if checked.faults:
        raise Invalid(file, checked.faults)


def _briefs() -> OperatorBriefs:
    return container().operator_briefs


def _text_of(file: str) -> str:
    try:
        with contextlib.ExitStack() as stack:
            stream = sys.stdin.buffer if file == "-" else stack.enter_context(Path(file).open("rb"))
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise Invalid(file, [f"it cannot be read ({error.strerror})"]) from error
    if len(content) > MOST_BYTES:
        raise Invalid(file, [f"it is larger than {MOST_BYTES // 1024} KiB"])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Invalid(file, [f"line {line}: it is no UTF-8 text"]) from error


def _show(found: Brief) -> None:
    if found.goal:
        click.echo(f"goal: {found.goal}")
    for rule in found.rules:
        click.echo(_line(rule, found))


def _line(rule: BriefRule, found: Brief) -> str:
    mark = "*" if is_enforced(rule, found) else " "
    values = str(rule.limit) if rule.limit is not None else ", ".join(rule.values) or rule.words
    return f"{mark} line {rule.line}, {_PARTS[rule.part]}, {_KINDS[rule.kind]}: {values}"
