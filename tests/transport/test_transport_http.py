"""The transport as anybody with an HTTP client meets it."""

from __future__ import annotations

import gzip
import json
import os
import signal
import zlib
from base64 import b64encode
from contextlib import suppress
from http.client import IncompleteRead
from pathlib import Path

import psutil
import pytest

from gate.domain.audit import AuditFilter
from tests.transport.transport_server import Served, Server, commit, eventually, git, push_body

PUSH = {"Content-Type": "application/x-git-receive-pack-request"}
FETCH = {"Content-Type": "application/x-git-upload-pack-request"}
REFS = "info/refs?service=git-upload-pack"


def test_a_request_without_a_token_is_asked_for_one_and_not_recorded(server: Server, demo: Served) -> None:
    before = _failures(server)

    response, body = demo.request("GET", REFS, headers={"Authorization": ""})

    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="Pushgate", charset="UTF-8"'
    assert body == b"Use an agent's name and token.\n"
    assert _failures(server) == before


def test_a_wrong_token_is_refused_and_recorded_once(server: Server, demo: Served) -> None:
    before = _failures(server)

    answers = {demo.request("GET", REFS, token="pgt_wrong")[0].status for _ in range(5)}

    assert answers == {401}
    assert _failures(server)[: -len(before) or None] == [
        {"agent": "codex-1", "address": "127.0.0.1", "why": "wrong token", "attempts": 1}
    ]


def test_a_wrong_name_gets_the_same_answer_and_is_not_written_down(server: Server, demo: Served) -> None:
    wrong_name = b64encode(b"pgt_pasted_into_the_wrong_field:x").decode()

    response, body = demo.request("GET", REFS, headers={"Authorization": f"Basic {wrong_name}"})

    assert (response.status, body) == (401, b"The agent's name or token is wrong.\n")
    assert "pasted" not in json.dumps(_failures(server))


def test_no_access_and_no_repository_look_alike(server: Server, demo: Served) -> None:
    server.add("private", granted=False)

    answers = [demo.request("GET", f"/git/{name}.git/{REFS}") for name in ("private", "nothing")]

    assert [response.status for response, _ in answers] == [404, 404]
    assert answers[0][1].replace(b"private", b"nothing") == answers[1][1]


def test_a_disabled_agent_hears_so_in_its_terminal(server: Server, demo: Served, tmp_path: Path) -> None:
    token = server.accounts.add("codex-2", actor="cli:alice")
    server.accounts.grant("codex-2", demo.name, actor="cli:alice")
    server.accounts.disable("codex-2", actor="cli:alice")

    listed = git("ls-remote", demo.url(user="codex-2", token=token), cwd=tmp_path, check=False)

    assert listed.returncode == 128
    assert "remote: agent codex-2: it is disabled. Ask the person who runs the gate" in listed.stderr
    assert _failures(server)[0]["why"] == "disabled"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("info/refs", 403),
        ("info/refs?service=git-upload-archive", 403),
        ("HEAD", 403),
        ("config", 403),
        ("objects/info/packs", 403),
        ("objects/../config", 403),
        ("../../store.db", 403),
        ("info/%2e%2e/config", 403),
        ("/git/..%2f..%2fetc.git/info/refs?service=git-upload-pack", 404),
        ("/git/../store.db", 404),
        ("/git/..git/info/refs?service=git-upload-pack", 404),
        ("/git/%00.git/info/refs?service=git-upload-pack", 404),
        ("/git/.git/info/refs?service=git-upload-pack", 404),
    ],
)
def test_only_the_smart_protocol_is_served(demo: Served, path: str, status: int) -> None:
    response, body = demo.request("GET", path)

    assert response.status == status
    assert b"[core]" not in body
    assert b"refs/heads" not in body


def test_the_answer_has_gits_headers_and_no_cookie(demo: Served, work: Path) -> None:
    response, body = demo.request("GET", REFS)

    assert response.status == 200
    assert body.startswith(b"001e# service=git-upload-pack\n0000")
    wanted = ("Content-Type", "Cache-Control", "Expires", "Pragma", "Set-Cookie")
    assert {name: response.headers[name] for name in wanted} == {
        "Content-Type": "application/x-git-upload-pack-advertisement",
        "Cache-Control": "no-cache, max-age=0, must-revalidate",
        "Expires": "Fri, 01 Jan 1980 00:00:00 GMT",
        "Pragma": "no-cache",
        "Set-Cookie": None,
    }


def test_version_2_is_announced_without_the_service_line(demo: Served) -> None:
    _, body = demo.request("GET", REFS, headers={"Git-Protocol": "version=2"})

    assert body.startswith(b"000eversion 2\n")


