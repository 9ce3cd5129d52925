"""What it means for a hold that upstream's ref is not where it was when the agent pushed."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from enum import StrEnum

from gate.domain.hold import ZERO_OID, Hold, UpdateKind


class Base(StrEnum):
    """Where upstream's ref is, seen from a hold.

    `unmoved`: where the push found it. `contains_hold`: it has the held commit already (or, for a delete,
    it is gone). `behind_hold`: it moved, but the held commit contains it. `moved`: anything else.
    """

    UNMOVED = "unmoved"
    CONTAINS_HOLD = "contains_hold"
    BEHIND_HOLD = "behind_hold"
    MOVED = "moved"


def compare(hold: Hold, tip: str, is_ancestor: Callable[[str, str], bool]) -> Base:
    """Compare upstream's tip with a hold; `is_ancestor(a, b)` says that b contains a."""
    revision = hold.revision
    if tip == revision.new:
        return Base.CONTAINS_HOLD
    if tip == revision.old:
        return Base.UNMOVED
    if ZERO_OID in (tip, revision.new) or hold.ref.startswith("refs/tags/"):
        return Base.MOVED
    # A rewind goes to a commit that upstream had all along: that it is contained says nothing.
    is_rewind = revision.kind is UpdateKind.REWRITE and is_ancestor(revision.new, revision.old)
    if not is_rewind and is_ancestor(revision.new, tip):
        return Base.CONTAINS_HOLD
    if revision.kind is not UpdateKind.REWRITE and is_ancestor(tip, revision.new):
        return Base.BEHIND_HOLD
    return Base.MOVED


def moved_words(hold: Hold, tip: str) -> str:
    """Tell the agent and the reviewer that upstream moved, with the commands that mend it."""
    where = "is gone" if tip == ZERO_OID else f"is at {tip[:7]}"
    found = "did not exist" if hold.revision.old == ZERO_OID else f"was at {hold.revision.old[:7]}"
    return (
        f"{hold.ref} has moved upstream: it {where}, and {found} when this was pushed. "
        f"Put the work on top of it and push again: {' && '.join(rebase_commands(hold.ref))}"
    )


def rebase_commands(ref: str) -> tuple[str, ...]:
    """What the agent runs to put its work on top of where upstream is now, safe to paste into a shell."""
    if not ref.startswith("refs/heads/"):
        return ("git fetch --tags origin",)
    remote = shlex.quote("origin/" + ref.removeprefix("refs/heads/"))
    return ("git fetch origin", f"git rebase {remote}", f"git push origin {shlex.quote('HEAD:' + ref)}")
