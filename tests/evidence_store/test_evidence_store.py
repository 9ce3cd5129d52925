"""Content by its SHA-256: kept once, read by ranges and lines, on a disk and in an object store."""

from __future__ import annotations

import hashlib
import stat
import tracemalloc
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.adapters.evidence_store import frames
from gate.adapters.evidence_store.store import FsspecEvidenceStore
from gate.domain.errors import NotFound, Tampered, Unavailable
from gate.services.ports.evidence import Kept

TEXT = b"".join(b"line %d of a log\n" % number for number in range(100_000))
ABSENT = "0" * 64
LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture(params=["disk", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FsspecEvidenceStore:
    place = str(tmp_path / "evidence") if request.param == "disk" else f"memory://{uuid.uuid4()}"
    return FsspecEvidenceStore(place)


def pieces(content: bytes, size: int = 10_000) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def the_file(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


@pytest.mark.parametrize("content", [b"", b"x", b"a\nb", b"\n\n\n", TEXT, b"\0\xff" * 600_000])
def test_what_was_kept_reads_back(store: FsspecEvidenceStore, content: bytes) -> None:
    kept = store.keep(pieces(content))

    assert kept == Kept(hashlib.sha256(content).hexdigest(), len(content))
    assert b"".join(store.read(kept.sha256)) == content
    assert store.keep([content]) == kept
    assert [sha256 for sha256, _ in store.all()] == [kept.sha256]


def test_a_range_of_bytes_is_read_alone(store: FsspecEvidenceStore) -> None:
    sha256 = store.keep(pieces(TEXT)).sha256

    for start, length in ((0, 10), (frames.FRAME - 3, 40), (len(TEXT) - 5, 100), (len(TEXT), 1), (7, 0)):
        assert b"".join(store.read(sha256, start, length)) == TEXT[start : start + length]
    assert b"".join(store.read(sha256, 1_000_000)) == TEXT[1_000_000:]


def test_lines_are_read_by_their_number(store: FsspecEvidenceStore) -> None:
    sha256 = store.keep(pieces(TEXT)).sha256

    assert store.count_lines(sha256) == 100_000
    assert store.lines(sha256, 0, 2) == [b"line 0 of a log", b"line 1 of a log"]
    assert store.lines(sha256, 60_000, 1) == [b"line 60000 of a log"]
    assert store.lines(sha256, 99_998, 10) == [b"line 99998 of a log", b"line 99999 of a log"]
    assert store.lines(sha256, 100_000, 10) == []
    assert store.lines(sha256, -1, 10) == []


def test_a_line_longer_than_a_frame_is_read_whole_up_to_its_bound(store: FsspecEvidenceStore) -> None:
    long, longer = b"x" * (frames.FRAME + 5), b"y" * (1 << 21)
    sha256 = store.keep([b"a\n", long, b"\nb\n", longer, b"\nc"]).sha256

    assert store.lines(sha256, 0, 5) == [b"a", long, b"b", b"y" * (1 << 20), b"c"]
    assert store.lines(sha256, 4, 1) == [b"c"]
    assert store.count_lines(sha256) == 5


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=12), max_size=12), st.integers(0, 14), st.integers(0, 5), st.data())
def test_lines_and_ranges_are_those_of_the_content(
    words: list[bytes], first: int, count: int, data: st.DataObject
) -> None:
    content = b"\n".join(words)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(frames, "FRAME", 4)
        small.setattr(frames, "_LARGEST_FRAME", 8)
        store = FsspecEvidenceStore(f"memory://{uuid.uuid4()}")
        sha256 = store.keep(pieces(content, data.draw(st.integers(1, 9)))).sha256
    start, length = data.draw(st.integers(0, 160)), data.draw(st.integers(0, 30))
    all_lines = content.split(b"\n")
    all_lines = all_lines[:-1] if not all_lines[-1] else all_lines

    assert store.lines(sha256, first, count) == all_lines[first : first + count]
    assert store.count_lines(sha256) == len(all_lines)
    assert b"".join(store.read(sha256, start, length)) == content[start : start + length]


def test_what_is_dropped_is_gone(store: FsspecEvidenceStore) -> None:
    sha256 = store.keep([b"x"]).sha256

    store.drop(sha256, kept_before=LATER)
    store.drop(sha256, kept_before=LATER)

    with pytest.raises(NotFound):
        list(store.read(sha256))
    assert list(store.all()) == []


def test_what_was_kept_again_meanwhile_is_not_dropped(store: FsspecEvidenceStore) -> None:
    sha256 = store.keep([b"x"]).sha256

    store.drop(sha256, kept_before=LATER - timedelta(days=2))

    assert list(store.read(sha256)) == [b"x"]


@pytest.mark.parametrize("name", ["", "../etc/passwd", "A" * 64, ABSENT + "\n", "0" * 63])
def test_a_name_that_is_no_sha256_leads_nowhere(store: FsspecEvidenceStore, name: str) -> None:
    with pytest.raises(NotFound):
        list(store.read(name))


def test_only_the_gates_user_reads_what_is_on_the_disk(tmp_path: Path) -> None:
    store = FsspecEvidenceStore(str(tmp_path / "evidence"))

    sha256 = store.keep([b"x"]).sha256

    file = the_file(tmp_path / "evidence", sha256)
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (file, file.parent, file.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]
    assert [each.name for each in file.parent.iterdir()] == [sha256]


def test_what_somebody_changed_on_the_disk_is_not_shown(tmp_path: Path) -> None:
    store = FsspecEvidenceStore(str(tmp_path))
    sha256 = store.keep(pieces(TEXT)).sha256
    file = the_file(tmp_path, sha256)
    whole = file.read_bytes()

    for place in (100, len(whole) // 2, len(whole) - 40, len(whole) - 1):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(Tampered):
            list(FsspecEvidenceStore(str(tmp_path)).read(sha256))
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Tampered):
        list(FsspecEvidenceStore(str(tmp_path)).read(sha256))


def test_a_store_that_cannot_be_written_may_be_there_later(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file where the folder should be")

    with pytest.raises(Unavailable):
        FsspecEvidenceStore(str(tmp_path / "evidence")).keep([b"x"])


def test_memory_does_not_grow_with_the_content(tmp_path: Path) -> None:
    store = FsspecEvidenceStore(str(tmp_path))
    line = b"x" * 99 + b"\n"
    store.keep([line])

    tracemalloc.start()
    sha256 = store.keep(line * 1000 for _ in range(640)).sha256
    lines = store.lines(sha256, 600_000, 3)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert lines == [line[:-1]] * 3
    assert most < 32 << 20
