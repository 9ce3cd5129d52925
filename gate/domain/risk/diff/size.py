"""D20, D23, D25, D45: the push as a whole, its brief, what others wrote, and whose it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gate.domain.brief.model import Answer, BriefReport, BriefSource, Kept, RuleKind
from gate.domain.facts import ChangedFile
from gate.domain.risk.diff.look import FileLook, FileRule, Hit, PushLook, PushRule
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.path_class import path_class
from gate.domain.risk.view import Line, PathClass

D20 = Rule(
    id="D20",
    name="too-big",
    severity=Severity.MEDIUM,
    why="Nobody reads this much with care. 97 of 100 changes that people make are smaller.",
    check="Ask for it in pieces that each can be understood.",
)
D23 = Rule(
    id="D23",
    name="vendored-edit",
    severity=Severity.MEDIUM,
    why="What tools write is overwritten by them, and what others wrote is hardly ever reviewed.",
    check="Make the files again, or fetch them, and compare.",
)
D25 = Rule(
    id="D25",
    name="out-of-scope",
    severity=Severity.HIGH,
    why="The agent did what its brief does not let it do.",
    check="Ask why, and whether the brief or the push is to change.",
)
D45 = Rule(
    id="D45",
    name="licence",
    severity=Severity.MEDIUM,
    why="It decides who may use the code, and how.",
    check="Have whoever owns the code agree.",
)

LICENCE_FILES = tuple("LICENSE* LICENCE* COPYING* NOTICE NOTICE.* !*.py !*.js !*.ts !*.go !*.rs".split())
_MANY_FILES, _MANY_LINES = 25, 1_000
_TOO_MANY_FILES, _TOO_MANY_LINES = 100, 5_000
_NOT_COUNTED = (PathClass.LOCK, PathClass.GENERATED, PathClass.VENDORED)
_HEADERS = 3
_HEADER = re.compile(
    r"(?i)SPDX-License-Identifier|\bcopyright\b.{0,80}(?:\d{4}|\(c\)|©)|\blicen[sc]ed under\b"
)
_YEARS = re.compile(r"\b(?:19|20)\d\d\b(?:[ \t]*[-\u2013,][ \t]*(?:(?:19|20)\d\d|present))*")


def too_big(look: PushLook) -> Iterator[Hit]:
    moved = {*look.tally.renamed.values()}
    files = [file for file in look.files.values() if file.path not in moved and _counts(look, file)]
    lines = sum(_lines(file) for file in files)
    limits = _own_limits(look.view.brief)
    too_many = (RuleKind.FILE_LIMIT not in limits and len(files) > _MANY_FILES) or (
        RuleKind.LINE_LIMIT not in limits and lines > _MANY_LINES
    )
    far_too_many = (RuleKind.FILE_LIMIT not in limits and len(files) > _TOO_MANY_FILES) or (
        RuleKind.LINE_LIMIT not in limits and lines > _TOO_MANY_LINES
    )
    if too_many:
        largest = sorted(files, key=_lines, reverse=True)[:5]
        yield Hit(
            f"{len(files)} files with {lines} changed lines, those of tools and lock files left out",
            severity=Severity.HIGH if far_too_many else None,
            seen=", ".join(f"{file.path} ({_lines(file)})" for file in largest),
            key="push",
        )


def _own_limits(report: BriefReport | None) -> frozenset[RuleKind]:
    """What the operator's brief has a limit of its own for: then that one counts, by D25."""
    if report is None or report.brief.source is not BriefSource.OPERATOR:
        return frozenset()
    return frozenset(rule.kind for rule in report.brief.rules if rule.limit is not None)


def _counts(look: PushLook, file: ChangedFile) -> bool:
    if path_class(file.path) in _NOT_COUNTED:
        return False
    before = look.files.get(look.tally.renamed.get(file.path, ""))
    return before is None or before.old_oid != file.new_oid


def _lines(file: ChangedFile) -> int:
    return (file.additions or 0) + (file.deletions or 0)


def vendored_edit(look: PushLook) -> Iterator[Hit]:
    """One hit for each class: a folder of another's code changes by the hundred."""
    has_reason = any(path_class(path) in (PathClass.SOURCE, PathClass.LOCK) for path in look.files)
    for kind, words in (
        (PathClass.VENDORED, "files of somebody else's code"),
        (PathClass.GENERATED, "files that tools write"),
    ):
        paths = [path for path in look.files if path_class(path) is kind]
        if paths:
            severity = Severity.LOW if has_reason else D23.severity
            why = "" if has_reason else ", and nothing that they come from"
            words_of = f"{len(paths)} {words} change{why}"
            yield Hit(words_of, severity=severity, path=paths[0], seen=", ".join(paths[:5]), key=kind)


def out_of_scope(look: PushLook) -> Iterator[Hit]:
    report = look.view.brief
    for answer in report.answers if report is not None else ():
        if answer.kept is Kept.BROKEN:
            yield from _broken(answer)


def _broken(answer: Answer) -> Iterable[Hit]:
    rule = answer.rule
    words = f"The brief is broken: {answer.words}"
    paths: tuple[str | None, ...] = answer.paths or (None,)
    for path in paths:
        key = f"{answer.source} {rule.part} {rule.words}"
        yield Hit(words, path=path, seen=rule.words, key=key, entry=answer.entry)


def licence_change(look: FileLook) -> Iterator[Hit]:
    is_the_year = bool(look.changed) and _without_years(look.removed) == _without_years(look.added)
    severity = Severity.INFO if is_the_year else None
    line = look.first_line or (look.removed[0] if look.removed else None)
    what = "is deleted" if look.is_deleted else "is new" if look.file.status == "A" else "changes"
    yield Hit(
        f"The licence {what}{', in its years' if is_the_year else ''}",
        line,
        severity,
        is_old=look.first_line is None,
    )


def note_header(look: FileLook) -> Iterator[Hit]:
    removed = any(_HEADER.search(line.text[:500]) for line in look.removed)
    if removed and look.file.status == "M" and not _HEADER.search(look.code):
        look.push.tally.licence_headers.append(look.path)
    yield from ()


def headers_removed(look: PushLook) -> Iterator[Hit]:
    paths = look.tally.licence_headers
    if len(paths) > _HEADERS:
        words = f"{len(paths)} files lose the lines that say whose they are"
        yield Hit(words, path=paths[0], seen=", ".join(paths[:5]), key="headers")


def _without_years(lines: Iterable[Line]) -> list[str]:
    return [_YEARS.sub("", line.text).strip() for line in lines]


RULES = (FileRule(D45, licence_change, mark="licences"), FileRule(D45, note_header))
PUSH_RULES = (
    PushRule(D20, too_big),
    PushRule(D23, vendored_edit),
    PushRule(D25, out_of_scope),
    PushRule(D45, headers_removed),
)
