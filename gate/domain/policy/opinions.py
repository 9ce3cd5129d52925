"""What each person's reviews add up to: one standing opinion, and why the others do not count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gate.domain.policy.model import CopyCondition, Options
from gate.domain.policy.opinion import Opinion
from gate.domain.policy.subject import Published, Subject
from gate.domain.policy.who import Who
from gate.domain.policy.words import one_of, short, shown
from gate.domain.review import Observation, Realm, Review, Reviewer, ReviewState

_A_SECOND = timedelta(seconds=1)
_REPLACED = "a later review by the same person replaced it"


@dataclass(frozen=True, slots=True)
class Heard:
    """One opinion, and why it has no weight; None where it has. `note` says why it has all the same."""

    opinion: Opinion
    refusal: str | None
    note: str = ""

    @property
    def review(self) -> Review:
        return self.opinion.review


@dataclass(frozen=True, slots=True)
class Opinions:
    """All opinions on a revision, in order. Comments that say nothing else are none, and so not here."""

    subject: Subject
    observation: Observation
    in_order: tuple[Opinion, ...]
    settle: timedelta
    is_sticky: bool
    copy: CopyCondition = CopyCondition.NONE

    def approvals(self, who: Who, options: Options) -> tuple[Heard, ...]:
        """Every approval ever given, and whether it counts for a rule."""
        heard: list[Heard] = []
        later: set[int] = set()
        for opinion in reversed(self.in_order):
            if opinion.said is ReviewState.APPROVED:
                heard.append(self._approval(opinion, later, who, options))
            # An approval of an outdated page takes nothing back; any other later opinion does.
            if opinion.review.state is not ReviewState.APPROVED or heard[-1].refusal is None:
                later.add(opinion.review.reviewer.id)
        return tuple(reversed(heard))

    def objections(self, who: Who) -> tuple[Heard, ...]:
        """Every objection ever raised, and whether it stands."""
        standing = self._standing()
        return tuple(
            Heard(opinion, self._objection_refusal(opinion, opinion in standing, who))
            for opinion in self.in_order
            if opinion.said is ReviewState.CHANGES_REQUESTED
        )

    def _approval(self, opinion: Opinion, later: set[int], who: Who, options: Options) -> Heard:
        review = opinion.review
        if taken_back := _taken_back(review, later):
            return Heard(opinion, taken_back)
        binding, note = self._binding_refusal(review), ""
        if binding is not None and self._carries_over(review):
            binding, note = None, "what changed since is covered by hold.copy_condition"
        refusal = (
            binding
            or opinion.method_refusal(options)
            or self._after_merge(review)
            or self._part_refusal(review.reviewer, options)
            or self._team_refusal(who)
            or who.refusal(review.reviewer, self.subject.roles.get(review.reviewer.id))
        )
        return Heard(opinion, refusal, note)

    def _binding_refusal(self, review: Review) -> str | None:
        if review.oid != self.subject.head:
            is_earlier = any(revision.oid == review.oid for revision in self.subject.earlier)
            what = "an earlier revision" if is_earlier else "another commit"
            return f"it is for {what}, {short(self.subject.head)} is waiting"
        if self._is_too_early(review):
            return "it was given before this revision was published"
        if not self._has_settled(review, self.observation.published_at):
            seconds = int(self.settle.total_seconds())
            return f"it came less than {seconds} seconds after this revision was published. Approve again"
        return None

    def _is_too_early(self, review: Review) -> bool:
        """Whether it was given before this revision was published, or may have been.

        Where the same commit is asked for once more, the commit does not tell; and GitHub tells times in
        whole seconds, so that the second of publishing may have been before it.
        """
        is_asked_again = any(revision.oid == self.subject.head for revision in self.subject.earlier)
        unsure = _A_SECOND if is_asked_again and self.observation.realm is Realm.GITHUB else timedelta()
        return review.submitted_at < self.observation.published_at + unsure

    def _carries_over(self, review: Review) -> bool:
        """Whether it is a valid approval of an earlier revision that is enough like the current one."""
        meant = [
            revision
            for revision in self.subject.earlier
            if revision.oid == review.oid and self._has_settled(review, revision.at)
        ]
        latest = max(meant, key=lambda revision: revision.at, default=None)
        return latest is not None and self.copy.covers(latest.likeness)

    def _after_merge(self, review: Review) -> str | None:
        closing = self.observation.closing
        is_late = closing is not None and closing.merged is not None and review.submitted_at > closing.at
        return "it came after the merge" if is_late else None

    def _team_refusal(self, who: Who) -> str | None:
        if who.teams and self.observation.realm is Realm.GATE:
            return f"the built-in review page knows no teams, and {one_of(who.teams)} is needed"
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

    def _standing(self) -> tuple[Opinion, ...]:
        """Each person's objection that neither that person's approval nor a dismissal has lifted.

        A person may have two: one by the forge's button, which can be dismissed, and one by a comment, which
        only another comment takes back.
        """
        standing: dict[tuple[int, bool], Opinion] = {}
        for opinion in self.in_order:
            person, is_comment = opinion.review.reviewer.id, opinion.word is not None
            if opinion.said is ReviewState.APPROVED and self._was_current(opinion.review):
                standing.pop((person, True), None)
                standing.pop((person, False), None)
            elif opinion.said is ReviewState.CHANGES_REQUESTED and not self._is_lifted(opinion.review):
                standing[person, is_comment] = opinion
            elif opinion.said is ReviewState.CHANGES_REQUESTED and not is_comment:
                standing.pop((person, False), None)
        return tuple(standing.values())

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

    def _objection_refusal(self, opinion: Opinion, stands: bool, who: Who) -> str | None:
        review = opinion.review
        if not stands:
            if review.state is not ReviewState.DISMISSED:
                return _REPLACED
            return "it was dismissed" if opinion.word is None else "it was taken back"
        # Where nobody can tell what a person may do, an objection stands: an outage must not lift it.
        reviewer = review.reviewer
        if self.observation.realm is Realm.GATE:
            reviewer = replace(reviewer, teams=None)
        return who.certain_refusal(reviewer, self.subject.roles.get(reviewer.id))


def _taken_back(review: Review, later: set[int]) -> str | None:
    """Why an approval is no standing opinion; `later` are the people with a weighty later review."""
    if review.state is ReviewState.DISMISSED:
        return "it was dismissed"
    return _REPLACED if review.reviewer.id in later else None
