from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.adapters.github.contributors import coauthor_ids, contributor_ids, number
from gate.domain.facts import Commit


def commit(*, author: str = "x@example.org", committer: str = "x@example.org", body: str = "") -> Commit:
    when = datetime(2026, 1, 2, tzinfo=UTC)
    return Commit("1" * 40, (), "x", author, "x", committer, when, "change", body)


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("583231+alice@users.noreply.github.com", 583231),
        ("583231+Alice@USERS.noreply.github.example.org", 583231),
        ("alice@users.noreply.github.com", None),
        ("583231+alice@example.org", None),
        ("583231+alice@users.noreply.github.com\n", None),
        ("9" * 40 + "+alice@users.noreply.github.com", None),
    ],
)
def test_an_address_has_the_accounts_number_in_front(email: str, expected: int | None) -> None:
    assert number(email) == expected


def test_authors_and_committers_are_contributors_and_trailers_name_coauthors() -> None:
    commits = [
        commit(author="1+alice@users.noreply.github.com", committer="2+bob@users.noreply.github.com"),
        commit(
            body="Why\n\nco-authored-by: Carol <3+carol@users.noreply.github.com>  \nCo-authored-by: <4>\n"
        ),
    ]

    assert contributor_ids((), commits) == {1, 2}
    assert coauthor_ids(commits) == {3}
