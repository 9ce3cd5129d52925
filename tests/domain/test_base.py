"""Where upstream is, seen from a hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.domain.base import Base, compare, rebase_commands
from gate.domain.hold import ZERO_OID, Hold, HoldState, Revision, UpdateKind

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
A, B, C, D, X = (letter * 40 for letter in "abcde")
# One line of history, a to d; x is beside it.
LINE = (A, B, C, D)


def is_ancestor(ancestor: str, descendant: str) -> bool:
    known = ancestor in LINE and descendant in LINE
    return ancestor == descendant or (known and LINE.index(ancestor) < LINE.index(descendant))


def a_hold(kind: UpdateKind, old: str, new: str, ref: str = "refs/heads/main") -> Hold:
    revision = Revision(1, 1, "push", old, new, None, NOON, kind)
    return Hold(1, 1, "demo", 1, 1, "codex-1", ref, HoldState.IN_REVIEW, revision, NOON, NOON)


@pytest.mark.parametrize(
    ("kind", "old", "new", "tip", "expected"),
    [
        (UpdateKind.FAST_FORWARD, A, C, A, Base.UNMOVED),
        (UpdateKind.FAST_FORWARD, A, C, B, Base.BEHIND_HOLD),
        (UpdateKind.FAST_FORWARD, A, C, C, Base.CONTAINS_HOLD),
        (UpdateKind.FAST_FORWARD, A, C, D, Base.CONTAINS_HOLD),
        (UpdateKind.FAST_FORWARD, A, C, X, Base.MOVED),
        (UpdateKind.FAST_FORWARD, A, C, ZERO_OID, Base.MOVED),
        (UpdateKind.CREATE, ZERO_OID, C, ZERO_OID, Base.UNMOVED),
        (UpdateKind.CREATE, ZERO_OID, C, B, Base.BEHIND_HOLD),
        (UpdateKind.CREATE, ZERO_OID, C, D, Base.CONTAINS_HOLD),
        (UpdateKind.DELETE, A, ZERO_OID, ZERO_OID, Base.CONTAINS_HOLD),
        (UpdateKind.DELETE, A, ZERO_OID, B, Base.MOVED),
        (UpdateKind.REWRITE, X, C, X, Base.UNMOVED),
        (UpdateKind.REWRITE, X, C, B, Base.MOVED),
        (UpdateKind.REWRITE, X, C, D, Base.CONTAINS_HOLD),
        (UpdateKind.REWRITE, C, A, D, Base.MOVED),
        (UpdateKind.REWRITE, C, A, A, Base.CONTAINS_HOLD),
    ],
)
def test_a_branch(kind: UpdateKind, old: str, new: str, tip: str, expected: Base) -> None:
    assert compare(a_hold(kind, old, new), tip, is_ancestor) is expected


def test_a_tag_is_moved_whatever_it_contains() -> None:
    hold = a_hold(UpdateKind.TAG, ZERO_OID, B, "refs/tags/v1")

    assert [compare(hold, tip, is_ancestor) for tip in (ZERO_OID, A, B, C)] == [
        Base.UNMOVED,
        Base.MOVED,
        Base.CONTAINS_HOLD,
        Base.MOVED,
    ]


def test_a_branch_with_a_shell_in_its_name_is_quoted() -> None:
    assert rebase_commands("refs/heads/$(id)") == (
        "git fetch origin",
        "git rebase 'origin/$(id)'",
        "git push origin 'HEAD:refs/heads/$(id)'",
    )
