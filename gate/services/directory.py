"""Who the gate's people are where a hold is reviewed: their numbers there, and the names policies know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gate.domain.policy import Override
from gate.domain.repository import LOCAL, Agent
from gate.domain.review import Observation, Realm, Reviewer, Role
from gate.domain.user import User


@dataclass(frozen=True, slots=True)
class Directory:
    """The people of the gate, seen from a review in `realm` of a repository at `forge`.

    At another forge a policy's logins are those of accounts there: `numbers` has the account of each.
    """

    forge: str
    realm: Realm
    users: Sequence[User]
    numbers: Mapping[str, int]

    def id_of(self, user: User) -> int | None:
        """This person's number in the review; None where the gate does not know it."""
        if self.realm is Realm.GATE:
            return user.id
        return None if user.github is None else user.github.id

    def roles(self) -> dict[int, Role]:
        """What each person may do at the gate, by their number in the review."""
        found = ((self.id_of(user), user.role) for user in self.users if not user.is_disabled)
        return {number: role for number, role in found if number is not None}

    def overrides(self, given: Sequence[Override]) -> tuple[Override, ...]:
        """Those of people who are known in the review, under their numbers and names there."""
        people = {user.id: user for user in self.users}
        found = []
        for override in given:
            user = people.get(override.reviewer.id)
            number = None if user is None else self.id_of(user)
            if user is not None and number is not None:
                reviewer = replace(self.named(override.reviewer, user), id=number)
                found.append(replace(override, reviewer=reviewer))
        return tuple(found)

    def observed(self, observation: Observation, agent: Agent) -> Observation:
        """An observation whose people go by the policy's names, and the agent's own account by a bot's."""
        if self.realm is Realm.GITHUB:
            return _without_agent(observation, agent)
        people = {user.id: user for user in self.users}
        return replace(
            observation,
            reviews=tuple(
                replace(review, reviewer=self.named(review.reviewer, people[review.reviewer.id]))
                for review in observation.reviews
            ),
        )

    def named(self, reviewer: Reviewer, user: User) -> Reviewer:
        """By the logins that a policy may name this person by: at GitHub those of the account there."""
        if self.forge == LOCAL:
            return reviewer
        number = None if user.github is None else user.github.id
        named = frozenset(login for login, one in self.numbers.items() if one == number)
        return replace(reviewer, named=named, teams=None)

    def doubts(self, agent: Agent, operator: User | None) -> tuple[str, ...]:
        """What must be known before anything is released: whose approval would be their own."""
        if operator is None or self.id_of(operator) is not None:
            return ()
        return (
            f"{operator.login} runs {agent.name}, and the gate does not know {operator.login}'s GitHub "
            "account, so it can't tell whose approval is their own. An admin says it: "
            f"`python -m gate user map {operator.login} --github LOGIN`",
        )


def _without_agent(observation: Observation, agent: Agent) -> Observation:
    """What the agent's own account says weighs no more than any bot's word."""
    if agent.github is None:
        return observation
    mine = agent.github.id

    def of_bot(reviewer: Reviewer) -> Reviewer:
        return replace(reviewer, is_bot=True) if reviewer.id == mine else reviewer

    return replace(
        observation,
        reviews=tuple(replace(one, reviewer=of_bot(one.reviewer)) for one in observation.reviews),
        comments=tuple(replace(one, author=of_bot(one.author)) for one in observation.comments),
    )
