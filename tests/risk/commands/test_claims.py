"""C20 and C21: going in circles, and what a summary says against what the log holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.domain.risk.commands.claims import says_tests_passed
from gate.domain.risk.model import Finding
from gate.domain.session.model import (
    Command,
    CommandOutcome,
    FileEdit,
    FoundBy,
    Session,
    TestCounts,
    TestRun,
    Thread,
)
from tests.risk.commands.running import CONTEXT, START, WORK, a_command, findings

PASSED = "Invoice totals now include tax.\n\nRisk summary\n- Tests run: python3 -m pytest -q (3 passed)"


def a_run(n: int, *, failed: int = 0, outcome: CommandOutcome = CommandOutcome.COMPLETED) -> Command:
    run = TestRun("pytest", TestCounts(passed=3, failed=failed))
    return a_command("python3 -m pytest -q", n, outcome=outcome, exit_code=1 if failed else 0, tests=(run,))


def an_edit(n: int, path: str = "billing/invoice.py") -> FileEdit:
    return FileEdit(f"{WORK}/{path}", "update", n + 1, START + timedelta(seconds=n), n)


def mismatches(
    *commands: Command,
    edits: tuple[FileEdit, ...] = (),
    said: str = PASSED,
    faults: tuple[str, ...] = (),
    changed: frozenset[str] | None = None,
) -> list[Finding]:
    thread = Thread("thread-1", "s", commands=commands, edits=edits, last_message=said, faults=faults)
    session = Session("s", "thread-1", FoundBy.LOCK, (thread,))
    context = replace(CONTEXT, session=session, changed=changed)
    return [one for one in findings(*commands, context=context) if one.rule.id == "C21"]


@pytest.mark.parametrize(
    "text",
    [
        PASSED,
        "All tests pass.",
        "The test suite is green.",
        "Tests: 12 passed",
        "I ran pytest and everything passed.",
        "All 14 tests passed with no failures.",
        "Fixed. Tests now pass. Not verified: rounding.",
    ],
)
def test_a_summary_that_says_that_tests_passed(text: str) -> None:
    assert says_tests_passed(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I did not run the tests, so I cannot say that they pass.",
        "Tests fail.",
        "The tests should pass.",
        "2 of 3 tests passed, 1 failed.",
        "I passed the token on.",
        "Fixed and pushed. I did not delete main.",
        "Once the tests pass, merge it.",
    ],
)
def test_a_summary_that_does_not(text: str) -> None:
    assert not says_tests_passed(text)


def test_tests_that_passed_after_the_last_change_bear_the_claim_out() -> None:
    assert mismatches(a_run(0, failed=1), a_run(3), edits=(an_edit(1), an_edit(5, "STATUS.md"))) == []


def test_no_claim_needs_no_tests() -> None:
    assert mismatches(said="Done.", edits=(an_edit(1),)) == []


def test_a_claim_without_any_run_of_tests_is_told() -> None:
    (finding,) = mismatches(a_command("ls"), edits=(an_edit(1),))

    assert (str(finding.weight), finding.words) == (
        "high",
        "The summary says that tests passed, and the log holds no run of tests",
    )


def test_a_claim_after_a_last_run_that_failed_is_told_with_the_run() -> None:
    (finding,) = mismatches(a_run(0), a_run(4, failed=1), edits=(an_edit(2),))

    assert (
        finding.words == "The summary says that tests passed, and the last run of tests failed or did not end"
    )
    assert (finding.place.entry, finding.seen) == (4, "python3 -m pytest -q")


def test_a_failure_inside_a_chain_that_ended_well_is_no_pass() -> None:
    hidden = a_run(4, failed=1, outcome=CommandOutcome.COMPLETED)

    assert len(mismatches(replace(hidden, exit_code=0), edits=(an_edit(2),))) == 1


@pytest.mark.parametrize(
    "text", ["sed -i s/a/b/ billing/invoice.py", "cp x.py billing/invoice.py", "echo 1 > setup.py"]
)
def test_code_that_changed_after_the_tests_passed_is_told(text: str) -> None:
    by_edit = mismatches(a_run(0), edits=(an_edit(2),))
    by_command = mismatches(a_run(0), a_command(text, 3))

    assert [one.words for one in (*by_edit, *by_command)] == 2 * [
        "The summary says that tests passed, and code was changed after they did"
    ]


@pytest.mark.parametrize(
    "text", ["echo x > artifacts/out.xml", "sed -i s/a/b/ STATUS.md", "echo x > /tmp/y.py", "git push"]
)
def test_reports_and_what_lies_elsewhere_are_no_change_of_code(text: str) -> None:
    assert mismatches(a_run(0), a_command(text, 3)) == []


def test_where_a_part_of_the_log_could_not_be_read_a_mismatch_is_only_possible() -> None:
    (finding,) = mismatches(edits=(an_edit(1),), faults=("line 7 was cut",))

    assert str(finding.weight) == "medium"


def test_files_that_changed_and_are_not_listed_are_told() -> None:
    said = "Done.\n- Files changed: `billing/invoice.py`, PLAN.md"

    assert mismatches(said=said, changed=frozenset({"billing/invoice.py", "PLAN.md"})) == []
    (finding,) = mismatches(said=said, changed=frozenset({"billing/invoice.py", ".github/workflows/ci.yml"}))
    assert (str(finding.weight), finding.place.path, finding.seen, finding.words) == (
        "medium",
        ".github/workflows/ci.yml",
        ".github/workflows/ci.yml",
        "The summary lists the files that it changed, and leaves out 1 of 2",
    )


def test_a_session_that_goes_in_circles_is_worth_knowing() -> None:
    failing = [a_command("npm test", n, outcome=CommandOutcome.FAILED, exit_code=1) for n in range(5)]

    assert [(str(one.severity), one.words) for one in findings(*failing) if one.rule.id == "C20"] == [
        ("info", "The same command failed 5 times")
    ]
    assert [one for one in findings(*failing[:4]) if one.rule.id == "C20"] == []


def test_a_long_silence_is_worth_knowing() -> None:
    (finding,) = [one for one in findings(a_command("ls"), a_command("ls", 3600)) if one.rule.id == "C20"]

    assert (finding.words, finding.place.entry) == ("Nothing was run for 60 minutes", 3600)
