"""Show: one comment that is kept up to date, a commit status, and the text of the pull request."""

from __future__ import annotations

from dataclasses import dataclass, replace

from github.Commit import Commit
from github.IssueComment import IssueComment
from github.PullRequest import PullRequest as Pull

from gate.adapters.github.annotations import blob_url
from gate.adapters.github.checks import combined_statuses
from gate.adapters.github.client import GitHub
from gate.adapters.github.comments import own_comments, say_once
from gate.adapters.github.errors import told
from gate.adapters.github.labels import set_labels
from gate.adapters.github.names import HELD_LABEL, RISK_LABEL, STATUS_CONTEXT
from gate.adapters.github.opening import check_repository
from gate.adapters.github.place import Place, Places
from gate.domain.errors import NotFound
from gate.domain.hold import BlockReason, Hold
from gate.domain.pull_request.body import body
from gate.domain.pull_request.comments import CommitStatus, commit_status, status_comment, tamper_comment
from gate.domain.pull_request.marker import digest, marker_of_status, marker_of_tamper
from gate.domain.pull_request.model import PullRequest, ReviewStatus
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class ShowThere:
    """Says where a hold stands. Reads what is said already, and writes only what is not."""

    store: Store
    places: Places
    github: GitHub

    def __call__(self, row: PullRequest, status: ReviewStatus) -> None:
        place = self.places.of(status.hold, row)
        with told(f"read pull request {row.number} of {place.name}"):
            pull = place.api.get_pull(row.number)
        check_repository(pull, place, row.repository_id)
        row = self._restore_text(place, pull, row, status)
        self.say(place, pull, row, status)
        set_labels(pull, _labels(pull))
        if status.hold.reason is BlockReason.TAMPERED:
            with told(f"comment on {row.url}"):
                text = tamper_comment(status.hold, status.hold_url)
                say_once(pull, self._gate_id(place), marker_of_tamper(status.hold), text)

    def say(self, place: Place, pull: Pull, row: PullRequest, status: ReviewStatus) -> None:
        """The comment and the commit status alone."""
        text = status_comment(status)
        with told(f"write the status comment of {row.url}"):
            comment_id = self._comment(place, pull, row, status.hold, text)
        if (comment_id, digest(text)) != (row.comment_id, row.status_digest):
            self._put(replace(row, comment_id=comment_id, status_digest=digest(text)))
        _set_status(place, status.hold.revision.review_head or pull.head.sha, commit_status(status))

    def _comment(self, place: Place, pull: Pull, row: PullRequest, hold: Hold, text: str) -> int:
        """Make the one comment say this, and return its number."""
        comment = None if row.comment_id is None else _comment(pull, row.comment_id)
        if comment is None:
            # Deleted, or written by a run that ended before it could write down the number.
            comment = next(own_comments(pull, self._gate_id(place), marker_of_status(hold)), None)
        if comment is None:
            comment = pull.create_issue_comment(text)
        elif digest(comment.body or "") != digest(text):
            comment.edit(text)
        return comment.id

    def _restore_text(self, place: Place, pull: Pull, row: PullRequest, status: ReviewStatus) -> PullRequest:
        """Write the text again where another hand changed it; what is in it is the gate's word."""
        if digest(pull.body or "") == row.body_digest or status.write_request is None:
            return row
        request = status.write_request()
        text = body(replace(request, blob_url=blob_url(request, place, self.github.access.url)))
        with told(f"restore the text of {row.url}"):
            pull.edit(body=text)
        row = replace(row, body_digest=digest(text))
        self._put(row)
        return row

    def _gate_id(self, place: Place) -> int:
        return self.github.account(place.name).id

    def _put(self, row: PullRequest) -> None:
        with self.store.transaction() as tx:
            tx.pull_requests.put(row)


def _comment(pull: Pull, comment_id: int) -> IssueComment | None:
    try:
        with told(f"read comment {comment_id} of {pull.html_url}"):
            return pull.get_issue_comment(comment_id)
    except NotFound:
        return None


def _labels(pull: Pull) -> list[str]:
    """That it is held, and the risk that it was published with."""
    return [HELD_LABEL, *(label.name for label in pull.labels if label.name.startswith(RISK_LABEL))]


def _set_status(place: Place, head: str, wanted: CommitStatus) -> None:
    """Report the gate's own status, unless it is there: another may have written one of the same name."""
    for status in combined_statuses(place, head):
        said = (status.state, status.description, status.target_url)
        if status.context == STATUS_CONTEXT and said == (wanted.state, wanted.description, wanted.target_url):
            return
    with told(f"report the status of {head[:7]} in {place.name}"):
        _unread_commit(place, head).create_status(
            wanted.state, wanted.target_url, wanted.description, STATUS_CONTEXT
        )


def _unread_commit(place: Place, head: str) -> Commit:
    unread = {"url": f"{place.api.url}/commits/{head}", "sha": head}
    return Commit(place.api.requester, headers={}, attributes=unread)
