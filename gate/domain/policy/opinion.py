"""One opinion: a review by the forge's buttons, or a comment that says as much."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gate.domain.policy.commands import Word
from gate.domain.policy.model import Options
from gate.domain.review import Review, ReviewState


@dataclass(frozen=True, slots=True)
class Opinion:
    """A review; `word` is what the author of a comment said instead of one.

    `patterns` are the policy's patterns that make a comment an approval; a plain command needs none.
    """

    review: Review
    word: Word | None = None
    patterns: frozenset[str] = frozenset()

    @property
    def said(self) -> ReviewState:
        """What it said when it was given, dismissed since or not."""
        return self.review.said if self.review.state is ReviewState.DISMISSED else self.review.state

    def method_refusal(self, options: Options) -> str | None:
        """Why it is no approval in a rule with these options, however it was meant."""
        if self.word is None:
            return None if options.github_review else "only a comment approves here"
        if self.patterns and self.patterns.isdisjoint(one.text for one in options.comment_patterns):
            return "such a comment does not approve here"
        return None


def in_order(reviews: Iterable[Review], by_comment: Iterable[Opinion]) -> tuple[Opinion, ...]:
    """All opinions, each person's oldest first; what only comments is none.

    The forge numbers its reviews, and comments by themselves, but not the two together: there the forge's
    time decides, and within the same second an objection is taken for the later word. Where the time of one
    person's reviews runs back, their numbers go on deciding.
    """
    placed: list[tuple[tuple[datetime, int, int, int], Opinion]] = []
    latest: dict[int, datetime] = {}
    for review in sorted(reviews, key=lambda one: (one.sequence, one.id)):
        person = review.reviewer.id
        latest[person] = max(latest.get(person, review.submitted_at), review.submitted_at)
        placed.append(((latest[person], 1, review.sequence, review.id), Opinion(review)))
    for opinion in by_comment:
        rank = 0 if opinion.said is ReviewState.APPROVED else 2
        placed.append(((opinion.review.submitted_at, rank, opinion.review.id, 0), opinion))
    ordered = (opinion for _, opinion in sorted(placed, key=lambda one: one[0]))
    return tuple(opinion for opinion in ordered if opinion.said is not ReviewState.COMMENTED)
