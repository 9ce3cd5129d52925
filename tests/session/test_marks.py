from __future__ import annotations

from dataclasses import replace

import pytest

from gate.domain.session.marks import marks_of
from gate.domain.session.model import Command, CommandOutcome, TestCounts, TestRun
from gate.domain.session.transcript import Mark

PUSH = Command("c1", "t1", "u1", "git push", "/w", CommandOutcome.COMPLETED, line=4, exit_code=0)


def test_a_command_is_marked_by_what_it_ran_and_how_that_ended() -> None:
    assert marks_of(PUSH) == (Mark.PUSH,)
    assert marks_of(replace(PUSH, outcome=CommandOutcome.FAILED)) == (Mark.PUSH, Mark.FAILURE)
    assert marks_of(replace(PUSH, outcome=CommandOutcome.REJECTED)) == (Mark.REJECTED,)
    assert marks_of(replace(PUSH, escalation="")) == (Mark.PUSH, Mark.APPROVAL)


PYTEST = replace(PUSH, text="pytest", tests=(TestRun("pytest"),))


def test_failed_tests_are_a_failure_and_unended_ones_are_not() -> None:
    counted = replace(PYTEST, text="pytest; true", tests=(TestRun("pytest", TestCounts(passed=1, errors=1)),))

    assert marks_of(counted) == (Mark.FAILURE, Mark.TEST)
    assert marks_of(replace(PYTEST, outcome=CommandOutcome.FAILED)) == (Mark.FAILURE, Mark.TEST)
    assert marks_of(replace(PYTEST, outcome=CommandOutcome.UNFINISHED)) == (Mark.TEST,)
    assert marks_of(replace(PYTEST, outcome=CommandOutcome.ABORTED)) == (Mark.TEST,)


@pytest.mark.parametrize("outcome", CommandOutcome)
@pytest.mark.parametrize("counts", [None, TestCounts(passed=1), TestCounts(failed=1)])
def test_a_run_of_tests_failed_or_passed_or_did_not_end(
    outcome: CommandOutcome, counts: TestCounts | None
) -> None:
    run = replace(PYTEST, outcome=outcome, tests=(TestRun("pytest", counts),))

    assert [run.has_failed_tests, run.has_passed_tests, run.has_unended_tests].count(True) == 1
