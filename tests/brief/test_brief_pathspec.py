"""gitignore patterns: matched as git matches them, and asked of git itself as pathspecs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.adapters.path_matcher import GitIgnorePathMatcher
from gate.domain.brief.pathspec import PatternFault, pathspecs
from gate.domain.errors import Invalid

NAMES = [
    "a",
    "b",
    "src",
    "test_a.py",
    "x.py",
    "a*",
    "[id]",
    "a b",
    "#c",
    "!d",
    "a.b",
    ".hid",
    "\\q",
    "é",
    "ab",
]
ATOMS = [
    *"a b src * ** ** ? *.py test_* a* \\[id\\] \\* \\#c \\!d #c a.b .hid *a* ?b \\\\q x.py é ??".split(),
    *"a** !d [ab]".split(),
    "a b",
]
match = GitIgnorePathMatcher()


def _paths() -> list[str]:
    """Every path of two names, and some deeper ones; none of them a folder of another."""
    two = [f"{one}/{other}" for one in NAMES for other in NAMES]
    deep = [f"d{index}/{one}/{other}/{one}" for index, one in enumerate(NAMES) for other in NAMES[::3]]
    return sorted([*two, *deep, *(f"top-{name}" for name in NAMES), "x.pyc", "z.py"])


PATHS = _paths()


@pytest.fixture(scope="module")
def ask_git(tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[str, ...]], list[str]]:
    """The changed files that git finds for pathspecs, in a commit that adds all of PATHS."""
    folder = tmp_path_factory.mktemp("repository")
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}

    def git(*words: str, given: bytes = b"") -> bytes:
        command = ("git", *words)
        return subprocess.run(
            command, cwd=folder, env=environment, input=given, capture_output=True, check=True
        ).stdout

    git("init", "-q", "--bare")
    blob = git("hash-object", "-w", "--stdin", given=b"x").decode().strip()
    git(
        "update-index",
        "-z",
        "--index-info",
        given="".join(f"100644 {blob}\t{path}\0" for path in PATHS).encode(),
    )
    tree, empty = (
        git("write-tree").decode().strip(),
        git("hash-object", "-wt", "tree", "--stdin").decode().strip(),
    )

    def ask(specs: tuple[str, ...]) -> list[str]:
        found = git("diff-tree", "-r", "--name-only", "-z", empty, tree, "--", *specs)
        return sorted(found.decode().split("\0")[:-1])

    return ask


PATTERNS = st.builds(
    lambda names, start, end: start + "/".join(names) + end,
    st.lists(st.sampled_from(ATOMS), min_size=1, max_size=4),
    st.sampled_from(["", "", "", "/"]),
    st.sampled_from(["", "", "/"]),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pattern=PATTERNS)
def test_git_finds_for_the_pathspecs_what_the_pattern_matches(
    ask_git: Callable[[tuple[str, ...]], list[str]], pattern: str
) -> None:
    try:
        specs = pathspecs(pattern)
    except PatternFault:
        return

    assert ask_git(specs) == sorted(match([pattern], PATHS))


@pytest.mark.parametrize(
    "pattern",
    [
        "!a",
        "#a",
        "[ab]",
        "a\\",
        "\\a",
        "",
        "/",
        " a",
        "a ",
        "a//b",
        "//a",
        "a/../b",
        "./a",
        "a**",
        "a/**/",
        "**/",
        "a\nb",
        "a" * 501,
    ],
)
def test_a_pattern_without_an_exact_pathspec_is_a_fault(pattern: str) -> None:
    with pytest.raises(PatternFault):
        pathspecs(pattern)


def test_a_later_pattern_takes_back() -> None:
    paths = ("docs/a.md", "docs/keep.md", "x")

    assert match(["docs/*", "!docs/keep.md"], paths) == ("docs/a.md",)
    assert match(["*"], ("a\udc80", "b")) == ("a\udc80", "b")
    assert match([], paths) == ()


@pytest.mark.parametrize("pattern", ["!", "a" * 501, "a\nb"])
def test_what_is_no_pattern_is_invalid(pattern: str) -> None:
    with pytest.raises(Invalid):
        match([pattern], ())


def test_many_stars_cost_nothing() -> None:
    assert match(["*a" * 100 + "b", "**/" * 100 + "x"], ["a" * 4_000, "a/" * 500 + "y"]) == ()


def test_a_pattern_never_reaches_git_as_another_word() -> None:
    assert all(spec.startswith(":(top,glob)") for spec in pathspecs("--output=x"))
    assert pathspecs("/:(exclude)a") == (":(top,glob):(exclude)a", ":(top,glob):(exclude)a/**")
