"""The changed lines of files out of one streamed `git diff-tree`, in flat memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gate.adapters.git.changed_files import DIFF_TREE
from gate.adapters.git.command import Git
from gate.domain.errors import Failed
from gate.domain.facts import ChangedFile
from gate.domain.risk.path_class import path_class
from gate.domain.risk.view import ChangedText, Line

MAX_LINES = 20_000
MAX_BYTES = 1 << 20
# Of more new or old files only those of the same content are paired: the other way is their product.
_MAX_RENAMES = "-l400"
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_SECTION = b"diff --git "
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))
_OIDS = re.compile(rb"index ([0-9a-f]{40})\.\.([0-9a-f]{40})")


def read_changed_texts(git: Git, base: str, new: str, files: Sequence[ChangedFile]) -> Iterator[ChangedText]:
    """Every one of `files` with its changed lines, in git's order. Raises Failed where git leaves one out.

    Without `--text`: what git takes for binary has no lines in `files` either, and no attribute decides it.
    """
    wanted = {file.path: file for file in files}
    if not wanted:
        return
    renamed = _renamed(git, base, new)
    # Names with a line break or a quote come quoted, so that a header is one line; all others as their bytes.
    quoting = git.having("-c", "core.quotePath=false")
    chunks = quoting.chunks(*DIFF_TREE, "-p", "-U0", "--submodule=short", base, new, timeout=600.0)
    try:
        for section in _sections(_lines(chunks), wanted):
            file = section.file
            del wanted[file.path]
            yield _text(section, renamed.get(file.path) if file.status == "A" else None)
            if not wanted:
                return
    finally:
        chunks.close()
    raise Failed(f"{git.folder.name}: git gave no diff of {next(iter(wanted))!r}, which it lists as changed.")


def _text(section: _Section, renamed_from: str | None) -> ChangedText:
    return ChangedText(
        file=section.file,
        path_class=path_class(section.file.path),
        added=tuple(section.added),
        removed=tuple(section.removed),
        renamed_from=renamed_from,
        is_cut=section.is_cut,
    )


def _renamed(git: Git, base: str, new: str) -> dict[str, str]:
    """Where git thinks that files were before, by where they are now."""
    without_renames = [word for word in DIFF_TREE if word != "--no-renames"]
    words = ("-M", _MAX_RENAMES, "--diff-filter=R", "--raw", "-z")
    fields = git.text(*without_renames, *words, base, new, timeout=600.0).split("\0")
    return {fields[at + 2]: fields[at + 1] for at in range(0, len(fields) - 2, 3)}


@dataclass(slots=True)
class _Section:
    """The lines of one file as far as they were read."""

    file: ChangedFile
    added: list[Line] = field(default_factory=list)
    removed: list[Line] = field(default_factory=list)
    size: int = 0
    is_cut: bool = False

    def take(self, lines: list[Line], number: int, text: bytes, was_cut: bool) -> None:
        self.size += len(text)
        if len(self.added) + len(self.removed) >= MAX_LINES or self.size > MAX_BYTES:
            self.is_cut = True
            return
        self.is_cut = self.is_cut or was_cut
        lines.append(Line(number, text.decode("utf-8", "surrogateescape")))


def _sections(lines: Iterator[tuple[bytes, bool]], wanted: dict[str, ChangedFile]) -> Iterator[_Section]:
    """Each wanted file with its lines. One that becomes a link has two sections, which are one here."""
    here: _Section | None = None
    for line, _ in lines:
        if line.startswith(_SECTION):
            path = _path(line[len(_SECTION) :])
            if here is None or here.file.path != path:
                if here is not None:
                    yield here
                here = _Section(wanted[path]) if path in wanted else None
        elif match := _HUNK.match(line):
            old, old_count, new, new_count = (int(number) for number in match.groups(b"1"))
            _read_hunk(lines, here, (old, old + old_count), (new, new + new_count))
        elif here is not None and (match := _OIDS.match(line)):
            _check(here.file, *(oid.decode() for oid in match.groups()))
    if here is not None:
        yield here


def _read_hunk(
    lines: Iterator[tuple[bytes, bool]], section: _Section | None, old: tuple[int, int], new: tuple[int, int]
) -> None:
    """Read as many lines as the hunk's header tells: a removed line `-- x` looks like a header itself."""
    at_old, at_new = old[0], new[0]
    while at_old < old[1] or at_new < new[1]:
        line, was_cut = next(lines, (b"", False))
        kind, text = line[:1], line[1:]
        if kind == b"-" and at_old < old[1]:
            if section is not None:
                section.take(section.removed, at_old, text, was_cut)
            at_old += 1
        elif kind == b"+" and at_new < new[1]:
            if section is not None:
                section.take(section.added, at_new, text, was_cut)
            at_new += 1
        elif kind != b"\\":
            raise Failed(
                "git's diff ends, or goes on, where its own count of lines does not: don't trust it."
            )


def _check(file: ChangedFile, old: str, new: str) -> None:
    """A file that becomes a link is shown as a delete and an add, each with one of the two oids."""
    if file.status != "T" and (old, new) != (file.old_oid, file.new_oid):
        raise Failed(f"git shows another change of {file.path!r} than it lists: the diff can't be trusted.")


def _path(names: bytes) -> str:
    """The path in `a/PATH b/PATH`. Both are the same, as no rename is looked for, so the length tells."""
    if names.startswith(b'"'):
        half = names[: (len(names) - 1) // 2][1:-1]
        raw = _ESCAPE.sub(_unescaped, half)
    else:
        raw = names[: (len(names) - 1) // 2]
    return raw.removeprefix(b"a/").decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[bytes]) -> bytes:
    text = match.group(1)
    return bytes([int(text, 8) if len(text) == 3 else _ESCAPED[text[0]]])


def _lines(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Lines without their newline, each cut at what one file may have, and whether it was."""
    rest: list[bytes] = []
    size = 0
    for chunk in chunks:
        *whole, last = chunk.split(b"\n")
        for piece in whole:
            line = b"".join((*rest, piece[: max(0, MAX_BYTES - size)]))
            yield line, size + len(piece) > MAX_BYTES
            rest, size = [], 0
        rest.append(last[: max(0, MAX_BYTES - size)])
        size += len(last)
    if size:
        yield b"".join(rest), size > MAX_BYTES
