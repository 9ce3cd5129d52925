"""Whom a policy asks for a review."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
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

    def pairs(self) -> Iterator[tuple[str, bool]]:
        """Each name, and whether it is a team's."""
        yield from ((user, False) for user in self.users)
        yield from ((team, True) for team in self.teams)


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
    every = dict.fromkeys(pair for one in asked for pair in one.pairs())
    first = list(every)[:MOST_ASKED]
    return Asked(
        tuple(name for name, is_team in first if not is_team),
        tuple(name for name, is_team in first if is_team),
    )


def _chance(seed: str, user: str) -> bytes:
    """A place in a random order: nobody needs to be unable to guess it, but it must not change."""
    return hashlib.sha256(f"{seed}\0{user}".encode()).digest()
