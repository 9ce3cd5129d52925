"""The title of a hold's pull request."""

from __future__ import annotations

from gate.domain.pull_request.inert import plain
from gate.domain.pull_request.model import ReviewRequest
from gate.domain.pull_request.wish import added, dropped, verb
from gate.domain.pull_request.words import ref_type, short_ref

# GitHub takes 256 characters.
_LONGEST_AGENT, _LONGEST_REF = 60, 120


def title(request: ReviewRequest) -> str:
    """One line such as `Hold 12: codex-1 wants to move main (3 commits)`.

    A merge by hand puts it into a commit message, so it must mean nothing there either.
    """
    hold = request.hold
    agent = plain(hold.agent, limit=_LONGEST_AGENT)
    ref = plain(short_ref(hold.ref), limit=_LONGEST_REF)
    noun = "" if ref_type(hold.ref) == "branch" else f"the {ref_type(hold.ref)} "
    return f"Hold {hold.number}: {agent} wants to {verb(request)} {noun}{ref}{_counts(request)}"


def _counts(request: ReviewRequest) -> str:
    counts = [added(request)] if request.facts.commits else []
    counts += [f"drops {dropped(request)}"] if request.facts.dropped else []
    return f" ({', '.join(counts)})" if counts else ""
