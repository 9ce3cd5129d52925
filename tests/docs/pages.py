"""The pages, and what of them is tested."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PAGES = (CHECKOUT / "README.md", CHECKOUT / "CHANGELOG.md", *sorted((CHECKOUT / "docs").glob("*.md")))

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"python -m gate((?: [a-z][a-z-]*)*)")


def links(page: Path) -> list[str]:
    """Where the page's links lead within the checkout, without what is in fences."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return [link for link in _LINK.findall(text) if "://" not in link]


def anchors(page: Path) -> set[str]:
    """The anchors that a forge makes for the page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(page: Path) -> set[tuple[str, ...]]:
    """The words behind every `python -m gate`, up to the first that is no lower-case word."""
    return {tuple(words.split()) for words in _COMMAND.findall(page.read_text(encoding="utf-8"))}


def shell(page: Path, name: str) -> str:
    """The commands of the fence below `<!-- test: NAME -->`."""
    found = re.search(
        rf"<!-- test: {name} -->\n```sh\n(.*?)^```",
        page.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert found is not None, f"{page.name} has no fence for the test {name}"
    return found[1]
