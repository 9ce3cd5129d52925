"""Publish: the review branch, its pull request, and who is asked to look at it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import structlog
from github.PullRequest import PullRequest as Pull

from gate.adapters.github.annotations import annotate, blob_url
from gate.adapters.github.client import GitHub
from gate.adapters.github.comments import say_once
from gate.adapters.github.errors import GitHubRefused, told
from gate.adapters.github.labels import set_labels
from gate.adapters.github.names import labels, review_ref, short
from gate.adapters.github.opening import Opened, Opening, Wanted, check_repository
from gate.adapters.github.place import Place, Places
from gate.adapters.github.review_branch import base_of, put_branch, review_head
from gate.domain.errors import Failed, NotFound, Unavailable
from gate.domain.hold import ZERO_OID, Hold
from gate.domain.pull_request.annotations import findings_check
from gate.domain.pull_request.body import body
from gate.domain.pull_request.comments import revision_comment
from gate.domain.pull_request.marker import digest, marker_of_revision
from gate.domain.pull_request.model import PullRequest, ReviewRequest
from gate.domain.pull_request.title import title
from gate.services.ports.forge import Forge
from gate.services.ports.outside import FailPoint
from gate.services.ports.store import Store

# GitHub shows a moved branch on its pull request a moment later.
_LOOKS = 8
_PAUSE_SECONDS = 0.25
# What GitHub takes in one pull request.
_MOST_REVIEWERS = 15

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PublishThere:
    """Shows a revision at GitHub; one that no pull request can carry goes to the gate's own page."""

    store: Store
    places: Places
    github: GitHub
    opening: Opening
    local: Forge
    fail_point: FailPoint
    pause: Callable[[float], None] = time.sleep

    def __call__(self, hold: Hold, request: ReviewRequest) -> datetime:
        with self.store.snapshot() as tx:
            kept = tx.pull_requests.get(hold.id)
        place = self.places.of(hold, kept)
        base = base_of(hold, place.history)
        wanted = None if base is None else self._wanted(hold, request, place, base)
        opened = None if wanted is None else self._open(place, wanted, kept)
        if opened is None or wanted is None:
            return self._without(hold, request, kept)
        pull = self._keep(place, wanted, opened, kept)
        at = self._wait(place, pull, wanted.head)
        self._announce(place, pull, request)
        self._annotate(place, wanted.head, request)
        return at

    def _wanted(self, hold: Hold, request: ReviewRequest, place: Place, base: str) -> Wanted:
        """Decide what the branch shows, and write it down before anybody can see it."""
        head = review_head(hold, request, place.history, base)
        if head != hold.revision.review_head:
            with self.store.transaction() as tx:
                tx.holds.set_review_head(hold.id, hold.revision.n, head)
        shown = replace(request, hold=replace(hold, revision=replace(hold.revision, review_head=head)))
        shown = replace(shown, blob_url=blob_url(shown, place, self.github.access.url))
        return Wanted(hold, base, head, title(shown), body(shown))

    def _open(self, place: Place, wanted: Wanted, kept: PullRequest | None) -> Opened | None:
        ref = review_ref(wanted.hold)
        now = place.review.tips([ref])[ref]
        if kept is None and now not in (ZERO_OID, wanted.head):
            # Two gates in front of one repository would take each other's branches away.
            self.opening.check_free(place, wanted.hold)
        put_branch(place.review, ref, now, wanted.head)
        self.fail_point("github:branch_pushed")
        return self.opening(place, wanted, kept)

    def _without(self, hold: Hold, request: ReviewRequest, kept: PullRequest | None) -> datetime:
        """No pull request can show this: an empty upstream, or nothing between base and head."""
        if kept is not None:
            raise Failed(
                f"hold {hold.name}: {kept.url} cannot show this revision, as there is nothing between it and "
                "its base. Withdraw the hold and push again."
            )
        return self.local.publish(hold, request)

    def _keep(self, place: Place, wanted: Wanted, opened: Opened, kept: PullRequest | None) -> Pull:
        """Write the pull request down at once, and then make it say what it shall say."""
        pull = opened.pull
        check_repository(pull, place, None)
        is_known = kept is not None and kept.number == pull.number
        row = PullRequest(
            hold_id=wanted.hold.id,
            repository_id=pull.base.repo.id,
            number=pull.number,
            url=pull.html_url,
            head_repository=place.head_name,
            head_ref=review_ref(wanted.hold),
            base_ref=wanted.base,
            author_id=pull.user.id,
            opened_at=pull.created_at,
            comment_id=kept.comment_id if kept is not None and is_known else None,
            body_digest=digest(wanted.body),
        )
        with self.store.transaction() as tx:
            tx.pull_requests.put(row)
        self.fail_point("github:stored")
        if not opened.is_new:
            _bring_up_to_date(pull, wanted, place)
        return pull

    def _wait(self, place: Place, pull: Pull, head: str) -> datetime:
        """GitHub's own time at which it showed the head, or a moment later."""
        is_fresh = pull.head.sha == head
        for look in range(_LOOKS):
            if is_fresh and pull.head.sha == head:
                return _date(pull)
            if look:
                self.pause(_PAUSE_SECONDS)
            with told(f"read pull request {pull.number} of {place.name}"):
                pull = place.api.get_pull(pull.number)
            is_fresh = True
        raise Unavailable(f"{pull.html_url} does not show {head} yet. It is looked at again later.")

    def _announce(self, place: Place, pull: Pull, request: ReviewRequest) -> None:
        """What helps reviewers; the pull request is there without it."""
        hold = request.hold
        if request.revised is not None:
            gate_id = self.github.account(place.name).id
            with told(f"comment on {pull.html_url}"):
                say_once(pull, gate_id, marker_of_revision(hold), revision_comment(request))
        try:
            set_labels(pull, labels(request.risk))
        except (GitHubRefused, NotFound) as refused:
            logger.warning("labels_refused", hold=hold.name, words=str(refused))
        self._ask(place, pull, request)

    def _annotate(self, place: Place, head: str, request: ReviewRequest) -> None:
        """Findings on the lines of the diff, where an App is used and the branch shows the held commit."""
        check = findings_check(request)
        if check is None or self.github.access.app_id is None or head != request.hold.revision.head:
            return
        try:
            annotate(place, head, check, request.hold_url)
        except (GitHubRefused, NotFound) as refused:
            logger.warning("annotations_refused", hold=request.hold.name, words=str(refused))

    def _ask(self, place: Place, pull: Pull, request: ReviewRequest) -> None:
        people, teams = _to_ask(place, pull, request)
        if not people and not teams:
            return
        try:
            _ask(pull, people, teams)
        except (GitHubRefused, NotFound):
            # GitHub asks nobody where one of them may not be asked.
            for person in people:
                self._ask_alone(pull, request, [person], [])
            for team in teams:
                self._ask_alone(pull, request, [], [team])

    def _ask_alone(self, pull: Pull, request: ReviewRequest, people: list[str], teams: list[str]) -> None:
        try:
            _ask(pull, people, teams)
        except (GitHubRefused, NotFound) as refused:
            logger.warning("review_request_refused", hold=request.hold.name, words=str(refused))


