"""git over HTTP: git's own program behind basic auth, and what follows from a push."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from flask import Response, request

from tests.github.simulator.auth import Asker, Denied, asker_of
from tests.github.simulator.events import Events
from tests.github.simulator.faults import Fault
from tests.github.simulator.world import ZERO, Repository, World

_BACKEND = "/usr/lib/git-core/git-http-backend"


class GitOverHttp:
    """Answers one request at a time: a repository's refs before and after tell what a push did."""

    def __init__(self, world: World, events: Events, faults: list[Fault]) -> None:
        self._world = world
        self._events = events
        self._faults = faults

    def answer(self, owner: str, name: str, rest: str) -> Response:
        try:
            asker = asker_of(self._world, request.headers.get("Authorization", ""))
        except Denied as denied:
            return _refused(denied.status, denied.message)
        body = request.get_data()
        with self._world.lock:
            repository = self._world.repository(f"{owner}/{name}")
            if repository is None or not asker.sees(repository):
                return _refused(404, "Repository not found.")
            is_push = "receive-pack" in rest or request.args.get("service") == "git-receive-pack"
            if not asker.may("contents", "write" if is_push else "read", repository):
                return _refused(403, "Write access to repository not granted.")
            if is_push and repository.is_archived:
                return _refused(403, "This repository was archived so it is read-only.")
            fault = next((one for one in self._faults if one.meets(request.method, request.path)), None)
            if fault is not None:
                fault.times -= 1
                if not fault.after_work:
                    return _refused(fault.status, fault.words)
            before = repository.refs()
            response = self._run(repository, asker, rest, body)
            self._tell(repository, before, asker)
        return response if fault is None else _refused(fault.status, fault.words)

    def _tell(self, repository: Repository, before: dict[str, str], asker: Asker) -> None:
        after = repository.refs()
        for ref in sorted(before.keys() | after.keys()):
            old, new = before.get(ref, ZERO), after.get(ref, ZERO)
            if old != new:
                self._events.ref_moved(repository, ref, old, new, asker.account)

    def _run(self, repository: Repository, asker: Asker, rest: str, body: bytes) -> Response:
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROJECT_ROOT": str(repository.path.parent),
            "PATH_INFO": f"/{repository.path.name}/{rest}",
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.query_string.decode(),
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "REMOTE_USER": asker.account.login,
            "REMOTE_ADDR": "127.0.0.1",
            "SIM_RULES": json.dumps(_rules(repository, asker)),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }
        done = subprocess.run((_BACKEND,), input=body, capture_output=True, env=environment, check=False)
        return _response(done.stdout)


def _rules(repository: Repository, asker: Asker) -> dict[str, Any]:
    """What the hook has to know of this push."""
    branches = {
        name: {
            "reviews": one.needs_pull_request,
            "required": [] if one.allows_pushes else one.required,
            "green": {context: _green(repository, context) for context in one.required},
        }
        for name, one in repository.protected.items()
    }
    return {
        "default": repository.default_branch,
        "branches": branches,
        "workflows": asker.may("workflows", "write"),
        "pusher": "a GitHub App" if asker.is_installation else "a Personal Access Token",
    }


def _green(repository: Repository, context: str) -> list[str]:
    """Commits on which a check has succeeded."""
    known = repository.statuses.keys() | repository.checks.keys()
    return [oid for oid in known if repository.has_succeeded(oid, context)]


def _refused(status: int, words: str) -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="GitHub"'} if status == 401 else {}
    return Response(f"{words}\n", status, headers, content_type="text/plain")


def _response(output: bytes) -> Response:
    """The answer of a CGI program."""
    head, _, body = output.partition(b"\r\n\r\n")
    headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n") if line)
    status = int(headers.pop("Status", "200").split()[0])
    return Response(body, status, headers)


def is_there() -> bool:
    """Whether git's program for this is installed."""
    return Path(_BACKEND).exists()
