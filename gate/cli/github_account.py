"""The options that match somebody here with an account at GitHub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from gate.domain.review import Account


def github_account(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options `--github LOGIN` and `--nobody`."""
    command = click.option("--nobody", is_flag=True, help="No account there any more.")(command)
    return click.option("--github", metavar="LOGIN", help="The login at GitHub, looked up now.")(command)


def wanted(github: str | None, nobody: bool) -> str | None:
    """The login that was given, or None for nobody. Raises UsageError unless it is one of the two."""
    if (github is not None) is nobody:
        raise click.UsageError("Say either --github LOGIN or --nobody.")
    return github


def shown(account: Account | None) -> str:
    """An account in one word and its number, which tells it from another that gets the login later."""
    return "-" if account is None else f"{account.login} ({account.id})"
