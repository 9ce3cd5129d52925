"""Apps in the REST API: themselves, their installations and tokens, and the deliveries of their webhook."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Response, request

from tests.github.simulator.answers import answer_json, from_cursor
from tests.github.simulator.auth import Asker, Denied
from tests.github.simulator.openapi import description
from tests.github.simulator.outbox import Delivery
from tests.github.simulator.render import time_text
from tests.github.simulator.world import App, Installation, Repository, Token

if TYPE_CHECKING:
    from tests.github.simulator.rest import Rest

_LEVELS = ("none", "read", "write", "admin")
_KEPT = timedelta(days=3)


def route(rest: Rest, asker: Asker, method: str, words: list[str], body: dict[str, Any]) -> Response | None:
    """Everything below `/app`; None for what is not there."""
    match method, words:
        case "GET", ["app"]:
            app = _as_app(asker)
            return answer_json(rest.render.integration(app.slug))
        case "POST", ["app", "installations", number, "access_tokens"]:
            return _mint(rest, _as_app(asker), int(number), body)
        case "GET", ["app", "hook", "config"]:
            _as_app(asker)
            config = {"url": rest.outbox.url or "", "content_type": "json", "insecure_ssl": "0"}
            return answer_json({**config, **({"secret": "********"} if rest.outbox.secret else {})})
        case "GET", ["app", "hook", "deliveries"]:
            _as_app(asker)
            return deliveries(rest)
        case "POST", ["app", "hook", "deliveries", number, "attempts"]:
            _as_app(asker)
            return redeliver(rest, int(number))
    return None


def installation_of(rest: Rest, asker: Asker, repository: Repository | None) -> Response:
    """The installation of the App that asks, in a repository."""
    app = _as_app(asker)
    for one in rest.world.installations.values():
        is_there = repository is not None and repository.id in one.repositories
        if is_there and one.app is app and not one.is_deleted:
            return answer_json(show_installation(rest, one))
    raise Denied(404, "Not Found")


def deliveries(rest: Rest) -> Response:
    """What was sent of late, newest first; with `status` only what was taken, or what was not."""
    wanted = request.args.get("status")
    since = rest.world.now() - _KEPT
    found = [
        _delivery(one)
        for one in reversed(rest.outbox.deliveries)
        if one.is_sent and one.delivered_at >= since and wanted in (None, _outcome(one))
    ]
    return from_cursor(found)


def redeliver(rest: Rest, number: int) -> Response:
    known = {one.number: one for one in rest.outbox.deliveries if one.is_sent}
    if number not in known or known[number].delivered_at < rest.world.now() - _KEPT:
        raise Denied(404, "Not Found")
    rest.outbox.redeliver(number)
    return answer_json({}, 202)


def _mint(rest: Rest, app: App, number: int, body: dict[str, Any]) -> Response:
    installation = rest.world.installations.get(number)
    if installation is None or installation.app is not app or installation.is_deleted:
        raise Denied(404, "Not Found")
    if installation.is_suspended:
        raise Denied(403, "This installation has been suspended")
    expires_at = rest.world.now() + timedelta(hours=1)
    permissions = _granted(app, body.get("permissions"))
    token = Token(
        f"ghs_{secrets.token_hex(18)}",
        app.bot,
        permissions,
        _wanted(rest, installation, body),
        expires_at,
        installation,
    )
    rest.world.tokens[token.text] = token
    is_selected = token.repositories is not None
    answer = {
        "token": token.text,
        "expires_at": time_text(expires_at),
        "permissions": permissions,
        "repository_selection": "selected" if is_selected else "all",
    }
    return answer_json(description().filled("installation-token", answer), 201)


def _granted(app: App, wanted: dict[str, str] | None) -> dict[str, str]:
    """What a token may do: all that the App may, or the part of it that was asked for."""
    if not wanted:
        return dict(app.permissions)
    for name, level in wanted.items():
        if _LEVELS.index(app.permissions.get(name, "none")) < _LEVELS.index(level):
            raise Denied(422, "The permissions requested are not granted to this installation.")
    return {"metadata": "read", **wanted}


def _wanted(rest: Rest, installation: Installation, body: dict[str, Any]) -> set[int] | None:
    """The repositories of a token; None for all that the installation has, now and later."""
    names = {
        one.name.casefold(): one.id
        for one in rest.world.repositories.values()
        if one.id in installation.repositories
    }
    wanted = set(body.get("repository_ids", ()))
    wanted |= {names.get(one.casefold(), 0) for one in body.get("repositories", ())}
    if not wanted <= installation.repositories:
        raise Denied(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent "
            "installation.",
        )
    return wanted or None


def show_installation(rest: Rest, installation: Installation) -> dict[str, Any]:
    filled: dict[str, Any] = description().filled(
        "installation",
        {
            "id": installation.id,
            "app_id": installation.app.id,
            "app_slug": installation.app.slug,
            "target_id": installation.account.id,
            "target_type": installation.account.type,
            "account": rest.render.account(installation.account),
            "permissions": dict(installation.app.permissions),
            "suspended_at": time_text(rest.world.now()) if installation.is_suspended else None,
            "events": sorted(installation.app.events),
            "repository_selection": "selected",
        },
    )
    return filled


def _delivery(delivery: Delivery) -> dict[str, Any]:
    filled: dict[str, Any] = description().filled(
        "hook-delivery-item",
        {
            "id": delivery.number,
            "guid": delivery.guid,
            "delivered_at": time_text(delivery.delivered_at),
            "redelivery": delivery.is_redelivery,
            "duration": 0.1,
            "status": delivery.words,
            "status_code": delivery.status,
            "event": delivery.event,
            "action": delivery.action or None,
            "installation_id": delivery.payload.get("installation", {}).get("id"),
            "repository_id": delivery.payload.get("repository", {}).get("id"),
        },
    )
    return filled


def _outcome(delivery: Delivery) -> str:
    return "success" if 200 <= delivery.status < 400 else "failure"


def _as_app(asker: Asker) -> App:
    if asker.app is None:
        raise Denied(401, "A JSON web token could not be decoded")
    return asker.app
