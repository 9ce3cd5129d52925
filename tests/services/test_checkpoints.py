"""What the agent wrote down is collected from the commit and from its work tree."""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from gate.adapters.artifacts.reader import read_artifact
from gate.domain.errors import Unavailable
from gate.domain.evidence import Checkpoint, Coverage, EvidenceFile, FileKind, TestReport
from gate.domain.session.model import TestCounts
from gate.services.checkpoints import CheckpointReading, CollectCheckpoints
from gate.services.ports.evidence import HostFile, Root
from tests.git.git_world import World, make_world
from tests.services.checkpoint_world import DictStore, FolderHost, WordRedactor

PLAN = b"# Plan\n\n1. Fix it.\n"
STATUS = b"# Status\n\n- tests: 3 passed\n"
JUNIT = b'<testsuite><testcase name="a"/><testcase name="b key=hunter22 "><failure/></testcase></testsuite>'
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)

Files = dict[bytes, bytes | tuple[str, str]]


class Desk:
    """A repository with one commit, and the work tree of a session on the agent's host."""

    def __init__(self, folder: Path) -> None:
        self.world: World = make_world(folder / "git")
        self.work = folder / "work"
        self.tree = self.work / "billing"
        (self.tree / ".git").mkdir(parents=True)
        self.host = FolderHost({Root.WORK: self.work})
        self.store = DictStore()

    def write(self, path: str, content: bytes) -> None:
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def collect(
        self, files: Files, *, cwd: str = "billing", host: FolderHost | None = None
    ) -> CheckpointReading:
        self.oid = self.world.gate.commit(files)
        collect = CollectCheckpoints(self.store, read_artifact)
        return collect(
            self.world.repository.history, self.oid, host or self.host, str(self.work / cwd), WordRedactor()
        )

    def kept(
        self, kind: FileKind, name: str, content: bytes, *, oid: str | None, **more: object
    ) -> EvidenceFile:
        """The evidence of a file, with its redacted text where that is the same."""
        sha256, size = hashlib.sha256(content).hexdigest(), len(content)
        file = EvidenceFile(kind, name, sha256, size, oid=oid, media_type="text/markdown")
        if "text_sha256" not in more:
            file = replace(file, text_sha256=sha256, text_size=size)
        return replace(file, **more)  # type: ignore[arg-type]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_plan_and_status_come_from_the_commit(desk: Desk) -> None:
    reading = desk.collect({b"PLAN.md": PLAN, b"docs/status.md": STATUS, b"src/STATUS.md": b"not this one"})

    assert reading == CheckpointReading(
        checkpoints=(
            Checkpoint(FileKind.PLAN, "PLAN.md", PLAN.decode(), "commit"),
            Checkpoint(FileKind.STATUS, "docs/status.md", STATUS.decode(), "commit"),
        ),
        files=(
            desk.kept(FileKind.PLAN, "PLAN.md", PLAN, oid=desk.oid),
            desk.kept(FileKind.STATUS, "docs/status.md", STATUS, oid=desk.oid),
        ),
    )
    assert reading.statuses == (STATUS.decode(),)


def test_the_commit_stands_for_the_same_file_in_the_work_tree(desk: Desk) -> None:
    desk.write("PLAN.md", PLAN)

    reading = desk.collect({b"PLAN.md": PLAN})

    assert [(one.name, one.where) for one in reading.checkpoints] == [("PLAN.md", "commit")]
    assert reading.faults == ()


def test_where_the_two_differ_both_are_shown_and_it_is_said(desk: Desk) -> None:
    desk.write("STATUS.md", STATUS + b"- more\n")

    reading = desk.collect({b"STATUS.md": STATUS})

    assert [(one.where, one.text) for one in reading.checkpoints] == [
        ("commit", STATUS.decode()),
        ("host", STATUS.decode() + "- more\n"),
    ]
    assert [(one.name, one.oid) for one in reading.files] == [
        ("STATUS.md", desk.oid),
        ("billing/STATUS.md", None),
    ]
    assert reading.faults == ("STATUS.md differs between the commit and the work tree: both are shown",)


def test_what_is_not_committed_comes_from_the_top_of_the_work_tree(desk: Desk) -> None:
    desk.write("status.MD", STATUS)
    desk.write("artifacts/unit/tests.xml", b"<testsuite><testcase/></testsuite>")
    (desk.tree / "src").mkdir()

    reading = desk.collect({}, cwd="billing/src")

    assert [(one.name, one.where) for one in reading.checkpoints] == [("status.MD", "host")]
    assert reading.reports == (TestReport("artifacts/unit/tests.xml", "junit", TestCounts(passed=1)),)
    assert reading.faults == ()


