from pathlib import Path

import click
import pytest

from gate.cli import root
from tests.docs.pages import PAGES, anchors, commands, links

IDS = [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_leads_to_a_file_and_every_anchor_to_a_heading(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_command_in_a_page_exists(page: Path) -> None:
    unknown = [" ".join(words) for words in sorted(commands(page)) if not _exists(words)]

    assert unknown == []


def _exists(words: tuple[str, ...]) -> bool:
    """Whether the words lead to a command; what follows a command with arguments may be anything."""
    command: click.Command = root
    for word in words:
        if not isinstance(command, click.Group):
            return bool(command.params)
        if word not in command.commands:
            return False
        command = command.commands[word]
    return True
