"""The gate's own comments on a pull request, known again by their markers."""

from __future__ import annotations

from collections.abc import Iterator

from github.IssueComment import IssueComment
from github.PullRequest import PullRequest

from gate.domain.pull_request.marker import Marker, read_marker


def own_comments(pull: PullRequest, gate_id: int, marker: Marker) -> Iterator[IssueComment]:
    """Every comment with this marker that the gate itself wrote: anybody can write a marker."""
    for comment in pull.get_issue_comments():
        author = comment.user
        if author is not None and author.id == gate_id and read_marker(comment.body or "") == marker:
            yield comment


def say_once(pull: PullRequest, gate_id: int, marker: Marker, text: str) -> None:
    """Write a comment, unless an earlier run did."""
    if next(own_comments(pull, gate_id, marker), None) is None:
        pull.create_issue_comment(text)
