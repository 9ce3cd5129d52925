"""What a rule over the diff is given, and what it gives back."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gate.domain.errors import NotFound
from gate.domain.facts import ChangedFile
from gate.domain.hold import ZERO_OID
from gate.domain.risk.model import Confidence, Rule, Severity
from gate.domain.risk.path_class import is_code, path_class
from gate.domain.risk.view import ChangedText, Line, PathClass, PushView

Match = Callable[[Sequence[str], Sequence[str]], tuple[str, ...]]
"""Those of the paths (second) that the gitignore patterns (first) match."""

_KEPT_BLOBS = 4
# Each read is a run of git. What is beyond is a finding of D04.
_MOST_READS = 2_000
_MOST_BLOB_BYTES = 256 << 20
# A line with code behind the end of its comment is none.
_SLASHES = re.compile(r"[ \t]*(//|/\*(?!.*\*/[ \t]*[^ \t\r])|\*([ \t]|/?$))")
_HASH = re.compile(r"[ \t]*(#|<!--(?!.*-->[ \t]*[^ \t\r]))")
_DASHES = re.compile(r"[ \t]*--")
_WITH_SLASHES = re.compile(
    r"\.(c|h|cc|cpp|cxx|hpp|hh|m|mm|cs|js|jsx|ts|tsx|mjs|cjs|mts|cts|go|rs|java|kt|kts|scala|groovy|gradle"
    r"|swift|dart|php|scss|less|vue|svelte|sol|zig)$"
)
_WITH_DASHES = re.compile(r"\.(sql|lua|hs|elm)$")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a rule saw. Without `severity` it is the rule's own.

    `line` is in the new file, with `is_old` in the old one. `path` stands for the file at hand where the rule
    looks at one. `seen` is the text it rests on, the line's by default; `key` what makes it the same when it
    is found again, `seen` by default.
    """

    words: str
    line: Line | None = None
    severity: Severity | None = None
    path: str | None = None
    column: int | None = None
    is_old: bool = False
    confidence: Confidence = Confidence.CERTAIN
    seen: str = ""
    key: str = ""
    oid: str | None = None
    ref: str | None = None
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class TestLoss:
    """A test file that a push changes: tests that went, and tests that came, as hashes of their names."""

    file: ChangedFile
    lost: frozenset[int]
    count_before: int
    count_after: int
    asserts_before: int
    asserts_after: int

    __test__ = False  # Not a test of pytest's.


@dataclass(slots=True)
class Tally:
    """What is carried from file to file, a few words for each: never lines."""

    renamed: dict[str, str] = field(default_factory=dict)
    losses: list[TestLoss] = field(default_factory=list)
    gained_tests: set[int] = field(default_factory=set)
    gained_asserts: int = 0
    licence_headers: list[str] = field(default_factory=list)
    asking: list[str] = field(default_factory=list)
    pinning: list[str] = field(default_factory=list)


class Blobs:
    """Contents by oid. The last few are kept, as rules ask for the same; what they read in all is bounded."""

    def __init__(self, view: PushView) -> None:
        self._read = view.blob
        self._kept: dict[str, bytes | None] = {}
        self._reads = _MOST_READS
        self._bytes = _MOST_BLOB_BYTES
        self.is_spent = False

    def __call__(self, oid: str) -> bytes | None:
        """The content; None where it is not there, too large, or one too many (then `is_spent` is set)."""
        if oid == ZERO_OID:
            return None
        if oid not in self._kept:
            if self._reads <= 0 or self._bytes <= 0:
                self.is_spent = True
                return None
            content = self._content(oid)
            self._reads -= 1
            self._bytes -= len(content or b"")
            while len(self._kept) >= _KEPT_BLOBS:
                del self._kept[next(iter(self._kept))]
            self._kept[oid] = content
        return self._kept[oid]

    def _content(self, oid: str) -> bytes | None:
        try:
            return self._read(oid)
        except NotFound:
            return None


@dataclass(frozen=True, slots=True)
class PushLook:
    """A whole push, as rules at its end see it."""

    view: PushView
    match: Match
    blob: Blobs
    files: Mapping[str, ChangedFile]
    tally: Tally = field(default_factory=Tally)

    def those(self, patterns: Sequence[str]) -> tuple[str, ...]:
        """The changed paths that gitignore patterns match."""
        return self.match(patterns, tuple(self.files))


