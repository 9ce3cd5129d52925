"""Whose word counts: the people a rule, an objection or an override asks for."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.policy.words import one_of, shown
from gate.domain.review import Reviewer, Role

# In rising order; a forge's other words, such as `none`, are no permission.
PERMISSIONS = ("read", "write", "admin")


@dataclass(frozen=True, slots=True)
class Who:
    """People who meet every one of these that is set: a login, at least a permission, one of some roles.

    `users` are case-folded logins, in the order of the policy.
    """

    users: tuple[str, ...] = ()
    permission: str | None = None
    roles: tuple[Role, ...] = ()

    def refusal(self, reviewer: Reviewer, role: Role | None) -> str | None:
        """Why this person's word does not count, in words, or None where it counts."""
        name = shown(reviewer.login)
        if self.users and reviewer.login.casefold() not in self.users:
            return f"{name} is not {one_of(self.users)}"
        # Even a person the policy names must be known to the forge: access may have been taken away.
        if reviewer.permission is None:
            return f"the forge could not tell {name}'s permission, so it counts as none"
        if self.permission and not _suffices(reviewer.permission, self.permission):
            return f"{name} has {shown(reviewer.permission)} permission, {self.permission} is needed"
        if self.roles and role not in self.roles:
            return f"{name}'s role is {role or 'not known'}, {one_of(self.roles)} is needed"
        return None

    def words(self) -> str:
        """Say who is meant: `a person with write permission`."""
        people = one_of(self.users) if self.users else "a person"
        means = []
        if self.permission:
            means.append(f"{self.permission} permission")
        if self.roles:
            means.append(f"the role {one_of(self.roles)}")
        return f"{people} with {' and '.join(means)}" if means else people


def _suffices(has: str, needed: str) -> bool:
    return has in PERMISSIONS and PERMISSIONS.index(has) >= PERMISSIONS.index(needed)
