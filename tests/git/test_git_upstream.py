from __future__ import annotations

import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from gate.adapters.git import command
from gate.adapters.git.command import Completed, masked
from gate.adapters.git.explanation import explain
from gate.adapters.git.push_report import push_outcome
from gate.adapters.git.repositories import GitRepositories
from gate.adapters.git.repository import GitRepository
from gate.adapters.git.turns import Turns
from gate.domain.errors import Refused, Unavailable
from gate.domain.hold import ZERO_OID
from gate.domain.release import PushRefused, RefMove
from tests.git.git_world import World, git

MAIN = "refs/heads/main"
NEW = "refs/heads/new"


def push(world: World, *moves: RefMove) -> PushRefused | None:
    return world.repository.upstream.push(moves, timeout=30)


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return path


def test_tips_are_read_now_and_an_absent_ref_is_zero(world: World) -> None:
    second = world.upstream.commit({b"a": b"1\n"}, world.first)
    world.upstream.set(MAIN, second)
    world.upstream.set("refs/heads/deep/refs/heads/gone", second)

    tips = world.repository.upstream.tips([MAIN, "refs/heads/gone"])

    assert tips == {MAIN: second, "refs/heads/gone": ZERO_OID}


def test_sync_follows_upstream_in_everything(world: World) -> None:
    up, second = world.upstream, world.upstream.commit({b"a": b"1\n"})
    up.set("refs/heads/dir", world.first)
    up.set("refs/notes/other", world.first)
    world.repository.upstream.sync()
    up.set("refs/heads/dir", ZERO_OID)
    up.set("refs/heads/dir/below", world.first)
    up.set("refs/tags/v1", world.first)
    up.set(MAIN, second)
    git(up.folder, "symbolic-ref", "HEAD", "refs/heads/dir/below")

    world.repository.upstream.sync()

    expected = {"refs/heads/dir/below": world.first, MAIN: second, "refs/tags/v1": world.first}
    assert world.gate.refs() == expected
    assert git(world.gate.folder, "symbolic-ref", "HEAD") == "refs/heads/dir/below"


def test_sync_leaves_held_refs_alone(world: World) -> None:
    held = "refs/quarantine/x/1"
    git(world.gate.folder, "update-ref", held, world.first, PUSHGATE_GUARD=world.guard())

    world.repository.upstream.sync()

    assert world.gate.refs("refs/quarantine/") == {held: world.first}


def test_of_many_who_wait_for_a_turn_one_takes_it(tmp_path: Path) -> None:
    taken: list[bool] = []
    asked = threading.Barrier(4)

    class Asked(Turns):
        def _counts(self) -> tuple[int, int]:
            counts = super()._counts()
            if not asked.broken and threading.current_thread() is not threading.main_thread():
                with suppress(threading.BrokenBarrierError):
                    asked.wait(10)
                    asked.abort()
            return counts

    def take() -> None:
        with Asked(tmp_path / "sync").taken() as is_needed:
            taken.append(is_needed)

    waiting = [threading.Thread(target=take) for _ in range(3)]
    with Turns(tmp_path / "sync").taken() as is_needed:
        taken.append(is_needed)
        for thread in waiting:
            thread.start()
        with suppress(threading.BrokenBarrierError):
            asked.wait(10)
    for thread in waiting:
        thread.join()

    assert sorted(taken) == [False, False, True, True]


def test_a_turn_that_failed_spares_nobody(tmp_path: Path) -> None:
    turns = Turns(tmp_path / "sync")

    with suppress(ValueError), turns.taken():
        raise ValueError
    with turns.taken() as is_needed:
        pass

    assert is_needed


def test_right_lease_moves_and_the_mirror_follows(world: World) -> None:
    second = world.upstream.commit({b"a": b"1\n"}, world.first)
    world.bring(second)
    move = RefMove(MAIN, world.first, second)

    refused = push(world, move)
    world.repository.upstream.mirror(move)
    world.repository.upstream.mirror(move)

    assert refused is None
    assert world.upstream.refs() == world.gate.refs() == {MAIN: second}


def test_the_mirror_does_not_take_back_what_a_sync_saw_since(world: World) -> None:
    ref = "refs/heads/codex/a"
    second, third = (world.upstream.commit({name: b"1\n"}, world.first) for name in (b"a", b"b"))
    world.upstream.set(ref, third)
    world.bring(second)
    world.repository.upstream.sync()

    world.repository.upstream.mirror(RefMove(ref, world.first, second))
    world.repository.upstream.mirror(RefMove(ref, world.first, ZERO_OID))

    assert world.gate.refs() == {MAIN: world.first, ref: third}


