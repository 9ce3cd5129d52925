"""`python -m gate policy …`"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gate.cli.context import container
from gate.domain.errors import Refused
from gate.domain.policy import check_policy


@click.group()
def policy() -> None:
    """Policies: what an approval needs."""


@policy.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Read a policy file and list every fault and warning."""
    found = check_policy(file.read_text(encoding="utf-8", errors="backslashreplace"))
    for warning in found.warnings:
        click.echo(f"warning  {warning}")
    for fault in found.faults:
        click.echo(f"FAULT    {fault}")
    if found.faults:
        sys.exit(1)
    click.echo(f"{file} is a valid policy.")


@policy.command()
@click.argument("hold")
def explain(hold: str) -> None:
    """Say what the policy makes of HOLD (such as demo/12) now: what counts, what is missing, and why."""
    gate = container()
    repository, _, number = hold.rpartition("/")
    if not repository or not number.isdigit():
        raise Refused(f"{hold!r} names no hold. Say it as REPOSITORY/NUMBER, such as demo/12.")
    with gate.store.snapshot() as tx:
        found = tx.holds.by_number(repository, int(number))
    click.echo(f"hold {found.name}: {found.ref}, revision {found.revision.n}, {found.state}")
    if found.revision.kind is None:
        click.echo("It has not been collected yet, so there is nothing to judge.")
        return
    judgement = gate.judge(found)
    lines = (judgement.fault,) if judgement.verdict is None else judgement.verdict.lines()
    click.echo("\n".join(lines))
