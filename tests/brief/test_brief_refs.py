"""Ref patterns mean the same in a brief, in a policy, and so in the hooks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.domain.brief.refs import matches, pattern_fault
from gate.domain.policy.ref_pattern import RefPatternFault, parse_ref_pattern

_PIECES = st.lists(st.sampled_from(["a", "b", "/", "*", "**", "-", ".", ".lock", "~", "ab", "é"]), max_size=6)
_TEXT = _PIECES.map("".join)


@given(_TEXT, _TEXT)
def test_a_pattern_means_what_it_means_in_a_policy(pattern: str, ref: str) -> None:
    pattern, ref = f"refs/heads/{pattern}", f"refs/heads/{ref.replace('*', '')}"
    try:
        expected = parse_ref_pattern(pattern).matches(ref)
    except RefPatternFault:
        assert pattern_fault(pattern) is not None
        return

    assert (pattern_fault(pattern), matches(pattern, ref)) == (None, expected)


def test_only_branches_and_tags_can_be_named() -> None:
    assert pattern_fault("refs/notes/x") is not None
    assert pattern_fault("refs/tags/v*") is None


def test_many_stars_cost_nothing() -> None:
    assert not matches("refs/heads/" + "*a" * 100 + "b", "refs/heads/" + "a" * 900)
