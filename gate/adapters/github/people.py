"""Who reviewed: GitHub's numbers, and what these people may do there now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from github.NamedUser import NamedUser
from github.Organization import Organization

from gate.adapters.github.errors import told
from gate.adapters.github.place import Place
from gate.domain.errors import Failed, NotFound
from gate.domain.review import Account, Reviewer, Wants
from gate.services.ports.store import Store

_PERMISSIONS = frozenset({"admin", "maintain", "write", "triage", "read"})
_BOT = "Bot"


@dataclass(frozen=True, slots=True)
class People:
    """Looks up people as they are now: None for what GitHub refuses to say.

    Raises Unavailable where it only did not answer: an objection must not be lost to that.
    """

    place: Place
    wants: Wants
    numbers: Mapping[str, int]

    def reviewers(
        self, users: Sequence[NamedUser | Organization], lost: Iterable[Account] = ()
    ) -> dict[int, Reviewer]:
        """Each of these people once, by number; of the `lost` ones GitHub shows nothing any more."""
        bots = {user.id for user in users if user.type == _BOT}
        shown = {user.id: Account(user.id, user.login) for user in users}
        gone = {account.id: account for account in lost if account.id not in shown}
        found = [self._reviewer(account, is_bot=account.id in bots) for account in shown.values()]
        found += [self._lost_reviewer(account) for account in gone.values()]
        return {reviewer.id: reviewer for reviewer in found}

    def _reviewer(self, user: Account, *, is_bot: bool) -> Reviewer:
        return Reviewer(
            id=user.id,
            login=user.login,
            permission=self._permission(user),
            is_bot=is_bot,
            named=logins_of(user.id, self.numbers),
            teams=self._teams(user),
        )

    def _lost_reviewer(self, user: Account) -> Reviewer:
        """By the login that this person had: where it may do nothing now, they may only have another."""
        reviewer = self._reviewer(user, is_bot=False)
        return replace(reviewer, permission=None, teams=None) if reviewer.permission == "none" else reviewer

    def _permission(self, user: Account) -> str | None:
        """The role where it is one of GitHub's own; one that an organization made up counts as its base."""
        path = f"/collaborators/{quote(user.login, safe='')}/permission"
        try:
            answer = _get(self.place, f"{self.place.api.url}{path}", f"ask what {user.login} may do")
        except NotFound:
            return "none"
        except Failed as fault:
            if fault.retryable:
                raise
            return None
        # The login may have changed hands since the review was read.
        if (answer.get("user") or {}).get("id") != user.id:
            return None
        role, permission = answer.get("role_name"), answer.get("permission")
        return role if role in _PERMISSIONS else permission

    def _teams(self, user: Account) -> frozenset[str] | None:
        try:
            return frozenset(team for team in self.wants.teams if self._is_member(user.login, team))
        except Failed as fault:
            if fault.retryable:
                raise
            return None

    def _is_member(self, login: str, team: str) -> bool:
        organization, slug, member = (quote(word, safe="") for word in (*_parts(team), login))
        path = f"/orgs/{organization}/teams/{slug}/memberships/{member}"
        try:
            answer = _get(self.place, path, f"ask whether {login} is in {team}")
        except NotFound:
            return False
        return bool(answer.get("state") == "active")


def _parts(team: str) -> tuple[str, str]:
    organization, _, slug = team.partition("/")
    return organization, slug


def logins_of(account_id: int | None, numbers: Mapping[str, int]) -> frozenset[str]:
    """Which of the logins that a policy names are this account."""
    return frozenset(login for login, number in numbers.items() if number == account_id)


def numbers_of(store: Store, place: Place, logins: frozenset[str]) -> dict[str, int]:
    """The number behind each login that a policy names, asked for once and then kept: logins change hands.

    A login that nobody has is left out, and so is nobody.
    """
    with store.snapshot() as tx:
        known = {login: tx.logins.get(login) for login in sorted(logins)}
    found = {login: number for login, number in known.items() if number is not None}
    for login in known.keys() - found.keys():
        number = _number(place, login)
        if number is None:
            continue
        with store.transaction() as tx:
            tx.logins.put(login, number)
        found[login] = number
    return found


def _number(place: Place, login: str) -> int | None:
    try:
        return int(_get(place, f"/users/{quote(login, safe='')}", f"look up {login}")["id"])
    except NotFound:
        return None


def _get(place: Place, path: str, what: str) -> dict[str, Any]:
    with told(what):
        _, answer = place.api.requester.requestJsonAndCheck("GET", path)
    return answer if isinstance(answer, dict) else {}