@pytest.mark.parametrize("protocol", ["version=2 --exec=x", "version=2;id", "a" * 300, "version=2\t"])
def test_a_git_protocol_header_that_git_would_not_send_is_refused(demo: Served, protocol: str) -> None:
    response, _ = demo.request("GET", REFS, headers={"Git-Protocol": f"{protocol}$"})

    assert response.status == 400


def test_the_probe_is_answered_and_is_no_push(demo: Served, work: Path) -> None:
    response, body = demo.request("POST", "git-receive-pack", b"0000", PUSH)
    commit(work, "second.txt")
    git("push", "-q", "origin", "main", cwd=work)

    assert (response.status, body) == (200, b"")
    assert eventually(lambda: len(demo.noticed()) == 2)


def test_a_push_may_come_gzipped_and_in_chunks(demo: Served, work: Path) -> None:
    old = demo.refs()["refs/heads/main"]
    new = commit(work, "second.txt", bytes(2**22))
    packed = gzip.compress(push_body(work, "refs/heads/main", old, new))
    pieces = (packed[:7], packed[7:1000], packed[1000:])

    response, body = demo.request("POST", "git-receive-pack", pieces, {**PUSH, "Content-Encoding": "gzip"})

    assert response.status == 200
    assert b"unpack ok" in body
    assert demo.refs() == {"refs/heads/main": new}


@pytest.mark.parametrize("fault", ["cut", "flipped", "followed"])
def test_a_broken_gzip_body_moves_nothing(demo: Served, work: Path, fault: str) -> None:
    old = demo.refs()["refs/heads/main"]
    new = commit(work, "second.txt", os.urandom(10_000))
    packed = gzip.compress(push_body(work, "refs/heads/main", old, new))
    middle = len(packed) // 2
    flipped = packed[:middle] + bytes([packed[middle] ^ 255]) + packed[middle + 1 :]
    sent = {"cut": packed[:middle], "flipped": flipped, "followed": packed[:middle] + packed}[fault]
    before = demo.objects()

    try:
        response, body = demo.request("POST", "git-receive-pack", sent, {**PUSH, "Content-Encoding": "gzip"})
        answer = f"{response.status} {body!r}"
    except IncompleteRead as error:
        answer = repr(error.partial)

    assert "unpack ok" not in answer
    assert demo.refs() == {"refs/heads/main": old}
    assert demo.objects() == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (FETCH, 415),
        ({**PUSH, "Content-Encoding": "br"}, 415),
    ],
)
def test_a_post_that_git_would_not_send_is_refused(
    demo: Served, headers: dict[str, str], status: int
) -> None:
    response, _ = demo.request("POST", "git-receive-pack", b"0000", headers)

    assert response.status == status


def test_a_repository_that_is_gone_is_an_error_and_no_empty_answer(demo: Served) -> None:
    demo.folder.rename(demo.folder.with_suffix(".away"))

    response, body = demo.request("GET", REFS)

    assert (response.status, body) == (500, b"Git could not answer. The gate's log says why.\n")


def test_a_git_that_is_killed_breaks_the_connection(server: Server, demo: Served, work: Path) -> None:
    old = demo.refs()["refs/heads/main"]
    new = commit(work, "second.txt")
    body = push_body(work, "refs/heads/main", old, new)
    hook = demo.folder / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho begun >&2\nsleep 600\n")
    hook.chmod(0o755)

    with demo.start_push(len(body)) as connection:
        connection.sendall(body)
        received = b""
        while b"begun" not in received:
            received += connection.recv(4096)
        for process in server.worker.children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # A parent that died may have taken it along.
                process.send_signal(signal.SIGKILL)
        while block := connection.recv(4096):
            received += block

    # The last chunk of a whole answer is empty.
    assert not received.endswith(b"0\r\n\r\n")
    assert eventually(lambda: server.git_processes() == [])


def test_no_process_outlives_its_request(server: Server, demo: Served, work: Path) -> None:
    for _ in range(3):
        git("ls-remote", "origin", cwd=work)

    assert eventually(lambda: server.worker.children() == [])


def test_a_body_that_unpacks_to_very_much_is_never_all_in_memory(
    server: Server, demo: Served, work: Path
) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(256)) + packer.flush()
    before = server.worker.memory_info().rss

    demo.request("POST", "git-upload-pack", bomb, {**FETCH, "Content-Encoding": "gzip"})

    assert server.peak_memory() - before < 24 * 2**20


def _failures(server: Server) -> list[dict[str, object]]:
    """The details of every failed authentication on the trail, newest first."""
    with server.store.snapshot() as tx:
        stored = tx.audit.events(AuditFilter(action="agent:authenticate_fail"), limit=100)
    return [dict(each.event.details) for each in stored]
