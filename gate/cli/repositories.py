"""`python -m gate repo …`"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from gate.cli.context import actor, container, settings
from gate.cli.table import show
from gate.domain.repository import GITHUB, LOCAL
from gate.services.ports.git import Finding


@click.group()
def repo() -> None:
    """Repositories behind the gate."""


@repo.command()
@click.argument("name")
@click.option("--upstream", required=True, help="The repository to protect: a path or any git URL.")
@click.option("--forge", type=click.Choice([LOCAL, GITHUB]), default=LOCAL, help="Where people review.")
def add(name: str, upstream: str, forge: str) -> None:
    """Put a repository behind the gate."""
    gate = container()
    gate.enroll.add(name, upstream, forge=forge, actor=actor())
    click.echo(f"{name} is behind the gate. Agents clone {settings().url}/git/{name}.git")
    click.echo(f"Its policy: {gate.policies.path(name)}")
    click.echo(f"Next: python -m gate agent add codex-1 --repo {name}")


@repo.command("list")
def list_() -> None:
    """List the repositories behind the gate."""
    with container().store.snapshot() as tx:
        rows = [
            (
                repository.name,
                repository.upstream,
                repository.forge,
                "never" if repository.synced_at is None else f"{repository.synced_at:%Y-%m-%d %H:%M:%S} UTC",
                repository.sync_fault or "",
            )
            for repository in tx.repositories.all()
        ]
    show(
        ("name", "upstream", "forge", "last look at upstream", "fault"),
        rows,
        empty="No repository is behind the gate yet. Add one: python -m gate repo add NAME --upstream URL",
    )


@repo.command("show")
@click.argument("name")
def show_(name: str) -> None:
    """Show one repository: its addresses, policy and agents."""
    gate = container()
    with gate.store.snapshot() as tx:
        repository = tx.repositories.get(name)
        grants = tx.agents.grants(repository=name)
    click.echo(f"upstream  {repository.upstream}")
    click.echo(f"clone     {settings().url}/git/{name}.git")
    click.echo(f"folder    {settings().repositories / (name + '.git')}")
    click.echo(f"policy    {gate.policies.path(name)}")
    click.echo(f"forge     {repository.forge}")
    for grant in grants:
        refs = ", ".join(grant.allow_refs) or "every branch and tag"
        click.echo(f"agent     {grant.agent}: {refs}{' (disabled)' if grant.is_disabled else ''}")


@repo.command()
@click.argument("name")
@click.confirmation_option(prompt="Agents will no longer reach it through the gate. Go on?")
def remove(name: str) -> None:
    """Take a repository from behind the gate; its folder is set aside, not deleted."""
    aside = container().enroll.remove(name, actor=actor())
    click.echo(f"{name} is no longer behind the gate. Its folder is now {aside}")


@repo.command()
@click.argument("name")
def sync(name: str) -> None:
    """Fetch upstream now, and write the hooks' rules anew."""
    container().enroll.sync(name, actor=actor())
    click.echo(f"{name} shows upstream as it is now.")


@repo.command()
@click.argument("name")
@click.option(
    "--mend", is_flag=True, help="First install this release's hooks, configuration and rules again."
)
def check(name: str, mend: bool) -> None:
    """Check hooks, permissions, git, upstream and forge of one repository, and say what to do."""
    gate = container()
    with gate.store.snapshot() as tx:
        repository = tx.repositories.get(name)
    if mend:
        gate.repositories.bring_up_to_date(name, repository.upstream)
        gate.tell_hooks(name)
    findings = gate.repositories.open(name, repository.upstream).check()
    if repository.forge != LOCAL:
        findings += gate.look_at_forges.findings(repository)
    show_findings(findings)
    if any(finding.is_fatal for finding in findings):
        sys.exit(1)


def show_findings(findings: Sequence[Finding]) -> None:
    """Print findings with how to mend each, or that all is well."""
    for finding in findings:
        click.echo(f"{'FAULT' if finding.is_fatal else 'note '}  {finding.subject}: {finding.what}")
        click.echo(f"       mend: {finding.mend}")
    if not findings:
        click.echo("All is well.")
