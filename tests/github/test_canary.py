"""Thirty planted secrets: none gets to GitHub, onto a page for a non-admin, into the trail or a log line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.bootstrap import build_app
from gate.domain.agent_place import AgentPlace
from gate.domain.evidence import Evidence
from gate.domain.hold import HoldState
from tests.gate_in_a_box import MAIN
from tests.github.github_box import GitHubBox
from tests.github.simulator import Simulator
from tests.secrets.corpus import BLOCKING, LIKELY, letters, private_key

THREAD = "01a20440-588d-7ed0-96c4-633b07ef9517"


def _planted() -> list[str]:
    made = [BLOCKING[kind]() for kind in BLOCKING if kind != "private key"]
    made += LIKELY.values()
    made += ["gh" + "p_" + letters(f"more {number}", 36) for number in range(30 - len(made))]
    return made


SECRETS = _planted()
# The secret part of each: its longest run of letters that has a digit in it.
VALUES = [
    max((run for run in re.findall(r"[\w.:/+-]{16,}", secret) if re.search(r"\d", run)), key=len)
    for secret in SECRETS
]


class Plant:
    """Gives the secrets out, each once."""

    def __init__(self) -> None:
        self._left: Iterator[str] = iter(SECRETS)

    def next(self) -> str:
        return next(self._left)

    def rest(self) -> list[str]:
        return list(self._left)


def _record(home: Path, plant: Plant) -> None:
    """A rollout with secrets wherever an agent can write: prompts, commands, output, edits, messages."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")

    def line(kind: str, **payload: object) -> str:
        values = {"timestamp": at, "type": kind, "payload": payload}
        return json.dumps(values, separators=(",", ":")) + "\n"

    def call(number: int, command: str, output: str, **more: object) -> str:
        arguments = json.dumps({"cmd": command, "workdir": str(home / "work"), **more})
        said = f"Chunk ID: x\nWall time: 0.1 seconds\nProcess exited with code 1\nOutput:\n{output}"
        name = f"call_{number}"
        return line(
            "response_item", type="function_call", name="exec_command", arguments=arguments, call_id=name
        ) + line("response_item", type="function_call_output", call_id=name, output=said)

    lines = [
        line("session_meta", id=THREAD, session_id=THREAD, cwd=str(home / "work"), timestamp=at),
        line("event_msg", type="task_started", turn_id="t1"),
        line("event_msg", type="user_message", message=f"## Goal\nUse {plant.next()}\n## Allowed\n- a/**\n"),
        call(1, f"export TOKEN={plant.next()}", f"done {plant.next()}"),
        call(
            2,
            "deploy",
            f"\x1b[31m{plant.next()}\x1b[0m",
            sandbox_permissions="require_escalated",
            justification=f"I need {plant.next()}",
        ),
        call(3, "cat key.pem && git push", private_key("canary")),
        line("event_msg", type="agent_message", message=f"The key is {plant.next()}"),
        *(call(10 + n, f"curl -H 'X: {secret}' x", secret) for n, secret in enumerate(plant.rest())),
        line("event_msg", type="task_complete", turn_id="t1", last_agent_message="Risk summary\n- done"),
    ]
    day = home / ".codex" / "sessions" / "2026" / "11" / "22"
    day.mkdir(parents=True)
    (day / f"rollout-2026-11-22T17-14-15-{THREAD}.jsonl").write_text("".join(lines))


def _workplace(home: Path, plant: Plant) -> None:
    (home / "work" / "artifacts").mkdir(parents=True)
    (home / "rec").mkdir()
    (home / "work" / "STATUS.md").write_text(f"# Status\n## Risks\n- we used {plant.next()}\n")
    (home / "work" / "PLAN.md").write_text(f"# Plan\n{plant.next()}\n")
    (home / "work" / "artifacts" / "log.txt").write_text(f"output {plant.next()}\n")
    half = len(secret := plant.next()) // 2
    cast = [
        json.dumps({"version": 2, "width": 80, "height": 24, "timestamp": 1}),
        json.dumps([0.1, "o", f"session id: {THREAD}\r\n"]),
        # A secret that comes in two pieces.
        json.dumps([0.2, "o", f"token {secret[:half]}"]),
        json.dumps([0.3, "o", f"{secret[half:]}\r\n"]),
    ]
    (home / "rec" / "session.cast").write_text("\n".join(cast) + "\n")


@pytest.fixture
def box(tmp_path: Path, simulator: Simulator) -> GitHubBox:
    box = GitHubBox(tmp_path, simulator)
    home, plant = tmp_path / "agent", Plant()
    _workplace(home, plant)
    _record(home, plant)
    place = AgentPlace("codex-1", str(home / ".codex"), (str(home / "work"),), (str(home / "rec"),))
    with box.gate.store.transaction() as tx:
        tx.places.put(place)
    return box


def _evidence(box: GitHubBox) -> Evidence:
    with box.gate.store.snapshot() as tx:
        found = tx.evidence.get(box.hold(1).id, 1)
    assert found is not None
    return found


def test_none_of_thirty_secrets_leaves_the_host(
    box: GitHubBox, simulator: Simulator, capfd: pytest.CaptureFixture[str]
) -> None:
    box.push(f"{box.commit(**{'a.txt': 'a'})}:{MAIN}")
    box.deliver()

    evidence = _evidence(box)
    sent = json.dumps([(one.path, one.body) for one in simulator.requests])
    told = json.dumps([event.mapping() for event in box.events()])
    pages = _pages(box)
    logged = "".join(capfd.readouterr())
    assert len(SECRETS) == 30
    assert box.hold(1).state is HoldState.IN_REVIEW
    assert evidence.session is not None
    assert len(evidence.session.commands) >= 15
    kinds = {"rollout", "transcript", "cast", "plan", "status", "artifact"}
    assert {file.kind for file in evidence.files} >= kinds
    assert "redacted:" in pages
    for value in (*VALUES, *private_key("canary").split("\n")[1:4]):
        for where, text in (("GitHub", sent), ("trail", told), ("page", pages), ("log", logged)):
            assert value not in text, f"{value[:6]}… is in {where}"
        assert value not in repr(evidence)


def _pages(box: GitHubBox) -> str:
    """Everything that a reviewer who is no admin can read of the hold, evidence texts included."""
    app = build_app(box.gate)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    token = box.gate.people.link("alice", actor="cli:carol").token
    client.post(f"/link/{token}", data={"password": "correct horse battery"})
    paths = ["/holds/demo/1", "/holds/demo/1/log", "/holds/demo/1/recording", "/audit/holds/demo/1", "/"]
    read = [client.get(path) for path in paths]
    assert read[0].status_code == 200, read[0].text[:500]
    texts = [answer.text for answer in read]
    for file in _evidence(box).files:
        if file.text_sha256 is not None:
            kept = box.gate.evidence_store.read(file.text_sha256)
            texts.append(b"".join(kept).decode(errors="replace"))
    return "\n".join(texts)
