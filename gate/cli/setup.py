"""`python -m gate agent setup`: the host that an agent works on."""

from __future__ import annotations

from pathlib import Path

import click

from gate.cli.context import actor, container, settings
from gate.cli.ssh import VARIABLES, authorized_key
from gate.domain.agent_place import AgentPlace
from gate.domain.errors import Invalid, NotFound


@click.command("setup")
@click.argument("name")
@click.option("--home", required=True, help="The home folder of the agent's system user.")
@click.option("--codex-home", help="Codex's own folder; HOME/.codex unless given.")
@click.option("--work", multiple=True, help="A folder that the agent works in.")
@click.option("--recordings", multiple=True, help="A folder with recordings of its terminal.")
@click.option("--repo", "repositories", multiple=True, help="Show how to clone these; all of its own else.")
@click.option("--token-file", help="Install the token in this file instead of a new one.")
@click.option("--ssh-key", help="A public key of the agent's: show the line for authorized_keys.")
@click.option("--print", "is_print", is_flag=True, help="Show what it would run, and change nothing.")
def setup(
    name: str,
    home: str,
    codex_home: str | None,
    work: tuple[str, ...],
    recordings: tuple[str, ...],
    repositories: tuple[str, ...],
    token_file: str | None,
    ssh_key: str | None,
    is_print: bool,
) -> None:
    """Let git in an agent's HOME reach the gate, and note where the agent's work is read from.

    Run it as root or as the agent's user. It gives the agent a new token: the old one is void.
    """
    place = AgentPlace(name, codex_home or f"{home.rstrip('/')}/.codex", work, recordings)
    set_up = container().set_up_agent
    granted = _granted(name, repositories)
    key_line = None if ssh_key is None else authorized_key(name, Path(ssh_key))
    if is_print:
        click.echo(set_up.script(place, home), nl=False)
        return
    set_up(place, home, token=_token_in(token_file), actor=actor())
    click.echo(f"git in {home} now reaches the gate as {name}, and says which Codex session it is.")
    for repository in granted:
        click.echo(f"    git clone {settings().url}/git/{repository}.git")
    if key_line is not None:
        _show_ssh(key_line)


def _granted(agent: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    with container().store.snapshot() as tx:
        tx.agents.get(agent)
        granted = [grant.repository for grant in tx.agents.grants(agent=agent)]
    missing = [name for name in wanted if name not in granted]
    if missing:
        raise NotFound(
            f"agent {agent}: it may not push to {', '.join(missing)}. Run first: "
            f"python -m gate agent grant {agent} --repo {missing[0]}"
        )
    return wanted or tuple(granted)


def _token_in(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        token = Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(path, [f"no token can be read from it ({type(error).__name__})"]) from error
    if not token or any(letter.isspace() for letter in token):
        raise Invalid(path, ["it has to hold one token and nothing else"])
    return token


def _show_ssh(key_line: str) -> None:
    names = " ".join(VARIABLES)
    click.echo("\nFor SSH, add this line to ~/.ssh/authorized_keys of the gate's user:\n")
    click.echo(f"    {key_line}\n")
    click.echo("To learn which session pushes, tell sshd on the gate, and ssh on the agent's host:\n")
    click.echo(f"    /etc/ssh/sshd_config    AcceptEnv GIT_PROTOCOL {names}")
    click.echo(f"    ~/.ssh/config           SendEnv GIT_PROTOCOL {names}")
