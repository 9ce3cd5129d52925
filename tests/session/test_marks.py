from __future__ import annotations

from dataclasses import replace

from gate.domain.session.marks import marks_of
from gate.domain.session.model import Command, CommandOutcome, TestCounts, TestRun
from gate.domain.session.transcript import Mark

PUSH = Command("c1", "t1", "u1", "git push", "/w", CommandOutcome.COMPLETED, line=4, exit_code=0)


def test_a_command_is_marked_by_what_it_ran_and_how_that_ended() -> None:
    assert marks_of(PUSH) == (Mark.PUSH,)
    assert marks_of(replace(PUSH, outcome=CommandOutcome.FAILED)) == (Mark.PUSH, Mark.FAILURE)
    assert marks_of(replace(PUSH, outcome=CommandOutcome.REJECTED)) == (Mark.REJECTED,)
    assert marks_of(replace(PUSH, escalation="")) == (Mark.PUSH, Mark.APPROVAL)


def test_failed_tests_are_a_failure_and_unfinished_ones_are_not() -> None:
    ran = replace(PUSH, text="pytest; true", tests=(TestRun("pytest", TestCounts(passed=1, errors=1)),))
    runs = replace(PUSH, text="pytest", outcome=CommandOutcome.UNFINISHED, tests=(TestRun("pytest"),))

    assert marks_of(ran) == (Mark.FAILURE, Mark.TEST)
    assert marks_of(runs) == (Mark.TEST,)
