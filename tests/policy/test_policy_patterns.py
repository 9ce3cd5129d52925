import re
import time

import pytest

from gate.domain.policy.pattern import PatternFault, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"\.md$", "a.md", True),
        (r"\.md$", "a.md\n", False),
        (r"^deploy/.*secret", "deploy/\nsecret", True),
        (r"^deploy/", "x\ndeploy/run", False),
        (r"(?i)^(wip|\[do not merge\])", "[Do Not Merge] later", True),
        (r"(?i)^(wip|\[do not merge\])", "swip", False),
        (r"(?i)straße", "STRAßE", True),
        (r"x", "", False),
        (r"^$", "", True),
        (r"a", "\udcff\udcfea", True),
    ],
)
def test_a_value_is_one_line(pattern: str, text: str, expected: bool) -> None:
    assert compile_pattern(pattern).search(text) is expected


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r".*.*.*.*x", r"(a*)*b", r"(.+a)+x"])
def test_no_pattern_backtracks(pattern: str) -> None:
    text = "a" * 20_000 + "c"
    begun = time.process_time()

    found = compile_pattern(pattern).search(text)

    # Linear: milliseconds. Python's own engine needs years for the first of these.
    assert (found, time.process_time() - begun < 5) == (False, True)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "is empty"),
        ("a" * 1001, "longer than 1000"),
        ("(", "missing )"),
        (r"(a)\1", "invalid escape sequence"),
        ("(?!a)b", "invalid perl operator"),
        ("(?<=a)b", "invalid"),
        ("a**", "bad repetition operator"),
        ("((((a{99}){99}){99}){99})", "invalid repetition size"),
    ],
)
def test_what_cannot_be_matched_in_linear_time_is_refused(pattern: str, words: str) -> None:
    with pytest.raises(PatternFault, match=re.escape(words)):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("^main$", True), ("^(main|dev)$", True), ("main", False), ("^main", False), ("main$", False)],
)
def test_a_pattern_knows_whether_it_is_anchored(pattern: str, expected: bool) -> None:
    assert compile_pattern(pattern).is_anchored is expected
