"""`python -m gate demo`: a small repository behind the gate, to try it with."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import click

from gate.bootstrap import Container
from gate.cli.agents import clone_url
from gate.cli.context import actor, container, settings
from gate.cli.users import link_url
from gate.domain.review import Role

_REPOSITORY = "demo"
_AGENT = "codex-1"
_ADMIN = "admin"
_README = "# Demo\n\nA small repository behind a review gate.\n"


@click.command()
def demo() -> None:
    """Put a sample repository behind the gate, with an agent and an admin, and say how to try it."""
    gate = container()
    folder = settings().home / "demo"
    folder.mkdir(mode=0o700, exist_ok=True)
    with gate.store.snapshot() as tx:
        is_new = all(repository.name != _REPOSITORY for repository in tx.repositories.all())
    if is_new:
        upstream = folder / "upstream.git"
        if not upstream.exists():
            _make_upstream(upstream)
        gate.enroll.add(_REPOSITORY, str(upstream), forge="local", actor=actor())
    url = _agent_url(gate, folder / "agent-token")
    _explain(url, _admin_words(gate))


def _make_upstream(upstream: Path) -> None:
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "README.md").write_text(_README, encoding="utf-8")
        _git(work, "init", "--quiet", "--initial-branch=main")
        _git(work, "add", "README.md")
        _git(work, "commit", "--quiet", "--message=Begin")
        _git(work, "clone", "--quiet", "--bare", work, str(upstream))


def _git(folder: str, *arguments: str) -> None:
    who = ("-c", "user.name=alice", "-c", "user.email=alice@example.org")
    subprocess.run(("git", "-C", folder, *who, *arguments), check=True, timeout=60)


def _agent_url(gate: Container, file: Path) -> str:
    """The clone URL with the token, kept beside the demo so that a second start can show it again."""
    with gate.store.snapshot() as tx:
        is_new = all(agent.name != _AGENT for agent in tx.agents.all())
    if is_new:
        token = gate.agents.add(_AGENT, actor=actor())
        gate.agents.grant(_AGENT, _REPOSITORY, actor=actor())
    elif file.exists():
        # The port may be another one than last time.
        token = file.read_text(encoding="ascii").strip()
    else:
        token = gate.agents.rotate(_AGENT, actor=actor())
    file.touch(mode=0o600)
    file.write_text(token, encoding="ascii")
    return clone_url(_AGENT, token, _REPOSITORY)


def _admin_words(gate: Container) -> str:
    admin = next((user for user in gate.people.all() if user.login == _ADMIN), None)
    if admin is not None and admin.password_hash is not None:
        return f"Sign in        {settings().url}/sign-in as {_ADMIN}, with your password"
    if admin is None:
        new = gate.people.add(_ADMIN, Role.ADMIN, actor=actor())
    else:
        new = gate.people.link(_ADMIN, actor=actor())
    return f"Sign in        {link_url(new)} (once; you choose a password)"


def _explain(url: str, sign_in: str) -> None:
    click.echo(f"""
Pushgate is starting. Ctrl-C stops all of it.

  Clone URL      {url}
  Review page    {settings().url}/
  {sign_in}

Push something through it, in another terminal:

  git clone {url} pushgate-demo && cd pushgate-demo
  echo "Hello from {_AGENT}." >> README.md
  git -c user.name={_AGENT} -c user.email={_AGENT}@example.org commit -am "Say hello"
  git push
""")
