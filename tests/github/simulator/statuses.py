"""Statuses and check runs of commits in the REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, request

from tests.github.simulator.answers import answer_json, window, with_links
from tests.github.simulator.auth import Denied
from tests.github.simulator.branches import resolved
from tests.github.simulator.call import Call, invalid, refused
from tests.github.simulator.world import Account, CheckRun, Repository, Status

if TYPE_CHECKING:
    from tests.github.simulator.rest import Rest

LONGEST_DESCRIPTION = 140
_LONGEST_CONTEXT = 255
_MOST_OF_A_CONTEXT = 1000
_LONGEST_OUTPUT = 65535
_MOST_ANNOTATIONS = 50


def route(call: Call) -> Response | None:
    rest, repository, body = call.rest, call.repository, call.body
    match call.method, call.words:
        case "POST", ["statuses", oid]:
            status = create_status(rest, call.account, repository, oid, body)
            return answer_json(rest.render.status(oid, status), 201)
        case "GET", ["commits", *ref, "status"]:
            oid = resolved(repository, "/".join(ref))
            combined = rest.render.combined(repository, oid)
            count = combined["total_count"]
            combined["statuses"] = combined["statuses"][window(count)]
            return with_links(answer_json(combined), count)
        case "GET", ["commits", *ref, "check-runs"]:
            return _check_runs(rest, repository, resolved(repository, "/".join(ref)))
        case "POST", ["check-runs"]:
            return answer_json(_create_check(call), 201)
        case "GET", ["check-runs", number]:
            oid, run = _check(repository, int(number))
            return answer_json(rest.render.check(repository, oid, run))
        case "PATCH", ["check-runs", number]:
            return answer_json(_update_check(call, int(number)))
    return None


def create_status(rest: Rest, by: Account, repository: Repository, oid: str, body: dict[str, Any]) -> Status:
    """A status as anybody with the right to write makes it."""
    if not repository.has(oid):
        raise Denied(422, f"No commit found for SHA: {oid}")
    words, context = body.get("description"), body.get("context", "default")
    if words is not None and len(words) > LONGEST_DESCRIPTION:
        raise refused("Status", "description is too long (maximum is 140 characters)", "description")
    if len(context) > _LONGEST_CONTEXT:
        raise refused("Status", "context is too long (maximum is 255 characters)", "context")
    if body["state"] not in ("error", "failure", "pending", "success"):
        raise invalid("Status", "state", "custom")
    there = repository.statuses.setdefault(oid, [])
    if sum(one.context == context for one in there) >= _MOST_OF_A_CONTEXT:
        raise refused("Status", "This SHA and context has reached the maximum number of statuses.")
    status = Status(
        next(rest.world.ids), by, body["state"], context, words, body.get("target_url"), rest.world.now()
    )
    there.append(status)
    rest.events.status(repository, oid, status, by)
    return status


def add_check(
    rest: Rest, repository: Repository, oid: str, name: str, app_slug: str, conclusion: str | None
) -> CheckRun:
    """A check run in the place of an earlier one of the same App and name."""
    state = "completed" if conclusion else "in_progress"
    run = CheckRun(next(rest.world.ids), name, app_slug, conclusion, rest.world.now(), state)
    runs = repository.checks.setdefault(oid, [])
    runs[:] = [one for one in runs if (one.name, one.app_slug) != (name, app_slug)] + [run]
    return run


def _check_runs(rest: Rest, repository: Repository, oid: str) -> Response:
    asked = request.args
    runs = [
        one
        for one in repository.checks.get(oid, [])
        if asked.get("check_name") in (None, one.name) and asked.get("status") in (None, one.state)
    ]
    shown = [rest.render.check(repository, oid, one) for one in runs[window(len(runs))]]
    return with_links(answer_json({"total_count": len(runs), "check_runs": shown}), len(runs))


def _check(repository: Repository, number: int) -> tuple[str, CheckRun]:
    for oid, runs in repository.checks.items():
        for run in runs:
            if run.id == number:
                return oid, run
    raise Denied(404, "Not Found")


def _create_check(call: Call) -> dict[str, Any]:
    rest, body, oid = call.rest, call.body, call.body["head_sha"]
    token = call.asker.token
    if token is None or token.installation is None:
        raise Denied(403, "You must authenticate via a GitHub App.")
    if not call.repository.has(oid):
        raise Denied(422, f"No commit found for SHA: {oid}")
    app = token.installation.app
    run = add_check(rest, call.repository, oid, body["name"], app.slug, body.get("conclusion"))
    return _filled_in(call, oid, run, "created")


def _update_check(call: Call, number: int) -> dict[str, Any]:
    oid, run = _check(call.repository, number)
    token = call.asker.token
    if token is None or token.installation is None or token.installation.app.slug != run.app_slug:
        raise Denied(
            403, "Invalid app_id `0` - check run can only be modified by the GitHub App that created it."
        )
    run.conclusion = call.body.get("conclusion", run.conclusion)
    return _filled_in(call, oid, run, "completed" if run.conclusion else "created")


def _filled_in(call: Call, oid: str, run: CheckRun, action: str) -> dict[str, Any]:
    body = call.body
    output = body.get("output", run.output)
    for name in ("summary", "text"):
        if len(output.get(name) or "") > _LONGEST_OUTPUT:
            raise refused("CheckRun", f"{name} exceeds a maximum length of 65535", name)
    added = output.get("annotations", [])
    if len(added) > _MOST_ANNOTATIONS:
        raise refused("CheckRun", "annotations exceeds a maximum quantity of 50", "annotations")
    # GitHub never takes an annotation away: a later request adds to those that are there.
    run.annotations += added
    run.output, run.details_url = output, body.get("details_url", run.details_url)
    run.external_id = body.get("external_id", run.external_id)
    run.state = "completed" if run.conclusion else body.get("status", run.state)
    call.rest.events.check(action, call.repository, oid, run, call.account)
    return call.rest.render.check(call.repository, oid, run)
