"""A repository is put behind the gate whole, or not at all."""

from __future__ import annotations

import pytest

from gate.domain.errors import Failed, NotFound, Refused, Unavailable
from gate.domain.hold import HoldState
from tests.gate_in_a_box import MAIN, TOPIC, Box


def names(box: Box) -> list[str]:
    with box.gate.store.snapshot() as tx:
        return [repository.name for repository in tx.repositories.all()]


def folders(box: Box) -> list[str]:
    return sorted(
        path.name for path in box.gate.settings.repositories.iterdir() if not path.name.startswith(".")
    )


def test_a_repository_mirrors_upstream_and_has_a_policy(box: Box) -> None:
    box.by_hand(TOPIC, box.first)

    box.gate.enroll.add("other", str(box.upstream), forge="local", actor="cli:carol")

    bare = box.gate.settings.repositories / "other.git"
    assert (names(box), box.tip(MAIN, bare), box.tip(TOPIC, bare)) == (
        ["demo", "other"],
        box.first,
        box.first,
    )
    assert "version = 1" in str(box.gate.policies.text("other"))
    assert box.events(action="repository:add")[-1].actor == "cli:carol"


@pytest.mark.parametrize("name", ["demo", "../demo", "Demo", "a.git", ""])
def test_a_name_that_is_taken_or_none_is_refused_and_leaves_nothing(box: Box, name: str) -> None:
    with pytest.raises(Refused):
        box.gate.enroll.add(name, str(box.upstream), forge="local", actor="cli:carol")

    assert (names(box), folders(box)) == (["demo"], ["demo.git"])


def test_an_upstream_that_is_not_there_leaves_nothing(box: Box) -> None:
    with pytest.raises((Refused, Unavailable)):
        box.gate.enroll.add("other", str(box.folder / "nothing.git"), forge="local", actor="cli:carol")

    assert (names(box), folders(box)) == (["demo"], ["demo.git"])
    assert box.gate.policies.text("other") is None


def test_an_upstream_with_a_password_in_it_is_refused(box: Box) -> None:
    with pytest.raises(Refused) as refused:
        box.gate.enroll.add(
            "other", "https://alice:s3cret@git.example.org/x.git", forge="local", actor="cli:carol"
        )

    assert "s3cret" not in str(refused.value)
    assert "s3cret" not in str(box.events())


def test_a_fault_on_the_way_leaves_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, name: str) -> None:
        raise Failed("the disk is full")

    monkeypatch.setattr(type(box.gate.tell_hooks), "__call__", fail)
    with pytest.raises(Failed, match="the disk is full"):
        box.gate.enroll.add("other", str(box.upstream), forge="local", actor="cli:carol")

    assert (names(box), folders(box)) == (["demo"], ["demo.git"])


def test_removing_waits_for_live_holds(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")
    with pytest.raises(Refused, match="demo/1"):
        box.gate.enroll.remove("demo", actor="cli:carol")
    box.reject(1)

    aside = box.gate.enroll.remove("demo", actor="cli:carol")

    assert (names(box), folders(box)) == ([], [])
    assert "demo" in aside
    assert [event.action for event in box.events(action="repository:remove")] == ["repository:remove"]


def test_a_name_can_be_used_again_and_its_numbers_start_anew(box: Box) -> None:
    change = box.commit(a="x")
    box.push(f"{change}:{MAIN}")
    box.reject(1)
    box.gate.enroll.remove("demo", actor="cli:carol")

    box.gate.enroll.add("demo", str(box.upstream), forge="local", actor="cli:carol")
    box.gate.agents.grant("codex-1", "demo", actor="cli:carol")
    box.push(f"{change}:{MAIN}")

    assert (box.hold(1).number, box.hold(1).state) == (1, HoldState.IN_REVIEW)


def test_a_sync_by_hand_is_on_the_trail(box: Box) -> None:
    change = box.commit(a="x")
    box.by_hand(MAIN, change)

    box.gate.enroll.sync("demo", actor="cli:carol")

    assert box.tip(folder=box.bare) == change
    assert [event.actor for event in box.events(action="repository:sync")] == ["cli:carol"]


def test_what_is_not_there_cannot_be_removed_or_synced(box: Box) -> None:
    with pytest.raises(NotFound):
        box.gate.enroll.remove("other", actor="cli:carol")
    with pytest.raises(NotFound):
        box.gate.enroll.sync("other", actor="cli:carol")
