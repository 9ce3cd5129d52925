"""`python -m gate agent …` and `agent-instructions`."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from gate.cli.context import actor, container, settings
from gate.cli.github_account import github_account, shown, wanted
from gate.cli.instructions import block
from gate.cli.table import show


@click.group()
def agent() -> None:
    """Agents' accounts: who pushes, and where."""


@agent.command()
@click.argument("name")
@click.option("--repo", "repositories", multiple=True, required=True, help="A repository it may push to.")
@click.option(
    "--allow-ref", "allow_refs", multiple=True, help="Only refs that match, such as refs/heads/codex/**"
)
@click.option("--operator", help="The login of the person who runs it, and so can't approve its work.")
def add(name: str, repositories: tuple[str, ...], allow_refs: tuple[str, ...], operator: str | None) -> None:
    """Make an account, and print its token this once."""
    gate = container()
    with gate.store.snapshot() as tx:
        for repository in repositories:
            tx.repositories.get(repository)
    token = gate.agents.add(name, operator=operator, actor=actor())
    for repository in repositories:
        gate.agents.grant(name, repository, allow_refs, actor=actor())
    _show_token(name, token, repositories)


@agent.command("list")
def list_() -> None:
    """List agents and where they may push."""
    with container().store.snapshot() as tx:
        agents, grants = tx.agents.all(), tx.agents.grants()
        operators = {person.id: person.login for person in tx.users.all()}
    rows = [
        (
            one.name,
            operators.get(one.operator_id or 0, "-"),
            "disabled" if one.is_disabled else "active",
            shown(one.github),
            "; ".join(
                f"{grant.repository} ({', '.join(grant.allow_refs) or 'every branch and tag'})"
                for grant in grants
                if grant.agent == one.name
            ),
        )
        for one in agents
    ]
    show(
        ("name", "operator", "state", "github", "may push to"),
        rows,
        empty="There is no agent yet. Add one: python -m gate agent add codex-1 --repo NAME",
    )


@agent.command()
@click.argument("name")
@click.option("--repo", "repository", required=True)
@click.option("--allow-ref", "allow_refs", multiple=True)
def grant(name: str, repository: str, allow_refs: tuple[str, ...]) -> None:
    """Let an agent push to one more repository, or to other refs of it."""
    container().agents.grant(name, repository, allow_refs, actor=actor())
    click.echo(f"{name} may push to {repository}: {', '.join(allow_refs) or 'every branch and tag'}")


@agent.command()
@click.argument("name")
@click.argument("login", required=False)
def operator(name: str, login: str | None) -> None:
    """Say who runs an agent, and so can't approve its work; nobody without a LOGIN."""
    container().agents.change_operator(name, login, actor=actor())
    click.echo(f"{name} is run by {login or 'nobody known'}.")


@agent.command("map")
@click.argument("name")
@github_account
def map_(name: str, github: str | None, nobody: bool) -> None:
    """Say which GitHub account an agent works with: its reviews never count."""
    account = container().agents.map_github(name, wanted(github, nobody), actor=actor())
    click.echo(f"{name} is {shown(account)} at GitHub." if account else f"{name} is nobody at GitHub.")


@agent.command()
@click.argument("name")
def rotate(name: str) -> None:
    """Replace the token; the old one is void at once."""
    gate = container()
    token = gate.agents.rotate(name, actor=actor())
    with gate.store.snapshot() as tx:
        repositories = tuple(grant.repository for grant in tx.agents.grants(agent=name))
    _show_token(name, token, repositories)


@agent.command()
@click.argument("name")
def disable(name: str) -> None:
    """Stop an agent at its next request."""
    container().agents.disable(name, actor=actor())
    click.echo(f"{name} can no longer fetch or push.")


@agent.command()
@click.argument("name")
def enable(name: str) -> None:
    """Let a disabled agent in again, with the token it had."""
    container().agents.enable(name, actor=actor())
    click.echo(f"{name} can fetch and push again.")


@click.command("agent-instructions")
@click.argument("name")
def agent_instructions(name: str) -> None:
    """Print the block for a repository's AGENTS.md that tells Codex how pushing works here."""
    with container().store.snapshot() as tx:
        tx.repositories.get(name)
    click.echo(block(name, settings().url, settings().reply))


def clone_url(name: str, token: str, repository: str) -> str:
    """The URL with the agent's name and token in it, for a credential store or a first clone."""
    parts = urlsplit(settings().url)
    return f"{parts.scheme}://{name}:{token}@{parts.netloc}{parts.path}/git/{repository}.git"


def _show_token(name: str, token: str, repositories: tuple[str, ...]) -> None:
    click.echo(f"The token of {name}, shown this once:\n\n    {token}\n")
    for repository in repositories:
        click.echo(f"Clone URL with the token in it: {clone_url(name, token, repository)}")
