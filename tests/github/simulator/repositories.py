"""Repositories themselves in the REST API: their facts, who may do what, and forks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from tests.github.simulator.answers import answer_json, nothing, paged
from tests.github.simulator.auth import Denied
from tests.github.simulator.call import Call
from tests.github.simulator.openapi import description
from tests.github.simulator.world import ZERO, Account, Repository

if TYPE_CHECKING:
    from tests.github.simulator.rest import Rest

# What the older of the two words for a role is.
_PERMISSIONS = {"maintain": "write", "triage": "read"}


def route(call: Call) -> Response | None:
    """What is about a repository as a whole."""
    match call.method, call.words:
        case "GET", []:
            return answer_json(call.rest.render.repository(call.repository, "full-repository"))
        case "GET", ["collaborators", login]:
            return _is_collaborator(call, login)
        case "GET", ["collaborators", login, "permission"]:
            return _permission(call, login)
        case "POST", ["forks"]:
            return _fork(call)
        case "POST", ["merge-upstream"]:
            return _merge_upstream(call)
        case "GET", ["rulesets"]:
            return paged([])
        case "GET", ["rulesets", _]:
            raise Denied(404, "Not Found")
        case "POST", ["dispatches"]:
            return nothing()
    return None


def _is_collaborator(call: Call, login: str) -> Response:
    account = call.rest.world.account(login)
    if account is None or call.rest.world.role(account, call.repository) == "none":
        raise Denied(404, "Not Found")
    return nothing()


def _permission(call: Call, login: str) -> Response:
    account = call.rest.world.account(login)
    if account is None:
        raise Denied(404, f"{login} is not a user")
    role = call.rest.world.role(account, call.repository)
    shown = {**(call.rest.render.account(account) or {}), "role_name": role}
    user = description().filled("nullable-collaborator", shown)
    return answer_json({"permission": _PERMISSIONS.get(role, role), "role_name": role, "user": user})


def fork(rest: Rest, repository: Repository, owner: Account, name: str) -> Repository:
    """GitHub makes it a little later; here it is there at once. Asking again shows the one that is there."""
    there = rest.world.repository(f"{owner.login}/{name}")
    if there is None:
        there = rest.world.add_repository(owner, name, repository.default_branch, fork_of=repository)
        for installation in rest.world.installations.values():
            if installation.account.id in (owner.id, repository.owner.id):
                installation.repositories.add(there.id)
    return there


def _fork(call: Call) -> Response:
    world, organization = call.rest.world, call.body.get("organization")
    owner = world.account(organization) if organization else call.account
    if owner is None:
        raise Denied(422, "Organization not found")
    there = fork(call.rest, call.repository, owner, call.body.get("name") or call.repository.name)
    if call.asker.token is not None and call.asker.token.repositories is not None:
        call.asker.token.repositories.add(there.id)
    return answer_json(call.rest.render.repository(there, "full-repository"), 202)


def _merge_upstream(call: Call) -> Response:
    """Bring a fork's branch up to its parent's, where that is a fast forward."""
    parent, branch = call.repository.fork_of, call.body["branch"]
    new = parent.tip(branch) if parent is not None else None
    if parent is None or new is None:
        raise Denied(422, "The branch could not be synced because it has no upstream.")
    call.repository.git("fetch", "-q", str(parent.path), new)
    old = call.repository.tip(branch)
    if old is not None and not call.repository.is_ancestor(old, new):
        raise Denied(409, "There are merge conflicts")
    if old != new:
        call.repository.git("update-ref", f"refs/heads/{branch}", new)
        call.rest.events.ref_moved(call.repository, f"refs/heads/{branch}", old or ZERO, new, call.account)
    kind = "none" if old == new else "fast-forward"
    base = f"{parent.owner.login}:{branch}"
    return answer_json({"message": "Successfully synced", "merge_type": kind, "base_branch": base})
