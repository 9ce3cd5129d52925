"""Every setting, command, audit action and hold state is in docs/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gate.cli import root
from gate.config import OPTIONS
from gate.domain.audit import Action
from gate.domain.hold import BlockReason, HoldState

DOCS = Path(__file__).parents[2] / "docs"
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md")))
CODE = set(re.findall(r"`([^`\n]+)`", TEXT))


def _commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*words, name))
        else:
            yield " ".join((*words, name))


@pytest.mark.parametrize("name", sorted(option.variable for option in OPTIONS.values()))
def test_a_setting_is_explained_with_its_default(name: str) -> None:
    [option] = [option for option in OPTIONS.values() if option.variable == name]
    rows = [line for line in TEXT.splitlines() if f"`{name}`" in line]
    # `{home}` and `{port}` are other settings, which the page names in its own way.
    default = re.split(r"\{\w+\}", option.default)

    assert [line for line in rows if all(part in line for part in default)]


@pytest.mark.parametrize("command", sorted(_commands(root)))
def test_a_command_is_explained(command: str) -> None:
    assert re.search(rf"python -m gate {re.escape(command)}\b|`(gate )?{re.escape(command)}\b", TEXT)


@pytest.mark.parametrize("action", sorted(map(str, Action)))
def test_an_audit_action_is_explained(action: str) -> None:
    assert action in CODE


@pytest.mark.parametrize("state", [*map(str, HoldState), *map(str, BlockReason)])
def test_a_hold_state_or_reason_is_explained(state: str) -> None:
    assert state in CODE
