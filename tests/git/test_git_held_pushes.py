from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gate.domain.errors import Failed, Tampered
from gate.domain.hold import ZERO_OID, HoldState, RefUpdate
from gate.domain.repository import (
    Ask,
    Grant,
    HeldUpdate,
    Limits,
    Receipt,
    Refusal,
    RefusalReason,
    RepositoryRules,
    Standing,
)
from tests.git.git_world import PUSH, WHEN, World, git, receipt

MAIN = "refs/heads/main"
TOPIC = "refs/heads/topic"
LATER = "01j00000000000000000000000"


def standing(**changes: object) -> Standing:
    base = Standing("codex-1", "refs/heads/a/b", 12, 2, HoldState.IN_REVIEW, "1" * 40, "2" * 40, PUSH)
    return replace(base, **changes)  # type: ignore[arg-type]


def read(world: World, path: str) -> str:
    return (world.gate.folder / "pushgate" / path).read_text()


def test_a_receipt_is_read_whole(world: World) -> None:
    create = RefUpdate('refs/heads/ünï"$(id)', ZERO_OID, world.first)
    delete = RefUpdate(MAIN, world.first, ZERO_OID)
    raw = receipt((create, 12), (delete, 13))
    world.hold(raw | {"options": ["session=7", "\x1b[31m"], "atomic": True, "transport": None})

    assert world.repository.held.receipt(PUSH) == Receipt(
        push_id=PUSH,
        agent="codex-1",
        transport="",
        received_at=WHEN,
        atomic=True,
        options=("session=7", "\x1b[31m"),
        updates=(
            HeldUpdate(create, f"refs/quarantine/{PUSH}/1", 12, 1),
            HeldUpdate(delete, None, 13, 1),
        ),
    )


def test_what_names_no_push_has_no_receipt(world: World) -> None:
    held = world.repository.held

    assert [held.receipt(name) for name in (PUSH, "../../heads/main", "--all", "")] == [None] * 4
    assert [held.refusal(name) for name in (PUSH, "../guard")] == [None, None]


def test_receipts_come_oldest_first_and_a_bad_one_stops_no_other(world: World) -> None:
    update = RefUpdate(MAIN, world.first, ZERO_OID)
    world.hold(receipt((update, 3), push=LATER), push=LATER)
    world.hold(receipt((update, 1)))
    middle = "01hzzzzzzzzzzzzzzzzzzzzzzz"
    world.hold(receipt((update, 2), push=middle) | {"updates": []}, push=middle)
    receipts = world.repository.held.receipts()

    assert next(receipts).push_id == PUSH
    with pytest.raises(Tampered, match=f"refs/quarantine/{middle}/receipt"):
        next(receipts)
    assert [one.push_id for one in receipts] == [LATER]


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"push": "another"},
        {"agent": 7},
        {"received_at": "yesterday"},
        {"received_at": "2023-11-14T22:13:20"},
        {"updates": []},
        {"updates": [{"ref": MAIN, "old": "x", "new": ZERO_OID, "held_ref": None, "hold": 1, "revision": 1}]},
        {"options": "none"},
        {"atomic": 1},
    ],
)
def test_a_malformed_receipt_is_tampered(world: World, change: dict[str, object]) -> None:
    raw = receipt((RefUpdate(MAIN, world.first, ZERO_OID), 1)) | change
    oid = world.gate.blob(json.dumps(raw).encode())
    git(world.gate.folder, "update-ref", f"refs/quarantine/{PUSH}/receipt", oid, PUSHGATE_GUARD=world.guard())

    with pytest.raises(Tampered, match=f"refs/quarantine/{PUSH}/receipt"):
        world.repository.held.receipt(PUSH)


def test_a_held_ref_that_holds_something_else_is_tampered(world: World) -> None:
    world.hold(receipt((RefUpdate(MAIN, ZERO_OID, world.first), 1)))
    other = world.gate.commit({b"a": b"1\n"})
    held = f"refs/quarantine/{PUSH}/1"
    git(world.gate.folder, "update-ref", held, other, PUSHGATE_GUARD=world.guard())

    with pytest.raises(Tampered, match=f"{held} should hold {world.first} and holds {other}"):
        world.repository.held.receipt(PUSH)


