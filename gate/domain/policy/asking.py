"""Whom a policy asks for a review."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from gate.domain.policy.who import Who

# GitHub takes no more on one pull request.
MOST_ASKED = 15


class AskMode(StrEnum):
    """Who of a rule's people is asked: all users, all teams, or some users by chance."""

    USERS = "users"
    TEAMS = "teams"
    RANDOM_USERS = "random-users"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked for a review: logins, and teams as `organization/slug`."""

    users: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """How a rule asks for reviews. `count` is how many users chance picks; None, as many as must approve."""

    mode: AskMode = AskMode.USERS
    count: int | None = None

    def of(self, who: Who, *, needed: int, never: Collection[str], seed: str) -> Asked:
        """Ask the people of one rule. The same seed picks the same people."""
        if self.mode is AskMode.TEAMS:
            return Asked(teams=who.teams)
        users = tuple(user for user in who.users if user not in never)
        if self.mode is AskMode.USERS:
            return Asked(users)
        count = needed if self.count is None else self.count
        return Asked(tuple(sorted(users, key=lambda user: _chance(seed, user))[:count]))


def joined(asked: Iterable[Asked]) -> Asked:
    """Everybody asked, once, and no more than a forge takes: those of the earlier rules first."""
    users: dict[str, None] = {}
    teams: dict[str, None] = {}
    for one in asked:
        users.update(dict.fromkeys(one.users[: MOST_ASKED - len(users) - len(teams)]))
        teams.update(dict.fromkeys(one.teams[: MOST_ASKED - len(users) - len(teams)]))
    return Asked(tuple(users), tuple(teams))


def _chance(seed: str, user: str) -> bytes:
    """A place in a random order: nobody needs to be unable to guess it, but it must not change."""
    return hashlib.sha256(f"{seed}\0{user}".encode()).digest()
