"""How to approve, object or reject, and what each of these does."""

from __future__ import annotations

from gate.domain.hold import ZERO_OID, UpdateKind
from gate.domain.pull_request.inert import inline, row
from gate.domain.pull_request.model import ReviewRequest
from gate.domain.pull_request.wish import is_only_carried
from gate.domain.pull_request.words import ref_type, short_ref

_LONGEST_REF = 300


def decision_table(request: ReviewRequest) -> str:
    """The ordinary buttons of GitHub, and what the gate makes of them."""
    head = f"`{request.hold.revision.head[:7]}`"
    table = (
        row("to", "do this", "and then"),
        "|---|---|---|",
        row(
            "approve",
            "Files changed \u2192 Review changes \u2192 **Approve**",
            f"It counts for {_subject(request, head)} and nothing else. Once the policy is satisfied, "
            f"the gate {_deed(request)} by itself and closes this pull request.",
        ),
        row(
            "object",
            "Files changed \u2192 Review changes \u2192 **Request changes**",
            "Nothing is released while your objection stands; your approval lifts it. "
            "The agent reads your words on its next push.",
        ),
        row(
            "reject",
            "**Close pull request**",
            "It is not released, and the agent is told so. Opening it again starts the review anew.",
        ),
    )
    return "\n".join(table) + f"\n\n{_merging(request)}"


def command_words(request: ReviewRequest) -> str:
    """The comments that the policy takes as commands."""
    head = request.hold.revision.head[:7]
    return (
        "The policy takes commands too, one in a comment, at the beginning of a line:\n\n"
        f"- `/approve {head}` approves this commit\n"
        "- `/reject` and a reason rejects it for good\n"
        "- `/hold` objects, and `/unhold` takes that objection back\n"
        "- `/recheck` makes the gate look again\n"
        "- `/override` and a reason releases it past the rules, where the policy names you for that"
    )


def _merging(request: ReviewRequest) -> str:
    """A branch that is new or rewritten is shown against another one, which a merge would change."""
    if request.hold.revision.kind is UpdateKind.FAST_FORWARD and not is_only_carried(request):
        return "Merging by hand is not needed."
    return "Do not merge by hand: that would not do what is asked."


def _subject(request: ReviewRequest, head: str) -> str:
    is_delete = request.hold.revision.new == ZERO_OID
    return f"the deletion at {head}" if is_delete else f"the commit {head}"


def _deed(request: ReviewRequest) -> str:
    hold = request.hold
    ref = f"the {ref_type(hold.ref)} {inline(short_ref(hold.ref), limit=_LONGEST_REF)}"
    if hold.revision.new == ZERO_OID:
        return f"deletes {ref}"
    return f"creates {ref}" if hold.revision.old == ZERO_OID else f"moves {ref} to it"
