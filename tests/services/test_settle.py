"""The end of a hold is carried out everywhere, once or again."""

from __future__ import annotations

import pytest

from gate.adapters.git.upstream import GitUpstream
from gate.domain.errors import Unavailable
from gate.domain.hold import HoldState
from gate.domain.release import RefMove
from tests.gate_in_a_box import MAIN, POLICY, TOPIC, Box
from tests.object_store import git

NOTES = "refs/notes/pushgate"


def test_settling_twice_changes_nothing(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.approve(1)
    standing = box.standing()

    box.gate.settle(box.hold(1).id)

    assert (box.tip(), box.tip(folder=box.bare), box.standing()) == (change, change, standing)
    with box.gate.store.snapshot() as tx:
        assert tx.holds.unsettled() == []


def test_a_live_hold_is_not_settled(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    before = box.held_refs()

    box.gate.settle(box.hold(1).id)

    assert (box.held_refs(), box.states()) == (before, {1: HoldState.IN_REVIEW})


def test_a_witness_note_is_written_where_the_policy_asks_for_it(box: Box) -> None:
    box.write_policy(POLICY + "[release]\nwitness_notes = true\n")
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")

    box.approve(1)

    note = git(box.upstream, "notes", "--ref", NOTES, "show", change)
    assert note.startswith("pushgate.local/audit\n")


def test_no_witness_note_is_written_where_the_policy_does_not_ask(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")

    box.approve(1)

    assert git(box.upstream, "for-each-ref", NOTES) == ""
    assert box.gate.settings.witness_file.read_text().count("@ ") == 1


def test_a_closed_hold_can_still_be_read_without_its_held_refs(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.reject(1)
    git(box.bare, "prune", "--expire=never")

    history = box.gate.repositories.open("demo", str(box.upstream)).history

    assert box.held_refs() == []
    assert [file.path for file in history.facts(box.hold(1).revision.update(MAIN)).files] == ["a"]


def test_one_hold_of_a_push_ends_and_the_other_keeps_its_held_ref(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}", f"{change}:{TOPIC}")

    box.reject(1)

    kept = box.hold(2).revision.held_ref
    assert kept in box.held_refs()
    assert box.hold(1).revision.held_ref not in box.held_refs()


def test_a_settle_that_failed_is_done_by_the_sweep(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: GitUpstream, move: RefMove) -> None:
        raise Unavailable("not now")

    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    monkeypatch.setattr(GitUpstream, "mirror", fail)
    box.approve(1)
    monkeypatch.undo()
    before = box.held_refs()

    box.gate.sweep()

    assert len(before) == 2
    assert (box.held_refs(), box.standing()["state"]) == ([], "released")


def test_settling_an_old_hold_late_leaves_what_the_agent_reads_about_the_new_one(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.approve(1)
    box.push(f"{box.commit(change, a='y')}:{MAIN}")
    before = box.standing()

    box.gate.settle(box.hold(1).id)

    assert (before["hold"], box.standing()) == ("2", before)
