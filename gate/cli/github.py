"""`python -m gate github …`"""

from __future__ import annotations

import json
import sys

import click

from gate.adapters.github.admin import GitHubAdmin
from gate.adapters.github.manifest import Registration
from gate.adapters.github.permissions import EVENTS
from gate.bootstrap import now
from gate.cli.context import actor, container, container_as_it_is, settings
from gate.cli.repositories import show_findings
from gate.domain.errors import Refused
from gate.domain.repository import GITHUB, Repository


@click.group()
def github() -> None:
    """GitHub: registering the gate there, and checking that it may do its work."""


@github.command()
@click.option("--repository", help="Check this one: its name here, or OWNER/REPO at GitHub.")
@click.option("--organization", help="Register the App for this organization, not for your own account.")
@click.option("--name", default="pushgate", show_default=True, help="The App's name, unique at GitHub.")
@click.option("--workflows", is_flag=True, help="Also ask for the right to change workflow files.")
def setup(repository: str | None, organization: str | None, name: str, workflows: bool) -> None:
    """Print how to register the gate as a GitHub App, or check a repository."""
    if repository is not None:
        _check(repository)
    else:
        _show_registration(Registration(settings().github_url, settings().url, name, organization, workflows))


@github.command()
@click.option("--repository", help="Ask as for this one, OWNER/REPO or its name here.")
def whoami(repository: str | None) -> None:
    """Say as whom the gate works at GitHub."""
    admin = _admin()
    full_name = admin.full_name(_named(repository).upstream if repository else _first_upstream())
    me = admin.github.account(full_name)
    kind = "the owner of a token" if admin.github.app() is None else "a GitHub App"
    click.echo(f"{me.login} (account {me.id}) at {admin.github.access.url}, {kind}")


@github.command("forget-login")
@click.argument("login")
def forget_login(login: str) -> None:
    """Let a login in policies stand for whoever has it now, after it changed hands on purpose."""
    container().forget_login(login, actor=actor())
    click.echo(f"{login} is looked up anew when a policy that names it is next evaluated.")


def _show_registration(new: Registration) -> None:
    click.echo("1. Register the App: this page at GitHub has its form filled in.\n")
    click.echo(f"   {new.link()}\n")
    click.echo("2. Type the webhook's secret there: a long random one, such as of `openssl rand -hex 32`.")
    click.echo("   Put the same into a file of mode 600, for PUSHGATE_GITHUB_WEBHOOK_SECRET_FILE.")
    click.echo("3. Generate a private key on the App's page. Put it into a file of mode 600, and set")
    click.echo("   PUSHGATE_GITHUB_APP_ID and PUSHGATE_GITHUB_PRIVATE_KEY_FILE.")
    click.echo("4. Install the App, for the repositories behind the gate alone.")
    click.echo("5. python -m gate github setup --repository OWNER/REPO\n")
    click.echo("Permissions, each with the reason:")
    for one in new.permissions:
        click.echo(f"  {one.name}: {one.level}{'' if one.is_needed else ' (may be left out)'}\n    {one.why}")
    click.echo("\nEvents, each with what is heard:")
    for event in EVENTS:
        click.echo(f"  {event.name}\n    {event.why}")
    click.echo("\nThe same as a manifest (https://docs.github.com/en/apps/sharing-github-apps):\n")
    click.echo(json.dumps(new.manifest(), indent=2))


def _check(repository: str) -> None:
    findings = _admin().check(_named(repository))
    show_findings(findings)
    if any(finding.is_fatal for finding in findings):
        sys.exit(1)


def _named(repository: str) -> Repository:
    """A repository behind the gate, or one at GitHub that is not yet."""
    if "/" in repository:
        return Repository(0, repository, f"{settings().github_url}/{repository}", GITHUB, now())
    with container().store.snapshot() as tx:
        return tx.repositories.get(repository)


def _first_upstream() -> str:
    with container().store.snapshot() as tx:
        for repository in tx.repositories.all():
            if repository.forge == GITHUB:
                return repository.upstream
    raise Refused("No repository at GitHub is behind the gate yet. Name one: --repository OWNER/REPO")


def _admin() -> GitHubAdmin:
    # Checking comes before everything else, and needs no store.
    found = container_as_it_is().github
    if found is None:
        raise Refused(
            "GitHub is not configured. Run `python -m gate github setup` for how to register the gate there."
        )
    return found
