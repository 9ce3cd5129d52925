"""One exchange with a child process, whatever the child does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.transport.child import GitChild
from gate.transport.exchange import Ending, Exchange, GitFailed
from gate.transport.request_body import BodyBroken
from tests.transport.transport_server import eventually

ENVIRONMENT = {"PATH": os.defpath}


def test_the_answer_comes_while_the_request_is_still_read() -> None:
    endings: list[Ending] = []
    exchange = _exchange("cat", _body(b"a", b"b"), endings)

    answer = b"".join(exchange)
    exchange.close()
    exchange.close()

    assert answer == b"ab"
    assert endings == [Ending(status=0, fed=2, errors="")]


def test_what_a_child_does_not_read_is_still_taken_from_the_client() -> None:
    endings: list[Ending] = []
    taken: list[bytes] = []
    blocks = [bytes(2**16)] * 40

    exchange = _exchange("exec 0<&-; echo no", _noting(blocks, taken), endings)

    assert b"".join(exchange) == b"no\n"
    assert taken == blocks


def test_closing_before_the_first_block_ends_the_child_once() -> None:
    endings: list[Ending] = []
    exchange = _exchange("sleep 600", _body(b"a"), endings)

    exchange.close()
    exchange.close()

    assert [ending.broken for ending in endings] == ["the client left before the answer's end"]
    assert endings[0].status != 0


def test_a_child_that_is_left_alone_may_finish_what_it_began() -> None:
    endings: list[Ending] = []
    exchange = _exchange("cat >&2; echo held >&2", _body(b"all of it, "), endings, finish_seconds=30)

    exchange.close()

    assert [(ending.status, ending.errors) for ending in endings] == [(0, "all of it, held\n")]


def test_a_request_that_breaks_off_is_never_a_whole_answer() -> None:
    endings: list[Ending] = []
    exchange = _exchange("cat", _breaking(b"a"), endings)

    with pytest.raises(GitFailed) as raised:
        list(exchange)
    exchange.close()

    assert endings == [raised.value.ending] == [Ending(0, 1, "", "gone")]


def test_long_error_output_neither_blocks_nor_fills_the_log() -> None:
    endings: list[Ending] = []
    exchange = _exchange("head -c 1000000 /dev/zero >&2; echo done", _body(), endings)

    answer = b"".join(exchange)
    exchange.close()

    assert answer == b"done\n"
    assert len(endings[0].errors) == 4096


def test_nothing_that_the_child_started_is_left_behind() -> None:
    endings: list[Ending] = []
    exchange = _exchange("sleep 600 >/dev/null 2>&1 & echo $!", _body(), endings)

    left_behind = int(b"".join(exchange))
    exchange.close()

    assert eventually(lambda: _is_gone(left_behind))


def _exchange(
    script: str, body: Iterator[bytes], endings: list[Ending], *, finish_seconds: float = 0
) -> Exchange:
    child = GitChild(("sh", "-c", script), ENVIRONMENT, has_input=True)
    return Exchange(child, body, hang_up=lambda: None, finish_seconds=finish_seconds, ended=endings.append)


def _body(*blocks: bytes) -> Iterator[bytes]:
    yield from blocks


def _noting(blocks: list[bytes], taken: list[bytes]) -> Iterator[bytes]:
    for block in blocks:
        taken.append(block)
        yield block


def _breaking(block: bytes) -> Iterator[bytes]:
    yield block
    raise BodyBroken("gone")


def _is_gone(pid: int) -> bool:
    """Whether the process has ended; its zombie belongs to init."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return status.rpartition(")")[2].split()[0] == "Z"
