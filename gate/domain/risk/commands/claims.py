"""C20 and C21: a session that went in circles, and a summary that does not fit what was done."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from gate.domain.risk.commands.arguments import written
from gate.domain.risk.commands.look import CommandContext
from gate.domain.risk.commands.paths import is_document, is_in, resolve
from gate.domain.risk.model import Confidence, Finding, Place, Rule, Severity
from gate.domain.risk.view import ParsedCommand
from gate.domain.session.model import Command, CommandOutcome, Session

C20 = Rule(
    id="C20",
    name="in-circles",
    severity=Severity.INFO,
    why="An agent that repeats what fails, or stands still for long, may have lost its way.",
    check="Look at what came before and after, and whether the last state of the code is the one it meant.",
)
C21 = Rule(
    id="C21",
    name="claim-mismatch",
    severity=Severity.HIGH,
    why="The agent's summary says something that its own log does not bear out.",
    check="Run the tests yourself on the pushed commit, and doubt the rest of the summary as well.",
)
_MANY_FAILURES = 5
_MANY_COMMANDS = 500
_LONG_SILENCE = timedelta(minutes=30)
_LONGEST_CLAIM = 20_000
_SENTENCE = re.compile(r"[.!?](?=\s|\Z)|\n+")
_PASSED = re.compile(
    r"\b(?:tests?|specs?|test suite|suite|pytest|unittest|jest|vitest|checks)\b[^.\n]{0,60}?"
    r"\b(?:pass(?:ed|es|ing)?|succeed(?:s|ed)?|green|ok)\b|\b\d+ (?:tests? )?passed\b|\bpassing tests\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not|no|never|fail(?:s|ed|ing|ures?)?|un\w*able|could\s?n't|did\s?n't|won't|without|should|would|once|until"
    r"|before|if|cannot|can't|expected|were passing|skip(?:ped|s)?)\b",
    re.IGNORECASE,
)
_NO_FAILURES = re.compile(
    r"\b(?:0|no|without(?: any)?) (?:failures?|failed|failing|errors?|regressions?)\b", re.IGNORECASE
)
_LISTED = re.compile(
    r"^[ \t]*(?:[-*][ \t]+)?(?:\*\*)?(?:files changed|changed files)(?:\*\*)?[ \t]*:(?:\*\*)?[ \t]*(\S.*)$",
    re.I | re.M,
)
_FILE = re.compile(r"`?([\w@./+-]*[\w-]\.\w+|[\w@.+-]+(?:/[\w@.+-]+)+|Makefile|Dockerfile)`?")


@dataclass(frozen=True, slots=True, order=True)
class _Moment:
    """When something stood in the log. Without a time, its entry and its line tell."""

    at: float
    entry: int
    line: int


def in_circles(parsed: Sequence[ParsedCommand], context: CommandContext) -> Iterator[Finding]:
    """The same failure again and again, a long silence, or more commands than a person would look through."""
    commands = [one.command for one in parsed]
    failed = Counter(" ".join(one.text.split()) for one in commands if one.outcome is CommandOutcome.FAILED)
    for text, count in failed.most_common(3):
        if count >= _MANY_FAILURES:
            last = next(one for one in reversed(commands) if " ".join(one.text.split()) == text)
            yield _finding(C20, Severity.INFO, f"The same command failed {count} times", last, text)
    if len(commands) > _MANY_COMMANDS:
        yield _finding(C20, Severity.INFO, f"The session ran {len(commands)} commands", commands[-1], "count")
    for before, after in pairwise(commands):
        end, start = before.ended_at or before.started_at, after.started_at
        if end is not None and start is not None and start - end > _LONG_SILENCE:
            minutes = int((start - end).total_seconds() // 60)
            yield _finding(C20, Severity.INFO, f"Nothing was run for {minutes} minutes", after, "silence")
            return


def claim_mismatch(parsed: Sequence[ParsedCommand], context: CommandContext) -> Iterator[Finding]:
    """Tests that are said to have passed and did not, and files that changed and are not said to have."""
    session = context.session
    if session is None:
        return
    claims = (context.summary or _last_words(session))[:_LONGEST_CLAIM]
    if says_tests_passed(claims):
        yield from _tests(parsed, context, session)
    if context.changed is not None:
        yield from _files(claims, context.changed)


def says_tests_passed(text: str) -> bool:
    """Whether a text says, in any sentence and without a reservation, that tests passed."""
    for sentence in _SENTENCE.split(text):
        if _PASSED.search(sentence) and not _DENIED.search(_NO_FAILURES.sub("", sentence)):
            return True
    return False


def _tests(parsed: Sequence[ParsedCommand], context: CommandContext, session: Session) -> Iterator[Finding]:
    runs = [one.command for one in parsed if one.command.tests]
    confidence = (
        Confidence.POSSIBLE if any(thread.faults for thread in session.threads) else Confidence.LIKELY
    )
    if not runs:
        words = "The summary says that tests passed, and the log holds no run of tests"
        yield _finding(C21, Severity.HIGH, words, None, "no run", confidence)
        return
    last = max(runs, key=_ended)
    changed = max(_changes(parsed, context, session), default=None)
    passed = [_ended(run) for run in runs if run.has_passed_tests]
    if passed and (changed is None or max(passed) >= changed):
        return
    if not last.has_passed_tests:
        words = "The summary says that tests passed, and the last run of tests failed or did not end"
    else:
        words = "The summary says that tests passed, and code was changed after they did"
    yield _finding(C21, Severity.HIGH, words, last, "tests", confidence)


def _changes(parsed: Sequence[ParsedCommand], context: CommandContext, session: Session) -> Iterator[_Moment]:
    """When code was changed, by an edit or by a command; text and reports are no code."""
    for edit in session.edits:
        if not is_document(edit.path):
            yield _moment(edit.at, edit.entry, edit.line)
    for one in parsed:
        if one.command.outcome is CommandOutcome.REJECTED or one.command.tests:
            continue
        cwd = one.command.cwd or context.work
        words = [
            word for pipeline in one.pipelines for simple in pipeline.commands for word in written(simple)
        ]
        paths = [resolve(word, cwd) for word in words]
        if any(path is not None and is_in(path, (context.work,)) and not is_document(path) for path in paths):
            yield _moment(one.command.started_at, one.command.entry, one.command.line)


def _files(claims: str, changed: frozenset[str]) -> Iterator[Finding]:
    found = _LISTED.search(claims)
    if found is None:
        return
    listed = frozenset(_FILE.findall(found[1]))
    missing = sorted(
        path for path in changed if path not in listed and not any(one in path for one in listed)
    )
    if listed and missing:
        words = (
            f"The summary lists the files that it changed, and leaves out {len(missing)} of {len(changed)}"
        )
        finding = _finding(C21, Severity.MEDIUM, words, None, "files", Confidence.LIKELY)
        yield Finding(
            finding.rule,
            finding.severity,
            finding.words,
            Place(path=missing[0]),
            finding.confidence,
            ", ".join(missing)[:200],
            finding.identity,
        )


def _last_words(session: Session) -> str:
    """The last message of the thread that pushed, and of the one that people see."""
    chosen = [
        one.last_message
        for one in session.threads
        if one.thread_id in (session.thread_id, session.root.thread_id)
    ]
    return "\n".join(chosen)


def _ended(command: Command) -> _Moment:
    return _moment(command.ended_at or command.started_at, command.entry, command.line)


def _moment(at: datetime | None, entry: int | None, line: int) -> _Moment:
    return _Moment(0.0 if at is None else at.timestamp(), -1 if entry is None else entry, line)


def _finding(
    rule: Rule,
    severity: Severity,
    words: str,
    command: Command | None,
    what: str,
    confidence: Confidence = Confidence.CERTAIN,
) -> Finding:
    place = (
        Place()
        if command is None
        else Place(thread_id=command.thread_id, entry=command.entry, at=command.started_at)
    )
    seen = "" if command is None else command.text[:200]
    return Finding(rule, severity, words, place, confidence, seen, f"{rule.id}:{what[:200]}")
