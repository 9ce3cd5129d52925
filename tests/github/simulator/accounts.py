"""People, teams and limits in the REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response

from tests.github.simulator.answers import answer_json, paged
from tests.github.simulator.auth import Asker, Denied
from tests.github.simulator.openapi import description
from tests.github.simulator.world import Team

if TYPE_CHECKING:
    from tests.github.simulator.rest import Rest


def route(rest: Rest, asker: Asker, method: str, words: list[str], body: dict[str, Any]) -> Response | None:
    """What is neither of a repository nor of an App; None for what is not there."""
    if method != "GET":
        return None
    match words:
        case ["user"]:
            if asker.token is None or asker.is_installation:
                raise Denied(403, "Resource not accessible by integration")
            shown = rest.render.account(asker.account)
            return answer_json(
                description().filled("private-user", {**(shown or {}), "user_view_type": "private"})
            )
        case ["users", login]:
            account = rest.world.account(login)
            if account is None:
                raise Denied(404, "Not Found")
            shown = rest.render.account(account)
            return answer_json(
                description().filled("public-user", {**(shown or {}), "user_view_type": "public"})
            )
        case ["rate_limit"]:
            return answer_json(description().filled("rate-limit-overview", {}))
        case ["orgs", org, "teams", slug, "members"]:
            members = sorted(_team(rest, asker, org, slug).members)
            return paged([rest.render.account(rest.world.accounts[one]) for one in members])
        case ["orgs", org, "teams", slug, "memberships", login]:
            return _membership(rest, asker, org, slug, login)
    return None


def _team(rest: Rest, asker: Asker, org: str, slug: str) -> Team:
    if not asker.may("members", "read"):
        raise Denied(403, asker.words_of_refusal())
    team = rest.world.teams.get(f"{org}/{slug}".casefold())
    if team is None:
        raise Denied(404, "Not Found")
    return team


def _membership(rest: Rest, asker: Asker, org: str, slug: str, login: str) -> Response:
    team, account = _team(rest, asker, org, slug), rest.world.account(login)
    if account is None or account.id not in team.members | team.invited:
        raise Denied(404, "Not Found")
    state = "active" if account.id in team.members else "pending"
    at = f"{rest.render.api}/orgs/{org}/teams/{slug}/memberships/{login}"
    return answer_json({"url": at, "role": "member", "state": state})