def test_the_same_push_again_is_taken(world: World) -> None:
    second = world.upstream.commit({b"a": b"1\n"}, world.first)
    world.bring(second)
    move = RefMove(MAIN, world.first, second)

    assert [push(world, move), push(world, move)] == [None, None]


def test_create_delete_and_tag_in_one_group(world: World) -> None:
    world.upstream.set("refs/heads/old", world.first)
    world.repository.upstream.sync()
    moves = (
        RefMove(NEW, ZERO_OID, world.first),
        RefMove("refs/heads/old", world.first, ZERO_OID),
        RefMove("refs/tags/v1", ZERO_OID, world.first),
    )

    refused = push(world, *moves)
    for move in (*moves, *moves):
        world.repository.upstream.mirror(move)

    assert refused is None
    expected = {MAIN: world.first, NEW: world.first, "refs/tags/v1": world.first}
    assert world.upstream.refs() == world.gate.refs() == expected


@pytest.mark.parametrize("expected", ["first", "absent", "other"])
def test_a_wrong_lease_is_stale_and_moves_nothing(world: World, expected: str) -> None:
    second = world.upstream.commit({b"a": b"1\n"}, world.first)
    world.upstream.set(MAIN, second)
    world.bring(world.upstream.commit({b"b": b"1\n"}, world.first))
    mine = world.upstream.commit({b"b": b"1\n"}, world.first)
    lease = {"first": world.first, "absent": ZERO_OID, "other": mine}[expected]

    refused = push(world, RefMove(MAIN, lease, mine))

    assert refused == PushRefused(f"{MAIN}: [rejected] (stale info)", is_stale=True, is_final=False)
    assert world.upstream.refs() == {MAIN: second}


def test_a_ref_that_came_to_be_meanwhile_is_stale(world: World) -> None:
    second = world.upstream.commit({b"a": b"1\n"}, world.first)
    world.bring(second)
    world.upstream.set(NEW, world.first)

    refused = push(world, RefMove(NEW, ZERO_OID, second))

    assert refused is not None
    assert (refused.is_stale, refused.is_final) == (True, False)


def test_one_bad_move_stops_the_whole_group(world: World) -> None:
    second = world.upstream.commit({b"a": b"1\n"}, world.first)
    world.bring(second)

    refused = push(world, RefMove(NEW, ZERO_OID, second), RefMove(MAIN, second, second))

    assert refused == PushRefused(f"{MAIN}: [rejected] (stale info)", is_stale=True, is_final=False)
    assert world.upstream.refs() == {MAIN: world.first}


def test_a_protected_upstream_is_final_and_keeps_its_words(world: World) -> None:
    script(world.upstream.folder / "hooks" / "pre-receive", "echo 'main is protected: ask carol' >&2; exit 1")
    second = world.upstream.commit({b"a": b"1\n"}, world.first)
    world.bring(second)

    refused = push(world, RefMove(MAIN, world.first, second))

    words = f"{MAIN}: [remote rejected] (pre-receive hook declined)\nmain is protected: ask carol"
    assert refused == PushRefused(words, is_stale=False, is_final=True)


def test_only_the_approved_commits_reach_upstream(world: World) -> None:
    second = world.upstream.commit({b"a": b"1\n"}, world.first)
    world.bring(second)
    stray = world.gate.blob(b"nobody approved this\n")

    push(world, RefMove(MAIN, world.first, second))

    assert git(world.upstream.folder, "cat-file", "--batch-check", stdin=stray.encode()) == f"{stray} missing"


def test_an_upstream_that_is_away_is_unavailable(world: World) -> None:
    away = world.repositories.open("demo", "http://127.0.0.1:9/demo.git").upstream
    moved = world.repositories.open("demo", str(world.upstream.folder) + ".moved").upstream

    for upstream in (away, moved):
        with pytest.raises(Unavailable):
            upstream.tips([MAIN])
        with pytest.raises(Unavailable):
            upstream.sync()
        with pytest.raises(Unavailable):
            upstream.push([RefMove(NEW, ZERO_OID, world.first)], timeout=30)


