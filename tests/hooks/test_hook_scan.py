"""The hook asks the scanner, and waits for it no longer than a push can wait."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from pushgate_hook import scan as module
from pushgate_hook.scan import scan

from tests.running.gate import short_folder


@pytest.fixture
def path() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder / "scan.sock"


@contextmanager
def scanner(path: Path, answer: Callable[[socket.socket], None]) -> Iterator[list[object]]:
    """Answers one question, and notes it."""
    asked: list[object] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            asked.append(json.loads(connection.makefile("rb").readline()))
            answer(connection)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = Thread(target=serve)
        thread.start()
        yield asked
        thread.join()


def test_the_scanners_lines_are_told(path: Path) -> None:
    with scanner(path, lambda connection: connection.sendall(b"one\ntwo \xff\n")) as asked:
        assert scan(str(path), "demo", "01m8") == ["one", "two \\xff"]

    assert asked == [{"repository": "demo", "push": "01m8"}]


def test_a_line_without_end_is_no_line(path: Path) -> None:
    with scanner(path, lambda connection: connection.sendall(b"one\ntw")):
        assert scan(str(path), "demo", "01m8") == ["one"]


def test_an_answer_in_drops_holds_no_push_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Event()

    def drip(connection: socket.socket) -> None:
        while not gone.wait(0.02):
            connection.sendall(b"x\n")

    monkeypatch.setattr(module, "_SECONDS", 0.2)
    with scanner(path, drip):
        try:
            assert scan(str(path), "demo", "01m8") == []
        finally:
            gone.set()


def test_nobody_who_answers_is_no_fault(path: Path) -> None:
    assert scan(str(path), "demo", "01m8") == []
    assert scan(None, "demo", "01m8") == []
