"""What is killed from outside: the web process in the middle of a push, Redis, and what it remembered."""

from __future__ import annotations

import os
import socket
import subprocess
from base64 import b64encode
from pathlib import Path

from gate.domain.hold import HoldState
from tests.running.gate import CLIENT, Behind, RunningGate, git, tip
from tests.running.waiting import eventually

TWO_MIB = 2 * 2**20


def test_the_web_process_killed_while_a_push_streams_in(gate: RunningGate, behind: Behind) -> None:
    folder = gate.repository(behind.name)
    base = tip(behind.upstream)
    (behind.clone / "large.bin").write_bytes(os.urandom(TWO_MIB))
    git("add", "large.bin", cwd=behind.clone)
    new = behind.commit("Large")
    body = _push_body(behind, base, new)

    with _start_push(gate, behind, len(body)) as connection:
        connection.sendall(body[: len(body) // 2])
        eventually(lambda: _incoming(gate, behind))
        gate.kill("web")
    left = git("for-each-ref", "refs/quarantine", cwd=folder).stdout
    gate.start_web()
    said = behind.push()
    gate.inline.sweep()
    for leftover in _incoming(gate, behind):
        os.utime(leftover, (0, 0))
    gate.here.maintain()

    assert left == ""
    assert "held for review as 1 (revision 1)" in said
    assert [hold.state for hold in gate.holds(behind.name)] == [HoldState.IN_REVIEW]
    assert tip(behind.upstream) == base
    assert _incoming(gate, behind) == []


def test_redis_emptied_in_the_middle_loses_nothing(gate: RunningGate, behind: Behind) -> None:
    base, new = tip(behind.upstream), behind.commit("Redis forgets")
    behind.push()
    gate.here.redis.flushall()
    gate.start_worker()
    gate.here.queue.sweep()
    held = gate.wait_for(HoldState.IN_REVIEW, behind.name)
    gate.stop("worker")
    gate.approve(held)

    gate.here.redis.flushall()
    gate.start_worker()
    gate.here.queue.sweep()

    gate.wait_for(HoldState.RELEASED, behind.name)
    assert behind.upstream_moves() == [base, new]


def test_a_push_while_redis_is_down_is_held_and_swept_later(gate: RunningGate, behind: Behind) -> None:
    new = behind.commit("No Redis")
    gate.kill("redis")

    said = behind.push()
    registered = gate.holds(behind.name)
    gate.start_redis()
    gate.start_worker()
    gate.here.queue.sweep()

    assert "held for review as 1 (revision 1)" in said
    assert registered == []
    assert gate.wait_for(HoldState.IN_REVIEW, behind.name).revision.new == new


def test_a_worker_outlives_a_redis_that_goes_away_during_a_release(gate: RunningGate, behind: Behind) -> None:
    base, new = tip(behind.upstream), behind.commit("Redis goes away")
    behind.push()
    gate.inline.sweep()
    gate.here.redis.flushall()
    go, waits = behind.upstream / "go", behind.upstream / "waits"
    hook = behind.upstream / "hooks/pre-receive"
    hook.write_text(f"#!/bin/sh\ntouch {waits}\nwhile ! test -e {go}; do sleep 0.05; done\n")
    hook.chmod(0o700)
    gate.start_worker()
    worker = gate.running["worker"]
    gate.approve(gate.wait_for(HoldState.IN_REVIEW, behind.name))
    eventually(waits.exists, about=lambda: gate.describe(behind.name))

    gate.kill("redis")
    go.touch()
    gate.wait_for(HoldState.RELEASED, behind.name)
    gate.start_redis()
    other = gate.put_behind(f"{behind.name}-next")
    other.commit("After the outage")
    other.push()

    gate.wait_for(HoldState.IN_REVIEW, other.name)
    assert worker.is_running()
    assert behind.upstream_moves() == [base, new]


def _push_body(behind: Behind, old: str, new: str) -> bytes:
    """What git sends to push `new` to main."""
    command = f"{old} {new} refs/heads/main\0 report-status side-band-64k\n".encode()
    packed = subprocess.run(
        ("git", "pack-objects", "--stdout", "--revs", "-q"),
        cwd=behind.clone,
        env=CLIENT,
        input=f"{new}\n^{old}\n".encode(),
        capture_output=True,
        check=True,
    )
    return b"%04x" % (len(command) + 4) + command + b"0000" + packed.stdout


def _start_push(gate: RunningGate, behind: Behind, length: int) -> socket.socket:
    token = (gate.folder / "token").read_text()
    connection = socket.create_connection(gate.listener.getsockname(), timeout=30)
    connection.sendall(
        f"POST /git/{behind.name}.git/git-receive-pack HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Basic {b64encode(f'codex-1:{token}'.encode()).decode()}\r\n"
        f"Content-Length: {length}\r\nContent-Type: application/x-git-receive-pack-request\r\n\r\n".encode()
    )
    return connection


def _incoming(gate: RunningGate, behind: Behind) -> list[Path]:
    """The folders of objects that git takes in and has not accepted yet."""
    return list((gate.repository(behind.name) / "objects").glob("*incoming-*"))
