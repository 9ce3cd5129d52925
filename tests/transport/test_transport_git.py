"""Git's own client against the transport: what people and agents do with it."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.transport.transport_server import Served, Server, commit, eventually, git, push_body

PROTOCOLS = ("protocol.version=0", "protocol.version=1", "protocol.version=2")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_clone_push_and_fetch_move_the_same_commits(
    demo: Served, work: Path, tmp_path: Path, protocol: str
) -> None:
    clone = demo.clone(tmp_path / "clone", "-c", protocol)
    pushed = commit(work, "second.txt")

    git("-c", protocol, "push", "-q", "origin", "main", cwd=work)
    git("-c", protocol, "fetch", "-q", cwd=clone)

    assert demo.refs() == {"refs/heads/main": pushed}
    assert git("rev-parse", "origin/main", cwd=clone).stdout.strip() == pushed


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_clone_never_sees_held_refs(demo: Served, work: Path, tmp_path: Path, protocol: str) -> None:
    held = commit(work, "held.txt")
    git("push", "-q", str(demo.folder), f"{held}:refs/quarantine/01/1", cwd=work)

    listed = git("-c", protocol, "ls-remote", "origin", cwd=work).stdout
    git("-c", protocol, "clone", "-q", "--mirror", demo.url(), str(tmp_path / "mirror"), cwd=tmp_path)

    assert "quarantine" not in listed
    assert git("for-each-ref", "--format=%(refname)", cwd=tmp_path / "mirror").stdout == "refs/heads/main\n"
    assert git("cat-file", "-e", held, cwd=tmp_path / "mirror", check=False).returncode != 0


def test_a_push_in_chunks_arrives_whole(demo: Served, work: Path) -> None:
    # A buffer that is smaller than the pack makes git ask first, with the 4-byte probe, and send chunks.
    pushed = commit(work, "large.bin", _noise(3 * 2**20))

    git("-c", "http.postBuffer=65536", "push", "-q", "origin", "main", cwd=work)

    assert demo.refs() == {"refs/heads/main": pushed}


def test_a_fetch_with_a_long_gzip_request_is_understood(demo: Served, work: Path, tmp_path: Path) -> None:
    clone = demo.clone(tmp_path / "clone")
    for number in range(120):
        commit(clone, f"local-{number}.txt")
    pushed = commit(work, "second.txt")
    git("push", "-q", "origin", "main", cwd=work)

    fetched = git("fetch", "-q", cwd=clone, GIT_TRACE_CURL="1")

    assert "Content-Encoding: gzip" in fetched.stderr
    assert git("rev-parse", "origin/main", cwd=clone).stdout.strip() == pushed


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_shallow_clone_can_push_and_deepen(demo: Served, work: Path, tmp_path: Path, protocol: str) -> None:
    for number in range(5):
        commit(work, f"{number}.txt")
    git("push", "-q", "origin", "main", cwd=work)

    git("-c", protocol, "clone", "-q", "--depth=1", demo.url(), str(tmp_path / "shallow"), cwd=tmp_path)
    pushed = commit(tmp_path / "shallow", "shallow.txt")
    git("-c", protocol, "push", "-q", "origin", "main", cwd=tmp_path / "shallow")
    git("-c", protocol, "fetch", "-q", "--deepen=2", cwd=tmp_path / "shallow")

    assert demo.refs() == {"refs/heads/main": pushed}
    assert git("rev-list", "--count", "HEAD", cwd=tmp_path / "shallow").stdout == "4\n"


def test_a_partial_clone_fetches_files_when_they_are_needed(demo: Served, work: Path, tmp_path: Path) -> None:
    clone = tmp_path / "partial"

    git("clone", "-q", "--no-checkout", "--filter=blob:none", demo.url(), str(clone), cwd=tmp_path)

    missing = git("rev-list", "--objects", "--missing=print", "HEAD", cwd=clone).stdout
    assert [line for line in missing.splitlines() if line.startswith("?")] != []
    git("checkout", "-q", "main", cwd=clone)
    assert (clone / "first.txt").read_bytes() == b"text\n"


def test_push_options_reach_the_hook(demo: Served, work: Path) -> None:
    _install_hook(demo, 'echo "option $GIT_PUSH_OPTION_0" >&2')
    commit(work, "second.txt")

    pushed = git("push", "-o", "why=fix", "origin", "main", cwd=work)

    assert "remote: option why=fix" in pushed.stderr


def test_the_hook_learns_who_pushes_and_nothing_else_of_the_gate(demo: Served, work: Path) -> None:
    _install_hook(
        demo, "env | grep -E '^(PUSHGATE|TRANSPORT_TEST|PYTHONPATH|HOME|GIT_CONFIG_GLOBAL)' | sort >&2"
    )
    commit(work, "second.txt")

    pushed = git("push", demo.url(user="codex-1+thread.42"), "main", cwd=work)

    assert eventually(lambda: len(demo.noticed()) == 2)
    push_id = demo.noticed()[1]
    told = [line.removeprefix("remote: ").strip() for line in pushed.stderr.splitlines() if "=" in line]
    assert told == [
        "GIT_CONFIG_GLOBAL=/dev/null",
        "HOME=/nonexistent",
        "PUSHGATE_ADDRESS=127.0.0.1",
        "PUSHGATE_AGENT=codex-1",
        "PUSHGATE_CLAIM=thread.42",
        f"PUSHGATE_PUSH={push_id}",
        "PUSHGATE_TRANSPORT=http",
    ]


def test_a_refused_push_shows_the_hooks_words(demo: Served, work: Path) -> None:
    before = demo.refs()
    _install_hook(demo, "echo not today >&2; exit 1")
    commit(work, "second.txt", _noise(2**20))

    pushed = git("-c", "http.postBuffer=65536", "push", "origin", "main", cwd=work, check=False)

    assert pushed.returncode == 1
    assert "remote: not today" in pushed.stderr
    assert "pre-receive hook declined" in pushed.stderr
    assert demo.refs() == before


def test_a_push_that_git_stops_reading_still_hears_why(demo: Served, work: Path) -> None:
    git("config", "receive.maxInputSize", "100000", cwd=demo.folder)
    commit(work, "large.bin", _noise(24 * 2**20))

    pushed = git("-c", "http.postBuffer=65536", "push", "origin", "main", cwd=work, check=False)

    assert pushed.returncode == 1
    assert "pack exceeds maximum allowed size" in pushed.stderr


def test_twenty_agents_push_at_once(demo: Served, work: Path, tmp_path: Path) -> None:
    folders = [demo.clone(tmp_path / f"clone-{number}") for number in range(20)]
    tips = {f"refs/heads/b{n}": commit(folder, f"{n}.txt") for n, folder in enumerate(folders)}

    with ThreadPoolExecutor(20) as pool:
        for done in pool.map(lambda n: git("push", "-q", "origin", f"HEAD:b{n}", cwd=folders[n]), range(20)):
            assert done.returncode == 0

    assert {ref: oid for ref, oid in demo.refs().items() if ref != "refs/heads/main"} == tips
    assert eventually(lambda: len(set(demo.noticed())) == 21)


def test_the_worker_keeps_its_size_while_64_mib_pass_both_ways(
    server: Server, demo: Served, work: Path, tmp_path: Path
) -> None:
    for folder in (work, demo.folder):
        git("config", "core.compression", "0", cwd=folder)
    commit(work, "small.bin", _noise(2**20))
    git("push", "-q", "origin", "main", cwd=work)
    pushed = commit(work, "large.bin", _noise(64 * 2**20))
    before = server.worker.memory_info().rss

    git("push", "-q", "origin", "main", cwd=work)
    git("clone", "-q", "--bare", demo.url(), str(tmp_path / "bare.git"), cwd=tmp_path)

    assert demo.refs() == {"refs/heads/main": pushed}
    assert server.peak_memory() - before < 24 * 2**20


def test_a_client_that_leaves_in_the_middle_of_a_push_leaves_nothing(
    server: Server, demo: Served, work: Path
) -> None:
    old = demo.refs()["refs/heads/main"]
    new = commit(work, "large.bin", _noise(8 * 2**20))
    body = push_body(work, "refs/heads/main", old, new)
    before = demo.objects()

    with demo.start_push(len(body)) as connection:
        connection.sendall(body[: len(body) // 2])
        assert eventually(lambda: any("unpack-objects" in line for line in server.git_processes()))

    assert eventually(lambda: len(demo.noticed()) == 2)
    assert server.git_processes() == []
    assert demo.objects() == before
    assert demo.refs() == {"refs/heads/main": old}


def test_a_client_that_leaves_while_the_hook_works_ends_the_hook(
    server: Server, demo: Served, work: Path
) -> None:
    old = demo.refs()["refs/heads/main"]
    new = commit(work, "second.txt")
    body = push_body(work, "refs/heads/main", old, new)
    git("config", "receive.keepAlive", "1", cwd=demo.folder)
    _install_hook(demo, "exec sleep 600")
    before = demo.objects()

    with demo.start_push(len(body)) as connection:
        connection.sendall(body)
        assert eventually(lambda: any("sleep" in line for line in server.git_processes()))

    assert eventually(lambda: len(demo.noticed()) == 2)
    assert server.git_processes() == []
    assert demo.objects() == before
    assert demo.refs() == {"refs/heads/main": old}


def test_a_fetch_prints_a_warning_while_upstream_is_down(demo: Served, work: Path, tmp_path: Path) -> None:
    down = demo.root / f"{demo.name}.down"
    down.touch()

    cloned = git("clone", demo.url(), str(tmp_path / "clone"), cwd=tmp_path)
    down.unlink()
    cloned_again = git("clone", demo.url(), str(tmp_path / "again"), cwd=tmp_path)

    assert "remote: warning: the gate could not reach upstream at 20" in cloned.stderr
    assert "/secret/place" not in cloned.stderr
    assert "remote: warning" not in cloned_again.stderr
    assert (tmp_path / "clone/first.txt").read_bytes() == b"text\n"


def _install_hook(demo: Served, script: str) -> None:
    hook = demo.folder / "hooks/pre-receive"
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)


def _noise(size: int) -> bytes:
    """Bytes that no compression makes smaller, the same in every run."""
    return random.Random(size).randbytes(size)
