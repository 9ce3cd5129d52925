"""A hook that is killed leaves nothing held or a complete hold, and the next push works."""

from __future__ import annotations

import pytest
from hook_repository import Clone, Gate

PUSH = "01kdwz4m2q0000000000000001"


@pytest.mark.parametrize("place", ["pre-receive:judged", "proc-receive:before-hold"])
def test_killed_before_the_transaction_nothing_is_held(gate: Gate, clone: Clone, place: str) -> None:
    before = gate.refs()
    new = clone.commit()
    gate.configure("pushgate.failPoint", place)

    killed = clone.push("HEAD:main")
    after = gate.refs()
    gate.configure("pushgate.failPoint")
    clone.push("HEAD:main", PUSHGATE_PUSH=PUSH)

    assert killed.status == 1
    assert after == before
    assert gate.held() == {f"{PUSH}/1": new}
    assert not (gate.path / "pushgate/pending").exists()


@pytest.mark.parametrize("place", ["proc-receive:held", "proc-receive:answered"])
def test_killed_after_the_transaction_the_push_is_held(gate: Gate, clone: Clone, place: str) -> None:
    new = clone.commit()
    gate.configure("pushgate.failPoint", place)

    killed = clone.push("HEAD:main", "HEAD:refs/tags/v2", PUSHGATE_PUSH=PUSH)
    receipts = gate.receipts()
    gate.configure("pushgate.failPoint")
    again = clone.push("HEAD:main", "HEAD:refs/tags/v2")

    assert killed.status == 1
    assert gate.held() == {f"{PUSH}/1": new, f"{PUSH}/2": new}
    assert [entry["hold"] for entry in receipts[0]["updates"]] == [1, 2]
    assert "(already held as 1, waiting for a review)" in again.text
    assert "(already held as 2, waiting for a review)" in again.text
    assert gate.receipts() == receipts
    assert not (gate.path / "pushgate/pending").exists()


def test_another_agents_push_finishes_what_was_left(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgateAgent.codex-2.allowRef", "refs/**")
    new = clone.commit()
    gate.configure("pushgate.failPoint", "proc-receive:held")
    clone.push("HEAD:main", PUSHGATE_PUSH=PUSH)
    gate.configure("pushgate.failPoint")

    result = clone.push("HEAD:main", PUSHGATE_AGENT="codex-2")

    assert "(held for review as 2 (revision 1))" in result.text
    assert gate.standing("refs/heads/main")[1:] == [
        "hold 1",
        "revision 1",
        "state received",
        f"old {gate.refs()['refs/heads/main']}",
        f"tip {new}",
        f"push {PUSH}",
    ]


def test_what_the_gate_wrote_meanwhile_is_kept(gate: Gate, clone: Clone) -> None:
    clone.commit("One")
    clone.push("HEAD:main")
    clone.commit("Two")
    gate.configure("pushgate.failPoint", "proc-receive:held")
    clone.push("HEAD:main")
    gate.configure("pushgate.failPoint")
    path = gate.standing_path("refs/heads/main")
    path.write_text(path.read_text().replace("revision 1", "revision 2"))
    gate.move("refs/heads/main", "approved")
    before = gate.standing("refs/heads/main")

    clone.push("HEAD:refs/heads/other")

    assert gate.standing("refs/heads/main") == before


def test_a_crash_never_gives_a_number_twice(gate: Gate, clone: Clone) -> None:
    clone.commit("One")
    for place in ("proc-receive:before-hold", "proc-receive:held"):
        gate.configure("pushgate.failPoint", place)
        clone.push(f"HEAD:refs/heads/{place.partition(':')[2]}")
    gate.configure("pushgate.failPoint")

    result = clone.push("HEAD:refs/heads/next")

    assert "(held for review as 3 (revision 1))" in result.text
    assert [entry["hold"] for receipt in gate.receipts() for entry in receipt["updates"]] == [2, 3]


def test_a_receipt_that_cannot_be_read_stops_the_next_push(gate: Gate, clone: Clone) -> None:
    clone.commit()
    gate.configure("pushgate.failPoint", "proc-receive:held")
    clone.push("HEAD:main", PUSHGATE_PUSH=PUSH)
    gate.configure("pushgate.failPoint")
    before = gate.refs()
    receipt = before[f"refs/quarantine/{PUSH}/receipt"]
    stored = gate.path / "objects" / receipt[:2] / receipt[2:]
    lost = stored.rename(gate.path / "lost")

    # A delete brings no objects: before any other push git itself looks at what all refs lead to.
    stopped = clone.push(":refs/heads/topic")
    after = gate.refs()
    lost.rename(stored)
    mended = clone.push("HEAD:main")

    assert "(not held: the gate could not deal with this push)" in stopped.text
    assert after == before
    assert "(already held as 1, waiting for a review)" in mended.text
