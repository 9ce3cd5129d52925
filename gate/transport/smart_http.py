"""Git over HTTP: the smart half of https://git-scm.com/docs/http-protocol, behind a token.

The bytes of a request go to git and git's bytes come back; nothing here parses a pack or a ref.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from flask import Blueprint, Response, abort, request
from werkzeug.wsgi import get_input_stream

from gate.domain.errors import GateError, NotAllowed
from gate.services.authenticate_agent import AgentAccess
from gate.services.refresh import staleness
from gate.transport.child import GitChild
from gate.transport.commands import RECEIVE_PACK, SERVICES, UPLOAD_PACK, WARNING, advertise, answer
from gate.transport.credentials import Credentials, credentials_of
from gate.transport.environment import git_environment, is_protocol, push_environment
from gate.transport.exchange import Ending, Exchange
from gate.transport.push_id import new_push_id
from gate.transport.request_body import blocks
from gate.transport.responses import refusal, streamed, text
from gate.transport.wiring import TransportServices, TransportSettings

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Pushgate", charset="UTF-8"'}
_ONLY_SMART = "Only git's smart HTTP protocol is served here. Use git 1.6.6 or newer."
# `0000`: git asks with this whether a push is welcome before it sends a large one.
_PROBE_SIZE = 4

logger = structlog.get_logger()


def create_git_blueprint(services: TransportServices, settings: TransportSettings) -> Blueprint:
    """The routes below /git/. Exempt them from CSRF checks: they know a token and no cookies."""
    routes = _Routes(services, settings)
    blueprint = Blueprint("git", __name__, url_prefix="/git")
    add = blueprint.add_url_rule
    add("/<name>.git/info/refs", "refs", routes.refs, methods=["GET"])
    add("/<name>.git/git-upload-pack", "fetch", routes.fetch, methods=["POST"])
    add("/<name>.git/git-receive-pack", "push", routes.push, methods=["POST"])
    add("/<name>.git/<path:rest>", "other", routes.other, methods=["GET", "POST"])
    blueprint.register_error_handler(GateError, refusal)
    return blueprint


class _Routes:
    """The views, with what they were given."""

    def __init__(self, services: TransportServices, settings: TransportSettings) -> None:
        self._services = services
        self._settings = settings

    def refs(self, name: str) -> Response:
        """Which refs there are: the start of every fetch and push."""
        access, _ = self._authenticate(name)
        service = request.args.get("service", "").removeprefix("git-")
        if service not in SERVICES:
            raise NotAllowed(_ONLY_SMART)
        _limit_idling(self._settings.idle_seconds)
        if service == UPLOAD_PACK:
            self._services.refresh(access.repository)
        child = GitChild(advertise(service, self._folder(access)), self._environment(), has_input=False)
        exchange = Exchange(child, None, hang_up=_hang_up(), ended=_log(access, f"{service} refs"))
        line = f"# service=git-{service}\n"
        return streamed(
            exchange,
            f"application/x-git-{service}-advertisement",
            service_line=f"{len(line) + 4:04x}{line}0000".encode(),
        )

    def fetch(self, name: str) -> Response:
        """Send objects, with a warning where they may be out of date."""
        access, _ = self._authenticate(name)
        warning = staleness(access.repository)
        environment = {WARNING: warning} if warning else {}
        command = answer(UPLOAD_PACK, self._folder(access), warns=warning is not None)
        return self._answer(UPLOAD_PACK, command, environment, _log(access, UPLOAD_PACK))

    def push(self, name: str) -> Response:
        """Take a push: the repository's hooks judge and hold it."""
        access, credentials = self._authenticate(name)
        push_id = new_push_id()
        log = _log(access, RECEIVE_PACK, push=push_id)
        environment = push_environment(
            agent=access.agent.name,
            push_id=push_id,
            transport="http",
            address=request.remote_addr or "",
            claim=credentials.claim,
        )

        def ended(ending: Ending) -> None:
            log(ending)
            # Also where the client left: the hook may have held the push before that.
            if ending.fed > _PROBE_SIZE:
                self._services.noticed(access.repository.name, push_id)

        return self._answer(RECEIVE_PACK, answer(RECEIVE_PACK, self._folder(access)), environment, ended)

    def other(self, name: str, rest: str) -> Response:
        """Everything else that a client could try; the dumb protocol would show what is held."""
        self._authenticate(name)
        raise NotAllowed(_ONLY_SMART)

    def _authenticate(self, name: str) -> tuple[AgentAccess, Credentials]:
        credentials = credentials_of(request.authorization)
        if credentials is None:
            abort(text(401, "Use an agent's name and token.", _CHALLENGE))
        access = self._services.authenticate(
            credentials.name, credentials.token, repository=name, address=request.remote_addr or ""
        )
        if access is None:
            abort(text(401, "The agent's name or token is wrong.", _CHALLENGE))
        return access, credentials

    def _answer(
        self,
        service: str,
        command: tuple[str, ...],
        environment: dict[str, str],
        ended: Callable[[Ending], None],
    ) -> Response:
        if request.mimetype != f"application/x-git-{service}-request":
            abort(text(415, f"git-{service} takes application/x-git-{service}-request."))
        # Not `request.stream`: a limit that is meant for forms must not cut a push short.
        body = blocks(get_input_stream(request.environ), length=request.content_length, encoding=_encoding())
        child = GitChild(command, self._environment() | environment, has_input=True)
        _limit_idling(self._settings.idle_seconds)
        exchange = Exchange(
            child,
            body,
            hang_up=_hang_up(),
            finish_seconds=self._settings.finish_seconds if service == RECEIVE_PACK else 0,
            ended=ended,
        )
        return streamed(exchange, f"application/x-git-{service}-result")

    def _folder(self, access: AgentAccess) -> Path:
        # The name comes from the store and not from the URL.
        return self._settings.repositories / f"{access.repository.name}.git"

    def _environment(self) -> dict[str, str]:
        protocol = request.headers.get("Git-Protocol", "")
        if protocol and not is_protocol(protocol):
            abort(text(400, "The Git-Protocol header is none that git sends."))
        return git_environment(path=self._settings.path, protocol=protocol)


def _encoding() -> str:
    encoding = (request.content_encoding or "").lower().removeprefix("x-")
    if encoding not in ("", "identity", "gzip"):
        abort(text(415, "The body may be gzip or not encoded at all."))
    return encoding


def _log(access: AgentAccess, service: str, *, push: str | None = None) -> Callable[[Ending], None]:
    began = time.monotonic()
    log = logger.bind(agent=access.agent.name, repository=access.repository.name, service=service)

    def ended(ending: Ending) -> None:
        level = log.info if ending.status == 0 and ending.broken is None else log.warning
        level(
            "git_answered",
            push=push,
            status=ending.status,
            fed=ending.fed,
            broken=ending.broken,
            errors=ending.errors or None,
            seconds=round(time.monotonic() - began, 3),
        )

    return ended


def _client_socket() -> socket.socket | None:
    # gunicorn's own key. With another server, silent clients are that server's business.
    found = request.environ.get("gunicorn.socket")
    return found if isinstance(found, socket.socket) else None


def _limit_idling(seconds: float) -> None:
    """Let a read or write that waits so long fail: a connection that died without a word holds a thread.

    gunicorn's own limits say nothing about bodies. It sets the socket's mode anew for the next request.
    """
    client = _client_socket()
    if client is not None:
        client.settimeout(seconds)


def _hang_up() -> Callable[[], None]:
    client = _client_socket()

    def hang_up() -> None:
        if client is not None:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    return hang_up