@dataclass(frozen=True)
class FileLook:
    """One changed file of a push. `marks` are the names of the path tables that it is in."""

    text: ChangedText
    push: PushLook
    marks: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        return self.text.path

    @property
    def file(self) -> ChangedFile:
        return self.text.file

    @property
    def path_class(self) -> PathClass:
        return self.text.path_class

    @property
    def is_deleted(self) -> bool:
        return self.file.status == "D"

    @property
    def is_code(self) -> bool:
        """Whether it is a program in some language, by the end of its name."""
        return is_code(self.path)

    def marked(self, name: str) -> bool:
        return name in self.marks

    def lowered_in(self, severity: Severity, *classes: PathClass) -> Severity:
        """One severity lower where the file is of one of these classes."""
        return severity.lowered() if self.path_class in classes else severity

    @cached_property
    def added(self) -> tuple[Line, ...]:
        """The added lines. Of a file that moved and stays of its class, those that it had not before."""
        before = self.text.renamed_from
        if (
            before is None
            or path_class(before) is not self.path_class
            or is_code(before) != is_code(self.path)
        ):
            return self.text.added
        return tuple(_without(self.text.added, Counter(self.old.split("\n"))))

    @property
    def removed(self) -> tuple[Line, ...]:
        return self.text.removed

    @cached_property
    def changed(self) -> tuple[Line, ...]:
        return (*self.removed, *self.added)

    @property
    def first_line(self) -> Line | None:
        """The first added line, by which a change of the whole file is shown."""
        return self.added[0] if self.added else None

    @cached_property
    def code(self) -> str:
        """The added lines as one text."""
        return "\n".join(line.text for line in self.added)

    @cached_property
    def folded(self) -> str:
        return self.code.lower()

    @cached_property
    def _starts(self) -> list[int]:
        starts, at = [], 0
        for line in self.added:
            starts.append(at)
            at += len(line.text) + 1
        return starts

    @cached_property
    def _removed_texts(self) -> Counter[str]:
        return Counter(line.text.strip() for line in self.removed)

    def was_there(self, line: Line) -> bool:
        """Whether a line of the same text, spaces aside, is removed in this file: it only moved."""
        return self._removed_texts[line.text.strip()] > 0

    def line_at(self, offset: int) -> Line:
        """The added line that this place in `code` is on."""
        return self.added[bisect_right(self._starts, offset) - 1]

    def finds(self, pattern: re.Pattern[str], *hints: str) -> Iterator[tuple[Line, re.Match[str]]]:
        """The first match of a pattern in each added line, with its places in that line.

        Where there are hints, in small letters, only lines that have one of them in them are looked at:
        looking for them in all of the file is a hundred times faster than the pattern.
        """
        for line in self._hinted(hints) if hints else self.finds_across(pattern):
            match = pattern.search(line.text)
            if match is not None:
                yield line, match

    def finds_across(self, pattern: re.Pattern[str], *hints: str) -> Iterator[Line]:
        """The added lines that a match begins on, which may go on over the next ones."""
        if hints and not any(hint in self.folded for hint in hints):
            return
        last: Line | None = None
        for match in pattern.finditer(self.code):
            line = self.line_at(match.start())
            if line is not last:
                last = line
                yield line

    def _hinted(self, hints: tuple[str, ...]) -> Iterator[Line]:
        there = [hint for hint in hints if hint in self.folded]
        for line in self.added if there else ():
            folded = line.text.lower()
            if any(hint in folded for hint in there):
                yield line

    def is_comment(self, line: Line) -> bool:
        """Whether a line looks like a comment in such a file. A guess, good for a smaller finding."""
        path = self.path.lower()
        if _WITH_SLASHES.search(path):
            return _SLASHES.match(line.text) is not None
        return (_DASHES if _WITH_DASHES.search(path) else _HASH).match(line.text) is not None

    @cached_property
    def new(self) -> str:
        """The whole new content, empty where it is not there or too large."""
        if self.file.status == "A" and not self.text.is_cut:
            return "\n".join(line.text for line in self.text.added)
        return _decoded(self.push.blob(self.file.new_oid))

    @cached_property
    def old(self) -> str:
        """The whole old content, of where the file was before if it moved."""
        if self.is_deleted and not self.text.is_cut:
            return "\n".join(line.text for line in self.removed)
        return _decoded(self.push.blob(self._before.old_oid))

    @property
    def _before(self) -> ChangedFile:
        return self.push.files.get(self.text.renamed_from or self.path, self.file)

    @property
    def is_unread(self) -> bool:
        """Whether the new content is there and no rule can read it."""
        has_all_lines = self.file.status == "A" and not self.text.is_cut
        is_there = self.file.new_oid != ZERO_OID and not has_all_lines
        return is_there and self.push.blob(self.file.new_oid) is None


@dataclass(frozen=True, slots=True)
class FileRule:
    """A rule that looks at one changed file, where it is marked with `mark` if there is one."""

    rule: Rule
    look: Callable[[FileLook], Iterable[Hit]]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class PushRule:
    """A rule that looks at the push as a whole, after all of its files."""

    rule: Rule
    look: Callable[[PushLook], Iterable[Hit]]


def _without(lines: Iterable[Line], known: Counter[str]) -> Iterator[Line]:
    for line in lines:
        if known[line.text]:
            known[line.text] -= 1
        else:
            yield line


def _decoded(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "surrogateescape")