def test_a_push_is_dropped_hold_by_hold_and_its_receipt_goes_last(world: World) -> None:
    held = world.repository.held
    updates = (
        RefUpdate(MAIN, world.first, ZERO_OID),
        RefUpdate(TOPIC, ZERO_OID, world.first),
        RefUpdate("refs/tags/v1", ZERO_OID, world.first),
    )
    world.hold(receipt((updates[0], 1), (updates[1], 2), (updates[2], 3)))
    left = []

    for number in (2, 2, 1, 3, 3):
        held.drop(PUSH, [number])
        left.append([ref.rpartition("/")[2] for ref in world.gate.refs("refs/quarantine/")])

    assert left == [["3", "receipt"], ["3", "receipt"], ["3", "receipt"], [], []]


def test_a_dropped_push_leaves_nothing_but_its_objects(world: World) -> None:
    new = world.gate.commit({b"a": b"1\n"})
    world.hold(receipt((RefUpdate(TOPIC, ZERO_OID, new), 1)))

    world.repository.held.drop(PUSH)
    world.repository.held.drop(PUSH)
    world.repository.maintain()

    assert world.gate.refs() == {MAIN: world.first}
    facts = world.repository.history.facts(RefUpdate(TOPIC, ZERO_OID, new))
    assert [commit.oid for commit in facts.commits] == [new]


def test_refs_move_only_with_the_guard(world: World) -> None:
    world.hold(receipt((RefUpdate(TOPIC, ZERO_OID, world.first), 1)))
    (world.gate.folder / "pushgate" / "guard").unlink()

    with pytest.raises(Failed, match="guard is missing"):
        world.repository.held.drop(PUSH)

    assert len(world.gate.refs("refs/quarantine/")) == 2


def test_numbers_go_on_from_the_last_one_given(world: World) -> None:
    held = world.repository.held

    numbers = [held.next_number(), held.next_number()]
    (world.gate.folder / "pushgate" / "numbers").unlink()
    world.hold(receipt((RefUpdate(TOPIC, ZERO_OID, world.first), 7)))
    numbers.append(held.next_number())
    (world.gate.folder / "pushgate" / "numbers").unlink()
    held.write_standing(standing(number=30))
    numbers.append(held.next_number())

    assert numbers == [1, 2, 8, 31]
    assert read(world, "numbers") == "31\n"


def test_a_standing_is_lines_that_no_text_can_forge(world: World) -> None:
    asks = (Ask("alice", "please\nstate released\r\ntip 0"), Ask("bob", "ok"))

    world.repository.held.write_standing(standing(asks=asks, reason="upstream\nmoved"))

    assert read(world, "standing/codex-1/refs/heads/a/b~") == (
        f"format 1\nhold 12\nrevision 2\nstate in_review\nold {'1' * 40}\ntip {'2' * 40}\npush {PUSH}\n"
        "ask alice: please state released tip 0\nask bob: ok\nreason upstream moved\n"
    )


def test_a_late_standing_does_not_take_back_a_newer_push(world: World) -> None:
    held = world.repository.held
    held.write_standing(standing(revision=3, state=HoldState.RECEIVED))

    held.write_standing(standing(revision=2, state=HoldState.REJECTED))

    assert "revision 3\nstate received\n" in read(world, "standing/codex-1/refs/heads/a/b~")


CLOSED = ("released", "rejected", "withdrawn", "expired", "released_externally", "bypassed")


@pytest.mark.parametrize("state", CLOSED)
def test_a_late_standing_does_not_open_a_closed_hold_again(world: World, state: str) -> None:
    held = world.repository.held
    held.write_standing(standing(state=HoldState(state), reason="its last word"))
    closed = read(world, "standing/codex-1/refs/heads/a/b~")

    held.write_standing(standing(state=HoldState.APPROVED))

    assert read(world, "standing/codex-1/refs/heads/a/b~") == closed


@pytest.mark.parametrize(
    "later",
    [
        {"state": HoldState.BYPASSED},
        {"revision": 3, "state": HoldState.RECEIVED},
        {"number": 13, "revision": 1, "state": HoldState.RECEIVED},
    ],
)
def test_what_comes_after_a_closed_hold_is_written(world: World, later: dict[str, object]) -> None:
    held = world.repository.held
    held.write_standing(standing(state=HoldState.WITHDRAWN))

    held.write_standing(standing(**later))

    assert f"\nstate {later['state']}\n" in read(world, "standing/codex-1/refs/heads/a/b~")


def test_standings_of_a_ref_and_one_below_it_live_side_by_side(world: World) -> None:
    held = world.repository.held

    held.write_standing(standing(ref="refs/heads/a"))
    held.write_standing(standing(ref="refs/heads/a/b"))

    assert read(world, "standing/codex-1/refs/heads/a~") == read(world, "standing/codex-1/refs/heads/a/b~")


