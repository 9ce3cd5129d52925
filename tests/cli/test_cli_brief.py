"""`python -m gate brief …`"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine

BRIEF = """\
Goal: mend the tests
Allowed:
- only edit `tests/**`
- at most 8 files
Not allowed:
- never push to main
Before finishing:
- run `npm test`
- be kind
"""
READ = """\
goal: mend the tests
* line 3, allowed, files: tests/**
* line 4, allowed, most files: 8
* line 6, not allowed, refs: refs/heads/main
  line 8, before finishing, commands: npm test
  line 9, before finishing, for a person to judge: be kind
"""


@pytest.fixture
def file(gate: CommandLine) -> Path:
    gate("agent", "add", "codex-1", "--repo", "demo")
    path = gate.folder / "brief.md"
    path.write_text(BRIEF)
    return path


def test_a_brief_is_set_shown_and_cleared(gate: CommandLine, file: Path) -> None:
    done = gate("brief", "set", "codex-1", str(file))

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(READ)
    assert "a rule marked * is refused" in done.out
    assert gate("brief", "show", "codex-1", "--repo", "demo").out == BRIEF
    config = (gate.repository / "config").read_text()
    assert 'maxChangedFiles = "8"' in config
    assert 'onlyPath = ":(top,glob)tests/**"' in config
    assert 'forbidRef = "refs/heads/main"' in config
    assert gate("brief", "clear", "codex-1").out == "codex-1 has no brief any more.\n"
    assert gate("brief", "show", "codex-1").out == "There is no brief.\n"
    assert "onlyPath" not in (gate.repository / "config").read_text()


def test_a_brief_can_come_from_standard_input(
    gate: CommandLine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Goal: x\n")))

    gate("brief", "set", "codex-1", "-", "--repo", "demo")

    assert gate("brief", "show", "codex-1", "--repo", "demo").out == "Goal: x\n"
    assert gate("brief", "show", "codex-1").out == "There is no brief.\n"


def test_check_shows_how_a_brief_is_read_and_sets_nothing(gate: CommandLine, file: Path) -> None:
    assert gate("brief", "check", str(file)).out == READ
    assert gate("brief", "show", "codex-1").out == "There is no brief.\n"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"Never:\n- edit `[ab].py`\n- edit `!x`\n", "  - line 2: the pattern '[ab].py' cannot be checked"),
        (b"Goal: x\n\xff\n", "  - line 2: it is no UTF-8 text"),
        (b"Goal: " + b"x" * 70_000, "  - it is larger than 64 KiB"),
        (b"nothing", "  - it has none of the headings"),
    ],
)
def test_a_brief_with_faults_is_not_taken(gate: CommandLine, file: Path, content: bytes, fault: str) -> None:
    file.write_bytes(content)

    checked, done = gate("brief", "check", str(file)), gate("brief", "set", "codex-1", str(file))

    assert (checked.code, done.code) == (1, 1)
    assert fault in checked.err
    assert fault in done.err


def test_a_file_that_is_not_there_is_named(gate: CommandLine, file: Path) -> None:
    done = gate("brief", "set", "codex-1", "/nowhere/brief.md")

    assert (done.code, done.err) == (
        1,
        "/nowhere/brief.md:\n  - it cannot be read (No such file or directory)\n",
    )
