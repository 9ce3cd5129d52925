"""The command line: what an admin does on the gate's own machine, as the gate's user."""

from __future__ import annotations

import sys

import click

from gate.cli.agents import agent, agent_instructions
from gate.cli.audit import audit
from gate.cli.brief import brief
from gate.cli.demo import demo
from gate.cli.doctor import doctor
from gate.cli.github import github
from gate.cli.lockdown import lockdown
from gate.cli.policy import policy
from gate.cli.repositories import repo
from gate.cli.setup import setup
from gate.cli.ssh import ssh_serve
from gate.cli.upkeep import maintain, migrate, sweep
from gate.cli.users import user
from gate.domain.errors import GateError, Invalid


@click.group(name="gate")
def root() -> None:
    """Pushgate: hold what coding agents push, and release what people approve."""


for command in (
    repo,
    agent,
    agent_instructions,
    brief,
    ssh_serve,
    user,
    policy,
    lockdown,
    audit,
    sweep,
    maintain,
    migrate,
    doctor,
    github,
    demo,
):
    root.add_command(command)
agent.add_command(setup)


def main() -> None:
    """Run a command. A fault is one clear text on standard error and exit code 1, never a traceback."""
    try:
        root(prog_name="python -m gate", standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except Invalid as invalid:
        click.echo(f"{invalid.subject}:", err=True)
        for line in invalid.faults:
            click.echo(f"  - {line}", err=True)
        sys.exit(1)
    except GateError as fault:
        click.echo(str(fault), err=True)
        sys.exit(1)
