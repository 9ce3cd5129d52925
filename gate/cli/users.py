"""`python -m gate user …`"""

from __future__ import annotations

import click

from gate.cli.context import actor, container, settings
from gate.cli.github_account import github_account, shown, wanted
from gate.cli.table import show
from gate.domain.review import Role
from gate.services.people import NewLink

_ROLES = click.Choice([role.value for role in Role])


@click.group()
def user() -> None:
    """People's accounts."""


@user.command()
@click.argument("login")
@click.option("--role", type=_ROLES, default=Role.REVIEWER.value, show_default=True)
def add(login: str, role: str) -> None:
    """Make an account, and print the link with which its person signs in once to set a password."""
    _show_link(login, container().people.add(login, Role(role), actor=actor()))


@user.command()
@click.argument("login")
def link(login: str) -> None:
    """Print a new one-time sign-in link, for a person who has no password or forgot it."""
    _show_link(login, container().people.link(login, actor=actor()))


@user.command("list")
def list_() -> None:
    """List people and their roles."""
    rows = [
        (one.login, one.role.value, "disabled" if one.is_disabled else "active", shown(one.github))
        for one in container().people.all()
    ]
    show(
        ("login", "role", "state", "github"),
        rows,
        empty="There is nobody yet. Add an admin: python -m gate user add alice --role admin",
    )


@user.command()
@click.argument("login")
@click.argument("new_role", metavar="ROLE", type=_ROLES)
def role(login: str, new_role: str) -> None:
    """Give a person another role."""
    container().people.change_role(login, Role(new_role), actor=actor())
    click.echo(f"{login} is {new_role} now.")


@user.command("map")
@click.argument("login")
@github_account
def map_(login: str, github: str | None, nobody: bool) -> None:
    """Say who a person is at GitHub, so that nobody approves their own work there."""
    account = container().people.map_github(login, wanted(github, nobody), actor=actor())
    click.echo(f"{login} is {shown(account)} at GitHub." if account else f"{login} is nobody at GitHub.")


@user.command()
@click.argument("login")
def disable(login: str) -> None:
    """Sign a person out, and keep them out."""
    container().people.disable(login, actor=actor())
    click.echo(f"{login} can no longer sign in.")


@user.command()
@click.argument("login")
def enable(login: str) -> None:
    """Let a disabled person sign in again."""
    container().people.enable(login, actor=actor())
    click.echo(f"{login} can sign in again.")


def link_url(new: NewLink) -> str:
    """The address that a person opens, once."""
    return f"{settings().url}/link/{new.token}"


def _show_link(login: str, new: NewLink) -> None:
    click.echo(f"{login} signs in once with this link, until {new.expires_at:%Y-%m-%d %H:%M} UTC:\n")
    click.echo(f"    {link_url(new)}\n")
