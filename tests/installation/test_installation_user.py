"""What another user of the machine, such as the agent's, can reach of an installation."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running.gate import RunningGate, running_gate

_NOBODY = 65534
_CLOSED = ("repositories", "secrets", "policies", "run")


@pytest.fixture
def installed() -> Iterator[RunningGate]:
    """An installation with a repository, its server for jobs and its keys, in a folder that all may enter."""
    with running_gate() as gate:
        gate.folder.chmod(0o755)
        gate.start_web()
        gate.put_behind("demo")
        yield gate


def test_nothing_of_an_installation_can_be_reached(installed: RunningGate) -> None:
    paths = _everything(installed.home)

    assert {"hooks", "secrets", "pushgate.sqlite", "valkey.sock", "audit-key.pem"} <= {
        path.name for path in paths
    }
    assert _reached(paths) == []


def test_repositories_keys_and_the_queue_stay_closed_in_a_home_that_was_opened(
    installed: RunningGate,
) -> None:
    installed.home.chmod(0o755)

    reached = _reached(_everything(installed.home))

    assert installed.home in reached
    assert [path for path in reached if path.relative_to(installed.home).parts[:1] in _inside()] == []


def _inside() -> set[tuple[str, ...]]:
    return {(name,) for name in _CLOSED}


def _everything(home: Path) -> list[Path]:
    return [home, *sorted(home.rglob("*"))]


def _reached(paths: list[Path]) -> list[Path]:
    """The paths that another user can read or write; by their modes where only root could ask as another."""
    if os.geteuid() != 0:
        return [path for path in paths if _is_open(path)]
    asked = subprocess.run(
        ("find", *map(str, paths), "-maxdepth", "0", "(", "-readable", "-o", "-writable", ")", "-print0"),
        user=_NOBODY,
        group=_NOBODY,
        extra_groups=(),
        cwd="/",
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return [Path(path) for path in asked.stdout.split("\0") if path]


def _is_open(path: Path) -> bool:
    """Whether the modes from `/tmp` down let others in. The tests' own folder is one that all may enter."""
    ways = [one for one in path.parents if one.is_relative_to(path.parents[-3])]
    return all(_may(one, stat.S_IXOTH) for one in ways) and (
        _may(path, stat.S_IROTH) or _may(path, stat.S_IWOTH)
    )


def _may(path: Path, mode: int) -> bool:
    return bool(path.stat().st_mode & mode)