def test_a_push_without_an_answer_is_unavailable(world: World) -> None:
    script(world.upstream.folder / "hooks" / "pre-receive", "exec tail -f /dev/null")

    with pytest.raises(Unavailable, match=r"did not end within 0.5 s"):
        world.repository.upstream.push([RefMove(NEW, ZERO_OID, world.first)], timeout=0.5)


@pytest.mark.parametrize(
    "address",
    [
        "https://alice:secret@example.org/demo.git",
        "https://secret@example.org/demo.git",
        "ssh://alice:secret@example.org/demo.git",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_repeated(world: World, address: str) -> None:
    with pytest.raises(Refused, match="credential helper") as refused:
        world.repositories.create("other", address)
    with pytest.raises(Refused):
        world.repositories.open("demo", address).upstream.tips([MAIN])

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("address", ["ext::sh -c id", "--upload-pack=id", "a\nb", "", "ftp://example.org/x"])
def test_an_address_that_could_run_something_is_refused(world: World, address: str) -> None:
    with pytest.raises((Refused, Unavailable)):
        world.repositories.open("demo", address).upstream.tips([MAIN])


def credentials_world(world: World, tmp_path: Path) -> tuple[GitRepository, Path]:
    """An upstream over ssh, reached by a fake ssh that writes down what it can see."""
    seen = tmp_path / "seen"
    fake = script(
        tmp_path / "fake-ssh",
        f'tr "\\0" " " </proc/$$/cmdline >>{seen}\n'
        f'tr "\\0" " " </proc/$PPID/cmdline >>{seen}\n'
        f"env >>{seen}\n"
        'for word; do last=$word; done\nexec sh -c "$last"',
    )
    repositories = GitRepositories(tmp_path / "gate", ssh_command=str(fake))
    return repositories.open("demo", f"alice@example.org:{world.upstream.folder}"), seen


def test_ssh_asks_nobody_and_sees_no_secret_of_the_gate(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://gate:hunter2@localhost/gate")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    repository, seen = credentials_world(world, tmp_path)

    repository.upstream.sync()
    refused = repository.upstream.push([RefMove(NEW, ZERO_OID, world.first)], timeout=30)

    text = seen.read_text()
    assert refused is None
    assert "BatchMode=yes" in text
    assert "hunter2" not in text
    assert world.guard() not in text


def test_a_sync_with_nothing_new_looks_once_and_fetches_nothing(world: World, tmp_path: Path) -> None:
    world.upstream.set("refs/other/refs/heads/x", world.first)
    world.upstream.set("refs/heads/codex/a/b", world.first)
    git(world.upstream.folder, "tag", "-a", "-m", "version", "v1", world.first)
    repository, seen = credentials_world(world, tmp_path)
    repository.upstream.sync()
    seen.unlink()

    repository.upstream.sync()

    assert seen.read_text().count("GIT_SSH_COMMAND=") == 1


def test_the_credential_helper_is_asked_and_its_secret_stays_with_git(world: World, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    helper = script(
        tmp_path / "helper",
        f"cat /proc/$PPID/cmdline >>{seen}\ncat >>{seen}\n"
        '[ "$1" = get ] && printf "username=alice\\npassword=hunter2\\n"',
    )
    repositories = GitRepositories(tmp_path / "gate", credential_helper=str(helper))
    git_with_helper = repositories.open("demo", str(world.upstream.folder)).upstream._remote()

    filled = git_with_helper.text("credential", "fill", stdin=b"protocol=https\nhost=example.org\n\n")

    assert "password=hunter2" in filled
    assert "hunter2" not in seen.read_text()
    assert "hunter2" not in (world.gate.folder / "config").read_text()


def test_credentials_in_words_are_masked() -> None:
    words = "fatal: unable to access 'https://alice:hunter2@example.org/x.git/': 403"

    assert masked(words) == "fatal: unable to access 'https://***@example.org/x.git/': 403"


def test_the_environment_of_git_is_clean(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nowhere")
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
    monkeypatch.setenv("PUSHGATE_SECRET", "hunter2")
    shown = command.Git(world.gate.folder, ("-c", "alias.show-env=!env"), {"LC_ALL": "C"}).text("show-env")

    names = {line.partition("=")[0] for line in shown.split("\n")}

    assert not names & {"GIT_OBJECT_DIRECTORY", "GIT_SSL_NO_VERIFY", "PUSHGATE_SECRET", "VIRTUAL_ENV"}
    assert {"LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0"} <= set(shown.split("\n"))
    assert os.environ["PUSHGATE_SECRET"] == "hunter2"


REPORT = "To https://example.org/x.git\n!\t{oid}:refs/heads/main\t{reason}\nDone\n"


@pytest.mark.parametrize(
    ("reason", "is_stale", "is_final"),
    [
        ("[rejected] (stale info)", True, False),
        ("[rejected] (fetch first)", True, False),
        ("[rejected] (non-fast-forward)", True, False),
        ("[remote rejected] (cannot lock ref 'refs/heads/main': is at 1 but expected 2)", True, False),
        ("[remote rejected] (failed to update ref)", True, False),
        ("[remote rejected] (protected branch hook declined)", False, True),
        ("[remote rejected] (permission denied)", False, True),
        ("[remote rejected] (deletion prohibited)", False, True),
        ("[remote rejected] (unpacker error)", False, False),
        ("[remote rejected] (Internal Server Error)", False, False),
    ],
)
def test_reasons_of_a_rejection_are_told_apart(reason: str, is_stale: bool, is_final: bool) -> None:
    report = REPORT.format(oid="1" * 40, reason=reason).encode()

    outcome = push_outcome("x", Completed(1, report, "remote: error: the hook says no"))

    words = f"refs/heads/main: {reason}\nerror: the hook says no"
    assert outcome == PushRefused(words, is_stale=is_stale, is_final=is_final)


@pytest.mark.parametrize(
    "words",
    [
        "fatal: unable to access 'https://example.org/': The requested URL returned error: 403",
        "remote: Permission to alice/x.git denied to bob.\nfatal: unable to access",
        "git@example.org: Permission denied (publickey).\nfatal: Could not read from remote repository.",
        "fatal: could not read Username for 'https://example.org': terminal prompts disabled",
        "remote: Repository not found.\nfatal: repository 'https://example.org/x.git/' not found",
    ],
)
def test_a_missing_right_is_final(words: str) -> None:
    expected = PushRefused(explain(words), is_stale=False, is_final=True)
    assert push_outcome("x", Completed(128, b"", words)) == expected


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (b"", "fatal: unable to access: The requested URL returned error: 503"),
        (b"", "ssh: connect to host example.org port 22: Connection timed out"),
        (b"", "fatal: the remote end hung up unexpectedly"),
        (REPORT.format(oid="1", reason="[remote failure] (remote failed to report status)").encode(), ""),
    ],
)
def test_an_unknown_outcome_is_unavailable(report: bytes, words: str) -> None:
    with pytest.raises(Unavailable):
        push_outcome("x", Completed(1, report, words))


def test_notes_are_added_once_and_others_notes_are_kept(world: World) -> None:
    upstream = world.repository.upstream
    git(world.upstream.folder, "notes", "--ref=pushgate", "add", "-m", "by hand", world.first)

    outcomes = [upstream.write_note(world.first, "tree head 1\n") for _ in range(2)]
    outcomes.append(upstream.write_note(world.first, "tree head 2\n"))

    note = git(world.upstream.folder, "notes", "--ref=pushgate", "show", world.first)
    assert outcomes == [None, None, None]
    assert note == "by hand\n\ntree head 1\n\ntree head 2"


def test_a_note_survives_notes_that_moved_meanwhile(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    upstream = world.repository.upstream
    push_for_real = upstream.push

    def push_late(moves: list[RefMove], *, timeout: float) -> PushRefused | None:
        monkeypatch.setattr(upstream, "push", push_for_real)
        git(world.upstream.folder, "notes", "--ref=pushgate", "add", "-m", "faster", world.first)
        return push_for_real(moves, timeout=timeout)

    monkeypatch.setattr(upstream, "push", push_late)

    outcome = upstream.write_note(world.first, "tree head\n")

    note = git(world.upstream.folder, "notes", "--ref=pushgate", "show", world.first)
    assert (outcome, note) == (None, "faster\n\ntree head")


def test_a_note_that_upstream_refuses_is_said(world: World) -> None:
    script(world.upstream.folder / "hooks" / "pre-receive", "exit 1")

    outcome = world.repository.upstream.write_note(world.first, "tree head\n")

    assert outcome is not None
    assert outcome.is_final
    assert not stat.S_IMODE(world.gate.folder.stat().st_mode) & 0o077