@pytest.mark.parametrize(("agent", "ref"), [("../x", MAIN), ("codex-1", "refs/../../../x"), ("", MAIN)])
def test_a_standing_stays_in_its_folder(world: World, agent: str, ref: str) -> None:
    with pytest.raises(Failed):
        world.repository.held.write_standing(standing(agent=agent, ref=ref))


def test_a_rejection_is_written_under_its_commit(world: World) -> None:
    world.repository.held.write_rejected("a" * 40, 12, "alice", "no tests\nhold 99")

    assert read(world, f"rejected/{'a' * 40}") == "hold 12\nby alice\nreason no tests hold 99\n"


def test_refusals_are_read_and_forgotten(world: World) -> None:
    folder = world.gate.folder / "pushgate" / "refusals"
    folder.mkdir()
    reason = {
        "rule": "identity",
        "ref": None,
        "what": "nobody said who pushes",
        "fix": "use the gate's address",
    }
    update = {"ref": MAIN, "old": ZERO_OID, "new": ZERO_OID}
    raw = {"format": 1, "push": PUSH, "agent": None, "at": "2023-11-14T22:13:20Z", "transport": None}
    (folder / PUSH).write_text(json.dumps({**raw, "updates": [update], "reasons": [reason]}))
    (folder / LATER).write_text("{")
    held = world.repository.held
    refusals = held.refusals()

    expected = Refusal(PUSH, "", "", WHEN, (RefUpdate(MAIN, ZERO_OID, ZERO_OID),), (RefusalReason(**reason),))
    assert next(refusals) == held.refusal(PUSH) == expected
    with pytest.raises(Tampered, match=LATER):
        next(refusals)
    for name in (PUSH, LATER, LATER, "../guard"):
        held.forget_refusal(name)
    assert list(held.refusals()) == []
    assert world.guard()


RULES = RepositoryRules(
    repository="demo",
    url="https://gate.example/",
    reply="hold",
    limits=Limits(1000, 0, 50),
    refs=("refs/heads/**",),
    grants=(
        Grant("codex-1", "demo", ("refs/heads/codex/**", 'refs/heads/"\\quoted')),
        Grant("alice.bot", "demo", (), is_disabled=True),
    ),
    lockdown='because "x"\n[core]\n\tbare = false # ;',
)


def test_rules_are_written_so_that_git_reads_them_back(world: World) -> None:
    held = world.repository.held
    held.write_rules(replace(RULES, url="https://old.example", grants=(Grant("carol", "demo"),)))

    held.write_rules(RULES)

    listing = git(world.gate.folder, "config", "--local", "-z", "--list").split("\0")
    found = [
        tuple(entry.split("\n", 1)) for entry in listing if entry.startswith("pushgate") or "max" in entry
    ]
    assert found == [
        ("pushgate.repository", "demo"),
        ("pushgate.url", "https://gate.example"),
        ("pushgate.reply", "hold"),
        ("pushgate.onpush", "append"),
        ("pushgate.maxpacksize", "1000"),
        ("pushgate.maxchangedfiles", "50"),
        ("receive.maxinputsize", "2000"),
        ("pushgate.refs", "refs/heads/**"),
        ("pushgate.lockdown", RULES.lockdown),
        ("pushgateagent.codex-1.disabled", "false"),
        ("pushgateagent.codex-1.allowref", "refs/heads/codex/**"),
        ("pushgateagent.codex-1.allowref", 'refs/heads/"\\quoted'),
        ("pushgateagent.alice.bot.disabled", "true"),
        ("pushgateagent.alice.bot.allowref", "refs/heads/**"),
        ("pushgateagent.alice.bot.allowref", "refs/tags/**"),
    ]
    assert git(world.gate.folder, "config", "core.bare") == "true"


def test_bringing_up_to_date_keeps_the_rules(world: World) -> None:
    world.repository.held.write_rules(RULES)
    config = world.gate.folder / "config"
    before = config.read_text()
    config.write_text("[core]\n\thooksPath = /tmp\n" + before)

    repository = world.repositories.bring_up_to_date("demo", str(world.upstream.folder))

    assert config.read_text() == before
    assert repository.check() == []


def test_rules_of_a_missing_repository_are_no_new_folder(world: World, tmp_path: Path) -> None:
    with pytest.raises(Failed, match="does not exist"):
        world.repositories.open("other", "x").held.write_rules(RULES)

    assert not (tmp_path / "gate" / "other.git").exists()
