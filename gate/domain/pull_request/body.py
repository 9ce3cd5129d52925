"""The body of a hold's pull request: what is asked, by whom, what is in it, and how to decide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from gate.domain.hold import ZERO_OID
from gate.domain.pull_request.deciding import command_words, decision_table
from gate.domain.pull_request.diff_words import commits_sections, dropped_section, files_sections
from gate.domain.pull_request.evidence_words import (
    agent_sections,
    folded_sections,
    open_sections,
    verdict_lines,
)
from gate.domain.pull_request.folded import folded
from gate.domain.pull_request.inert import inline, link, prose, row, signed_note
from gate.domain.pull_request.length import LONGEST_TEXT
from gate.domain.pull_request.marker import marker_of_hold
from gate.domain.pull_request.model import ReviewRequest
from gate.domain.pull_request.sections import Section, fit
from gate.domain.pull_request.wish import added, dropped, is_only_carried, verb
from gate.domain.pull_request.words import ref_type, revised_words, short_ref

_LONGEST_REF, _LONGEST_NAME, _LONGEST_WORDS = 300, 100, 1000


def body(request: ReviewRequest) -> str:
    """At most 65,536 characters of Markdown; the longest lists are cut, with a link to the hold's page."""
    more = link("the hold's page", request.hold_url)
    return fit(
        tuple(_parts(request)), limit=LONGEST_TEXT, more=lambda count: f"\u2026 {count:,} more: see {more}."
    )


def _parts(request: ReviewRequest) -> Iterator[str | Section]:
    """What a reviewer acts on comes first; what is only there to be looked up is folded, and last."""
    evidence = request.evidence
    yield str(marker_of_hold(request.hold))
    yield _asked(request)
    if request.facts.dropped:
        yield dropped_section(request)
    if is_only_carried(request):
        yield _CARRIED
    if evidence is not None:
        yield verdict_lines(evidence)
        yield from open_sections(request, evidence)
    yield f"### How to decide\n\n{decision_table(request)}"
    if request.takes_commands:
        yield command_words(request)
    yield _needs(request)
    if evidence is not None:
        yield from agent_sections(evidence)
    if request.facts.files or not is_only_carried(request):
        yield from files_sections(request)
    if request.facts.commits:
        yield from commits_sections(request)
    if evidence is not None:
        yield from folded_sections(request, evidence)
    yield folded("Where this push comes from", _origin(request))
    yield folded("Audit trail: the signed tree head when this was published", _audit_trail(request))


_CARRIED = (
    "> [!IMPORTANT]\n"
    "> **This pull request's commit is empty and only carries the request; do not merge it by hand.**"
)


def _asked(request: ReviewRequest) -> str:
    hold = request.hold
    agent, repository = inline(hold.agent, limit=_LONGEST_NAME), inline(hold.repository, limit=_LONGEST_NAME)
    ref = f"the {ref_type(hold.ref)} {inline(short_ref(hold.ref), limit=_LONGEST_REF)}"
    page = link(f"Hold {hold.number}", request.hold_url)
    sentence = f"{agent} asks to {verb(request)} {ref} of {repository}{_move(request)}."
    lines = [f"**{sentence}**", f"Upstream has not moved. {page} has everything that was pushed."]
    if hold.group is not None:
        lines.append("It was pushed atomically with other refs: they are released together, or none of them.")
    if request.revised is not None:
        lines.append(f"This is revision {request.revised.n}. {revised_words(request.revised.likeness)}")
    return "\n".join(lines)


def _move(request: ReviewRequest) -> str:
    revision, facts = request.hold.revision, request.facts
    old, new = f"`{revision.old[:7]}`", f"`{revision.new[:7]}`"
    if revision.new == ZERO_OID:
        return f", which is at {old}"
    where = f" at {new}" if revision.old == ZERO_OID else f" from {old} to {new}"
    counts = [f"brings {added(request)}"] if facts.commits else ["brings no new commits"]
    counts += [f"drops {dropped(request)}"] if facts.dropped else []
    return f"{where}, which {' and '.join(counts)}"


def _origin(request: ReviewRequest) -> str:
    hold = request.hold
    update = hold.revision.update(hold.ref)
    received = hold.revision.received_at.astimezone(UTC)
    lines = {
        "agent": inline(hold.agent, limit=_LONGEST_NAME),
        "host": _named(request.agent_host),
        "operator": _named(request.operator) or "nobody on record",
        "came by": {"http": "HTTP", "ssh": "SSH"}.get(request.transport) or _named(request.transport),
        "received": f"{received:%Y-%m-%d %H:%M} UTC",
        "ref": inline(hold.ref, limit=_LONGEST_REF),
        "old": "none: it is new" if update.is_create else f"`{update.old}`",
        "new": "none: it is deleted" if update.is_delete else f"`{update.new}`",
        "revision": str(hold.revision.n),
    }
    rows = [row(name, words) for name, words in lines.items() if words]
    return "\n".join((rows[0], "|---|---|", *rows[1:]))


def _named(text: str | None) -> str:
    return inline(text, limit=_LONGEST_NAME) if text else ""


def _needs(request: ReviewRequest) -> Section:
    items = (f"- {prose(words, limit=_LONGEST_WORDS)}" for words in request.needs)
    opening = "### What the policy still needs\n" if request.needs else "The policy needs nothing more."
    return Section(opening, items, len(request.needs))


def _audit_trail(request: ReviewRequest) -> str:
    return signed_note(request.tree_head)
