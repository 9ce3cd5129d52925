import pytest

from gate.domain.policy.ref_pattern import RefPatternFault, parse_ref_pattern
from tests.policy.ref_pattern_cases import CASES


@pytest.mark.parametrize(("pattern", "ref", "expected"), CASES)
def test_a_pattern_matches_the_whole_ref(pattern: str, ref: str, expected: bool) -> None:
    assert parse_ref_pattern(pattern).matches(ref) is expected


@pytest.mark.parametrize(
    "text",
    [
        "main",
        "heads/main",
        "refs/heads/",
        "refs/heads/a..b",
        "refs/heads/a b",
        "refs/heads/[ab]",
        "refs/heads/a?",
        "refs/heads/***",
        "refs//heads",
        "refs/heads/a\n",
        "refs/heads/x.lock",
        "refs/heads/a\\b",
        "",
    ],
)
def test_a_pattern_that_can_match_no_ref_is_refused(text: str) -> None:
    with pytest.raises(RefPatternFault):
        parse_ref_pattern(text)
