"""What each person's reviews add up to: one standing opinion, and why the others do not count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gate.domain.policy.model import Options
from gate.domain.policy.subject import Published, Subject
from gate.domain.policy.who import Who
from gate.domain.policy.words import short, shown
from gate.domain.review import Observation, Review, Reviewer, ReviewState

_REPLACED = "a later review by the same person replaced it"


@dataclass(frozen=True, slots=True)
class Heard:
    """One review, and why it has no weight; None where it has."""

    review: Review
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Opinions:
    """All reviews of a revision. Comments are no opinion, and so appear nowhere here."""

    subject: Subject
    observation: Observation
    settle: timedelta
    is_sticky: bool

    @property
    def in_order(self) -> tuple[Review, ...]:
        reviews = (r for r in self.observation.reviews if said(r) is not ReviewState.COMMENTED)
        return tuple(sorted(reviews, key=lambda review: (review.sequence, review.id)))

    def approvals(self, who: Who, options: Options) -> tuple[Heard, ...]:
        """Every approval ever given, and whether it counts for a rule."""
        heard: list[Heard] = []
        later: set[int] = set()
        for review in reversed(self.in_order):
            person = review.reviewer.id
            if said(review) is ReviewState.APPROVED:
                refusal = _taken_back(review, later) or self._refusal(review, who, options)
                heard.append(Heard(review, refusal))
            # An approval of an outdated page takes nothing back; any other later opinion does.
            if review.state is not ReviewState.APPROVED or heard[-1].refusal is None:
                later.add(person)
        return tuple(reversed(heard))

    def objections(self, who: Who) -> tuple[Heard, ...]:
        """Every objection ever raised, and whether it stands."""
        standing = {review.reviewer.id: review for review in self._standing()}
        return tuple(
            Heard(review, self._objection_refusal(review, standing.get(review.reviewer.id), who))
            for review in self.in_order
            if said(review) is ReviewState.CHANGES_REQUESTED
        )

    def _refusal(self, review: Review, who: Who, options: Options) -> str | None:
        return (
            self._binding_refusal(review)
            or self._part_refusal(review.reviewer, options)
            or who.refusal(review.reviewer, self.subject.roles.get(review.reviewer.id))
        )

    def _binding_refusal(self, review: Review) -> str | None:
        if review.oid != self.subject.head:
            is_earlier = any(revision.oid == review.oid for revision in self.subject.earlier)
            what = "an earlier revision" if is_earlier else "another commit"
            return f"it is for {what}, {short(self.subject.head)} is waiting"
        if review.submitted_at < self.observation.published_at:
            return "it was given before this revision was published"
        if not self._has_settled(review, self.observation.published_at):
            seconds = int(self.settle.total_seconds())
            return f"it came less than {seconds} seconds after this revision was published. Approve again"
        return None

    def _part_refusal(self, reviewer: Reviewer, options: Options) -> str | None:
        subject, name = self.subject, shown(reviewer.login)
        is_author = reviewer.id == subject.author_id
        if reviewer.is_bot and not options.allow_bot:
            return f"{name} is a bot"
        if reviewer.id == subject.operator_id and not options.allow_operator:
            return f"{name} is the operator of {shown(subject.agent)}"
        if is_author and not (options.allow_author or options.allow_contributor):
            return f"{name} opened the review"
        if reviewer.id in subject.contributor_ids and not options.allow_contributor:
            return f"{name} wrote commits of this push"
        if reviewer.id in subject.coauthor_ids and not options.allow_coauthor:
            return f"{name} is a co-author of commits of this push"
        return None

    def _standing(self) -> Iterable[Review]:
        """Each person's objection that neither that person's approval nor a dismissal has lifted."""
        standing: dict[int, Review] = {}
        for review in self.in_order:
            person = review.reviewer.id
            if said(review) is ReviewState.CHANGES_REQUESTED:
                standing.pop(person, None)
                if not self._is_lifted(review):
                    standing[person] = review
            elif said(review) is ReviewState.APPROVED and self._was_current(review):
                standing.pop(person, None)
        return standing.values()

    def _is_lifted(self, objection: Review) -> bool:
        if objection.state is not ReviewState.DISMISSED:
            return False
        return not self.is_sticky or objection.dismissed_by == objection.reviewer.id

    def _was_current(self, approval: Review) -> bool:
        """Say whether an approval was for the revision that the forge showed when it was given.

        Only such a one takes back the same person's objection: an approval of an outdated page does not.
        """
        current = Published(self.subject.head, self.observation.published_at)
        revisions = sorted((*self.subject.earlier, current), key=lambda revision: revision.at)
        shown_then = [revision for revision in revisions if revision.at <= approval.submitted_at]
        if not shown_then or shown_then[-1].oid != approval.oid:
            return False
        return self._has_settled(approval, shown_then[-1].at)

    def _has_settled(self, review: Review, published_at: datetime) -> bool:
        return review.submitted_at >= published_at + self.settle

    def _objection_refusal(self, review: Review, standing: Review | None, who: Who) -> str | None:
        if review is not standing:
            lifted = review.state is ReviewState.DISMISSED
            return "it was dismissed" if lifted else _REPLACED
        reviewer = review.reviewer
        # Where the forge can't tell a permission, an objection stands: an outage must not lift it.
        if reviewer.permission is None and (not who.users or reviewer.login.casefold() in who.users):
            return None
        return who.refusal(reviewer, self.subject.roles.get(reviewer.id))


def _taken_back(review: Review, later: set[int]) -> str | None:
    """Why an approval is no standing opinion; `later` are the people with a weighty later review."""
    if review.state is ReviewState.DISMISSED:
        return "it was dismissed"
    return _REPLACED if review.reviewer.id in later else None


def said(review: Review) -> ReviewState:
    """What a review said when it was given, dismissed since or not."""
    return review.said if review.state is ReviewState.DISMISSED else review.state
