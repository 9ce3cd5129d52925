"""Which session pushed: by what was claimed, and by what an agent's folders show."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from gate.adapters.agent_hosts.local import LocalAgentHost
from gate.adapters.codex import read_head, read_thread_index
from gate.domain.hold import Hold, HoldState, Push, Revision
from gate.domain.session.model import FoundBy
from gate.services.find_session import FindSession, SessionSearch
from gate.services.ports.evidence import Root

DATA = Path(__file__).parents[1] / "codex" / "data"
FIX, ROOT, HELPER = (
    "01a20440-588d-7ed0-96c4-633b07ef9517",
    "01a20441-210f-77b3-b839-1faa36ec40ba",
    "01a20441-21a2-75b1-8ca8-bf12a4efef93",
)
PUSHED = "0f44598f11e5262cf12ea9f613ae91ab6cc30d89"
NOW = datetime.now(UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / ".codex"
    (folder / "sessions" / "2026" / "11" / "22").mkdir(parents=True)
    return folder


def put(home: Path, sample: str, folder: str = "sessions/2026/11/22") -> list[Path]:
    """The records of a sample, as if they had been written just now."""
    (home / folder).mkdir(parents=True, exist_ok=True)
    records = [
        Path(shutil.copyfile(one, home / folder / one.name))
        for one in sorted((DATA / sample).glob("rollout-*"))
    ]
    for record in records:
        touch(record)
    return records


def touch(record: Path, seconds: float = 0) -> None:
    """As if it had been written just now, or that much later."""
    then = NOW.timestamp() + seconds
    os.utime(record, (then, then))


def say(record: Path, message: str, *, later: float = 0) -> None:
    with record.open("a") as file:
        file.write(f'{{"type":"event_msg","payload":{{"type":"agent_message","message":"{message}"}}}}\n')
    touch(record, later)


def find(home: Path, claim: str = "", by: str = "credential", new: str = PUSHED) -> SessionSearch:
    push = Push("p", 1, 1, NOW, "http", claim=claim, claim_by=by)
    revision = Revision(1, 1, "p", "0" * 40, new, None, NOW)
    hold = Hold(
        1, 1, "billing", 1, 1, "codex-1", "refs/heads/codex/fix-tax", HoldState.COLLECTING, revision, NOW, NOW
    )
    host = LocalAgentHost({Root.CODEX_HOME: [home]})
    return FindSession(read_head, read_thread_index)(host, push, hold)


def told(search: SessionSearch) -> tuple[str, str, FoundBy, list[str]] | None:
    found = search.found
    if found is None:
        return None
    names = [Path(file.path).name for file in found.rollouts]
    return found.session_id, found.thread_id, found.found_by, names


@pytest.mark.parametrize(("by", "found_by"), [("credential", "credential"), ("environment", "environment")])
def test_a_claimed_thread_is_the_session(home: Path, by: str, found_by: str) -> None:
    (record,) = put(home, "01-fix-and-push")
    put(home, "02-push-held")

    search = find(home, f"{FIX}..call_1", by)

    assert told(search) == (FIX, FIX, FoundBy(found_by), [record.name])
    assert search.faults == ()


def test_a_subagents_push_brings_the_whole_session(home: Path) -> None:
    records = put(home, "11-subagent")

    assert told(find(home, HELPER)) == (ROOT, HELPER, FoundBy.CREDENTIAL, [one.name for one in records])


def test_compressed_and_archived_records_are_found(home: Path) -> None:
    first, second = put(home, "11-subagent")
    (home / "archived_sessions").mkdir()
    packed = first.with_name(f"{first.name}.zst")
    packed.write_bytes(zstandard.compress(first.read_bytes()))
    first.unlink()
    second.replace(home / "archived_sessions" / second.name)

    assert told(find(home, ROOT)) == (ROOT, ROOT, FoundBy.CREDENTIAL, [packed.name, second.name])


@pytest.mark.parametrize(
    "claim", ["01a20440-0000-7ed0-96c4-633b07ef9517", "../../etc/passwd", "*", "a" * 500, FIX[:-1]]
)
def test_a_claim_without_a_record_falls_through_to_what_is_there(home: Path, claim: str) -> None:
    (record,) = put(home, "01-fix-and-push")

    search = find(home, claim)

    assert told(search) == (FIX, FIX, FoundBy.ROLLOUT, [record.name])
    assert all("has no record here" in fault for fault in search.faults)


def test_a_record_under_another_threads_name_is_not_taken(home: Path) -> None:
    (record,) = put(home, "01-fix-and-push")
    record.replace(record.with_name(record.name.replace(FIX, ROOT)))

    search = find(home, ROOT)

    assert search.found is None
    assert "no session was found that made this push" in search.faults


@contextmanager
def held(path: Path) -> Iterator[None]:
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_a_living_thread_that_holds_the_commit_is_found_by_its_lock(home: Path) -> None:
    put(home, "02-push-held")
    (record,) = put(home, "01-fix-and-push")

    with held(home / "thread-writer-locks" / f"{FIX}.lock"):
        search = find(home)

    assert told(search) == (FIX, FIX, FoundBy.LOCK, [record.name])


@pytest.mark.parametrize(
    ("origin", "is_found"),
    [
        ("http://127.0.0.1:8080/git/billing.git", True),
        ("http://127.0.0.1:8080/git/billing.git/", True),
        ("ssh://pushgate@gate.example.org/billing.git", True),
        ("pushgate@gate.example.org:billing", True),
        ("https://github.com/acme/billing.git", False),
        ("git@github.com:acme/billing.git", False),
        ("http://127.0.0.1:8080/git/other-billing.git", False),
    ],
)
def test_codexs_own_list_tells_who_worked_on_this_repository_just_then(
    home: Path, origin: str, is_found: bool
) -> None:
    (record,) = put(home, "01-fix-and-push")
    put(home, "02-push-held")
    shutil.copyfile(DATA / "state" / "state_5.sqlite", home / "state_5.sqlite")
    (home / "state_4.sqlite").write_text("an older release's")
    with closing(sqlite3.connect(home / "state_5.sqlite")) as state, state:
        state.execute(
            "update threads set updated_at_ms = ?, git_origin_url = ? where id = ?",
            (int(NOW.timestamp() * 1000), origin, FIX),
        )

    found = told(find(home, new="9" * 40))

    assert found == ((FIX, FIX, FoundBy.STATE_DATABASE, [record.name]) if is_found else None)


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"no database at all",
        "create table other (id text)",
        "create view threads as with recursive r(id, n) as (select 'x', 1 union all select 'x', n + 1 from r)"
        " select id, id as cwd, id as git_origin_url, n as updated_at_ms, n as updated_at from r",
    ],
)
def test_a_list_of_another_shape_is_no_answer_and_holds_nothing_up(home: Path, state: bytes | str) -> None:
    put(home, "01-fix-and-push")
    if isinstance(state, bytes):
        (home / "state_5.sqlite").write_bytes(state)
    else:
        with closing(sqlite3.connect(home / "state_5.sqlite")) as made, made:
            made.execute(state)

    found = told(find(home))

    assert found is not None
    assert found[2] is FoundBy.ROLLOUT


def test_two_that_fit_equally_well_are_none(home: Path) -> None:
    put(home, "03-retry-then-fail")
    put(home, "02-push-held")

    search = find(home, new="9" * 40)

    assert search.found is None
    assert "2 sessions fit by the records of that time, so none was taken" in search.faults


def test_a_record_of_another_time_is_not_the_pushs(home: Path) -> None:
    (record,) = put(home, "01-fix-and-push")
    touch(record, -3600)

    assert find(home).found is None


def test_a_hostile_home_is_looked_at_and_left(home: Path, tmp_path: Path) -> None:
    (record,) = put(home, "01-fix-and-push")
    day = record.parent
    name = "rollout-2026-11-22T17-14-15-{}.jsonl"
    os.mkfifo(day / name.format("01a20440-0000-7ed0-96c4-000000000001"))
    (day / name.format("01a20440-0000-7ed0-96c4-000000000002")).mkdir()
    (day / name.format("01a20440-0000-7ed0-96c4-000000000003")).symlink_to("/etc/passwd")
    with (day / name.format("01a20440-0000-7ed0-96c4-000000000004")).open("wb") as sparse:
        sparse.truncate(1 << 30)
    (home / "sessions" / "2025").symlink_to(tmp_path)
    os.mkfifo(home / "state_9.sqlite")
    (home / "thread-writer-locks").symlink_to(tmp_path)

    assert told(find(home)) == (FIX, FIX, FoundBy.ROLLOUT, [record.name])


def test_an_agent_without_any_record_has_no_session(home: Path) -> None:
    shutil.rmtree(home / "sessions")

    assert find(home, FIX).found is None


def test_threads_of_one_session_that_both_fit_are_one(home: Path) -> None:
    first, second = put(home, "11-subagent")
    pushed = "2ca8dfe02fe8da87528dbf18bcd68e3a9261554f"
    say(first, pushed)
    say(second, pushed, later=1)

    found = told(find(home, new=pushed))

    assert found == (ROOT, HELPER, FoundBy.ROLLOUT, [first.name, second.name])


def test_who_only_speaks_of_pushes_did_not_push(home: Path) -> None:
    (record,) = put(home, "08-killed")
    say(record, "never git push")

    assert find(home).found is None
