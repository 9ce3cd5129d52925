"""The scanner as it runs: what a real push's terminal shows, with it and without it."""

from __future__ import annotations

import socket as sockets
import stat
from collections.abc import Iterator

import pytest

from gate.domain.hold import BlockReason, HoldState
from tests.running.gate import Behind, RunningGate, git, running_gate
from tests.running.processes import module
from tests.running.waiting import eventually
from tests.secrets.corpus import BLOCKING

TOKEN = BLOCKING["github personal token"]()


@pytest.fixture(scope="module")
def gate() -> Iterator[RunningGate]:
    with running_gate() as gate:
        gate.start_web()
        yield gate


def _push_secret(behind: Behind) -> str:
    (behind.clone / "prod.env").write_text(f"one\nTOKEN={TOKEN}\n")
    git("add", "prod.env", cwd=behind.clone)
    git("commit", "-qm", "Add settings", cwd=behind.clone)
    return behind.push()


def test_the_terminal_names_file_line_and_kind_while_the_push_is_answered(gate: RunningGate) -> None:
    behind = gate.put_behind("demo")
    socket = gate.home / "run" / "scan.sock"
    gate._start("scanner", module("workers.scanner"))
    eventually(socket.exists, seconds=60, about=lambda: gate.running["scanner"].text)

    said = _push_secret(behind)
    gate.start_worker()

    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert "held for review as 1" in said
    assert "remote:   prod.env:2 (github pat), in commit " in said
    assert TOKEN not in said
    hold = gate.wait_for(HoldState.BLOCKED, "demo")
    assert hold.reason is BlockReason.SECRET_FOUND
    assert not any(TOKEN in process.text for process in gate.running.values())
    gate.kill("scanner")
    gate.kill("worker")


def test_without_the_scanner_a_push_is_held_all_the_same(gate: RunningGate) -> None:
    said = _push_secret(gate.put_behind("other"))

    assert "held for review as 1" in said
    assert "A secret is in what you pushed" not in said


STRANGE = (b"", b"no json\n", b"[]\n", b'{"repository": "../x", "push": 1}\n', b"{" * 9000)


def test_a_strange_question_gets_no_answer_and_stops_nothing(gate: RunningGate) -> None:
    gate._start("scanner", module("workers.scanner"))
    path = gate.home / "run" / "scan.sock"
    eventually(
        lambda: _answers(str(path)) is not None, seconds=60, about=lambda: gate.running["scanner"].text
    )

    for question in STRANGE:
        # An end that comes before all of the question was read is no answer either.
        assert not _answers(str(path), question)
    assert _answers(str(path)) == b""
    gate.kill("scanner")


def _answers(path: str, question: bytes = b"{}\n") -> bytes | None:
    with sockets.socket(sockets.AF_UNIX) as connection:
        try:
            connection.connect(path)
            connection.sendall(question)
            connection.shutdown(sockets.SHUT_WR)
            return connection.recv(100)
        except OSError:
            return None
