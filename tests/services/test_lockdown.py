"""During a lock-down nothing is taken and nothing goes upstream; approvals are kept."""

from __future__ import annotations

import pytest

from gate.domain.errors import Failed, Refused
from gate.domain.hold import HoldState
from tests.gate_in_a_box import MAIN, POLICY, TOPIC, Box


def test_pushes_are_refused_with_the_reason(box: Box) -> None:
    box.gate.lockdown.on("the build host was broken into", actor="user:carol")

    pushed = box.push(f"{box.commit(a='x')}:{MAIN}")

    assert "the build host was broken into" in pushed.text
    assert (box.holds(), box.gate.lockdown.reason()) == ([], "the build host was broken into")


def test_approvals_are_recorded_and_released_after_it(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.gate.lockdown.on("an exercise", actor="user:carol")
    box.approve(1)
    box.gate.sweep()
    during = (box.tip(), box.states())

    box.gate.lockdown.off(actor="user:carol")

    assert during == (box.first, {1: HoldState.IN_REVIEW})
    assert (box.tip(), box.states()) == (change, {1: HoldState.RELEASED})
    actions = [event.action for event in box.events() if event.action.startswith("lockdown:")]
    assert actions == ["lockdown:on", "lockdown:off"]


def test_an_override_does_not_beat_it(box: Box) -> None:
    override = '[policy.override]\nrequires = { count = 1, users = ["carol"] }\nexpires_after = "15m"\n'
    box.write_policy(POLICY + override)
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.gate.lockdown.on("an exercise", actor="user:carol")

    box.gate.review.override(box.hold(1).id, change, box.carol, "the site is down", revision=1)

    assert box.tip() == box.first


def test_it_needs_a_reason(box: Box) -> None:
    with pytest.raises(Refused, match="say why"):
        box.gate.lockdown.on(" \n\0 ", actor="user:carol")

    assert box.gate.lockdown.reason() is None


def test_a_repository_that_cannot_be_told_leaves_no_other_open(box: Box) -> None:
    box.write_policy(POLICY, "zoo")
    box.gate.enroll.add("zoo", str(box.upstream), forge="local", actor="cli:carol")
    box.gate.agents.grant("codex-1", "zoo", actor="cli:carol")
    box.bare.rename(box.folder / "away.git")

    with pytest.raises(Failed, match=r"demo\.git does not exist"):
        box.gate.lockdown.on("an exercise", actor="user:carol")
    pushed = box.push(f"{box.commit(a='x')}:{TOPIC}", repository="zoo")

    assert "an exercise" in pushed.text
    assert box.gate.lockdown.reason() == "an exercise"
