"""What is gathered of a session, and what happens where that cannot be had."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.adapters.agent_hosts.local import AgentPlaces, LocalAgentHost
from gate.adapters.evidence_store.store import FsspecEvidenceStore
from gate.adapters.git import changed_files
from gate.domain.agent_place import AgentPlace
from gate.domain.errors import GateError, HostAway, Refused, Unavailable
from gate.domain.evidence import Evidence, FileKind
from gate.domain.hold import BlockReason, HoldState
from gate.domain.risk.model import Finding
from gate.domain.session.model import FoundBy
from gate.services import weigh
from gate.services.find_session import FindSession, SessionSearch
from gate.services.read_session import ReadSession
from tests.gate_in_a_box import MAIN, Box
from tests.secrets.corpus import BLOCKING

TOKEN = BLOCKING["github personal token"]()
THREAD = "01a20440-588d-7ed0-96c4-633b07ef9517"


def evidence(box: Box) -> Evidence:
    with box.gate.store.snapshot() as tx:
        found = tx.evidence.get(box.hold(1).id, 1)
    assert found is not None
    return found


def found_by(box: Box, rule: str) -> list[Finding]:
    return [one for one in evidence(box).assessment.findings if one.rule.id == rule]


@pytest.fixture
def agent(box: Box, tmp_path: Path) -> Path:
    """The home of codex-1, which the gate may read."""
    home = tmp_path / "agent"
    (home / "work").mkdir(parents=True)
    (home / "work" / "PLAN.md").write_text("# Plan\n")
    with box.gate.store.transaction() as tx:
        tx.places.put(AgentPlace("codex-1", str(home / ".codex"), (str(home / "work"),), (str(home / "r"),)))
    return home


def ran(home: Path, commands: Sequence[str]) -> None:
    """Leave the record of a session that ran these commands just now, and then pushed."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")

    def line(kind: str, **payload: object) -> str:
        return json.dumps({"timestamp": at, "type": kind, "payload": payload}, separators=(",", ":")) + "\n"

    def call(number: int, command: str) -> str:
        words = {"name": "exec_command", "call_id": f"call_{number}"}
        arguments = json.dumps({"cmd": command, "workdir": str(home / "work")})
        output = "Chunk ID: x\nWall time: 0.1 seconds\nProcess exited with code 0\nOutput:\n"
        asked = line("response_item", type="function_call", arguments=arguments, **words)
        return asked + line(
            "response_item", type="function_call_output", call_id=f"call_{number}", output=output
        )

    folder = home / ".codex" / "sessions" / "2026" / "11" / "22"
    folder.mkdir(parents=True)
    (folder / f"rollout-2026-11-22T17-14-15-{THREAD}.jsonl").write_text(
        line("session_meta", id=THREAD, session_id=THREAD, cwd=str(home / "work"), timestamp=at)
        + "".join(call(number, command) for number, command in enumerate([*commands, "git push"]))
    )


def test_a_session_that_reached_for_the_gates_own_files_is_critical(box: Box, agent: Path) -> None:
    own = box.gate.settings.home / "policies" / "demo.toml"
    ran(agent, [f"echo 'version = 1' > {own}"])

    box.push(f"{box.commit(a='x')}:{MAIN}")

    assert [(one.severity, one.seen) for one in found_by(box, "C15")] == [
        ("critical", f"echo 'version = 1' > {own}")
    ]


def test_the_agents_own_branches_are_those_of_its_name_as_well(box: Box, agent: Path) -> None:
    ran(
        agent,
        ["git push --force-with-lease origin HEAD:codex-1/one", "git push --force-with-lease origin HEAD:b"],
    )

    box.push(f"{box.commit(a='x')}:{MAIN}")

    assert [(one.severity, one.seen[-4:]) for one in found_by(box, "C07")] == [
        ("high", "AD:b"),
        ("medium", "/one"),
    ]


@pytest.mark.parametrize("fault", [HostAway("it does not answer."), Refused("it may not be read.")])
@pytest.mark.parametrize(
    ("owner", "method"), [(AgentPlaces, "of"), (LocalAgentHost, "list"), (LocalAgentHost, "read")]
)
def test_no_review_waits_for_the_host_of_an_agent(
    box: Box, agent: Path, monkeypatch: pytest.MonkeyPatch, owner: type, method: str, fault: GateError
) -> None:
    def fail(*_: object) -> object:
        raise fault

    ran(agent, [])
    monkeypatch.setattr(owner, method, fail)

    box.push(f"{box.commit(**{'STATUS.md': 'done'})}:{MAIN}")

    assert box.hold(1).state is HoldState.IN_REVIEW
    assert evidence(box).session is None
    assert [one.text for one in evidence(box).checkpoints] == ["done"]
    assert any(("could not be" in one) or ("no session was found" in one) for one in evidence(box).faults)


