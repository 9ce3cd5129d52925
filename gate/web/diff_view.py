"""A file's diff as rows for a page, with the colours of the whole file where they fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from gate.services.ports.git import DiffLine
from gate.services.queries.revision_files import FileView
from gate.web.highlight import Part, coloured
from gate.web.visible import visible

_CLASS = {"+": "add", "-": "del", "\\": "remark"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a diff. `css` is add, del, remark or empty; `html` is safe and coloured."""

    css: str
    mark: str
    old: int | None
    new: int | None
    html: Markup


@dataclass(frozen=True, slots=True)
class HunkRows:
    """A hunk's header and rows."""

    header: str
    rows: tuple[Row, ...]


def hunks(view: FileView) -> tuple[HunkRows, ...]:
    """The rows of every hunk; none for a folded or binary file."""
    if view.diff is None:
        return ()
    old, new = coloured(view.file.path, view.old), coloured(view.file.path, view.new)
    return tuple(
        HunkRows(hunk.header, tuple(_row(line, old, new) for line in hunk.lines)) for hunk in view.diff.hunks
    )


def text_rows(path: str, text: str) -> Iterator[tuple[int, Markup]]:
    """A whole file, numbered from 1."""
    colours = coloured(path, text)
    lines = text.split("\n")
    for number, line in enumerate(lines[:-1] if lines[-1] == "" else lines, 1):
        yield number, _html(line, colours, number)


def _row(line: DiffLine, old: list[list[Part]], new: list[list[Part]]) -> Row:
    colours, number = (old, line.old_number) if line.kind == "-" else (new, line.new_number)
    html = _html(line.text, colours, number)
    return Row(_CLASS.get(line.kind, ""), line.kind, line.old_number, line.new_number, html)


def _html(text: str, colours: list[list[Part]], number: int | None) -> Markup:
    """The coloured parts if they are this very line: Pygments rewrites carriage returns, and git does not."""
    line = text.removesuffix("\r")
    if number is not None and number <= len(colours):
        parts = colours[number - 1]
        if "".join(piece for _, piece in parts) == line:
            return Markup("").join(_part(css, piece) for css, piece in parts) + visible(text[len(line) :])
    return visible(text, keep="\t")


def _part(css: str, piece: str) -> Markup:
    shown = visible(piece, keep="\t")
    return Markup('<span class="{}">{}</span>').format(css, shown) if css else shown
