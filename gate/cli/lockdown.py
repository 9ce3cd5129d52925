"""`python -m gate lockdown …`"""

from __future__ import annotations

import click

from gate.cli.context import actor, container


@click.group()
def lockdown() -> None:
    """Stop all pushes and releases, and let them go on."""


@lockdown.command()
@click.option("--why", required=True, help="Everyone who pushes or reviews reads it.")
def on(why: str) -> None:
    """Take no push and release nothing from now on. Approvals are still recorded."""
    container().lockdown.on(why, actor=actor())
    click.echo("Lock-down is on.")


@lockdown.command()
def off() -> None:
    """Let pushes and releases go on; what is approved is released now."""
    container().lockdown.off(actor=actor())
    click.echo("Lock-down is off.")


@lockdown.command()
def status() -> None:
    """Say whether lock-down is on, and why."""
    why = container().lockdown.reason()
    click.echo("Lock-down is off." if why is None else f"Lock-down is on: {why}")
