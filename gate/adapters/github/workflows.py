"""Which workflows of a repository would run on review branches, before anybody has reviewed them.

It reads the `on:` of a workflow file line by line, as people write it. What it cannot make out it counts as
running: a warning too many does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gate.domain.pull_request.model import REVIEW_BRANCHES

_ON = re.compile(r"""^(?:on|"on"|'on')\s*:(.*)$""")
_WORD = re.compile(r"[a-z_]+")
_FILTERS = ("branches", "branches-ignore", "tags", "tags-ignore")
_EXAMPLE = f"{REVIEW_BRANCHES}1"


def triggers(text: str) -> frozenset[str]:
    """What starts this workflow for a review branch: `push`, `pull_request`, `pull_request_target`."""
    found = set()
    for event, filters in _events(text.splitlines()):
        is_pull_request = event in ("pull_request", "pull_request_target")
        if is_pull_request or (event == "push" and _takes_review_branches(filters)):
            found.add(event)
    return frozenset(found)


def _events(lines: Sequence[str]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Every event of the `on:` with its filters; those in one line come without."""
    for number, line in enumerate(lines):
        if matched := _ON.match(line):
            inline = _without_comment(matched[1])
            if inline:
                yield from ((word, {}) for word in _WORD.findall(inline))
            else:
                yield from _block_events(_below(lines[number + 1 :]))


def _below(lines: Sequence[str]) -> Iterator[str]:
    """The lines that belong to the key above: those further in, and list entries."""
    for line in lines:
        if not _without_comment(line):
            continue
        if not line.startswith((" ", "\t", "-")):
            return
        yield _without_comment(line, keep_indent=True)


def _block_events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    event, filters, name, depth = "", dict[str, list[str]](), "", -1
    for line in lines:
        indent = len(line) - len(line.lstrip())
        depth = indent if depth < 0 else depth
        key, _, rest = line.strip().removeprefix("- ").partition(":")
        if indent <= depth:
            if event:
                yield event, filters
            event, filters, name = key.strip(" \"'"), {}, ""
        elif key in _FILTERS:
            name = key
            filters[name] = _entries(rest)
        elif name and line.strip().startswith("- "):
            filters[name] += _entries(line.strip()[2:])
        else:
            name = ""
    if event:
        yield event, filters


def _entries(text: str) -> list[str]:
    return [entry for part in text.strip(" []").split(",") if (entry := part.strip(" \"'"))]


def _takes_review_branches(filters: dict[str, list[str]]) -> bool:
    if "branches" in filters:
        takes = False
        for pattern in filters["branches"]:
            if _matches(pattern.removeprefix("!")):
                takes = not pattern.startswith("!")
        return takes
    if "branches-ignore" in filters:
        return not any(map(_matches, filters["branches-ignore"]))
    return "tags" not in filters and "tags-ignore" not in filters


def _matches(pattern: str) -> bool:
    """Whether GitHub's pattern, where `*` stops at a slash and `**` does not, takes a review branch."""
    parts = re.split(r"(\*\*|\*)", pattern)
    expression = "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(expression, _EXAMPLE) is not None


def _without_comment(line: str, *, keep_indent: bool = False) -> str:
    text = re.sub(r"(^|\s)#.*$", "", line).rstrip()
    return text if keep_indent else text.strip()
