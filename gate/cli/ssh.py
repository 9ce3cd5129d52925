"""`python -m gate ssh-serve`, and the line of authorized_keys that runs it."""

from __future__ import annotations

import base64
import binascii
import os
import re
import shlex
import sys
from pathlib import Path

import click

import gate
from gate.bootstrap import now
from gate.cli.context import container, settings
from gate.domain.errors import Invalid
from gate.domain.session.claim import SESSION, THREAD, TOOL_CALL
from gate.services.authenticate_agent import AuthenticateAgent
from gate.transport.ssh import SshServices, serve_ssh
from gate.transport.wiring import TransportSettings

_KEY_TYPE = re.compile(
    r"(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp\d+|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
)
_COMMENT = re.compile(r"[\w.@+:/ -]{0,200}")
VARIABLES = (THREAD, SESSION, TOOL_CALL)
"""What the agent's ssh sends, beside git's own GIT_PROTOCOL, where sshd is told to accept it."""


@click.command("ssh-serve")
@click.argument("agent")
def ssh_serve(agent: str) -> None:
    """Serve git to AGENT: the forced command of its key in authorized_keys."""
    found = container()
    chosen = TransportSettings(settings().repositories.absolute())
    services = SshServices(AuthenticateAgent(found.store, now).known, found.refresh, found.queue.intake)
    status = serve_ssh(agent, os.environ, services, repositories=chosen.repositories, path=chosen.path)
    sys.exit(status)


def authorized_key(agent: str, key_file: Path) -> str:
    """The line for the gate's user: this key can run git for this agent, and nothing else.

    Raises Invalid where the file holds no public key.
    """
    words = key_file.read_text(errors="replace").strip().split(None, 2) if key_file.is_file() else []
    comment = words[2] if len(words) > 2 else ""
    if len(words) < 2 or not (_KEY_TYPE.fullmatch(words[0]) and _is_base64(words[1])):
        raise Invalid(str(key_file), ["it holds no public key. Give the file that ends in .pub"])
    shell = (
        f"cd {shlex.quote(str(Path(gate.__file__).parents[1]))} && "
        f"PUSHGATE_HOME={shlex.quote(str(settings().home.absolute()))} exec "
        f"{shlex.quote(sys.executable)} -m gate ssh-serve {shlex.quote(agent)}"
    )
    command = shell.replace("\\", "\\\\").replace('"', '\\"')
    named = f" {comment}" if _COMMENT.fullmatch(comment) and comment else ""
    return f'restrict,command="{command}" {words[0]} {words[1]}{named}'


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except binascii.Error:
        return False
