"""Which recording belongs to a session."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.domain.errors import Unavailable
from gate.domain.session.model import FoundBy, Session, Thread
from gate.services.find_recording import FoundRecording, RecordingSearch, find_recording
from gate.services.ports.evidence import HostFile, Root
from tests.services.checkpoint_world import FolderHost

DATA = Path(__file__).parents[1] / "recordings" / "data"
ID = "01a20440-588d-7ed0-96c4-633b07ef9517"
OTHER = "01a20440-d480-7440-9bdf-46eb14dc7cf7"
STARTED = datetime(2026, 11, 22, 17, 14, 15, 300_000, tzinfo=UTC)


class Shelf:
    """The folder of recordings on an agent's host."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = FolderHost({Root.RECORDINGS: folder})

    def put(self, path: str, content: bytes, *, after: float = 5) -> None:
        """Write a file that was last changed so many seconds after the session began."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        at = (STARTED + timedelta(seconds=after)).timestamp()
        os.utime(file, (at, at))

    def find(self, ident: str = ID) -> RecordingSearch:
        return find_recording(self.host, session(ident))

    def file(self, path: str) -> HostFile:
        return self.host.stat(Root.RECORDINGS, path)

    def found(self, path: str, timing: str | None = None, *, is_named: bool = True) -> RecordingSearch:
        return RecordingSearch(
            FoundRecording(self.file(path), None if timing is None else self.file(timing), is_named)
        )


def session(ident: str) -> Session:
    return Session(ident, ident, FoundBy.LOCK, (Thread(ident, ident, started_at=STARTED),))


def script(words: str = "", *, at: str = "2026-11-22 17:14:15+00:00") -> bytes:
    return f'Script started on {at} [COMMAND="codex"]\n{words}\r\n'.encode()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_without_a_folder_of_recordings_there_is_none() -> None:
    assert find_recording(FolderHost({}), session(ID)) == RecordingSearch()


@pytest.mark.parametrize(("folder", "ident"), [("01-fix-and-push", ID), ("09-interactive-approval", OTHER)])
def test_real_recordings_name_their_session_at_their_top_or_end(
    shelf: Shelf, folder: str, ident: str
) -> None:
    for sample in ("01-fix-and-push", "04-risky-commands", "09-interactive-approval"):
        for name in ("terminal.typescript", "terminal.timing"):
            shelf.put(f"{sample}/{name}", (DATA / sample / name).read_bytes())

    assert shelf.find(ident) == shelf.found(f"{folder}/terminal.typescript", f"{folder}/terminal.timing")


def test_the_id_may_stand_at_the_end_of_a_long_recording(shelf: Shelf) -> None:
    shelf.put("a.typescript", script("x" * 500_000 + f"\r\ncodex resume {ID}"))
    shelf.put("b.typescript", script("y" * 500_000))

    assert shelf.find() == shelf.found("a.typescript")
    assert shelf.host.bytes_read < 300_000


def test_a_recording_that_ran_before_and_in_the_session_is_taken_where_none_names_it(shelf: Shelf) -> None:
    shelf.put("ran.typescript", script())
    shelf.put("ended.typescript", script(), after=-60)
    shelf.put("later.typescript", script(at="2026-11-22 17:20:00+00:00"))
    shelf.put("of-another.typescript", script(f"\x1b[1msession id:\x1b[0m {OTHER}"))
    shelf.put("notes.txt", b"no recording\n")

    assert shelf.find() == shelf.found("ran.typescript", is_named=False)


def test_an_asciicast_is_a_recording_and_has_no_timing(shelf: Shelf) -> None:
    shelf.put(
        "a.cast", b'{"version": 2, "width": 80, "height": 24, "timestamp": 1795367650}\n[0.1, "o", "x"]\n'
    )
    shelf.put("a.timing", b"0.1 3\n")

    assert shelf.find() == shelf.found("a.cast", is_named=False)


def test_a_plain_log_is_taken_only_where_it_names_the_session(shelf: Shelf) -> None:
    shelf.put("run.log", f"OpenAI Codex\nsession id: {ID}\n".encode())
    shelf.put("exec.jsonl", b'{"type":"thread.started","thread_id":"' + ID.encode() + b'"}\n')

    assert shelf.find() == shelf.found("run.log")


def test_a_recording_is_taken_before_a_log_that_repeats_it(shelf: Shelf) -> None:
    shelf.put("run.log", f"session id: {ID}\n".encode())
    shelf.put("a.typescript", script(f"session id: {ID}"))

    assert shelf.find() == shelf.found("a.typescript")


@pytest.mark.parametrize("words", [f"session id: {ID}", ""])
def test_two_that_may_be_it_are_none_and_it_is_said(shelf: Shelf, words: str) -> None:
    shelf.put("a.typescript", script(words))
    shelf.put("b.typescript", script(words))

    assert shelf.find() == RecordingSearch(
        None, ("2 recordings may be the session's, so none is shown: a.typescript, b.typescript",)
    )


@pytest.mark.parametrize(
    ("recording", "timing"),
    [
        ("a.typescript", "a.timing"),
        ("a.typescript", "a.typescript.timing"),
        ("a.log", "a.tm"),
        ("typescript", "typescript-timing.log"),
        ("a.log", "timing-a"),
    ],
)
def test_the_timing_is_found_by_its_name(shelf: Shelf, recording: str, timing: str) -> None:
    shelf.put(recording, script(f"session id: {ID}"))
    shelf.put(timing, b"0.1 3\n")
    shelf.put("zz.typescript", script())
    shelf.put("zz.timing", b"0.1 3\n")

    assert shelf.find() == shelf.found(recording, timing)


def test_an_advanced_timing_names_its_recording_itself(shelf: Shelf) -> None:
    shelf.put("O", script(f"session id: {ID}"))
    shelf.put("T1", b"H 0.000000 SHELL /bin/sh\nH 0.000000 OUTPUT_LOG /srv/agent/log/O\nO 0.1 3\n")
    shelf.put("T2", b"H 0.000000 SHELL /bin/sh\nH 0.000000 OUTPUT_LOG /srv/agent/log/P\nO 0.1 3\n")

    assert shelf.find() == shelf.found("O", "T1")


def test_the_only_timing_beside_the_only_recording_is_its_own(shelf: Shelf) -> None:
    shelf.put("x/O", script(f"session id: {ID}"))
    shelf.put("x/T", b"0.1 3\n")
    shelf.put("y/T", b"0.1 3\n")

    assert shelf.find() == shelf.found("x/O", "x/T")


def test_many_files_are_looked_at_from_the_newest_and_it_is_said(shelf: Shelf) -> None:
    for number in range(150):
        shelf.put(f"{number}.typescript", script(f"session id: {OTHER}"), after=number + 1)
    shelf.put("new.typescript", script(f"session id: {ID}"), after=1000)

    search = shelf.find()

    assert search.found == shelf.found("new.typescript").found
    assert search.faults == ("only the newest 100 of 151 recordings were looked at",)


def test_links_are_not_followed_and_folders_only_so_deep(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("1/2/3/a.typescript", script(f"session id: {ID}"))
    shelf.put("1/2/3/4/b.typescript", script(f"session id: {ID}"))
    os.symlink(shelf.folder, shelf.folder / "loop")
    os.symlink(shelf.folder / "1/2/3/a.typescript", shelf.folder / "c.typescript")

    assert shelf.find() == shelf.found("1/2/3/a.typescript")


def test_what_cannot_be_read_is_a_fault_but_silence_is_an_error(shelf: Shelf) -> None:
    shelf.put("a.typescript", script(f"session id: {ID}"))
    shelf.host.away.add("a.typescript")

    assert shelf.find() == RecordingSearch(None, ("a.typescript could not be read: a.typescript is gone.",))

    with pytest.raises(Unavailable):
        find_recording(Silent({Root.RECORDINGS: shelf.folder}), session(ID))


class Silent(FolderHost):
    def read(self, file: HostFile, start: int, length: int) -> bytes:
        raise Unavailable("no answer")
