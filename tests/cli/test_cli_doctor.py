"""`python -m gate doctor`: what it finds, and that the mend it names is one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine

Harm = Callable[[CommandLine], Path]


def _open_home(gate: CommandLine) -> Path:
    gate.home.chmod(0o755)
    return gate.home


def _open_repository(gate: CommandLine) -> Path:
    gate.repository.chmod(0o750)
    return gate.repository


def _missing_hook(gate: CommandLine) -> Path:
    path = gate.repository / "hooks" / "reference-transaction"
    path.unlink()
    return path


def _changed_hook(gate: CommandLine) -> Path:
    path = gate.repository / "hooks" / "proc-receive"
    path.write_text(path.read_text() + "\n")
    return path


def _hooks_elsewhere(gate: CommandLine) -> Path:
    path = gate.repository / "config"
    path.write_text(path.read_text() + "[core]\n\thooksPath = /tmp\n")
    return path


def test_a_sound_installation_lacks_only_what_is_not_running(gate: CommandLine) -> None:
    ran = gate("doctor")

    faults = [line for line in ran.out.splitlines() if line.startswith("FAULT")]
    assert ran.code == 1
    assert [line.partition(":")[0] for line in faults] == ["FAULT  queue"]
    assert "mend: start the redis process, or set REDIS_URL" in ran.out


@pytest.mark.parametrize(
    "harm", [_open_home, _open_repository, _missing_hook, _changed_hook, _hooks_elsewhere]
)
def test_harm_is_found_and_the_mend_that_is_named_ends_it(gate: CommandLine, harm: Harm) -> None:
    where = harm(gate)

    found = gate("doctor")

    lines = found.out.splitlines()
    [at] = [n for n, line in enumerate(lines) if line.startswith("FAULT") and f"{where}:" in line]
    assert found.code == 1
    _mend(gate, lines[at + 1].partition("mend: ")[2])
    assert f"{where}:" not in gate("doctor").out


def test_with_a_key_that_others_can_read_no_command_runs(gate: CommandLine) -> None:
    key = gate.home / "secrets" / "audit-key.pem"
    key.chmod(0o640)

    refused = gate("doctor")
    _mend(gate, refused.err.strip().rpartition("Run: ")[2])

    assert (refused.code, refused.out) == (1, "")
    assert str(key) in refused.err
    assert str(key) not in gate("doctor").out


def test_a_store_that_was_not_migrated_is_a_finding(new_home: CommandLine) -> None:
    ran = new_home("doctor")

    assert ran.code == 1
    assert "FAULT  store: it is not at this release's schema\n       mend: python -m gate migrate" in ran.out


def test_a_broken_policy_is_a_finding(gate: CommandLine) -> None:
    (gate.home / "policies" / "demo.toml").write_text("version = 3\n")

    assert "FAULT  demo, policy: " in gate("doctor").out


def _mend(gate: CommandLine, command: str) -> None:
    """Do what a finding says."""
    if command.startswith("python -m gate "):
        gate(*command.removeprefix("python -m gate ").split())
    else:
        subprocess.run(("sh", "-c", command), check=True, timeout=10)
