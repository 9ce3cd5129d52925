"""The real hooks write, and the adapter reads: docs/receipt-format.md is kept by both sides."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from gate.domain.hold import ZERO_OID, HoldState, RefUpdate
from gate.domain.repository import Ask, Grant, HeldUpdate, Limits, Receipt, RepositoryRules, Standing
from tests.git.git_world import PERSON, PUSH, Bare, World, git, make_bare

TOPIC = "refs/heads/codex/topic"
LATER = "01j00000000000000000000000"
RULES = RepositoryRules(
    repository="demo",
    url="https://gate.example",
    reply="hold",
    limits=Limits(10**9, 10**8, 10_000),
    refs=(),
    grants=(Grant("codex-1", "demo", ("refs/heads/codex/**", "refs/tags/**")),),
)


def push(world: World, client: Bare, *arguments: str, push_id: str = PUSH) -> str:
    """Push as the transport would let an agent do, and return what its terminal shows."""
    identity = {"PUSHGATE_AGENT": "codex-1", "PUSHGATE_PUSH": push_id, "PUSHGATE_TRANSPORT": "http"}
    command = ("git", f"--git-dir={client.folder}", "push", str(world.gate.folder), *arguments)
    done = subprocess.run(command, capture_output=True, env=PERSON | identity, check=False)
    return done.stderr.decode()


def client_of(world: World, tmp_path: Path) -> Bare:
    client = make_bare(tmp_path / "client.git")
    git(client.folder, "fetch", "-q", str(world.gate.folder), "main")
    return client


def test_what_the_hook_holds_the_adapter_reads(world: World, tmp_path: Path) -> None:
    world.repository.held.write_rules(RULES)
    world.upstream.set("refs/heads/codex/old", world.first)
    world.repository.upstream.sync()
    client = client_of(world, tmp_path)
    new = client.commit({b"a": b"1\n"}, world.first)

    said = push(world, client, "--atomic", "-o", "session=7", f"{new}:{TOPIC}", ":refs/heads/codex/old")

    assert "held for review" in said
    held = world.repository.held.receipt(PUSH)
    assert held is not None
    create, delete = RefUpdate(TOPIC, ZERO_OID, new), RefUpdate("refs/heads/codex/old", world.first, ZERO_OID)
    # git sends deletes first.
    assert held == Receipt(
        push_id=PUSH,
        agent="codex-1",
        transport="http",
        received_at=held.received_at,
        atomic=True,
        options=("session=7",),
        updates=(HeldUpdate(delete, None, 1, 1), HeldUpdate(create, f"refs/quarantine/{PUSH}/1", 2, 1)),
    )
    assert list(world.repository.held.receipts()) == [held]
    assert [commit.oid for commit in world.repository.history.facts(create).commits] == [new]
    assert world.repository.held.next_number() == 3


def test_what_the_adapter_drops_can_be_pushed_again(world: World, tmp_path: Path) -> None:
    held = world.repository.held
    held.write_rules(RULES)
    client = client_of(world, tmp_path)
    new = client.commit({b"a": b"1\n"}, world.first)
    push(world, client, f"{new}:{TOPIC}")
    held.write_standing(Standing("codex-1", TOPIC, 1, 1, HoldState.WITHDRAWN, ZERO_OID, new, PUSH))
    held.drop(PUSH, [1])

    said = push(world, client, f"{new}:{TOPIC}", push_id=LATER)

    assert "held for review as 2 (revision 1)" in said
    assert set(world.gate.refs("refs/quarantine/")) == {
        f"refs/quarantine/{LATER}/1",
        f"refs/quarantine/{LATER}/receipt",
    }


def test_what_the_hook_refuses_the_adapter_reads(world: World, tmp_path: Path) -> None:
    world.repository.held.write_rules(RULES)
    client = client_of(world, tmp_path)
    new = client.commit({b"a": b"1\n"}, world.first)

    push(world, client, f"{new}:refs/heads/main")

    (refusal,) = world.repository.held.refusals()
    assert (refusal.agent, refusal.transport) == ("codex-1", "http")
    assert refusal.updates == (RefUpdate("refs/heads/main", world.first, new),)
    assert [(reason.rule, reason.ref) for reason in refusal.reasons] == [
        ("ref-not-allowed", "refs/heads/main")
    ]


def test_what_the_adapter_writes_the_hook_tells_the_agent(world: World, tmp_path: Path) -> None:
    held = world.repository.held
    held.write_rules(RULES)
    client = client_of(world, tmp_path)
    new = client.commit({b"a": b"1\n"}, world.first)
    push(world, client, f"{new}:{TOPIC}")
    state = HoldState.CHANGES_REQUESTED
    asks = (Ask("bob", "please add a test"),)
    held.write_standing(Standing("codex-1", TOPIC, 1, 1, state, ZERO_OID, new, PUSH, asks))
    newer = client.commit({b"a": b"2\n"}, new)
    rejected = client.commit({b"a": b"3\n"}, new)
    held.write_rejected(rejected, 1, "carol", "it deletes the tests")

    second = push(world, client, f"{newer}:{TOPIC}", push_id=LATER)
    third = push(world, client, f"{rejected}:{TOPIC}", push_id="01j00000000000000000000001")

    assert "held for review as 1 (revision 2)" in second
    assert "please add a test" in second
    assert "it deletes the tests" in third


def test_a_lock_down_stops_every_push(world: World, tmp_path: Path) -> None:
    world.repository.held.write_rules(replace(RULES, lockdown="alice looks into an incident"))
    client = client_of(world, tmp_path)
    new = client.commit({b"a": b"1\n"}, world.first)

    said = push(world, client, f"{new}:{TOPIC}")

    assert "alice looks into an incident" in said
    assert world.gate.refs("refs/quarantine/") == {}


def test_the_hooks_let_the_gate_move_refs_and_nobody_else(world: World) -> None:
    world.upstream.set("refs/heads/new", world.first)
    stray = subprocess.run(
        ("git", f"--git-dir={world.gate.folder}", "update-ref", "refs/heads/stray", world.first),
        capture_output=True,
        env=PERSON,
        check=False,
    )

    world.repository.upstream.sync()

    assert stray.returncode != 0
    assert set(world.gate.refs()) == {"refs/heads/main", "refs/heads/new"}