def _bring_up_to_date(pull: Pull, wanted: Wanted, place: Place) -> None:
    """Title, text and base of a pull request that was there before; nothing where they are right."""
    changes: dict[str, Any] = {}
    if pull.title != wanted.title:
        changes["title"] = wanted.title
    if digest(pull.body or "") != digest(wanted.body):
        changes["body"] = wanted.body
    if pull.base.ref != short(wanted.base):
        changes["base"] = short(wanted.base)
    if changes:
        with told(f"update pull request {pull.number} of {place.name}"):
            pull.edit(**changes)


def _date(pull: Pull) -> datetime:
    # Always GMT (RFC 9110), whether or not it is written as a zone that Python knows.
    return parsedate_to_datetime(str(pull.raw_headers["date"])).replace(tzinfo=UTC)


def _to_ask(place: Place, pull: Pull, request: ReviewRequest) -> tuple[list[str], list[str]]:
    """Whom GitHub shall ask: not the author, nobody twice, and teams of this organization alone."""
    asked = {user.login.casefold() for user in pull.requested_reviewers} | {pull.user.login.casefold()}
    people = [login for login in request.asked.users if login.casefold() not in asked]
    asked_teams = {team.slug.casefold() for team in pull.requested_teams}
    teams = []
    for name in request.asked.teams:
        organization, _, slug = name.partition("/")
        if organization.casefold() == place.owner.casefold() and slug.casefold() not in asked_teams:
            teams.append(slug)
    room = _MOST_REVIEWERS - len(pull.requested_reviewers) - len(pull.requested_teams)
    people = people[: max(room, 0)]
    return people, teams[: max(room - len(people), 0)]


def _ask(pull: Pull, people: list[str], teams: list[str]) -> None:
    with told(f"ask for reviews of {pull.html_url}"):
        pull.create_review_request(reviewers=people, team_reviewers=teams)
