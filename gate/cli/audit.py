"""`python -m gate audit …`"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gate.cli.context import actor, container
from gate.domain.audit import Action, AuditEvent, AuditFilter
from gate.services.ports.audit import ExportFormat

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command()
@click.option("--against", type=_FILE, help="A signed tree head that somebody else kept.")
@click.option("--deep", is_flag=True, help="Compare the filter columns with the hashed text too.")
def verify(against: Path | None, deep: bool) -> None:
    """Verify the whole trail against the witness file, and any further tree head."""
    note = None if against is None else against.read_text(encoding="utf-8")
    report = container().verify_trail(actor=actor(), deep=deep, against=note)
    if report.fault is not None:
        click.echo(f"NOT SOUND: {report.fault.message}")
        sys.exit(1)
    click.echo(f"{report.size} events, every link sound.")
    click.echo(
        f"{report.exposed} events are newer than the last witnessed tree head: only a next one covers them."
    )


@audit.command()
@click.option("--format", "form", type=click.Choice([one.value for one in ExportFormat]), default="jsonl")
@click.option("--repository")
@click.option("--hold")
@click.option("--action")
def export(form: str, repository: str | None, hold: str | None, action: str | None) -> None:
    """Write the trail to standard output. JSONL can be verified elsewhere with tools/verify_audit.py."""
    gate = container()
    wanted = AuditFilter(repository=repository, hold=hold, action=action)
    details = {"format": form, "repository": repository, "hold": hold, "action": action}
    with gate.store.transaction() as tx:
        event = AuditEvent(
            at=gate.tree_heads.clock(), actor=actor(), action=Action.AUDIT_EXPORT, details=details
        )
        last = tx.audit.append(event).seq
    gate.tree_heads.witness()
    for piece in gate.trail.export(wanted, ExportFormat(form), last_seq=last + 1):
        click.echo(piece, nl=False)


@audit.command()
def head() -> None:
    """Sign the trail as it is now, and print the tree head: keep it where this machine cannot reach."""
    click.echo(container().tree_heads.witness(), nl=False)


@audit.command()
def key() -> None:
    """Print the public key that tree heads are verified with."""
    click.echo(container().signer.verifier_key)
