"""What an agent's user can write so that the gathering of evidence does not end, or never comes about."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.adapters.agent_hosts.local import LocalAgentHost
from gate.adapters.artifacts.reader import read_artifact
from gate.adapters.codex import read_head, read_rollout, read_thread_index
from gate.adapters.path_matcher import GitIgnorePathMatcher
from gate.adapters.recordings.reader import read_recording
from gate.adapters.shell import BashParser
from gate.domain.agent_place import AgentPlace
from gate.domain.brief.evaluate import evaluate
from gate.domain.brief.model import BriefSource, Kept
from gate.domain.brief.parse import parse_brief
from gate.domain.brief.pushed import Pushed
from gate.domain.evidence import FileKind
from gate.domain.facts import DiffFacts
from gate.domain.hold import Hold, HoldState, Push, Revision
from gate.domain.risk.commands import CommandContext
from gate.domain.session.model import Command, CommandOutcome, FoundBy, Session, Thread
from gate.services import find_session as finding
from gate.services.checkpoints import CollectCheckpoints
from gate.services.find_recording import find_recording
from gate.services.find_session import FindSession
from gate.services.ports.evidence import HostFile, Redacted, Root
from gate.services.ports.git import TreeEntry
from gate.services.read_session import ReadSession
from gate.services.snapshot import Snapshot
from gate.services.weigh import Weigh
from tests.gate_in_a_box import MAIN, Box
from tests.git.git_world import make_world
from tests.services.checkpoint_world import DictStore, FolderHost

THREAD = "01a20440-588d-7ed0-96c4-633b07ef9517"
NOW = datetime.now(UTC)
V2 = b'{"version": 2, "width": 80, "height": 24}\n'


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def thread(*commands: Command, **more: object) -> Thread:
    return Thread(THREAD, THREAD, commands=commands, **more)  # type: ignore[arg-type]


def session(*commands: Command, **more: object) -> Session:
    return Session(THREAD, THREAD, FoundBy.CREDENTIAL, (thread(*commands, **more),))


def ran(text: str, line: int = 1, exit_code: int = 0) -> Command:
    outcome = CommandOutcome.FAILED if exit_code else CommandOutcome.COMPLETED
    return Command(f"c{line}", THREAD, "t", text, "/w", outcome, line, exit_code=exit_code)


def facts() -> DiffFacts:
    return DiffFacts("a" * 40, (), (), (), is_ancestor=True)


def record(started: str, *more: dict[str, object]) -> bytes:
    meta = {"id": THREAD, "session_id": THREAD, "cwd": "/w", "timestamp": started}
    first = {"timestamp": started, "type": "session_meta", "payload": meta}
    return b"".join(json.dumps(one).encode() + b"\n" for one in (first, *more))


# A hold that never leaves `collecting`


def test_a_time_of_400_digits_in_a_recording_is_a_line_that_cannot_be_read() -> None:
    content = V2 + b"[" + b"1" * 400 + b', "o", "hi"]\n'

    reading = read_recording([content], None, lambda _: None)

    assert reading.faults == ("1 lines of the recording could not be read",)


@pytest.mark.parametrize("started", [datetime.min, datetime.max])
def test_a_session_at_the_end_of_time_does_not_stop_the_search_for_its_recording(
    tmp_path: Path, started: datetime
) -> None:
    (tmp_path / "a.typescript").write_bytes(b"Script started on 2026-11-22 17:14:15+00:00\n")
    of = session(started_at=started.replace(tzinfo=UTC))

    search = find_recording(FolderHost({Root.RECORDINGS: tmp_path}), of)

    assert search.faults == ()


def test_a_push_is_reviewed_whatever_its_recording_holds(box: Box) -> None:
    home, recordings = box.folder / "codex", box.folder / "recordings"
    day = home / "sessions/2026/11/22"
    day.mkdir(parents=True)
    recordings.mkdir()
    new = box.commit(a="x")
    said = {"type": "event_msg", "payload": {"type": "agent_message", "message": f"pushed {new}"}}
    name = f"rollout-2026-11-22T17-14-15-{THREAD}.jsonl"
    (day / name).write_bytes(record("2026-11-22T17:14:15Z", said))
    (recordings / "a.cast").write_bytes(V2 + b"[" + b"1" * 400 + f', "o", "{THREAD}"]\n'.encode())
    with box.gate.store.transaction() as tx:
        tx.places.put(AgentPlace("codex-1", str(home), (), (str(recordings),)))

    box.push(f"{new}:{MAIN}")

    assert box.hold(1).state is HoldState.IN_REVIEW


# Work without end


def test_a_generated_column_cannot_keep_the_reader_of_codexs_list_busy(tmp_path: Path) -> None:
    path = tmp_path / "state_1.sqlite"
    # It rests on a column, or SQLite would compute it once.
    slow = (
        "instr(replace(hex(zeroblob(80000 + updated_at)),'0','a'),"
        " replace(hex(zeroblob(40000 + updated_at)),'0','a')||'b')"
    )
    with closing(sqlite3.connect(path)) as made:
        made.execute(
            "create table threads(id text, cwd text, git_origin_url text, updated_at integer,"
            f" updated_at_ms integer generated always as ({slow}) virtual)"
        )
        made.executemany("insert into threads values('x', 'y', 'z', ?)", [(n,) for n in range(40)])
        made.commit()
    began = time.monotonic()

    read_thread_index(path.read_bytes(), b"")

    assert time.monotonic() - began < 4


def test_a_lock_with_many_names_is_not_many_records_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_MOST_LOOKED_AT", 20)
    day, locks = tmp_path / "sessions/2026/11/22", tmp_path / "thread-writer-locks"
    day.mkdir(parents=True)
    locks.mkdir()
    names = [f"01a20440-588d-7ed0-96c4-{n:012d}" for n in range(100)]
    for number, name in enumerate(names):
        meta = {"id": name, "session_id": name, "cwd": "/w"}
        line = json.dumps({"type": "session_meta", "payload": meta}) + "\n"
        (day / f"rollout-2026-11-22T17-14-15-{name}.jsonl").write_text(line)
        if number:
            os.link(locks / f"{names[0]}.lock", locks / f"{name}.lock")
        else:
            (locks / f"{name}.lock").touch()
    read: list[str] = []

    class Host(LocalAgentHost):
        def read(self, file: HostFile, start: int, length: int) -> bytes:
            read.append(file.path)
            return super().read(file, start, length)

    push = Push("p", 1, 1, NOW - timedelta(days=9), "http", claim="", claim_by="")
    revision = Revision(1, 1, "p", "0" * 40, "a" * 40, None, NOW)
    hold = Hold(1, 1, "demo", 1, 1, "codex-1", MAIN, HoldState.COLLECTING, revision, NOW, NOW)
    with (locks / f"{names[0]}.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        FindSession(read_head, read_thread_index)(Host({Root.CODEX_HOME: [tmp_path]}), push, hold)

    assert len(read) <= 3 * 20


def test_calls_without_a_push_are_looked_through_in_linear_time() -> None:
    content = b'"type":"function_call"' * 500_000
    began = time.monotonic()

    assert not finding._runs_push(content)

    assert time.monotonic() - began < 5


def test_each_command_is_taken_apart_once_however_many_rules_a_brief_has() -> None:
    text = "# Goal\n\nx\n\n# Not allowed\n\n" + "".join(f"- Do not run `tool{n} go`\n" for n in range(100))
    brief = parse_brief(text, BriefSource.PUSH_OPTION, "")
    taken: list[str] = []

    def words_of(command: Command) -> list[tuple[str, ...]]:
        taken.append(command.call_id)
        return []

    of = session(*(ran("true", line) for line in range(1, 51)))
    evaluate(brief, Pushed(facts(), MAIN, GitIgnorePathMatcher(), of, None, words_of))

    assert len(taken) <= 50


# What is said of it


def test_folders_too_deep_are_told_of_in_few_words(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    files = {f"artifacts/a/b/c/{n}/x".encode(): b"x" for n in range(300)}
    oid = world.gate.commit(files)
    asked: list[str] = []

    class Counting:
        def learn(self, content: object) -> None: ...

        def redact(self, text: str) -> Redacted:
            asked.append(text)
            return Redacted(text, 0)

    collect = CollectCheckpoints(DictStore(), read_artifact)
    reading = collect(world.repository.history, oid, None, "", Counting())  # type: ignore[arg-type]

    assert len(reading.faults) <= 100
    assert len(asked) <= 200


def test_recordings_that_cannot_be_listed_are_told_of_in_few_words(tmp_path: Path) -> None:
    deep = tmp_path
    for n in range(300):
        (tmp_path / f"f{n}").mkdir()

    class Host(FolderHost):
        def list(self, root: Root, folder: str = ""):  # type: ignore[no-untyped-def]
            if folder:
                from gate.domain.errors import Refused

                raise Refused(f"{folder}: it is not read (Permission denied).")
            return super().list(root, folder)

    search = find_recording(Host({Root.RECORDINGS: deep}), session(started_at=NOW))

    assert len(search.faults) <= 100


# Wrong answers


@pytest.mark.parametrize(
    "text", ["! make test", "make test --help", "make test -n", "trap 'exit 0' EXIT && make test"]
)
def test_a_check_that_did_not_run_or_whose_end_is_turned_round_is_not_kept(text: str) -> None:
    brief = parse_brief("# Goal\n\nx\n\n# Before finishing\n\n- Run `make test`\n", BriefSource.OPERATOR, "")

    words = BashParser()

    def words_of(command: Command) -> list[tuple[str, ...]]:
        return [one.words for pipeline in words(command).pipelines for one in pipeline.commands]

    report = evaluate(
        brief, Pushed(facts(), MAIN, GitIgnorePathMatcher(), session(ran(text)), None, words_of)
    )

    assert [answer.kept for answer in report.answers] != [Kept.YES]


def test_commands_that_the_record_is_too_long_for_raise_the_risk() -> None:
    filler = "echo " + "x" * 90_000
    lines = []
    for n in range(220):
        cmd = "sudo rm -rf / --no-preserve-root" if n == 110 else filler
        call = {"type": "function_call", "name": "exec_command", "call_id": f"c{n}"}
        lines.append({"type": "response_item", "payload": {**call, "arguments": json.dumps({"cmd": cmd})}})
        answer = {"type": "function_call_output", "call_id": f"c{n}"}
        done = "Process exited with code 0\nOutput:\n"
        lines.append({"type": "response_item", "payload": {**answer, "output": done}})
    of = read_rollout([record("2026-11-22T17:14:15Z", *lines)], lambda _: None)
    assert "commands from the middle" in str(of.faults)
    weigh = Weigh(GitIgnorePathMatcher(), BashParser(), lambda *_: ())

    class View:
        session = Session(THREAD, THREAD, FoundBy.CREDENTIAL, (of,))

    found = {one.rule.id for one in weigh._commands(View, CommandContext())}  # type: ignore[arg-type]

    assert found & {"C00", "C02", "C03"}


def test_a_rule_is_unknown_where_threads_of_the_session_were_not_read(tmp_path: Path) -> None:
    """Of many subagents only so many are read, the newest of them left out: one of those may have run it."""
    day = tmp_path / "sessions/2026/11/22"
    day.mkdir(parents=True)
    for n in range(60):
        name = f"01a20440-588d-7ed0-96c4-{n:012d}" if n else THREAD
        meta = {"id": name, "session_id": THREAD, "cwd": "/w"}
        lines = [json.dumps({"type": "session_meta", "payload": meta})]
        if n == 59:
            call = {"type": "function_call", "name": "exec_command", "call_id": "c"}
            arguments = json.dumps({"cmd": "terraform apply"})
            lines.append(json.dumps({"type": "response_item", "payload": {**call, "arguments": arguments}}))
        file = day / f"rollout-2026-11-22T17-14-15-{name}.jsonl"
        file.write_text("\n".join(lines) + "\n")
        os.utime(file, (NOW.timestamp() + n, NOW.timestamp() + n))
    host = LocalAgentHost({Root.CODEX_HOME: [tmp_path]})
    push = Push("p", 1, 1, NOW, "http", claim=THREAD, claim_by="credential")
    revision = Revision(1, 1, "p", "0" * 40, "a" * 40, None, NOW)
    hold = Hold(1, 1, "demo", 1, 1, "codex-1", MAIN, HoldState.COLLECTING, revision, NOW, NOW)
    found = FindSession(read_head, read_thread_index)(host, push, hold).found
    assert found is not None
    store = DictStore()

    class Silent:
        def learn(self, content: object) -> None: ...

        def redact(self, text: str) -> Redacted:
            return Redacted(text, 0)

    read = ReadSession(store, Snapshot(store), {FileKind.ROLLOUT: read_rollout})(host, found, Silent())  # type: ignore[arg-type]
    brief = parse_brief(
        "# Goal\n\nx\n\n# Not allowed\n\n- Do not run `terraform`\n", BriefSource.OPERATOR, ""
    )

    report = evaluate(brief, Pushed(facts(), MAIN, GitIgnorePathMatcher(), read.session))

    assert [answer.kept for answer in report.answers] != [Kept.YES]


def test_folders_that_a_commit_names_again_and_again_are_not_listed_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred folders, each with the same hundred, each with the same hundred: four small objects."""
    listed: list[str] = []

    class Tree:
        def tree(self, oid: str, path: str) -> tuple[TreeEntry, ...]:
            listed.append(path)
            if not path:
                return (TreeEntry("artifacts", "040000", "tree", "a" * 40, None),)
            return tuple(TreeEntry(f"d{n}", "040000", "tree", "a" * 40, None) for n in range(15))

    class Silent:
        def learn(self, content: object) -> None: ...

        def redact(self, text: str) -> Redacted:
            return Redacted(text, 0)

    CollectCheckpoints(DictStore(), read_artifact)(Tree(), "b" * 40, None, "", Silent())  # type: ignore[arg-type]

    assert len(listed) <= 500
