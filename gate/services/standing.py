"""What the agent is told on its next push: a hold's standing, written where the hook reads it."""

from __future__ import annotations

from gate.domain.hold import Hold
from gate.domain.repository import Ask, Standing
from gate.domain.review import Review, ReviewState
from gate.services.ports.git import GateRepositories
from gate.services.ports.store import Store


class TellAgent:
    """Write a hold's standing into its gate repository. Safe to run at any time; the last word wins."""

    def __init__(self, store: Store, repositories: GateRepositories) -> None:
        self._store = store
        self._repositories = repositories

    def __call__(self, hold_id: int) -> None:
        with self._store.snapshot() as tx:
            hold = tx.holds.get(hold_id)
            repository = tx.repositories.get(hold.repository)
            observation = tx.pull_requests.observation(hold_id)
            reviews = tx.reviews.of(hold_id) if observation is None else list(observation.reviews)
        self._repositories.open(repository.name, repository.upstream).held.write_standing(
            standing_of(hold, reviews)
        )


def standing_of(hold: Hold, reviews: list[Review]) -> Standing:
    """The standing of a hold: what reviewers ask for on its current revision, and what stops it."""
    asks = tuple(
        Ask(review.reviewer.login, review.body or "please look at the review page")
        for review in reviews
        if review.state is ReviewState.CHANGES_REQUESTED
    )
    return Standing(
        agent=hold.agent,
        ref=hold.ref,
        number=hold.number,
        revision=hold.revision.n,
        state=hold.state,
        old=hold.revision.old,
        tip=hold.revision.new,
        push_id=hold.revision.push_id,
        asks=asks,
        reason=hold.note,
    )
