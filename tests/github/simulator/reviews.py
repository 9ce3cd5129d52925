"""Reviews, and comments on lines, of a pull request in the REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from tests.github.simulator.answers import answer_json, paged
from tests.github.simulator.auth import Denied
from tests.github.simulator.call import Call, invalid
from tests.github.simulator.texts import check_texts
from tests.github.simulator.world import Account, Pull, Remark, Repository, Review

if TYPE_CHECKING:
    from tests.github.simulator.rest import Rest

_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def route(call: Call, pull: Pull) -> Response | None:
    """Everything below `pulls/NUMBER/reviews` and `pulls/NUMBER/comments`."""
    rest, repository, body = call.rest, call.repository, call.body
    match call.method, call.words[2:]:
        case "GET", ["reviews"]:
            return paged([rest.render.review(repository, pull, one) for one in pull.reviews])
        case "POST", ["reviews"]:
            state = _STATES.get(body.get("event", ""), "PENDING")
            text, oid = body.get("body") or "", body.get("commit_id")
            given = review(rest, call.account, repository, pull, state, text, oid)
            return answer_json(rest.render.review(repository, pull, given))
        case "GET", ["reviews", number]:
            return answer_json(rest.render.review(repository, pull, _found(pull, number)))
        case "PUT", ["reviews", number, "dismissals"]:
            given = _found(pull, number)
            dismiss(rest, call.account, repository, pull, given)
            return answer_json(rest.render.review(repository, pull, given))
        case "GET", ["comments"]:
            return paged([rest.render.remark(repository, pull, one) for one in pull.remarks])
        case "POST", ["comments"]:
            said = remark(rest, call.account, repository, pull, body["body"], body["path"])
            return answer_json(rest.render.remark(repository, pull, said), 201)
    return None


def review(
    rest: Rest, by: Account, repository: Repository, pull: Pull, state: str, body: str, oid: str | None
) -> Review:
    """A review as the button or the API makes it."""
    if by.id == pull.author.id and state in ("APPROVED", "CHANGES_REQUESTED"):
        verb = "approve" if state == "APPROVED" else "request changes on"
        raise Denied(422, "Unprocessable Entity", [f"Can not {verb} your own pull request"])
    if state in ("CHANGES_REQUESTED", "COMMENTED") and not body:
        raise Denied(422, "Unprocessable Entity", ["Body can't be blank"])
    check_texts({"body": body}, "PullRequestReview")
    if oid is not None and not repository.has(oid):
        raise Denied(422, "Unprocessable Entity", ["Could not resolve to a node with that commit"])
    given = Review(next(rest.world.ids), by, state, body, oid or pull.head_sha, rest.world.now())
    pull.reviews.append(given)
    # A pending review is only its author's until it is submitted.
    if state != "PENDING":
        _no_longer_asked(pull, by)
        rest.events.review("submitted", repository, pull, given, by)
    return given


def dismiss(rest: Rest, by: Account, repository: Repository, pull: Pull, given: Review) -> None:
    if given.state not in ("APPROVED", "CHANGES_REQUESTED"):
        words = f"Can not dismiss a {given.state.lower()} pull request review"
        raise Denied(422, "Unprocessable Entity", [words])
    given.state = "DISMISSED"
    rest.events.review("dismissed", repository, pull, given, by)


def remark(
    rest: Rest,
    by: Account,
    repository: Repository,
    pull: Pull,
    text: str,
    path: str,
    thread: int | None = None,
) -> Remark:
    """A comment on a line, which opens a thread or goes on with one."""
    check_texts({"body": text}, "PullRequestReviewComment")
    if thread is not None and thread not in pull.threads:
        raise invalid("PullRequestReviewComment", "in_reply_to")
    now = rest.world.now()
    opened = next(rest.world.ids) if thread is None else thread
    pull.threads.setdefault(opened, False)
    said = Remark(next(rest.world.ids), by, text, path, pull.head_sha, opened, now, now)
    pull.remarks.append(said)
    rest.events.remark("created", repository, pull, said, by)
    return said


def _found(pull: Pull, number: str) -> Review:
    for one in pull.reviews:
        if str(one.id) == number:
            return one
    raise Denied(404, "Not Found")


def _no_longer_asked(pull: Pull, by: Account) -> None:
    """Who has reviewed is no longer asked to."""
    pull.asked = [one for one in pull.asked if one.id != by.id]
