"""A repository's own webhooks in the REST API."""

from __future__ import annotations

from typing import Any

from flask import Response

from tests.github.simulator.answers import answer_json, paged
from tests.github.simulator.apps import deliveries, redeliver
from tests.github.simulator.auth import Denied
from tests.github.simulator.call import Call
from tests.github.simulator.openapi import description


def route(call: Call) -> Response | None:
    """Everything below `hooks`."""
    match call.method, call.words:
        case "GET", ["hooks"]:
            return paged(list(call.repository.hooks))
        case "POST", ["hooks"]:
            return answer_json(_create(call), 201)
        case "GET", ["hooks", number, "deliveries"]:
            _found(call, number)
            return deliveries(call.rest)
        case "POST", ["hooks", number, "deliveries", delivery, "attempts"]:
            _found(call, number)
            return redeliver(call.rest, int(delivery))
    return None


def _create(call: Call) -> dict[str, Any]:
    """One webhook is all that the simulator has: from now on it is this one."""
    config = call.body.get("config", {})
    hook: dict[str, Any] = description().filled(
        "hook",
        {
            "id": next(call.rest.world.ids),
            "type": "Repository",
            "name": "web",
            "active": True,
            "events": list(call.body.get("events", ("push",))),
            "config": {**config, "secret": "********"},
        },
    )
    call.repository.hooks.append(hook)
    call.rest.outbox.url, call.rest.outbox.secret = config["url"], config.get("secret", "")
    return hook


def _found(call: Call, number: str) -> None:
    if all(str(one["id"]) != number for one in call.repository.hooks):
        raise Denied(404, "Not Found")
