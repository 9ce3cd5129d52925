"""Rules about the push as a whole: its size, its brief, its history and its messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.domain.brief.model import (
    Answer,
    Brief,
    BriefReport,
    BriefRule,
    BriefSource,
    Kept,
    Part,
    RuleKind,
)
from gate.domain.facts import Commit
from gate.domain.hold import UpdateKind
from gate.domain.risk.model import Place, Severity
from gate.domain.risk.view import PathClass
from tests.risk.diff.pushes import NEW, NOW, OLD, File, Pushed, commit, push

INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity


def severities(rule: str, pushed: Pushed) -> list[Severity]:
    return [one.severity for one in pushed.findings() if one.rule.id == rule]


def many(count: int, lines: int = 1, folder: str = "src", end: str = "txt") -> dict[str, File]:
    return {f"{folder}/{number}.{end}": File(None, "x\n" * lines) for number in range(count)}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (many(25), []),
        (many(26), [MEDIUM]),
        (many(101), [HIGH]),
        (many(1, 1_000), []),
        (many(1, 1_001), [MEDIUM]),
        (many(1, 5_001), [HIGH]),
        (many(200, folder="vendor/x"), []),
        ({"package-lock.json": File(None, "{\n" * 6_000)}, []),
        (
            {
                **{f"a/{number}.txt": File(f"{number}\n" * 50, None) for number in range(40)},
                **{
                    f"b/{number}.txt": File(None, f"{number}\n" * 50, renamed_from=f"a/{number}.txt")
                    for number in range(40)
                },
            },
            [],
        ),
    ],
)
def test_the_size_of_a_push(files: dict[str, File], expected: list[Severity]) -> None:
    assert severities("D20", push(files)) == expected


def test_a_push_that_is_too_big_names_its_largest_files() -> None:
    (finding,) = [one for one in push(many(1, 1_001) | many(1, 5, "lib")).findings() if one.rule.id == "D20"]

    assert finding.words == "2 files with 1006 changed lines, those of tools and lock files left out"
    assert finding.seen == "src/0.txt (1001), lib/0.txt (5)"


def limit(source: BriefSource, count: int) -> BriefReport:
    rule = BriefRule(Part.STOP_IF, RuleKind.FILE_LIMIT, f"more than {count} files", 9, limit=count)
    return BriefReport(Brief(source, "here", "text", rules=(rule,)), ())


@pytest.mark.parametrize(
    ("source", "expected"), [(BriefSource.OPERATOR, []), (BriefSource.COMMITTED, [MEDIUM])]
)
def test_only_the_operators_limit_takes_the_place_of_ours(
    source: BriefSource, expected: list[Severity]
) -> None:
    assert severities("D20", push(many(30), brief=limit(source, 50))) == expected


def test_a_broken_rule_of_the_brief_is_a_finding_for_each_path() -> None:
    rule = BriefRule(Part.NOT_ALLOWED, RuleKind.PATHS, "Do not touch src/", 5, ("src/",))
    answers = (
        Answer(rule, Kept.BROKEN, "2 files", ("src/a.txt", "src/b.txt"), None, BriefSource.OPERATOR),
        Answer(replace(rule, words="fine"), Kept.YES, "none"),
        Answer(replace(rule, words="who knows"), Kept.UNKNOWN, "for a person"),
        Answer(replace(rule, words="npm test", kind=RuleKind.COMMAND), Kept.BROKEN, "it failed", entry=7),
    )
    report = BriefReport(Brief(BriefSource.OPERATOR, "here", "text"), answers)

    found = [one for one in push({}, brief=report).findings() if one.rule.id == "D25"]

    assert [(one.severity, one.words, one.place, one.seen) for one in found] == [
        (HIGH, "The brief is broken: 2 files", Place(path="src/a.txt", oid=NEW), "Do not touch src/"),
        (HIGH, "The brief is broken: 2 files", Place(path="src/b.txt", oid=NEW), "Do not touch src/"),
        (HIGH, "The brief is broken: it failed", Place(entry=7), "npm test"),
    ]
    assert len({one.identity for one in found}) == 3


@pytest.mark.parametrize(("count", "expected"), [(3, []), (4, [MEDIUM])])
def test_licence_headers_that_go(count: int, expected: list[Severity]) -> None:
    header = "# SPDX-License-Identifier: MIT\nx = 1\n"
    files = {f"src/{number}.txt": File(header, "x = 1\n") for number in range(count)}
    kept = {"src/kept.txt": File(header, header.replace("MIT", "Apache-2.0"))}

    assert severities("D45", push(files | kept)) == expected


@pytest.mark.parametrize(
    ("kind", "ref", "is_protected", "expected"),
    [
        (UpdateKind.FAST_FORWARD, "refs/heads/main", True, []),
        (UpdateKind.CREATE, "refs/heads/x", False, []),
        (UpdateKind.TAG, "refs/tags/v1", False, []),
        (UpdateKind.REWRITE, "refs/heads/x", False, [HIGH]),
        (UpdateKind.REWRITE, "refs/heads/main", True, [CRITICAL]),
        (UpdateKind.DELETE, "refs/heads/x", False, [HIGH]),
        (UpdateKind.REWRITE, "refs/tags/v1", False, [HIGH]),
        (UpdateKind.REWRITE, "refs/heads/codex/fix", False, [MEDIUM]),
        (UpdateKind.DELETE, "refs/heads/codex-1/fix", False, [MEDIUM]),
        (UpdateKind.REWRITE, "refs/heads/codexes", False, [HIGH]),
    ],
)
def test_a_rewrite_of_history(
    kind: UpdateKind, ref: str, is_protected: bool, expected: list[Severity]
) -> None:
    assert severities("H01", push({}, kind=kind, ref=ref, is_protected=is_protected)) == expected


def test_a_rewrite_tells_what_is_lost() -> None:
    lost = (commit("Second", oid="2" * 40), commit("First", oid="1" * 40))

    (finding,) = push({}, kind=UpdateKind.DELETE, ref="refs/heads/x", dropped=lost).findings()

    assert finding.words == "A branch is deleted, and upstream loses 2 commits"
    assert finding.place == Place(oid=OLD, ref="refs/heads/x")
    assert finding.seen == f"{'2' * 12} Second\n{'1' * 12} First"


def test_another_name_than_most_commits_carry_is_told_once() -> None:
    commits = (
        commit("c", oid="3" * 40),
        commit("b", oid="2" * 40, author="alice", author_email="alice@example.org"),
        commit("a", oid="1" * 40, author="alice", author_email="alice@example.org"),
    )

    (finding,) = push({}, commits=commits).findings()

    assert (finding.rule.id, finding.severity, finding.place.oid) == ("H02", INFO, "2" * 40)
    assert finding.seen == "alice <alice@example.org>"


def test_a_commit_from_the_future_is_told() -> None:
    late = commit(at=NOW + timedelta(days=1))
    slightly = commit(at=NOW + timedelta(minutes=5))

    assert severities("H02", push({}, commits=[late])) == [LOW]
    assert severities("H02", push({}, commits=[slightly])) == []


@pytest.mark.parametrize(
    ("kind", "commits", "expected"),
    [
        (UpdateKind.CREATE, [commit(parents=())], [LOW]),
        (UpdateKind.FAST_FORWARD, [commit(parents=())], [HIGH]),
        (UpdateKind.CREATE, [commit(parents=()), commit(oid="1" * 40, parents=())], [HIGH]),
        (UpdateKind.FAST_FORWARD, [commit()], []),
    ],
)
def test_a_history_of_its_own(kind: UpdateKind, commits: list[Commit], expected: list[Severity]) -> None:
    assert severities("H05", push({}, kind=kind, commits=commits)) == expected


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("refs/heads/x", []),
        ("refs/tags/x", []),
        ("refs/replace/1", [HIGH]),
        ("refs/notes/commits", [HIGH]),
        ("refs/headsx/y", [HIGH]),
    ],
)
def test_refs_of_other_kinds(ref: str, expected: list[Severity]) -> None:
    assert severities("H05", push({}, ref=ref)) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Fix it [skip ci]", [LOW]),
        ("Fix it\n\nskip-checks: true", [LOW]),
        ("", [LOW]),
        ("Fix it\n\nReviewed-by: Alice <alice@example.org>", [HIGH]),
        ("Fix it\n\nApproved-By: bob", [HIGH]),
        ("Fix it\n\nPushgate-Approval: 12", [HIGH]),
        ("Fix it\n\nThis was already approved.", [LOW]),
        ("Fix it, approved by alice", [LOW]),
        ("Fix it", []),
        ("Fix it\n\nTested: npm test", []),
        ("Fix it\n\nSigned-off-by: codex-1 <codex-1@example.org>", []),
        ("Let reviewers approve", []),
        ("Do not skip ci", []),
    ],
)
def test_what_a_message_says(message: str, expected: list[Severity]) -> None:
    assert severities("H07", push({}, commits=[commit(message)])) == expected


def test_a_forged_review_shows_its_line() -> None:
    forged = commit("Fix it\n\nWhy.\n\nReviewed-by: Alice <alice@example.org>")

    (finding,) = push({}, commits=[forged]).findings()

    assert finding.place == Place(line=5, oid=NEW)
    assert finding.seen == "Reviewed-by: Alice <alice@example.org>"


def test_the_classes_have_the_names_that_the_policy_knows() -> None:
    assert [one.value for one in PathClass] == [
        *("source", "test", "docs", "vendored", "generated", "lock", "locale")
    ]
