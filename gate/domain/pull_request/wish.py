"""What a push asks for, in the words that title, body and carrier commit share."""

from __future__ import annotations

from gate.domain.hold import UpdateKind
from gate.domain.pull_request.model import ReviewRequest
from gate.domain.pull_request.words import VERB, ref_type
from gate.domain.words import count


def verb(request: ReviewRequest) -> str:
    """`move`, `create`, `rewrite`, `rewind`, `delete`: what the agent asks to do to the ref."""
    kind = request.hold.revision.kind
    if kind is UpdateKind.REWRITE and ref_type(request.hold.ref) == "tag":
        return "move"
    if is_rewind(request):
        return "rewind"
    return "change" if kind is None else VERB[kind]


def is_rewind(request: ReviewRequest) -> bool:
    """Whether a branch would only go back: it loses commits and gains none."""
    facts = request.facts
    is_rewrite = request.hold.revision.kind is UpdateKind.REWRITE
    return is_rewrite and ref_type(request.hold.ref) != "tag" and not facts.commits and bool(facts.dropped)


def is_only_carried(request: ReviewRequest) -> bool:
    """Whether the pull request shows an empty commit that carries the request, and not the held commit.

    The revision's `review_head` tells; before it is known, so do the pushes that no diff can show.
    """
    revision = request.hold.revision
    if revision.review_head is not None:
        return not revision.is_shown_itself
    return revision.kind in (UpdateKind.DELETE, UpdateKind.TAG) or not request.facts.commits


def added(request: ReviewRequest) -> str:
    """`3 commits`, or `at least …` where counting stopped at a cap."""
    return count(len(request.facts.commits), "commit", is_least=request.facts.truncated)


def dropped(request: ReviewRequest) -> str:
    return count(len(request.facts.dropped), "commit", is_least=request.facts.truncated)
