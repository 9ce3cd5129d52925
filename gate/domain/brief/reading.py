"""The lines of a brief as items below its headings: a reader of what Markdown a brief needs, and no more."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from gate.domain.brief.headings import heading
from gate.domain.brief.model import Part

_BULLET = re.compile(r"([ \t]*)(?:[-*+\u2022\u2013]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(.*)")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([^`]*)")
_RULER = re.compile(r" {0,3}(?:([-*_])[ \t]*)(?:\1[ \t]*){2,}")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*")
_SHELLS = ("", "sh", "bash", "shell", "console", "zsh", "shell-session")
_LONGEST_ITEM = 2_000
_PARAGRAPH = -1


@dataclass(frozen=True, slots=True)
class Item:
    """One bullet, paragraph or line of code below a heading. `lead` are the words of the bullets above it.

    `line` counts from 1. `is_code`: a line of a fenced block, a command as it would be typed.
    """

    part: Part
    line: int
    text: str
    lead: str = ""
    is_code: bool = False
    is_cut: bool = False


@dataclass(slots=True)
class _Open:
    """An item that further lines may still belong to."""

    item: Item
    indent: int
    has_below: bool = False


@dataclass(slots=True)
class _Reader:
    part: Part | None = None
    level: int = 0
    fence: str = ""
    fence_line: int = 0
    is_shell: bool = False
    is_after_blank: bool = False
    parts: list[Part] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """The headings that were found, in their order, everything that stands below them, and what is amiss."""

    parts: tuple[Part, ...]
    items: tuple[Item, ...]
    faults: tuple[str, ...] = ()


def read(text: str) -> Reading:
    """Take a brief apart; text above its first heading belongs to nothing."""
    lines = [line.expandtabs(4) for line in re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))]
    reader = _Reader()
    for number, line in enumerate(lines, start=1):
        following = lines[number] if number < len(lines) else ""
        _take(reader, number, line, following)
    _close(reader)
    faults = [f"line {reader.fence_line}: this fence of code has no end"] if reader.fence else []
    faults += [
        f"line {item.line}: only its first {_LONGEST_ITEM} characters are read"
        for item in reader.items
        if item.is_cut
    ]
    return Reading(
        tuple(reader.parts), tuple(sorted(reader.items, key=lambda item: item.line)), tuple(faults)
    )


def _take(reader: _Reader, number: int, line: str, following: str) -> None:
    if reader.fence:
        _take_code(reader, number, line)
        return
    fence = _FENCE.fullmatch(line)
    if fence is not None:
        language = (fence[2].split() or [""])[0].casefold()
        reader.fence, reader.fence_line, reader.is_shell = fence[1], number, language in _SHELLS
        return
    if not line.strip():
        reader.is_after_blank = True
        return
    is_after_blank, reader.is_after_blank = reader.is_after_blank, False
    if _is_ruler(line) and not (_UNDERLINE.fullmatch(line) and reader.open and not is_after_blank):
        return
    if _UNDERLINE.fullmatch(line):
        return  # It makes a heading of the line before, which was asked for its name then.
    found = heading(line)
    if found is None and _UNDERLINE.fullmatch(following) and line[:1].strip():
        found = heading(f"{'##' if following.strip().startswith('-') else '#'} {line}")
    if found is not None:
        _enter(reader, number, *found)
    elif reader.part is not None:
        _take_text(reader, number, line, is_after_blank)


def _enter(reader: _Reader, number: int, level: int, part: Part | None, rest: str) -> None:
    if part is None and level > reader.level and reader.part is not None:
        return  # A heading below the part's own structures it, and says nothing by itself.
    _close(reader)
    reader.part, reader.level = part, level
    if part is not None:
        reader.parts.append(part)
        if rest:
            _start(reader, Item(part, number, rest), _PARAGRAPH)


def _take_text(reader: _Reader, number: int, line: str, is_after_blank: bool) -> None:
    assert reader.part is not None, "nothing is taken before the first heading"
    bullet = _BULLET.fullmatch(line)
    if bullet is not None:
        _start(reader, Item(reader.part, number, bullet[2].strip()), len(bullet[1]))
        return
    indent = len(line) - len(line.lstrip())
    top = reader.open[-1] if reader.open else None
    belongs = top is not None and (not is_after_blank or (top.indent > _PARAGRAPH and indent > top.indent))
    if top is not None and belongs:
        top.item = replace(top.item, text=f"{top.item.text} {line.strip()}"[: _LONGEST_ITEM + 1])
    else:
        _start(reader, Item(reader.part, number, line.strip()), _PARAGRAPH)


def _take_code(reader: _Reader, number: int, line: str) -> None:
    stripped = line.strip()
    if stripped and stripped == reader.fence[0] * len(stripped) and len(stripped) >= len(reader.fence):
        reader.fence = ""
        return
    command = stripped.removeprefix("$ ").strip()
    if reader.part is None or not reader.is_shell or not command or command.startswith("#"):
        return
    top = reader.open[-1] if reader.open else None
    if top is not None:
        top.has_below = True
    lead = "" if top is None else top.item.text
    reader.items.append(_capped(Item(reader.part, number, command, lead, is_code=True)))


def _start(reader: _Reader, item: Item, indent: int) -> None:
    _close(reader, indent)
    for above in reader.open:
        above.has_below = True
    lead = " ".join(above.item.text for above in reader.open)[:_LONGEST_ITEM]
    reader.open.append(_Open(replace(item, lead=lead), indent))


def _close(reader: _Reader, indent: int = _PARAGRAPH) -> None:
    """End the open items that something at this indent does not stand below."""
    while reader.open and not _is_above(reader.open[-1], indent):
        ended = reader.open.pop()
        # `Do not touch:` over a list is the beginning of each of its points, and no point itself.
        if ended.item.text and not (ended.has_below and ended.item.text.endswith(":")):
            reader.items.append(_capped(ended.item))


def _is_above(one: _Open, indent: int) -> bool:
    if one.indent == _PARAGRAPH:
        return indent > _PARAGRAPH and one.item.text.endswith(":")
    return one.indent < indent


def _capped(item: Item) -> Item:
    is_cut = len(item.text) > _LONGEST_ITEM
    return replace(item, text=item.text[:_LONGEST_ITEM], is_cut=is_cut)


def _is_ruler(line: str) -> bool:
    return _RULER.fullmatch(line) is not None
