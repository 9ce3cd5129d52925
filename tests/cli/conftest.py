from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from gate.cli import context
from tests.cli.command_line import CommandLine
from tests.rule_cache import RULE_CACHE
from tests.running.gate import short_folder

_CACHES = (context.settings, context.container_as_it_is, context.inline_container)


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture
def new_home(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[CommandLine]:
    """The command line over a home in which nothing has been made yet."""
    for name in ("REDIS_URL", "DATABASE_URL", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PUSHGATE_HOME", str(folder / "home"))
    monkeypatch.setenv("PUSHGATE_RULE_CACHE", str(RULE_CACHE))
    monkeypatch.setenv("PUSHGATE_URL", "https://gate.example.org")
    command_line = CommandLine(folder, monkeypatch, capsys)
    yield command_line
    command_line.forget()
    structlog.reset_defaults()


@pytest.fixture
def gate(new_home: CommandLine) -> CommandLine:
    """The command line over a migrated store, with the repository demo behind the gate."""
    new_home("migrate")
    new_home.make_upstream()
    new_home("repo", "add", "demo", "--upstream", str(new_home.upstream))
    return new_home
