"""Git over SSH: sshd's forced command for one agent's key, in front of git's upload-pack and receive-pack.

sshd has checked the key, and runs this whatever the client asked for; what it asked for is in
SSH_ORIGINAL_COMMAND. The bytes go between the client and git without passing through here.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gate.domain.errors import NotAllowed
from gate.domain.repository import Repository
from gate.domain.session.claim import claim_in
from gate.services.authenticate_agent import AgentAccess
from gate.services.refresh import staleness
from gate.transport.commands import SERVICES, UPLOAD_PACK, serve
from gate.transport.environment import git_environment, is_protocol, push_environment
from gate.transport.push_id import new_push_id

_LONGEST_COMMAND = 1_000


class Admit(Protocol):
    """`gate.services.authenticate_agent.AuthenticateAgent.known`."""

    def __call__(self, name: str, *, repository: str, address: str) -> AgentAccess: ...


@dataclass(frozen=True, slots=True)
class SshServices:
    """The use cases behind a request; `refresh` and `noticed` as in `TransportServices`."""

    admit: Admit
    refresh: Callable[[Repository], str | None]
    noticed: Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class SshRequest:
    """What a client asked for: git's service, and the repository's name without `.git`."""

    service: str
    repository: str


def parse_request(command: str) -> SshRequest:
    """Read SSH_ORIGINAL_COMMAND: `git-receive-pack 'shop.git'`, and nothing else. Raises NotAllowed."""
    try:
        words = shlex.split(command) if len(command) <= _LONGEST_COMMAND else []
    except ValueError:
        words = []
    if words[:1] == ["git"]:
        words = [f"git-{words[1]}", *words[2:]] if len(words) > 1 else []
    service = words[0].removeprefix("git-") if words else ""
    if len(words) != 2 or not words[0].startswith("git-") or service not in SERVICES:
        raise NotAllowed(
            "This key serves git and nothing else. Use `git fetch` and `git push`; there is no shell here."
        )
    # `ssh://host/git/shop.git`, `ssh://host/shop.git` and `host:shop.git` are one repository.
    path = words[1].removeprefix("/").removeprefix("git/")
    if not path.endswith(".git") or "/" in path:
        raise NotAllowed(f"{path[:200]!r} is no repository here. Its address ends in /NAME.git.")
    return SshRequest(service, path.removesuffix(".git"))


def serve_ssh(
    agent: str, environ: Mapping[str, str], services: SshServices, *, repositories: Path, path: str
) -> int:
    """Serve the one request of this connection on standard input and output; returns git's exit status.

    Raises NotAllowed and NotFound, as the HTTP transport answers them.
    """
    asked = parse_request(environ.get("SSH_ORIGINAL_COMMAND", ""))
    address = environ.get("SSH_CONNECTION", "").partition(" ")[0]
    access = services.admit(agent, repository=asked.repository, address=address)
    name = access.repository.name
    protocol = environ.get("GIT_PROTOCOL", "")
    environment = git_environment(path=path, protocol=protocol if is_protocol(protocol) else "")
    folder = repositories / f"{name}.git"
    command = serve(asked.service, folder)
    if asked.service == UPLOAD_PACK:
        services.refresh(access.repository)
        # What the refresh found is in the store, and not yet in what was read before it.
        warning = staleness(services.admit(agent, repository=name, address=address).repository)
        if warning is not None:
            print(warning, file=sys.stderr, flush=True)
        return _run(command, environment)
    push_id = new_push_id()
    claim = claim_in(environ)
    identity = push_environment(
        agent=access.agent.name,
        push_id=push_id,
        transport="ssh",
        address=address,
        claim=str(claim or ""),
        claim_by="environment",
    )
    try:
        return _run(command, environment | identity)
    finally:
        # Also where the client left: the hook may have held the push before that.
        if _left_something(folder, push_id, environment):
            services.noticed(name, push_id)


def _left_something(folder: Path, push_id: str, environment: Mapping[str, str]) -> bool:
    """Whether the hooks held or refused this push; a client that only looked leaves nothing to take in."""
    if (folder / "pushgate" / "refusals" / push_id).exists():
        return True
    command = ("git", "for-each-ref", "--count=1", f"refs/quarantine/{push_id}")
    found = subprocess.run(command, cwd=folder, env=dict(environment), capture_output=True, check=False)
    return found.returncode != 0 or bool(found.stdout)


def _run(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    # A client that goes away closes the pipes, which ends git.
    status = subprocess.run(command, env=dict(environment), cwd="/", check=False).returncode
    return status if status >= 0 else 128 - status
