"""Observe: everything about a pull request, read afresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from github.Commit import Commit
from github.IssueComment import IssueComment
from github.NamedUser import NamedUser
from github.Organization import Organization
from github.PullRequest import PullRequest as Pull
from github.PullRequestReview import PullRequestReview

from gate.adapters.github.checks import checks_of, seals_of, unresolved_threads
from gate.adapters.github.client import GitHub
from gate.adapters.github.contributors import coauthor_ids, contributor_ids
from gate.adapters.github.errors import told
from gate.adapters.github.lost import Lost, lost
from gate.adapters.github.names import short
from gate.adapters.github.opening import check_repository
from gate.adapters.github.people import People, numbers_of
from gate.adapters.github.place import Place, Places
from gate.adapters.github.reviews import held_heads, is_given, read_reviews
from gate.domain.errors import Failed, NotFound
from gate.domain.hold import Hold, Revision
from gate.domain.pull_request.model import PullRequest
from gate.domain.review import Account, Closing, Comment, Observation, Realm, Reviewer, Wants
from gate.services.ports.store import SeenReview, Store


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the gate itself knows of a hold."""

    hold: Hold
    revisions: Sequence[Revision]
    seen: dict[int, SeenReview]
    comments: Sequence[Comment]
    gate: Account


@dataclass(frozen=True, slots=True)
class _Said:
    """What people said in a pull request; drafts of reviews and the gate's own words are not in it.

    `lost` is what GitHub does not show any more.
    """

    reviews: Sequence[PullRequestReview]
    comments: Sequence[IssueComment]
    commits: Sequence[Commit]
    lost: Lost

    @property
    def users(self) -> list[NamedUser | Organization]:
        return [*(review.user for review in self.reviews), *(comment.user for comment in self.comments)]


@dataclass(frozen=True, slots=True)
class ObserveThere:
    """Reads a hold's pull request. Asks only for what is wanted. Raises Unavailable, RateLimited, Failed."""

    store: Store
    places: Places
    github: GitHub

    def __call__(self, hold: Hold, row: PullRequest, wants: Wants) -> Observation:
        place = self.places.of(hold, row)
        kept = self._kept(hold, place)
        with told(f"read pull request {row.number} of {place.name}"):
            pull = place.api.get_pull(row.number)
        check_repository(pull, place, row.repository_id)
        said = _said(place, pull, wants, kept)
        numbers = numbers_of(self.store, place, wants.users)
        people = People(place, wants, numbers).reviewers(said.users, said.lost.authors)
        seen = self._observation(place, pull, row, kept=kept, said=said, people=people)
        return replace(
            seen,
            checks=checks_of(place, pull.head.sha) if wants.checks else None,
            seals=seals_of(said.commits, numbers) if wants.seals else None,
            unresolved_threads=unresolved_threads(place, row.number) if wants.threads else None,
        )

    def _kept(self, hold: Hold, place: Place) -> _Kept:
        with self.store.snapshot() as tx:
            revisions = tx.holds.revisions(hold.id)
            seen = tx.seen_reviews.of(hold.id)
            before = tx.pull_requests.observation(hold.id)
        comments = () if before is None else before.comments
        return _Kept(hold, revisions, seen, comments, self.github.account(place.name))

    def _observation(
        self,
        place: Place,
        pull: Pull,
        row: PullRequest,
        *,
        kept: _Kept,
        said: _Said,
        people: dict[int, Reviewer],
    ) -> Observation:
        revision = kept.hold.revision
        with self.store.snapshot() as tx:
            facts = tx.holds.facts(kept.hold.id, revision.n)
        pushed = () if facts is None else facts.commits
        # GitHub has been seen to call a merged one open again.
        is_open = pull.state == "open" and not pull.merged
        return Observation(
            is_open=is_open,
            is_draft=bool(pull.draft),
            head=_head(pull, revision),
            published_at=revision.published_at or revision.received_at,
            reviews=read_reviews(
                said.reviews,
                lost=said.lost.reviews,
                seen=kept.seen,
                people=people,
                heads=held_heads(kept.revisions),
            ),
            labels=tuple(label.name for label in pull.labels),
            title=pull.title,
            realm=Realm.GITHUB,
            closing=None if is_open else _closing(place, pull, row, kept.gate),
            base=pull.base.ref,
            expected_base=short(row.base_ref),
            author_id=pull.user.id if pull.user else row.author_id,
            contributor_ids=contributor_ids(said.commits, pushed),
            coauthor_ids=coauthor_ids(pushed),
            comments=_comments(said, people),
        )


def _said(place: Place, pull: Pull, wants: Wants, kept: _Kept) -> _Said:
    with told(f"read what was said in pull request {pull.number} of {place.name}"):
        reviews = [one for one in pull.get_reviews() if is_given(one, kept.gate.id)]
        listed = pull.get_issue_comments() if wants.comments else ()
        comments = [one for one in listed if _is_of_person(one, kept.gate.id)]
        # Whose commits they are matters only where somebody could be one of them.
        commits = list(pull.get_commits()) if reviews or comments or wants.seals else []
    gone = lost(
        kept.seen.values(),
        kept.comments if wants.comments else (),
        listed={one.id for one in reviews},
        readable={one.id for one in comments if not _is_edited(one)},
    )
    return _Said(reviews, comments, commits, gone)


def _is_of_person(comment: IssueComment, gate_id: int) -> bool:
    return comment.user is not None and comment.user.id != gate_id


def _comments(said: _Said, people: dict[int, Reviewer]) -> tuple[Comment, ...]:
    """As they are, but for objections that were edited or deleted: those as they were."""
    gone = {one.id: replace(one, author=people[one.author.id]) for one in said.lost.comments}
    shown = (_comment(one, people) for one in said.comments if one.id not in gone)
    return (*shown, *gone.values())


def _is_edited(comment: IssueComment) -> bool:
    return comment.updated_at != comment.created_at


def _comment(comment: IssueComment, people: dict[int, Reviewer]) -> Comment:
    return Comment(
        id=comment.id,
        author=people[comment.user.id],
        body=comment.body or "",
        created_at=comment.created_at,
        is_edited=_is_edited(comment),
    )


def _head(pull: Pull, revision: Revision) -> str:
    """The held commit while the branch shows what the gate put there, whatever carries it."""
    return revision.head if pull.head.sha == revision.review_head else pull.head.sha


def _closing(place: Place, pull: Pull, row: PullRequest, gate: Account) -> Closing:
    by = pull.merged_by if pull.merged else _closed_by(place, row)
    return Closing(
        by=None if by is None else Account(by.id, by.login),
        is_by_gate=by is not None and by.id == gate.id,
        at=_closed_at(pull),
        merged=(pull.merge_commit_sha or pull.head.sha) if pull.merged else None,
        is_branch_gone=not pull.merged and _is_branch_gone(place, row),
    )


def _closed_at(pull: Pull) -> datetime:
    at = pull.merged_at or pull.closed_at
    if at is None:
        raise Failed(f"GitHub does not say when {pull.html_url} was closed.")
    return at


def _closed_by(place: Place, row: PullRequest) -> NamedUser | None:
    with told(f"ask who closed pull request {row.number} of {place.name}"):
        return place.api.get_issue(row.number).closed_by


def _is_branch_gone(place: Place, row: PullRequest) -> bool:
    try:
        with told(f"look for {short(row.head_ref)} in {place.head_name}"):
            place.head_api.get_git_ref(row.head_ref.removeprefix("refs/"))
    except NotFound:
        return True
    return False
