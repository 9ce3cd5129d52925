"""Whatever was left undone is found again, from git and the store alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.adapters.sql.migrate import migrate
from gate.domain.hold import HoldState
from gate.domain.review import Role
from tests.gate_in_a_box import MAIN, POLICY, TOPIC, Box, Crash
from tests.object_store import git


def forget_everything(box: Box) -> None:
    """Lose the store, and register people, agent and repository in a new one."""
    box.gate.store.close()
    for path in box.gate.settings.home.glob("pushgate.sqlite*"):
        path.unlink()
    box.gate.settings.witness_file.unlink(missing_ok=True)
    box.restart()
    migrate(box.gate.store)
    with box.gate.store.transaction() as tx:
        box.alice = tx.users.add("alice", Role.REVIEWER, box.clock())
        tx.repositories.add("demo", str(box.upstream), "local", box.clock())
    box.gate.agents.add("codex-1", actor="cli:carol")
    box.gate.agents.grant("codex-1", "demo", actor="cli:carol")


def test_every_held_push_is_found_again_after_the_store_was_lost(box: Box) -> None:
    first, topic = box.commit(a="x"), box.commit(b="y")
    second = box.commit(first, a="z")
    box.push(f"{first}:{MAIN}")
    box.push(f"{topic}:{TOPIC}", f"{topic}:refs/tags/v1", atomic=True)
    box.push(f"{second}:{MAIN}")
    before = [(hold.number, hold.ref, hold.revision.n, hold.revision.new, hold.state) for hold in box.holds()]
    forget_everything(box)

    swept = box.gate.sweep()

    after = [(hold.number, hold.ref, hold.revision.n, hold.revision.new, hold.state) for hold in box.holds()]
    assert (swept.pushes, swept.faults) == (3, ())
    assert after == before
    box.approve(1)
    assert box.tip() == second


def test_what_was_released_before_the_store_was_lost_does_not_come_back(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.approve(1)
    forget_everything(box)

    swept = box.gate.sweep()

    assert (swept.pushes, box.holds(), box.tip()) == (0, [], change)


def test_a_push_whose_message_was_lost_is_taken_in(box: Box) -> None:
    pushed = box.push(f"{box.commit(a='x')}:{MAIN}", take_in=False)
    box.ahead = timedelta(minutes=1)

    swept = box.gate.sweep()

    assert (swept.pushes, box.states()) == (1, {1: HoldState.IN_REVIEW})
    assert [event.details["pushes"] for event in box.events(action="sweep:recover")] == [[pushed.id]]


def test_a_push_of_this_moment_is_taken_in_without_an_alarm(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}", take_in=False)

    box.gate.sweep()

    assert box.states() == {1: HoldState.IN_REVIEW}
    assert box.events(action="sweep:recover") == []


def test_a_refusal_whose_message_was_lost_is_recorded(box: Box) -> None:
    box.gate.lockdown.on("an exercise", actor="user:carol")
    pushed = box.push(f"{box.commit(a='x')}:{MAIN}", take_in=False)

    box.gate.sweep()
    box.gate.sweep()

    assert [event.action for event in box.events(push=pushed.id)] == ["push:refuse"]


def test_a_receipt_that_somebody_changed_hides_no_other(box: Box) -> None:
    first = box.push(f"{box.commit(a='x')}:{MAIN}", take_in=False)
    box.push(f"{box.commit(b='y')}:{TOPIC}", take_in=False)
    forged = box.folder / "forged"
    forged.write_text("{}")
    receipt = git(box.bare, "hash-object", "-w", str(forged))
    git(box.bare, "update-ref", f"refs/quarantine/{first.id}/receipt", receipt)

    box.gate.sweep()

    assert [hold.ref for hold in box.holds()] == [TOPIC]


def test_a_change_of_policy_is_on_the_trail_once(box: Box) -> None:
    box.gate.sweep()
    box.write_policy(POLICY + "# looser\n")

    box.gate.sweep()
    box.gate.sweep()

    changes = [event.details for event in box.events(action="policy:change")]
    assert [(one["before"] == "", one["now"] == "") for one in changes] == [(True, False), (False, False)]
    assert changes[1]["before"] == changes[0]["now"]


def test_one_repositorys_fault_does_not_stop_the_others(box: Box) -> None:
    box.write_policy(POLICY, "other")
    box.gate.enroll.add("other", str(box.upstream), forge="local", actor="cli:carol")
    box.gate.agents.grant("codex-1", "other", actor="cli:carol")
    box.push(f"{box.commit(a='x')}:{MAIN}", repository="other", take_in=False)
    box.bare.rename(box.folder / "away.git")

    swept = box.gate.sweep()

    assert [fault.partition(":")[0] for fault in swept.faults] == ["demo"]
    assert box.hold(1, "other").state is HoldState.IN_REVIEW


def test_an_upstream_that_is_down_is_noted_and_the_rest_is_done(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}", take_in=False)
    box.upstream.rename(box.folder / "away.git")

    swept = box.gate.sweep()

    with box.gate.store.snapshot() as tx:
        repository = tx.repositories.get("demo")
    assert (swept.faults, box.states()) == ((), {1: HoldState.IN_REVIEW})
    assert "cannot be reached" in str(repository.sync_fault)


def test_a_rule_that_the_hooks_lost_is_told_to_them_again(box: Box) -> None:
    config = box.bare / "config"
    config.write_text(config.read_text().replace("codex-1", "nobody"))

    box.gate.sweep()

    assert "held for review" in box.push(f"{box.commit(a='x')}:{MAIN}").text


def test_a_removed_repository_leaves_nothing_to_settle(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    monkeypatch.setattr(type(box.gate.queue), "settle", lambda self, hold_id: None)
    box.reject(1)
    monkeypatch.undo()
    box.gate.enroll.remove("demo", actor="cli:carol")

    swept = box.gate.sweep()

    assert (swept.unsettled, swept.faults) == (0, ())


def test_a_push_that_cannot_be_taken_in_yet_is_on_the_trail_once(box: Box) -> None:
    first, second = box.commit(a="x"), box.commit(a="y")
    box.push(f"{first}:{MAIN}")
    box.crash_at = "release:intent"
    with pytest.raises(Crash):
        box.approve(1)
    box.upstream.rename(box.folder / "away.git")
    waiting = box.push(f"{second}:{MAIN}", take_in=False)
    box.ahead = timedelta(minutes=1)

    box.gate.sweep()
    box.gate.sweep()

    assert [event.details for event in box.events(action="sweep:recover")] == [{"pushes": [waiting.id]}]


def test_an_outage_that_a_sweep_meets_is_on_the_trail_once(box: Box) -> None:
    box.upstream.rename(box.folder / "away.git")
    box.gate.sweep()
    box.gate.sweep()
    (box.folder / "away.git").rename(box.upstream)

    box.gate.sweep()

    assert [event.outcome for event in box.events(action="repository:sync")] == ["failed", "ok"]