def test_nothing_is_published_while_the_evidence_cannot_be_kept(
    box: Box, agent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> object:
        raise Unavailable("the evidence store does not answer.")

    ran(agent, [])
    monkeypatch.setattr(FsspecEvidenceStore, "keep", fail)

    box.push(f"{box.commit(a='x')}:{MAIN}")

    assert box.hold(1).state is HoldState.COLLECTING


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("_MOST_COMMANDS", "3 commands of the session were not looked at, or not to their end"),
        ("_MOST_FINDINGS", "There are more than 1 findings: the others are not listed"),
    ],
)
def test_what_the_rules_did_not_look_at_is_a_finding(
    box: Box, agent: Path, monkeypatch: pytest.MonkeyPatch, limit: str, words: str
) -> None:
    monkeypatch.setattr(weigh, limit, 1)
    ran(agent, ["sudo true", "sudo rm -rf /etc", "chmod -R 777 /"])

    box.push(f"{box.commit(a='x')}:{MAIN}")

    assert [one.words for one in found_by(box, "C00")] == [words]


def test_a_fault_of_the_gates_own_leaves_no_hold_waiting(
    box: Box, agent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> object:
        raise ZeroDivisionError

    ran(agent, [])
    monkeypatch.setattr(weigh.Weigh, "__call__", fail)

    box.push(f"{box.commit(a='x')}:{MAIN}")

    hold = box.hold(1)
    assert (hold.state, hold.reason) == (HoldState.BLOCKED, BlockReason.COLLECT_FAILED)
    assert hold.note.endswith("which its log names. Push one more commit to try again.")


def test_what_cannot_be_read_of_an_agent_stops_no_review(
    box: Box, agent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> object:
        raise RecursionError

    ran(agent, [])
    monkeypatch.setattr(ReadSession, "__call__", fail)

    box.push(f"{box.commit(a='x')}:{MAIN}")

    assert box.hold(1).state is HoldState.IN_REVIEW
    assert evidence(box).faults[-1] == "the session could not be collected, by a fault of the gate's own"


def test_a_hold_whose_evidence_takes_too_long_is_stopped(
    box: Box, agent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> object:
        raise Unavailable("the evidence store does not answer.")

    monkeypatch.setattr(FsspecEvidenceStore, "keep", fail)
    ran(agent, [])
    box.push(f"{box.commit(a='x')}:{MAIN}")

    box.gate.assess.give_up(box.hold(1).id)
    box.gate.assess.give_up(box.hold(1).id)

    assert (box.hold(1).state, box.story(1)[-1]) == (HoldState.BLOCKED, "hold:block")
    assert "It took too long to gather the evidence." in box.hold(1).note


def test_few_of_many_faults_are_told_and_none_with_a_secret(
    box: Box, agent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(*_: object) -> SessionSearch:
        return SessionSearch(None, (f"{TOKEN} could not be read",) * 80)

    monkeypatch.setattr(FindSession, "__call__", search)

    box.push(f"{box.commit(a='x')}:{MAIN}")

    faults = evidence(box).faults
    assert (len(faults), faults[-1]) == (51, "and 30 more of this kind")
    assert faults[0].startswith("[redacted: ")


def test_a_tree_of_trees_without_end_is_not_looked_at(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changed_files, "_MOST_PATHS", 3)

    box.push(f"{box.commit(a='1', b='2', c='3', d='4')}:{MAIN}")

    hold = box.hold(1)
    assert (hold.state, hold.reason) == (HoldState.BLOCKED, BlockReason.COLLECT_FAILED)
    assert "has more than 3 paths" in hold.note


def logged(agent: Path, name: str, thread: str, *, said: str = "git push") -> None:
    """Leave the log of a `codex exec --json` among the recordings, with a failed command in it."""
    item = {"id": "item_0", "type": "command_execution", "command": f"bash -lc '{said}'", "status": "failed"}
    events = [
        {"type": "thread.started", "thread_id": thread},
        {"type": "turn.started"},
        {"type": "item.completed", "item": {**item, "exit_code": 1, "aggregated_output": "no\n"}},
        {"type": "turn.completed", "usage": {}},
    ]
    (agent / "r").mkdir(exist_ok=True)
    (agent / "r" / name).write_text("".join(json.dumps(event) + "\n" for event in events))


def test_without_a_record_the_log_of_codex_exec_tells_of_the_session(box: Box, agent: Path) -> None:
    logged(agent, "exec.jsonl", THREAD)
    logged(agent, "other.jsonl", "01a20440-0000-7ed0-96c4-633b07ef9517", said="ls")

    box.push(f"{box.commit(a='x')}:{MAIN}")

    session = evidence(box).session
    assert session is not None
    assert (session.id, session.found_by) == (THREAD, FoundBy.EXEC_LOG)
    assert [(one.text, one.exit_code) for one in session.commands] == [("git push", 1)]
    kinds = {file.kind for file in evidence(box).files}
    assert {FileKind.EXEC_LOG, FileKind.TRANSCRIPT} <= kinds


@pytest.mark.parametrize("has_record", [True, False])
def test_no_log_is_taken_beside_a_record_or_where_two_fit(box: Box, agent: Path, has_record: bool) -> None:
    logged(agent, "one.jsonl", THREAD)
    logged(agent, "two.jsonl", "01a20440-0000-7ed0-96c4-633b07ef9517")
    if has_record:
        ran(agent, [])

    box.push(f"{box.commit(a='x')}:{MAIN}")

    session = evidence(box).session
    assert (session and session.found_by) == (FoundBy.ROLLOUT if has_record else None)
