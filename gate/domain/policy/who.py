"""Whose word counts: the people a rule, an objection or an override asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gate.domain.policy.words import one_of, shown
from gate.domain.review import Reviewer, Role

# In rising order; a forge's other words, such as `none`, are no permission.
PERMISSIONS = ("read", "triage", "write", "maintain", "admin")


@dataclass(frozen=True, slots=True)
class Who:
    """People who meet every one of these that is set.

    A login, at least a permission, one of some roles in the gate, one of some teams at the forge. `users`
    are case-folded logins and `teams` case-folded `organization/slug`, in the order of the policy.
    """

    users: tuple[str, ...] = ()
    permission: str | None = None
    roles: tuple[Role, ...] = ()
    teams: tuple[str, ...] = ()

    def refusal(self, reviewer: Reviewer, role: Role | None) -> str | None:
        """Why this person's word does not count, in words, or None where it counts."""
        name = shown(reviewer.login)
        if self.users and not reviewer.is_one_of(self.users):
            return f"{name} is not {one_of(self.users)}"
        # Even a person the policy names must be known to the forge: access may have been taken away.
        if reviewer.permission is None:
            return f"the forge could not tell {name}'s permission, so it counts as none"
        if self.permission and not _suffices(reviewer.permission, self.permission):
            return f"{name} has {shown(reviewer.permission)} permission, {self.permission} is needed"
        if self.roles and role not in self.roles:
            return f"{name}'s role is {role or 'not known'}, {one_of(self.roles)} is needed"
        if self.teams and reviewer.teams is None:
            return f"the forge could not tell {name}'s teams, so they count as none"
        if self.teams and not self.teams_of(reviewer):
            return f"{name} is not in {one_of(self.teams)}"
        return None

    def certain_refusal(self, reviewer: Reviewer, role: Role | None) -> str | None:
        """Why this person's word can't count, whatever the forge could not tell of them turns out to be."""
        permission = PERMISSIONS[-1] if reviewer.permission is None else reviewer.permission
        teams = frozenset(self.teams) if reviewer.teams is None else reviewer.teams
        return self.refusal(replace(reviewer, permission=permission, teams=teams), role)

    def teams_of(self, reviewer: Reviewer) -> frozenset[str]:
        """Those of the teams asked for that this person is known to be in."""
        return (reviewer.teams or frozenset()).intersection(self.teams)

    def words(self) -> str:
        """Say who is meant: `a person with write permission`."""
        people = one_of(self.users) if self.users else "a person"
        people = f"{people} of {one_of(self.teams)}" if self.teams else people
        means = []
        if self.permission:
            means.append(f"{self.permission} permission")
        if self.roles:
            means.append(f"the role {one_of(self.roles)}")
        return f"{people} with {' and '.join(means)}" if means else people


def _suffices(has: str, needed: str) -> bool:
    return has in PERMISSIONS and PERMISSIONS.index(has) >= PERMISSIONS.index(needed)
