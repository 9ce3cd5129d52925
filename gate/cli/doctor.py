"""`python -m gate doctor`: check an installation, and say how to mend what is wrong."""

from __future__ import annotations

import sys

import click

from gate.cli.context import container_as_it_is
from gate.cli.repositories import show_findings


@click.command()
def doctor() -> None:
    """Check folders, keys, store, queue, clock, policies and every repository."""
    findings = container_as_it_is().examine()
    show_findings(findings)
    if any(finding.is_fatal for finding in findings):
        sys.exit(1)
