"""Runs the command rules over commands as a session would hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gate.adapters.shell import BashParser
from gate.domain.risk.commands import CommandContext, assess_commands
from gate.domain.risk.model import Finding
from gate.domain.session.model import Command, CommandOutcome

WORK = "/srv/agent/work/billing"
GATE = "https://gate.example.com/git/billing.git"
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CONTEXT = CommandContext(
    work=WORK,
    roots=(WORK, "/tmp"),
    remotes=("origin", GATE),
    hosts=("gate.example.com",),
    gate_paths=("/srv/gate",),
)
PARSER = BashParser()


def a_command(text: str, n: int = 0, **rest: object) -> Command:
    """The n-th command of a session, one each second."""
    at = START + timedelta(seconds=n)
    made = Command(
        f"call-{n}", "thread-1", "turn-1", text, WORK, CommandOutcome.COMPLETED, n + 1, 0, at, at, entry=n
    )
    return replace(made, **rest)  # type: ignore[arg-type]


def findings(*commands: str | Command, context: CommandContext = CONTEXT) -> list[Finding]:
    """What the rules see in commands that were run one after the other."""
    made = [a_command(one, n) if isinstance(one, str) else one for n, one in enumerate(commands)]
    return list(assess_commands([PARSER(one) for one in made], context))


def told(found: Sequence[Finding]) -> set[tuple[str, str]]:
    """Rules with the severity that counts."""
    return {(one.rule.id, str(one.weight)) for one in found}


def of_rule(rule: str, *commands: str) -> set[str]:
    """The severities, as they count, that one rule gives."""
    return {str(one.weight) for one in findings(*commands) if one.rule.id == rule}
