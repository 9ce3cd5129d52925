"""CODEOWNERS files are read as GitHub's documentation says, and one with a fault not at all."""

from __future__ import annotations

import pytest

from gate.adapters.code_owners import GitHubCodeOwners
from gate.domain.errors import Invalid
from gate.domain.policy import OwnedPaths

# After the example of docs.github.com, "About code owners".
EXAMPLE = """\
# Whatever nobody else owns.
*       @alice @Bob

*.js    @carol # whoever writes scripts, not @alice
*.go    carol@example.com
/build/logs/ @carol
docs/*  @acme/Docs
apps/   @acme/apps
**/logs @bob
/apps/github
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ("alice", "bob")),
        ("src/page.js", ("carol",)),
        ("main.go", ("carol@example.com",)),
        ("build/other", ("alice", "bob")),
        ("docs/start.md", ("acme/docs",)),
        ("docs/build/more.md", ("alice", "bob")),
        ("my/apps/run.py", ("acme/apps",)),
        ("build/logs/today", ("bob",)),
        ("my/apps/github/run.py", ("acme/apps",)),
        ("Docs/start.md", ("alice", "bob")),
    ],
)
def test_the_last_line_that_matches_a_path_tells_its_owners(path: str, owners: tuple[str, ...]) -> None:
    assert GitHubCodeOwners().owned(EXAMPLE, [path]) == (OwnedPaths(owners, path, 1),)


def test_a_path_with_no_owner_is_left_out() -> None:
    assert GitHubCodeOwners().owned(EXAMPLE, ["apps/github/run.py"]) == ()
    assert GitHubCodeOwners().owned("/src/ @alice\n", ["README.md"]) == ()
    assert GitHubCodeOwners().owned("", ["README.md"]) == ()


def test_paths_with_the_same_owners_are_one_entry() -> None:
    owned = GitHubCodeOwners().owned(
        "*.py @alice @bob\n*.md @Bob @alice @alice\n*.c @bob\n", ["a.py", "b", "c.md", "d.c"]
    )

    assert owned == (OwnedPaths(("alice", "bob"), "a.py", 2), OwnedPaths(("bob",), "d.c", 1))


@pytest.mark.parametrize("name", ["two words.md", "a\nb.md", "\udcff.md", " .md", "a\rb.md", "\u2028.md"])
@pytest.mark.parametrize("pattern", ["/docs/*.md", "/docs/**", "docs/*", "/docs/", "/**/*.md", "*.md"])
def test_an_odd_name_does_not_take_a_file_from_its_owners(name: str, pattern: str) -> None:
    owned = GitHubCodeOwners().owned(f"* @bob\n{pattern} @alice\n", [f"docs/{name}"])

    assert owned == (OwnedPaths(("alice",), f"docs/{name}", 1),)


def test_a_path_is_matched_in_time_linear_in_its_length() -> None:
    text = "/" + "*a" * 40 + "b @alice\n"

    assert GitHubCodeOwners().owned(text, ["a" * 4000]) == ()


def test_a_space_is_escaped_and_a_line_may_end_as_on_windows() -> None:
    text = "\ufeff* @bob\r\n/two\\ words/ @alice\r\n"

    assert GitHubCodeOwners().owned(text, ["two words/a", "two/words"]) == (
        OwnedPaths(("alice",), "two words/a", 1),
        OwnedPaths(("bob",), "two/words", 1),
    )


def test_every_fault_is_told_and_none_is_passed_over() -> None:
    text = "* @alice\n!docs @bob\n[ab].py @bob\n\\#a @bob\n*.md bob\n*.js @acme/\n"
    text += "\udcff @bob\n[Docs]\n* @a/b/c\n"

    with pytest.raises(Invalid) as error:
        GitHubCodeOwners().owned(text, [])

    stranger = "is no owner. Write @login, @organization/team or an e-mail address"
    assert error.value.faults == (
        "line 2: `!` takes nothing back in CODEOWNERS",
        "line 3: `[` and `]` stand for no range of characters in CODEOWNERS",
        "line 4: a pattern cannot start with #",
        f"line 5: 'bob' {stranger}",
        f"line 6: '@acme/' {stranger}",
        "line 7: '\\udcff' is no pattern of paths",
        "line 8: `[` and `]` stand for no range of characters in CODEOWNERS",
        f"line 9: '@a/b/c' {stranger}",
    )
