"""proc-receive holds every kind of update, and moves no ref of upstream."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hook_repository import GUARD, ZERO, Clone, Gate, make_clone, raw_push

PUSH = "01kdwz4m2q0000000000000001"
UPSTREAM = ("refs/heads/main", "refs/heads/topic", "refs/tags/v1")


def update(
    ref: str, old: str, new: str, *, held_ref: str | None, hold: int = 1, revision: int = 1
) -> dict[str, Any]:
    return {"ref": ref, "old": old, "new": new, "held_ref": held_ref, "hold": hold, "revision": revision}


def upstream_refs(gate: Gate) -> dict[str, str]:
    return {name: oid for name, oid in gate.refs().items() if not name.startswith("refs/quarantine/")}


def test_a_new_branch_is_held_with_a_complete_receipt(gate: Gate, clone: Clone) -> None:
    before = gate.refs()
    new = clone.commit()

    result = clone.push("HEAD:refs/heads/codex/fix", PUSHGATE_PUSH=PUSH)

    assert result.status == 1
    assert " ! [remote rejected] HEAD -> codex/fix (held for review as 1 (revision 1))" in result.text
    assert upstream_refs(gate) == before
    assert gate.held() == {f"{PUSH}/1": new}
    [receipt] = gate.receipts()
    received_at = receipt.pop("received_at")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", received_at)
    assert receipt == {
        "format": 1,
        "push": PUSH,
        "agent": "codex-1",
        "transport": "http",
        "atomic": False,
        "options": [],
        "reply": "hold",
        "updates": [update("refs/heads/codex/fix", ZERO, new, held_ref=f"refs/quarantine/{PUSH}/1")],
    }
    assert gate.standing("refs/heads/codex/fix") == [
        "format 1",
        "hold 1",
        "revision 1",
        "state received",
        f"old {ZERO}",
        f"tip {new}",
        f"push {PUSH}",
    ]
    assert not (gate.path / "pushgate/pending").exists()


def test_every_kind_of_update_in_one_push_is_held(gate: Gate, clone: Clone) -> None:
    before = gate.refs()
    old = clone.oid("HEAD")
    new = clone.commit()
    clone.git("tag", "-a", "-m", "Second", "v2")
    clone.git("tag", "v3")
    clone.git("commit", "--quiet", "--amend", "--message", "Rewritten")
    rewritten = clone.oid("HEAD")

    clone.push(
        f"+{rewritten}:refs/heads/main",
        f"{new}:refs/heads/codex/fix",
        ":refs/heads/topic",
        ":refs/tags/v1",
        "v2",
        "v3",
        PUSHGATE_PUSH=PUSH,
    )

    assert upstream_refs(gate) == before
    [receipt] = gate.receipts()
    held = {entry["ref"]: (entry["old"], entry["new"]) for entry in receipt["updates"]}
    assert held == {
        "refs/heads/main": (old, rewritten),
        "refs/heads/codex/fix": (ZERO, new),
        "refs/heads/topic": (old, ZERO),
        "refs/tags/v1": (old, ZERO),
        "refs/tags/v2": (ZERO, clone.oid("v2")),
        "refs/tags/v3": (ZERO, new),
    }
    assert sorted(entry["hold"] for entry in receipt["updates"]) == [1, 2, 3, 4, 5, 6]
    kept = {entry["held_ref"]: entry["new"] for entry in receipt["updates"] if entry["new"] != ZERO}
    assert kept == {f"refs/quarantine/{name}": oid for name, oid in gate.held().items()}
    assert sorted(gate.held()) == [f"{PUSH}/{index}" for index in (1, 2, 3, 4)]


def test_the_first_push_into_an_empty_repository_is_held(empty_gate: Gate, tmp_path: Path) -> None:
    clone = make_clone(empty_gate, tmp_path / "clone")
    new = clone.commit()

    clone.push("HEAD:main", PUSHGATE_PUSH=PUSH)

    assert upstream_refs(empty_gate) == {}
    assert empty_gate.held() == {f"{PUSH}/1": new}


def test_atomic_and_push_options_are_in_the_receipt(gate: Gate, clone: Clone) -> None:
    clone.commit()

    result = clone.push("--atomic", "-o", "session=7", "-o", "why=späße", "HEAD:main", "HEAD:refs/heads/b")

    assert "held for review as 1 (revision 1)" in result.text
    assert "held for review as 2 (revision 1)" in result.text
    [receipt] = gate.receipts()
    assert (receipt["atomic"], receipt["options"]) == (True, ["session=7", "why=späße"])


def test_the_same_tip_again_is_the_same_hold_and_writes_nothing(gate: Gate, clone: Clone) -> None:
    clone.commit()
    clone.push("HEAD:main")
    before = gate.objects(), gate.refs(), gate.standing("refs/heads/main")

    result = clone.push("HEAD:main")

    assert result.status == 1
    assert "(already held as 1, waiting for a review)" in result.text
    assert (gate.objects(), gate.refs(), gate.standing("refs/heads/main")) == before


def test_the_same_delete_again_is_the_same_hold(gate: Gate, clone: Clone) -> None:
    clone.push(":refs/heads/topic")

    result = clone.push(":refs/heads/topic")

    assert "(already held as 1, waiting for a review)" in result.text
    assert len(gate.receipts()) == 1


def test_only_what_is_new_is_in_the_receipt(gate: Gate, clone: Clone) -> None:
    new = clone.commit()
    clone.push("HEAD:main")

    clone.push("HEAD:main", "HEAD:refs/heads/b", PUSHGATE_PUSH=PUSH)

    held_ref = f"refs/quarantine/{PUSH}/1"
    [receipt] = [receipt for receipt in gate.receipts() if receipt["push"] == PUSH]
    assert receipt["updates"] == [update("refs/heads/b", ZERO, new, held_ref=held_ref, hold=2)]


@pytest.mark.parametrize("on_push", ["append", "supersede"])
def test_an_atomic_push_with_something_new_is_held_anew_as_a_whole(
    gate: Gate, clone: Clone, on_push: str
) -> None:
    gate.configure("pushgate.onPush", on_push)
    new = clone.commit()
    clone.push("HEAD:refs/heads/a")

    result = clone.push("--atomic", "HEAD:refs/heads/a", "HEAD:refs/heads/b", PUSHGATE_PUSH=PUSH)

    assert "(held for review as 1 (revision 2))" in result.text
    assert "(held for review as 2 (revision 1))" in result.text
    [receipt] = [receipt for receipt in gate.receipts() if receipt["push"] == PUSH]
    assert receipt["updates"] == [
        update("refs/heads/a", ZERO, new, held_ref=f"refs/quarantine/{PUSH}/1", revision=2),
        update("refs/heads/b", ZERO, new, held_ref=f"refs/quarantine/{PUSH}/2", hold=2),
    ]
    assert gate.standing("refs/heads/a")[1:3] == ["hold 1", "revision 2"]
    assert gate.standing("refs/heads/b")[1:3] == ["hold 2", "revision 1"]


def test_the_same_atomic_push_again_writes_nothing(gate: Gate, clone: Clone) -> None:
    clone.commit()
    clone.push("--atomic", "HEAD:refs/heads/a", "HEAD:refs/heads/b")
    before = gate.objects(), gate.refs(), gate.standing("refs/heads/a"), gate.standing("refs/heads/b")

    result = clone.push("--atomic", "HEAD:refs/heads/a", "HEAD:refs/heads/b")

    assert "(already held as 1, waiting for a review)" in result.text
    assert "(already held as 2, waiting for a review)" in result.text
    after = gate.objects(), gate.refs(), gate.standing("refs/heads/a"), gate.standing("refs/heads/b")
    assert after == before


def test_a_new_tip_is_the_next_revision_of_the_live_hold(gate: Gate, clone: Clone) -> None:
    clone.commit("One")
    clone.push("HEAD:main")
    gate.move("refs/heads/main", "changes_requested", "ask bob: please add a test")
    new = clone.commit("Two")

    result = clone.push("HEAD:main", PUSHGATE_PUSH=PUSH)

    assert "(held for review as 1 (revision 2))" in result.text
    assert "remote: Asked for on hold 1 by bob: please add a test" in result.text
    [receipt] = [receipt for receipt in gate.receipts() if receipt["push"] == PUSH]
    old = gate.refs()["refs/heads/main"]
    assert receipt["updates"] == [
        update("refs/heads/main", old, new, held_ref=f"refs/quarantine/{PUSH}/1", revision=2)
    ]
    assert gate.standing("refs/heads/main")[1:4] == ["hold 1", "revision 2", "state received"]


@pytest.mark.parametrize(
    "state", ["released", "rejected", "withdrawn", "expired", "released_externally", "bypassed"]
)
def test_a_closed_hold_is_followed_by_a_new_one(gate: Gate, clone: Clone, state: str) -> None:
    clone.commit("One")
    clone.push("HEAD:main")
    gate.move("refs/heads/main", state)
    clone.commit("Two")

    result = clone.push("HEAD:main")

    assert "(held for review as 2 (revision 1))" in result.text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("collecting", "waiting for a review"),
        ("changes_requested", "reviewers asked for changes"),
        ("approved", "approved, on its way upstream"),
        ("releasing", "approved, on its way upstream"),
        ("blocked", "blocked"),
    ],
)
def test_the_same_tip_again_says_what_it_waits_for(gate: Gate, clone: Clone, state: str, words: str) -> None:
    clone.commit()
    clone.push("HEAD:main")
    gate.move("refs/heads/main", state)

    result = clone.push("HEAD:main")

    assert f"(already held as 1, {words})" in result.text


def test_where_a_new_tip_supersedes_it_is_held_under_a_number_of_its_own(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgate.onPush", "supersede")
    clone.commit()
    clone.push("HEAD:main")
    clone.commit("Another way")

    result = clone.push("HEAD:main")

    assert "(held for review as 2 (revision 1))" in result.text
    assert "(already held as 2, waiting for a review)" in clone.push("HEAD:main").text


def test_two_agents_on_one_ref_have_a_hold_each(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgateAgent.codex-2.allowRef", "refs/heads/**")
    clone.commit()
    clone.push("HEAD:main")

    result = clone.push("HEAD:main", PUSHGATE_AGENT="codex-2")

    assert "(held for review as 2 (revision 1))" in result.text


def test_accept_mode_reports_success_and_leaves_the_remote_tracking_branch_alone(
    gate: Gate, clone: Clone
) -> None:
    gate.configure("pushgate.reply", "accept")
    clone.commit()
    before = clone.git("for-each-ref", "refs/remotes").output, upstream_refs(gate)

    result = clone.push("HEAD:main", "HEAD:refs/heads/codex/fix", ":refs/heads/topic")

    assert result.status == 0
    assert " HEAD -> refs/held/1" in result.text
    assert " * [new reference]   HEAD -> refs/held/3" in result.text
    assert (clone.git("for-each-ref", "refs/remotes").output, upstream_refs(gate)) == before
    assert gate.receipts()[0]["reply"] == "accept"


def test_held_refs_are_not_advertised(gate: Gate, clone: Clone) -> None:
    clone.commit()
    clone.push("HEAD:refs/heads/codex/fix")

    listing = clone.git("ls-remote", "gate").output

    assert [line.split("\t")[1] for line in listing.splitlines()] == ["HEAD", *UPSTREAM]


@pytest.mark.parametrize(
    "name",
    [
        "refs/heads/it's",
        'refs/heads/"quoted"',
        "refs/heads/$(id);`id`&|<>#!",
        "refs/heads/-rf",
        "refs/heads/ünï/汉字/🐙",
        "refs/heads/" + "a" * 250,
        "refs/heads/" + "/".join(["b" * 200] * 4),
        "refs/tags/PACK",
    ],
)
def test_odd_ref_names_are_held_under_exactly_their_name(gate: Gate, clone: Clone, name: str) -> None:
    new = clone.commit()

    clone.push(f"HEAD:{name}", PUSHGATE_PUSH=PUSH)

    [receipt] = gate.receipts()
    assert receipt["updates"] == [update(name, ZERO, new, held_ref=f"refs/quarantine/{PUSH}/1")]
    assert f"tip {new}" in gate.standing(name)


def test_a_ref_and_one_below_its_name_both_have_a_standing(gate: Gate, clone: Clone) -> None:
    clone.commit()
    clone.push("HEAD:refs/heads/a")

    result = clone.push("HEAD:refs/heads/a/b")

    assert "(held for review as 2 (revision 1))" in result.text
    assert gate.standing("refs/heads/a")[1] == "hold 1"
    assert gate.standing("refs/heads/a/b")[1] == "hold 2"


def test_an_update_of_a_ref_that_moved_meanwhile_holds_nothing(gate: Gate, clone: Clone) -> None:
    stale = clone.commit()
    clone.push("HEAD:main")
    before = gate.refs()

    answer = raw_push(gate, f"{stale} {ZERO} refs/heads/topic".encode())

    assert "ng refs/heads/topic not held: upstream moved, fetch and push again" in answer
    assert "upstream moved refs/heads/topic while you were pushing." in answer
    assert gate.refs() == before


def test_a_lost_number_file_is_made_anew_from_what_is_held(gate: Gate, clone: Clone) -> None:
    clone.commit()
    clone.push("HEAD:refs/heads/a", "HEAD:refs/heads/b")
    (gate.path / "pushgate/numbers").unlink()
    gate.standing_path("refs/heads/b").unlink()

    result = clone.push("HEAD:refs/heads/c")

    assert "(held for review as 3 (revision 1))" in result.text


def test_thirty_pushes_at_once_are_all_held_under_numbers_of_their_own(gate: Gate, clone: Clone) -> None:
    new = clone.commit()

    with ThreadPoolExecutor(30) as pool:
        results = list(pool.map(lambda n: clone.push(f"HEAD:refs/heads/codex/{n}"), range(30)))

    numbers = sorted(entry["hold"] for receipt in gate.receipts() for entry in receipt["updates"])
    assert numbers == list(range(1, 31))
    assert list(gate.held().values()) == [new] * 30
    assert all("held for review as" in result.text for result in results)
    assert (gate.path / "pushgate/numbers").read_text() == "30\n"


def test_the_guard_is_given_to_no_other_program_and_is_in_no_answer(gate: Gate, clone: Clone) -> None:
    clone.commit()

    result = clone.push("HEAD:main")

    assert GUARD not in result.text
    assert GUARD not in str(gate.receipts())


@pytest.mark.parametrize("name", ["pre-receive", "reference-transaction"])
@pytest.mark.parametrize("fault", ["missing", "not executable"])
def test_a_missing_sibling_hook_holds_nothing(gate: Gate, clone: Clone, name: str, fault: str) -> None:
    before = gate.refs()
    hook = gate.path / "hooks" / name
    hook.unlink() if fault == "missing" else hook.chmod(0o644)
    clone.commit()

    result = clone.push("HEAD:main")

    assert result.status == 1
    assert "(not held: the gate could not deal with this push)" in result.text
    assert "Traceback" not in result.text
    assert gate.refs() == before
    [refusal] = gate.refusals()
    assert f"the hook {name} is missing or cannot be run" in refusal["reasons"][0]["what"]


def test_a_missing_proc_receive_moves_nothing(gate: Gate, clone: Clone) -> None:
    before = gate.refs()
    (gate.path / "hooks/proc-receive").unlink()
    clone.commit()

    result = clone.push("HEAD:main")

    assert "(fail to run proc-receive hook)" in result.text
    assert gate.refs() == before


@pytest.mark.parametrize("value", ["refs/heads", "refs/none"])
def test_a_push_that_git_does_not_give_to_proc_receive_moves_nothing(
    gate: Gate, clone: Clone, value: str
) -> None:
    before = gate.refs()
    gate.configure("receive.procReceiveRefs", value)
    clone.commit()

    clone.push("HEAD:refs/tags/v2")

    assert gate.refs() == before


@pytest.mark.parametrize("content", ["", None])
def test_without_the_guard_file_nothing_is_held(gate: Gate, clone: Clone, content: str | None) -> None:
    before = gate.refs()
    guard = gate.path / "pushgate/guard"
    guard.unlink() if content is None else guard.write_text(content)
    clone.commit()

    result = clone.push("HEAD:main")

    assert "(not held: the gate could not deal with this push)" in result.text
    assert gate.refs() == before


def test_a_name_with_a_line_break_cannot_slip_past_the_judge(gate: Gate, clone: Clone) -> None:
    tip = clone.oid("HEAD")
    before = gate.refs()
    smuggled = f"{tip} {ZERO} refs/heads/topic\n{tip} {ZERO} refs/heads/main"

    answer = raw_push(gate, smuggled.encode())

    assert "the gate could not deal with this push (Unsafe), so it refuses it." in answer
    assert gate.refs() == before
    assert not (gate.path / "pushgate/standing").exists()


def test_a_push_id_that_was_used_before_is_not_held_twice(gate: Gate, clone: Clone) -> None:
    clone.commit()
    clone.push("HEAD:refs/heads/a", PUSHGATE_PUSH=PUSH)
    before = gate.refs()

    result = clone.push("HEAD:refs/heads/b", PUSHGATE_PUSH=PUSH)

    assert "(not held: the gate could not deal with this push)" in result.text
    assert gate.refs() == before
