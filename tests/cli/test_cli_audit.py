"""The audit trail from the command line, and its verifier on another machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine
from tests.running.processes import CHECKOUT


@pytest.fixture
def trail(gate: CommandLine) -> CommandLine:
    """A trail with a held push on it."""
    gate("agent", "add", "codex-1", "--repo", "demo")
    gate.push("Say hello")
    gate("sweep")
    return gate


def test_a_sound_trail_is_verified(trail: CommandLine) -> None:
    ran = trail("audit", "verify", "--deep")

    assert ran.code == 0
    assert "every link sound." in ran.out


def test_a_trail_is_verified_against_a_tree_head_that_was_kept(trail: CommandLine) -> None:
    kept = trail.folder / "head"
    kept.write_text(trail("audit", "head").out)
    other = trail.folder / "other"
    other.write_text("no tree head\n")

    assert trail("audit", "verify", "--against", str(kept)).code == 0
    assert trail("audit", "verify", "--against", str(other)).code == 1


def test_the_export_is_verified_with_the_public_key_alone(trail: CommandLine) -> None:
    export, key, head = (trail.folder / name for name in ("trail.jsonl", "key", "head"))
    head.write_text(trail("audit", "head").out)
    export.write_text(trail("audit", "export").out)
    key.write_text(trail("audit", "key").out)

    sound = _verify(export, key, head)
    export.write_text(export.read_text().replace("Say hello", "Say nothing").replace("codex-1", "codex-2", 1))
    changed = _verify(export, key, head)

    assert (sound.returncode, sound.stderr) == (0, "")
    assert changed.returncode == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [(("--hold", "demo/1"), "hold:register"), (("--action", "agent:*"), "agent:add")],
)
def test_an_export_can_be_filtered(trail: CommandLine, options: tuple[str, str], expected: str) -> None:
    ran = trail("audit", "export", "--format", "csv", *options)

    assert ran.code == 0
    assert expected in ran.out
    assert "store:migrate" not in ran.out


def _verify(export: Path, key: Path, head: Path) -> subprocess.CompletedProcess[str]:
    script = str(CHECKOUT / "tools" / "verify_audit.py")
    return subprocess.run(
        (sys.executable, "-I", script, str(export), "--key", str(key), "--head", str(head)),
        capture_output=True,
        text=True,
        timeout=60,
    )
