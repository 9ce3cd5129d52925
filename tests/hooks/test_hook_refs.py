"""Patterns and names of refs."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pushgate_hook.refs import matches, ref_fault


@pytest.mark.parametrize(
    ("pattern", "fits", "differs"),
    [
        ("refs/heads/main", ["refs/heads/main"], ["refs/heads/main2", "refs/heads/mai", "refs/heads/main/a"]),
        ("refs/heads/*", ["refs/heads/a"], ["refs/heads/a/b", "refs/tags/a"]),
        ("refs/heads/**", ["refs/heads/a", "refs/heads/a/b"], ["refs/tags/a", "refs/heads"]),
        ("refs/heads/codex/*-fix", ["refs/heads/codex/a-fix"], ["refs/heads/codex/a/b-fix"]),
        ("refs/**/v*", ["refs/tags/v1", "refs/heads/a/v2"], ["refs/tags/1", "refs/tags/v/1"]),
        ("refs/heads/a.c", ["refs/heads/a.c"], ["refs/heads/abc"]),
    ],
)
def test_a_star_is_one_level_and_two_are_any_depth(pattern: str, fits: list[str], differs: list[str]) -> None:
    assert [ref for ref in fits + differs if matches(pattern, ref)] == fits


@given(pattern=st.text("a/*", max_size=8), ref=st.text("ab/", max_size=8))
def test_patterns_agree_with_a_regular_expression(pattern: str, ref: str) -> None:
    expression = "".join(
        {"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*)", pattern)
    )

    assert matches(pattern, ref) == bool(re.fullmatch(expression, ref))


def test_a_hostile_pattern_takes_no_time() -> None:
    assert not matches("*a" * 200, "a" * 500 + "b")


@pytest.mark.parametrize("name", [f"refs/heads/{letter}x" for letter in map(chr, range(1, 128))])
def test_every_ascii_letter_is_judged_as_git_does(name: str) -> None:
    assert (ref_fault(name) is None) == _is_allowed_by_git(name)


@pytest.mark.parametrize(
    "name",
    [
        "refs/heads",
        "refs/heads/",
        "refs/heads/.a",
        "refs/heads/a.",
        "refs/heads/a./b",
        "refs/heads/a..b",
        "refs/heads/@",
        "refs/heads/@{",
        "refs/heads/a.lock",
        "refs/heads/a.lock/b",
        "refs/heads//b",
        "/refs/heads/b",
        "refs/heads/-",
        "refs/heads/\u202e",
        "refs/heads/..",
    ],
)
def test_names_are_judged_as_git_does(name: str) -> None:
    # git itself takes `refs/heads` as a name; a branch or tag has a third part.
    assert (ref_fault(name) is None) == (_is_allowed_by_git(name) and name != "refs/heads")


def _is_allowed_by_git(name: str) -> bool:
    return subprocess.run(("git", "check-ref-format", name)).returncode == 0
