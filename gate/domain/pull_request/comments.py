"""The gate's comments in a pull request: where it stands, a new revision, another hand, the end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from gate.domain.hold import Hold, HoldState
from gate.domain.policy.verdict import Node, Status, Verdict
from gate.domain.pull_request.commit_status import CommitStatus, commit_status
from gate.domain.pull_request.inert import code_block, inline, link, prose, signed_note
from gate.domain.pull_request.length import LONGEST_TEXT, units
from gate.domain.pull_request.marker import (
    marker_of_closing,
    marker_of_revision,
    marker_of_status,
    marker_of_tamper,
)
from gate.domain.pull_request.model import Ending, ReviewRequest, ReviewStatus
from gate.domain.pull_request.sections import Section, fit
from gate.domain.pull_request.words import MEANING, REASON, STATE, ref_type, revised_words, short_ref

__all__ = [
    "CommitStatus",
    "closing_comment",
    "commit_status",
    "revision_comment",
    "status_comment",
    "tamper_comment",
]

_LONGEST_REF, _LONGEST_WORDS = 300, 1000
_SIGN = {
    Status.APPROVED: "\u2705 approved",
    Status.PENDING: "\u23f3 pending",
    Status.DISAPPROVED: "\u274c disapproved",
    Status.SKIPPED: "\u2796 skipped",
    Status.ERROR: "\u26d4 error",
}


def status_comment(status: ReviewStatus) -> str:
    """The one comment that is kept up to date: state, what is missing, what counts, what does not and why."""
    page = link("the hold's page", status.hold_url)
    parts: list[str | Section] = [str(marker_of_status(status.hold)), _standing(status)]
    parts += _verdict_parts(status.verdict)
    return fit(parts, limit=LONGEST_TEXT, more=lambda count: f"\u2026 {count:,} more lines: see {page}.")


def revision_comment(request: ReviewRequest) -> str:
    """What a new revision changed against the one before it. `request.revised` must be set."""
    revised = request.revised
    assert revised is not None, "only a revision after the first one is told of"
    text = (
        f"{marker_of_revision(request.hold)}\n\n"
        f"**Revision {revised.n}: `{revised.old[:7]}` was replaced by `{revised.new[:7]}`.**\n"
        f"{revised_words(revised.likeness)} See {link('the hold at the gate', request.hold_url)}.\n"
    )
    if not revised.range_diff:
        return text
    text += "\nWhat changed, as a range-diff (`-` was, `+` is):\n\n"
    return text + code_block(revised.range_diff, limit=LONGEST_TEXT - units(text))


def closing_comment(ending: Ending) -> str:
    """How a hold ended, what the agent has to do, and where the audit trail stood then."""
    hold = ending.hold
    words = f" {prose(ending.words, limit=_LONGEST_WORDS)}" if ending.words else ""
    landed = "" if ending.landed is None else f" Upstream's {_ref(hold)} is at `{ending.landed}` now."
    is_alarm = hold.state is HoldState.BYPASSED
    headline = f"**{_capital(STATE[hold.state])}.** {MEANING[hold.state]}{landed}{words}"
    parts = (
        str(marker_of_closing(hold)),
        f"> [!CAUTION]\n> {headline}" if is_alarm else headline,
        f"For the agent: {_next_for_agent(hold)}",
        f"{link('The hold at the gate', ending.hold_url)} stays readable. {_branch_words(ending)}",
        "The signed tree head of the audit trail at the end:\n\n" + signed_note(ending.tree_head),
    )
    return "\n\n".join(parts)


def tamper_comment(hold: Hold, hold_url: str) -> str:
    """Somebody else moved the review branch or the base; the hold's note says what is there now."""
    return (
        f"{marker_of_tamper(hold)}\n\n"
        "> [!CAUTION]\n"
        "> **Somebody else than the gate changed this pull request. Nothing of it is released.** "
        f"{prose(hold.note, limit=_LONGEST_WORDS)}\n\n"
        f"Held is `{hold.revision.head}`. See {link('the hold at the gate', hold_url)}.\n"
    )


def _standing(status: ReviewStatus) -> str:
    hold = status.hold
    is_blocked = hold.state is HoldState.BLOCKED
    reason = f": {REASON[hold.reason]}" if is_blocked and hold.reason is not None else ""
    lines = [f"**{_capital(STATE[hold.state])}{reason}.** {MEANING[hold.state]}"]
    notes = dict.fromkeys((status.fault, hold.note if is_blocked else ""))
    lines += [prose(words, limit=_LONGEST_WORDS) for words in notes if words]
    lines.append(
        f"This is about the commit `{hold.revision.head[:7]}`, revision {hold.revision.n}. "
        f"{link(f'Hold {hold.number} at the gate', status.hold_url)}"
    )
    return "\n".join(lines)


def _verdict_parts(verdict: Verdict | None) -> Iterator[Section]:
    if verdict is None:
        return
    if verdict.reasons and not verdict.is_releasable:
        yield _list("### What is missing\n", verdict.reasons)
    counted = [f"{one.login} approved {one.oid[:7]}" for one in verdict.approvals]
    counted += [f"{one.login} overrode for {one.oid[:7]}: {one.reason}" for one in verdict.overrides]
    if counted:
        yield _list("### What counts\n", counted)
    nodes = tuple(_walk(verdict.tree, 0))
    yield Section("### The policy, part by part\n", map(_node_line, nodes), len(nodes))


def _list(opening: str, words: Sequence[str]) -> Section:
    return Section(opening, (f"- {prose(each, limit=_LONGEST_WORDS)}" for each in words), len(words))


def _walk(node: Node, depth: int) -> Iterator[tuple[Node, int]]:
    yield node, depth
    for part in node.parts:
        yield from _walk(part, depth + 1)


def _node_line(found: tuple[Node, int]) -> str:
    node, depth = found
    name = f"{prose(node.name, limit=_LONGEST_REF)}: " if node.name else ""
    return f"{'  ' * depth}- {_SIGN[node.status]}: {name}{prose(node.words, limit=_LONGEST_WORDS)}"


def _next_for_agent(hold: Hold) -> str:
    if hold.state is HoldState.RELEASED_REWRITTEN:
        return f"{_reset(hold.ref)} takes over what is upstream. Do not push the old commits again."
    return _NEXT_FOR_AGENT[hold.state]


_NEXT_FOR_AGENT = {
    HoldState.RELEASED: "nothing is left to do. `git fetch --prune` shows it.",
    HoldState.RELEASED_EXTERNALLY: "nothing is left to do. `git fetch` shows what is upstream.",
    HoldState.BYPASSED: "nothing. Wait for what people say; `git fetch` shows what is upstream.",
    HoldState.REJECTED: "do not push it again. Other work on this ref makes a new hold.",
    HoldState.WITHDRAWN: "nothing. Pushing again makes a new hold.",
    HoldState.EXPIRED: "push the same again to ask once more: it makes a new hold.",
}


def _reset(ref: str) -> str:
    target = shlex.quote(f"origin/{short_ref(ref)}")
    return inline(f"git fetch origin && git reset --hard {target}", limit=_LONGEST_REF)


def _branch_words(ending: Ending) -> str:
    return "The review branch is deleted." if ending.delete_branch else "The review branch stays."


def _ref(hold: Hold) -> str:
    return f"{ref_type(hold.ref)} {inline(short_ref(hold.ref), limit=_LONGEST_REF)}"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
