"""`kill -9` at every named step, a restart, and a sweep: nothing is lost, doubled, or let through."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate.domain.audit import Action, AuditFilter
from gate.domain.hold import HoldState
from gate.domain.release import ReleaseOutcome
from tests.running.gate import Behind, RunningGate, tip
from tests.running.processes import CHECKOUT
from tests.running.waiting import eventually

# Each step of a hook, and whether the push is held by then.
IN_HOOKS = {
    "pre-receive:judged": False,
    "proc-receive:before-hold": False,
    "proc-receive:held": True,
    "proc-receive:answered": True,
}
BEFORE_REVIEW = (
    "intake:before-store",
    "intake:stored",
    "collect:before-store",
    "collect:stored",
    "assess:before-store",
    "assess:stored",
    "publish:before-store",
    "reconcile:decided",
    "reconcile:stored",
)
AFTER_APPROVAL = (
    "reconcile:decided",
    "reconcile:stored",
    "release:intent",
    "release:pushed",
    "release:recorded",
)
# Reached only where GitHub merges: tests/github/test_races.py.
AT_GITHUB = ("release:merged",)

# What the trail tells of a hold, each once, whatever was killed.
STORY = [
    Action.HOLD_REGISTER,
    Action.HOLD_COLLECT,
    Action.EVIDENCE_COLLECT,
    Action.HOLD_PUBLISH,
    Action.REVIEW_SUBMIT,
    Action.HOLD_APPROVE,
    Action.HOLD_RELEASE_BEGIN,
    Action.HOLD_RELEASE,
]


def test_every_named_step_is_crashed_at() -> None:
    sources = [*_sources("gate/services"), *_sources("hooks/pushgate_hook")]
    found = {step for text in sources for step in re.findall(r'(?:fail_point|stop_at)\(\s*"([^"]+)"', text)}

    assert found == {*IN_HOOKS, *BEFORE_REVIEW, *AFTER_APPROVAL, *AT_GITHUB}


@pytest.mark.parametrize("step", IN_HOOKS)
def test_a_hook_killed_at(step: str, gate: RunningGate, behind: Behind) -> None:
    base, new = tip(behind.upstream), behind.commit("Killed in a hook")
    gate.tell_hooks(behind.name, PUSHGATE_FAIL_POINT=step)

    behind.push()
    gate.start_worker()
    gate.here.queue.sweep()
    if IN_HOOKS[step]:
        gate.wait_for(HoldState.IN_REVIEW, behind.name)
    eventually(lambda: _has_rules_of_a_running_gate(gate, behind))
    again = behind.push()

    hold = gate.wait_for(HoldState.IN_REVIEW, behind.name)
    number = hold.number
    said = f"already held as {number}" if IN_HOOKS[step] else f"held for review as {number} (revision 1)"
    assert said in again
    assert tip(behind.upstream) == base
    gate.approve(hold)
    _is_released_once(gate, behind, [base, new])


@pytest.mark.parametrize("step", BEFORE_REVIEW)
def test_a_worker_killed_before_the_review_at(step: str, gate: RunningGate, behind: Behind) -> None:
    base, new = tip(behind.upstream), behind.commit("Killed before the review")
    gate.start_worker(PUSHGATE_FAIL_POINT=step)

    said = behind.push()
    _wait_for_the_crash(gate)
    gate.start_worker()
    gate.here.queue.sweep()

    assert "held for review as 1" in said
    hold = gate.wait_for(HoldState.IN_REVIEW, behind.name)
    assert tip(behind.upstream) == base
    gate.approve(hold)
    _is_released_once(gate, behind, [base, new])


@pytest.mark.parametrize("step", AFTER_APPROVAL)
def test_a_worker_killed_after_the_approval_at(step: str, gate: RunningGate, behind: Behind) -> None:
    base, new = tip(behind.upstream), behind.commit("Killed after the approval")
    behind.push()
    gate.inline.sweep()
    gate.here.redis.flushall()
    gate.approve(gate.wait_for(HoldState.IN_REVIEW, behind.name))
    gate.start_worker(PUSHGATE_FAIL_POINT=step)

    _wait_for_the_crash(gate)
    gate.start_worker()
    gate.here.queue.sweep()

    _is_released_once(gate, behind, [base, new])


def _wait_for_the_crash(gate: RunningGate) -> None:
    """Once the work-horse has killed itself, kill the worker over it too."""
    worker = gate.running["worker"]
    eventually(lambda: "terminated unexpectedly" in worker.text, about=lambda: worker.text)
    gate.kill("worker")


def _has_rules_of_a_running_gate(gate: RunningGate, behind: Behind) -> bool:
    return "failPoint" not in (gate.repository(behind.name) / "config").read_text()


def _is_released_once(gate: RunningGate, behind: Behind, moves: list[str]) -> None:
    gate.wait_for(HoldState.RELEASED, behind.name)
    eventually(lambda: _unsettled(gate) == [], about=lambda: gate.describe(behind.name))
    # Nothing is left to do, and looking once more does nothing.
    assert gate.inline.sweep().faults == ()

    [hold] = gate.holds(behind.name)
    with gate.here.store.snapshot() as tx:
        releases = [release.outcome for release in tx.releases.of(hold.id)]
        events = [entry.event.action for entry in tx.audit.events(AuditFilter(hold=hold.name), limit=100)]
    assert behind.upstream_moves() == moves
    assert releases == [ReleaseOutcome.RELEASED]
    assert [action for action in reversed(events) if action in STORY] == STORY
    assert tip(gate.repository(behind.name)) == moves[-1]
    assert gate.here.verify_trail(actor="cli:alice").fault is None


def _unsettled(gate: RunningGate) -> list[str]:
    with gate.here.store.snapshot() as tx:
        return [hold.name for hold in tx.holds.unsettled()]


def _sources(folder: str) -> list[str]:
    return [path.read_text() for path in sorted(Path(CHECKOUT, folder).rglob("*.py"))]
