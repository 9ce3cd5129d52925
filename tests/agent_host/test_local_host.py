"""An agent's own folders, with whatever it may put there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gate.adapters.agent_hosts.local import LocalAgentHost
from gate.domain.errors import GateError, NotFound, Refused
from gate.services.ports.evidence import HostFile, HostFileKind, Root


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / "sessions" / "2026").mkdir(parents=True)
    (folder / "sessions" / "2026" / "a.jsonl").write_bytes(b"0123456789")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("not to be read")
    return folder


@pytest.fixture
def host(home: Path) -> LocalAgentHost:
    return LocalAgentHost({Root.CODEX_HOME: [home]})


def at(path: Path) -> str:
    return str(path).lstrip("/")


def names(host: LocalAgentHost, folder: Path, root: Root = Root.CODEX_HOME) -> dict[str, HostFileKind]:
    return {Path(one.path).name: one.kind for one in host.list(root, at(folder))}


def the_file(host: LocalAgentHost, home: Path) -> HostFile:
    return host.stat(Root.CODEX_HOME, at(home / "sessions" / "2026" / "a.jsonl"))


def test_a_file_is_listed_looked_at_and_read_in_ranges(host: LocalAgentHost, home: Path) -> None:
    listed = list(host.list(Root.CODEX_HOME, at(home / "sessions" / "2026")))
    file = the_file(host, home)

    assert listed == [file]
    assert (file.kind, file.size) == (HostFileKind.FILE, 10)
    assert [host.read(file, 0, 4), host.read(file, 8, 100), host.read(file, 50, 1)] == [b"0123", b"89", b""]


def test_several_folders_stand_behind_one_root(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(name)
    host = LocalAgentHost({Root.WORK: [tmp_path / "one", tmp_path / "two"]})

    assert {Path(one.path).name for one in host.list(Root.WORK)} == {"one.txt", "two.txt"}
    assert host.inside(Root.WORK, str(tmp_path / "two" / "x")) == at(tmp_path / "two" / "x")
    assert host.inside(Root.WORK, str(tmp_path / "one" / ".." / "three")) is None
    assert host.inside(Root.WORK, "two/x") is None
    assert host.has(Root.WORK)
    assert not host.has(Root.RECORDINGS)


@pytest.mark.parametrize("where", ["file", "folder"])
def test_no_symbolic_link_is_followed_in_any_part_of_a_path(
    host: LocalAgentHost, home: Path, where: str
) -> None:
    target = home.parent / "outside"
    if where == "file":
        (home / "link").symlink_to(target / "secret")
        path = home / "link"
    else:
        (home / "link").symlink_to(target)
        path = home / "link" / "secret"

    assert names(host, home)["link"] is HostFileKind.OTHER
    facts = (target / "secret").stat()
    claimed = HostFile(
        Root.CODEX_HOME,
        at(path),
        HostFileKind.FILE,
        5,
        the_file(host, home).modified_at,
        facts.st_ino,
        facts.st_dev,
    )
    with pytest.raises(Refused):
        host.read(claimed, 0, 5)
    with pytest.raises(Refused):
        list(host.list(Root.CODEX_HOME, at(home / "link")))


def test_a_root_may_be_reached_by_a_link_that_an_admin_made(tmp_path: Path, home: Path) -> None:
    (tmp_path / "named").symlink_to(home)
    host = LocalAgentHost({Root.CODEX_HOME: [tmp_path / "named"]})

    assert {Path(one.path).name for one in host.list(Root.CODEX_HOME)} == {"sessions"}


def test_pipes_sockets_and_folders_are_not_read(host: LocalAgentHost, home: Path) -> None:
    os.mkfifo(home / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home / "socket"))
        kinds = names(host, home)

    assert kinds == {
        "pipe": HostFileKind.OTHER,
        "socket": HostFileKind.OTHER,
        "sessions": HostFileKind.FOLDER,
    }
    for name in kinds:
        with pytest.raises(Refused):
            host.read(host.stat(Root.CODEX_HOME, at(home / name)), 0, 1)


def test_a_file_that_another_one_replaced_is_not_read(host: LocalAgentHost, home: Path) -> None:
    file = the_file(host, home)
    place = home / "sessions" / "2026" / "a.jsonl"
    (home / "other").write_text("another")
    (home / "other").replace(place)
    with pytest.raises(Refused, match="took its place"):
        host.read(file, 0, 1)
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(Refused):
        host.read(file, 0, 1)
    place.unlink()
    with pytest.raises(NotFound):
        host.read(file, 0, 1)


@pytest.mark.parametrize(
    "path", ["", "/", "etc/passwd", "..", "{home}/../outside/secret", "{home}/./x", "\0"]
)
def test_a_path_that_leaves_its_root_leads_nowhere(host: LocalAgentHost, home: Path, path: str) -> None:
    with pytest.raises(GateError):
        host.stat(Root.CODEX_HOME, path.format(home=at(home)))


def test_names_with_any_bytes_are_listed_and_read(host: LocalAgentHost, home: Path) -> None:
    name = os.fsdecode(b"a\n\xff b")
    (home / name).write_text("x")

    file = next(one for one in host.list(Root.CODEX_HOME, at(home)) if one.path.endswith(" b"))

    assert Path(file.path).name == name
    assert host.read(file, 0, 1) == b"x"


def test_locked_files_are_told_by_their_inodes(tmp_path: Path) -> None:
    locks = tmp_path / "locks"
    locks.write_text(
        "1: FLOCK  ADVISORY  WRITE 1186 fe:01:123456 0 EOF\n2: POSIX  ADVISORY  READ  9 00:2a:77 0 EOF\n"
        "2: -> POSIX  ADVISORY  READ  10 00:2a:78 0 EOF\n"
    )

    assert LocalAgentHost({}, locks=locks).locked_inodes() == {123456, 77}
    assert LocalAgentHost({}, locks=tmp_path / "none").locked_inodes() == frozenset()
