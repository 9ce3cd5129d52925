"""The commands of docs/operations.md for backup and restore, run as they are written there."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from gate.bootstrap import build_inline
from gate.config import load
from gate.domain.hold import HoldState
from tests.docs.pages import CHECKOUT, shell
from tests.gate_in_a_box import MAIN, TOPIC, Box

PAGE = CHECKOUT / "docs" / "operations.md"


class Machine:
    """A machine as the page speaks of, with its folders elsewhere, no systemd, and a gate in one process."""

    def __init__(self, folder: Path) -> None:
        self.box = Box(folder)
        self.home = folder / "home"
        self.backups = folder / "backups"
        self.commands = folder / "bin"
        self.backups.mkdir()
        self.commands.mkdir()
        self._command("systemctl", "exit 0")
        self._command(
            "gate", f'cd {CHECKOUT} && PUSHGATE_HOME={self.home} exec {sys.executable} -m gate "$@"'
        )
        self._command("python3", f'exec {sys.executable} "$@"')

    def run(self, name: str) -> str:
        """Run the page's commands of this name as root would; the first that fails fails the test."""
        script = shell(PAGE, name).replace("/var/lib/pushgate", str(self.home))
        script = script.replace("/var/backups", str(self.backups))
        bash = which("bash") or "bash"
        done = subprocess.run(
            (bash, "-euo", "pipefail", "-c", script),
            env={"PATH": f"{self.commands}:/usr/sbin:/usr/bin:/sbin:/bin"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def stop(self) -> None:
        self.box.gate.store.engine.dispose()

    def start(self) -> None:
        self.box.gate = self.box.open(self.home)

    def _command(self, name: str, body: str) -> None:
        path = self.commands / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.stop()


def test_a_restore_brings_back_holds_trail_and_pushes_that_nobody_had_taken_in(machine: Machine) -> None:
    box = machine.box
    held, released, missed = box.commit(a="a"), box.commit(b="b"), box.commit(c="c")
    box.push(f"{released}:{MAIN}")
    box.approve(1)
    box.push(f"{held}:{TOPIC}")
    box.push(f"{missed}:refs/heads/missed", take_in=False)
    told = box.events()
    machine.stop()
    machine.run("backup")
    for path in (machine.home / "pushgate.sqlite", *(machine.home / "repositories").rglob("packed-refs")):
        path.write_bytes(b"broken")

    said = machine.run("restore")

    machine.start()
    assert "1 missed pushes taken up" in said
    assert "every link sound" in said
    assert box.states() == {1: HoldState.RELEASED, 2: HoldState.IN_REVIEW, 3: HoldState.IN_REVIEW}
    assert box.events()[: len(told)] == told
    box.approve(2)
    box.approve(3)
    assert (box.tip(TOPIC), box.tip("refs/heads/missed")) == (held, missed)


def test_the_store_can_be_copied_while_the_gate_runs(machine: Machine) -> None:
    box = machine.box
    box.push(f"{box.commit(a='a')}:{MAIN}")
    told = box.events()

    machine.run("store")

    (copy,) = machine.backups.glob("*.sqlite")
    gate = build_inline(load({"PUSHGATE_HOME": str(machine.home), "DATABASE_URL": f"sqlite:///{copy}"}))
    report = gate.verify_trail(actor="cli:carol")
    gate.store.engine.dispose()
    assert (report.size, report.fault) == (len(told), None)
