"""Whether tests passed, as a reviewer is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.domain.evidence import Evidence, TestReport
from gate.domain.pull_request.commands_seen import Why, commands_seen
from gate.domain.pull_request.evidence_words import verdict_lines
from gate.domain.pull_request.tests_seen import TestVerdict, run_counts
from gate.domain.pull_request.tests_seen import tests_seen as standing_of
from gate.domain.risk.model import RiskLevel
from gate.domain.session.model import Command, CommandOutcome, TestCounts, TestRun
from tests.pull_request.evidence_building import a_command, a_session, of_level


def a_run(outcome: CommandOutcome, *counts: TestCounts, exit_code: int | None = None) -> Command:
    tests = tuple(TestRun("pytest", each) for each in counts) or (TestRun("pytest"),)
    return a_command("pytest -q", outcome, entry=1, exit_code=exit_code, tests=tests)


def ran(*runs: Command) -> Evidence:
    return replace(of_level(RiskLevel.NONE), session=a_session(*runs))


@pytest.mark.parametrize("outcome", [CommandOutcome.ABORTED, CommandOutcome.UNFINISHED])
def test_tests_that_were_stopped_have_neither_failed_nor_passed(outcome: CommandOutcome) -> None:
    evidence = ran(a_run(outcome))

    assert standing_of(evidence).verdict is TestVerdict.UNENDED
    assert "\u26a0\ufe0f **Tests: did not end.** `pytest -q` " in verdict_lines(evidence)
    assert [one.why for one in commands_seen(evidence)] == [(Why.STOPPED,)]


def test_failures_that_were_printed_before_a_stop_are_failures() -> None:
    evidence = ran(a_run(CommandOutcome.ABORTED, TestCounts(passed=3, failed=1)))

    assert standing_of(evidence).verdict is TestVerdict.FAILED
    assert [one.why for one in commands_seen(evidence)] == [(Why.TESTS_FAILED,)]


def test_a_report_with_failures_outweighs_a_run_that_did_not_end() -> None:
    report = TestReport("junit.xml", "junit", TestCounts(errors=1))

    evidence = replace(ran(a_run(CommandOutcome.UNFINISHED)), reports=(report,))

    assert standing_of(evidence).verdict is TestVerdict.FAILED


def test_the_runs_of_one_command_are_counted_together() -> None:
    run = a_run(CommandOutcome.COMPLETED, TestCounts(1, 2, 3, 4), TestCounts(10, 20, 30, 40))

    assert run_counts(run) == TestCounts(11, 22, 33, 44)
    assert run_counts(a_run(CommandOutcome.COMPLETED)) is None
