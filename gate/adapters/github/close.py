"""Close: how a hold ended, in its pull request; what was there for the review alone is cleared away."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from github.PullRequest import PullRequest as Pull

from gate.adapters.github.client import GitHub
from gate.adapters.github.comments import say_once
from gate.adapters.github.errors import told
from gate.adapters.github.labels import set_labels
from gate.adapters.github.opening import check_repository
from gate.adapters.github.place import Place, Places
from gate.adapters.github.review_branch import drop_branch
from gate.adapters.github.show import ShowThere
from gate.domain.errors import Unavailable
from gate.domain.hold import Hold, HoldState
from gate.domain.pull_request.comments import closing_comment
from gate.domain.pull_request.marker import marker_of_closing
from gate.domain.pull_request.model import Ending, PullRequest, ReviewStatus
from gate.services.ports.outside import Clock, FailPoint

# GitHub looks for pull requests that a push has merged a moment after the push.
_LOOKS = 4
_PAUSE_SECONDS = 0.5
_LONGEST_WAIT = timedelta(seconds=60)
_BROUGHT_UPSTREAM = (HoldState.RELEASED, HoldState.RELEASED_EXTERNALLY, HoldState.BYPASSED)


@dataclass(frozen=True, slots=True)
class CloseThere:
    """Tells reviewers the end. Safe to run twice, and to run again where it broke off."""

    places: Places
    github: GitHub
    show: ShowThere
    clock: Clock
    fail_point: FailPoint
    pause: Callable[[float], None] = time.sleep

    def __call__(self, row: PullRequest, ending: Ending) -> None:
        hold = ending.hold
        place = self.places.of(hold, row)
        pull = _read(place, row)
        with told(f"comment on {row.url}"):
            gate_id = self.github.account(place.name).id
            say_once(pull, gate_id, marker_of_closing(hold), closing_comment(ending))
        self.show.say(place, pull, row, ReviewStatus(hold, None, ending.words, ending.hold_url))
        set_labels(pull, ())
        self._close(place, pull, row, hold)
        self.fail_point("github:closed")
        if ending.delete_branch:
            drop_branch(place.review, row.head_ref, hold.revision.review_head or hold.revision.head)

    def _close(self, place: Place, pull: Pull, row: PullRequest, hold: Hold) -> None:
        if pull.state == "open" and _will_be_merged(hold, row):
            pull = self._wait_for_merge(place, pull, row, hold)
        if pull.state == "open":
            with told(f"close {row.url}"):
                pull.edit(state="closed")

    def _wait_for_merge(self, place: Place, pull: Pull, row: PullRequest, hold: Hold) -> Pull:
        """The pull request as GitHub has it once it saw that its commits are upstream.

        Raises Unavailable while that may still come: closed by hand, it would not count as merged.
        """
        for _ in range(_LOOKS):
            self.pause(_PAUSE_SECONDS)
            pull = _read(place, row)
            if pull.state != "open":
                return pull
        if self.clock() - hold.updated_at < _LONGEST_WAIT:
            raise Unavailable(f"GitHub does not call {row.url} merged yet. It is looked at again later.")
        return pull


def _read(place: Place, row: PullRequest) -> Pull:
    with told(f"read pull request {row.number} of {place.name}"):
        pull = place.api.get_pull(row.number)
    check_repository(pull, place, row.repository_id)
    return pull


def _will_be_merged(hold: Hold, row: PullRequest) -> bool:
    """Whether the very commit of the review branch is on its base now, which GitHub calls merged."""
    is_there = hold.state in _BROUGHT_UPSTREAM and hold.revision.is_shown_itself
    return is_there and row.base_ref == hold.ref
