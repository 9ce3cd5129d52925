"""Whether the agent's tests passed, from what ran and what test reports say; never from what it claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from gate.domain.evidence import Evidence, TestReport
from gate.domain.pull_request.commands_seen import clock, ended
from gate.domain.session.model import Command, CommandOutcome, FileEdit, Session, TestCounts


class TestVerdict(StrEnum):
    """What the last test run and the reports come to. `stale`: files were edited after tests passed."""

    FAILED = "failed"
    UNENDED = "unended"
    STALE = "stale"
    PASSED = "passed"
    NONE = "none"
    UNKNOWN = "unknown"

    __test__ = False  # Not a test of pytest's.


TEST_SAID = {
    TestVerdict.FAILED: "failed",
    TestVerdict.UNENDED: "did not end",
    TestVerdict.STALE: "passed before the last edits",
    TestVerdict.PASSED: "passed",
    TestVerdict.NONE: "none were run",
    TestVerdict.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class TestStanding:
    """`runs` are the commands that ran tests, `edited` the files that were edited after the last of them."""

    verdict: TestVerdict
    runs: tuple[Command, ...] = ()
    edited: tuple[str, ...] = ()
    reports: tuple[TestReport, ...] = ()

    __test__ = False  # As above.

    @property
    def last(self) -> Command | None:
        return self.runs[-1] if self.runs else None

    @property
    def failed_before(self) -> int:
        """How many runs before the last one had failures."""
        return sum(run.has_failed_tests for run in self.runs[:-1])


def tests_seen(evidence: Evidence) -> TestStanding:
    """What is known of tests. Without a session, a report alone is not a run that anybody saw."""
    runs = tuple(_runs(evidence.session))
    edited = _edited_after(evidence, runs[-1]) if runs else ()
    return TestStanding(_verdict(evidence, runs, edited), runs, edited, evidence.reports)


def run_verdict(command: Command) -> TestVerdict:
    """What one run of tests comes to: it failed, passed, or did not end."""
    if command.has_failed_tests:
        return TestVerdict.FAILED
    return TestVerdict.UNENDED if command.has_unended_tests else TestVerdict.PASSED


def run_words(command: Command) -> str:
    """`exit 1 at 14:03 UTC: 12 passed, 1 failed`, in the gate's own words."""
    at = clock(command.ended_at or command.started_at)
    counts = run_counts(command)
    told = "no counts in its output" if counts is None else counts_words(counts)
    return f"{ended(command)}{f' at {at}' if at else ''}: {told}"


def run_counts(command: Command) -> TestCounts | None:
    """The counts of all runs in one command; None where its output tells none."""
    each = [run.counts for run in command.tests if run.counts is not None]
    return sum(each, TestCounts()) if each else None


def counts_words(counts: TestCounts) -> str:
    """`12 passed, 1 failed`: failures are said even where nothing else is."""
    parts = [
        f"{number:,} {word}"
        for number, word in (
            (counts.passed, "passed"),
            (counts.failed, "failed"),
            (counts.errors, "with errors"),
            (counts.skipped, "skipped"),
        )
        if number
    ]
    return ", ".join(parts) or "no tests"


def _runs(session: Session | None) -> Iterator[Command]:
    for command in session.commands if session else ():
        if command.tests and command.outcome is not CommandOutcome.REJECTED:
            yield command


def _verdict(evidence: Evidence, runs: tuple[Command, ...], edited: tuple[str, ...]) -> TestVerdict:
    if any(report.counts.has_failures for report in evidence.reports):
        return TestVerdict.FAILED
    if not runs:
        return TestVerdict.UNKNOWN if evidence.session is None else TestVerdict.NONE
    verdict = run_verdict(runs[-1])
    return TestVerdict.STALE if edited and verdict is TestVerdict.PASSED else verdict


def _edited_after(evidence: Evidence, last: Command) -> tuple[str, ...]:
    """Files below its folder or elsewhere, but for its own notes, which it writes when all is done."""
    notes = {checkpoint.name for checkpoint in evidence.checkpoints}
    cwd = evidence.session.root.cwd if evidence.session else ""
    folder = f"{cwd}/" if cwd else ""
    paths = (edit.path.removeprefix(folder) for edit in _edits_after(evidence.session, last))
    return tuple(dict.fromkeys(path for path in paths if not _is_note(path, notes)))


def _is_note(path: str, notes: Iterable[str]) -> bool:
    return any(path == note or path.endswith(f"/{note}") for note in notes)


def _edits_after(session: Session | None, last: Command) -> Iterator[FileEdit]:
    for thread in session.threads if session else ():
        for edit in thread.edits:
            if edit.at is not None and last.ended_at is not None:
                is_after = edit.at > last.ended_at
            else:
                is_after = thread.thread_id == last.thread_id and edit.line > last.line
            if is_after:
                yield edit
