"""The one table of moves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.domain.errors import IllegalMove
from gate.domain.hold import MOVES, HoldState, UpdateKind
from tests.domain.test_base import A, B, a_hold

S = HoldState
CLOSED = {
    *(S.RELEASED, S.REJECTED, S.WITHDRAWN, S.EXPIRED),
    *(S.RELEASED_EXTERNALLY, S.RELEASED_REWRITTEN, S.BYPASSED),
}


def test_what_is_closed_never_moves_again_but_a_rejection_that_is_taken_back() -> None:
    assert {state for state in S if not state.is_live} == CLOSED
    assert {state: MOVES[state] for state in CLOSED if MOVES[state]} == {S.REJECTED: {S.RECEIVED}}


def test_only_an_approved_hold_is_released_and_only_by_the_release() -> None:
    assert {state for state in S if S.RELEASING in MOVES[state]} == {S.APPROVED}
    assert {state for state in S if S.RELEASED in MOVES[state]} == {S.RELEASING}


def test_a_release_on_its_way_takes_no_new_revision_and_no_rejection() -> None:
    assert not MOVES[S.RELEASING] & {S.RECEIVED, S.REJECTED, S.WITHDRAWN, S.EXPIRED}


@pytest.mark.parametrize("state", sorted(set(S) - CLOSED - {S.RELEASING}))
def test_a_new_revision_starts_every_other_live_hold_anew(state: HoldState) -> None:
    assert S.RECEIVED in MOVES[state]


def test_an_illegal_move_says_what_is_possible() -> None:
    hold = replace(a_hold(UpdateKind.FAST_FORWARD, A, B), state=S.WITHDRAWN)

    with pytest.raises(IllegalMove, match=r"demo/1: it is withdrawn, which cannot become approved.*nothing"):
        hold.check_move(S.APPROVED)