def test_artifacts_are_kept_and_those_that_are_reports_are_read(desk: Desk) -> None:
    lcov = b"TN:\nSF:a\nLF:4\nLH:3\nend_of_record\n"

    reading = desk.collect(
        {
            b"artifacts/b.png": PNG,
            b"artifacts/c/lcov.info": lcov,
            b"artifacts/a.bin": b"\0\x01\xff",
            b"x/artifacts/d": b"",
        }
    )

    assert reading.coverage == (Coverage("artifacts/c/lcov.info", 75),)
    raw = {"oid": desk.oid, "text_sha256": None}
    assert reading.files == (
        desk.kept(
            FileKind.ARTIFACT, "artifacts/a.bin", b"\0\x01\xff", media_type="application/octet-stream", **raw
        ),
        desk.kept(FileKind.ARTIFACT, "artifacts/b.png", PNG, media_type="image/png", **raw),
        desk.kept(FileKind.ARTIFACT, "artifacts/c/lcov.info", lcov, oid=desk.oid, media_type="text/plain"),
    )


def test_no_text_is_told_with_its_secrets_wherever_they_were_learnt(desk: Desk) -> None:
    reading = desk.collect({b"STATUS.md": b"uses hunter22\n", b"artifacts/t-hunter22.xml": JUNIT})

    assert reading.checkpoints[0].text == "uses [redacted: key]\n"
    assert reading.reports[0].failures == ("b key=[redacted: key] ",)
    assert reading.reports[0].name == "artifacts/t-[redacted: key].xml"
    assert "hunter22" not in repr(reading)
    texts = [desk.store.contents[file.text_sha256 or ""] for file in reading.files]
    assert all(b"hunter22" not in text for text in texts)
    assert [file.redactions for file in reading.files] == [1, 1]


def test_links_are_told_of_and_not_followed(desk: Desk) -> None:
    (desk.work / "outside").write_bytes(b"private")
    os.symlink(desk.work / "outside", desk.tree / "PLAN.md")
    os.symlink("/etc", desk.tree / "artifacts")
    link = ("120000", desk.world.gate.blob(b"/etc/passwd"))

    reading = desk.collect({b"STATUS.md": link, b"artifacts/x": link})

    assert reading == CheckpointReading(
        faults=(
            "STATUS.md in the commit is no plain file, and is not followed",
            "artifacts/x in the commit is no plain file, and is not followed",
            "PLAN.md in the work tree is no plain file, and is not followed",
            "artifacts in the work tree is no plain file, and is not followed",
        )
    )


def test_number_size_and_depth_are_bounded_and_it_is_said(desk: Desk) -> None:
    for number in range(120):
        desk.write(f"artifacts/{number:03}", b"x")
    desk.write("artifacts/1/2/3/4/deep", b"x")
    large = b"<testsuite><testcase/></testsuite>" + b" " * (9 << 20)

    reading = desk.collect({b"PLAN.md": b"x" * (2 << 20), b"artifacts/large.xml": large})

    assert [(len(one.text), one.is_cut) for one in reading.checkpoints] == [(1 << 16, True)]
    assert reading.reports == ()
    assert [(file.size, file.is_cut) for file in reading.files[:3]] == [
        (1 << 20, True),
        (8 << 20, True),
        (1, False),
    ]
    assert len(reading.files) == 102
    assert reading.faults == (
        "artifacts/1/2/3/4 in the work tree is nested too deep to be collected",
        "120 artifacts in the work tree: only 100 were collected",
        "artifacts/large.xml is longer than 8,388,608 bytes, and was not read as a report",
    )


def test_a_name_that_is_no_utf_8_is_told_in_escapes(desk: Desk) -> None:
    reading = desk.collect({b"artifacts/\xff.xml": b"<testsuite"})

    assert reading.files[0].name == "artifacts/\\xff.xml"
    assert reading.faults == ()


@pytest.mark.parametrize("cwd", ["", "/somewhere/else"])
def test_a_session_whose_folder_is_out_of_reach_leaves_the_commit(desk: Desk, cwd: str) -> None:
    desk.write("STATUS.md", STATUS)
    oid = desk.world.gate.commit({b"PLAN.md": PLAN})
    collect = CollectCheckpoints(desk.store, read_artifact)

    reading = collect(desk.world.repository.history, oid, desk.host, cwd, WordRedactor())

    assert [one.name for one in reading.checkpoints] == ["PLAN.md"]
    assert len(reading.faults) == (1 if cwd else 0)


def test_without_a_host_there_is_the_commit_alone(desk: Desk) -> None:
    oid = desk.world.gate.commit({b"PLAN.md": PLAN})
    collect = CollectCheckpoints(desk.store, read_artifact)

    reading = collect(desk.world.repository.history, oid, None, "/x", WordRedactor())

    assert ([one.name for one in reading.checkpoints], reading.faults) == (["PLAN.md"], ())


def test_a_file_that_goes_away_is_a_fault_and_a_host_that_does_not_answer_is_no_evidence(desk: Desk) -> None:
    desk.write("PLAN.md", PLAN)
    desk.host.away.add("billing/PLAN.md")

    assert desk.collect({}).faults == (
        "PLAN.md in the work tree could not be read: billing/PLAN.md is gone.",
    )

    with pytest.raises(Unavailable):
        desk.collect({}, host=Silent({Root.WORK: desk.work}))


class Silent(FolderHost):
    """A host that goes away while it is read."""

    def read(self, file: HostFile, start: int, length: int) -> bytes:
        raise Unavailable("no answer")
