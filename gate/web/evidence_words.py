"""Evidence as pages say it: words and colours. Pull requests say the same by the same words."""

from __future__ import annotations

from datetime import UTC, datetime

from gate.domain.brief.model import BriefReport, Kept
from gate.domain.evidence import FileKind
from gate.domain.pull_request.brief_words import PART, SAID, SOURCE, verdict_words, worst_first
from gate.domain.pull_request.commands_seen import clock, ended, first_line, took
from gate.domain.pull_request.evidence_words import FOUND_BY, SUMMARY_FROM
from gate.domain.pull_request.findings import place_words, weight_words
from gate.domain.pull_request.tests_seen import TEST_SAID, TestVerdict, counts_words, run_verdict, run_words
from gate.domain.risk.model import RiskLevel, Severity
from gate.domain.session.model import Command, CommandOutcome
from gate.domain.session.transcript import Entry, EntryKind, Mark

__all__ = [
    "FOUND_BY",
    "PART",
    "SOURCE",
    "SUMMARY_FROM",
    "TEST_SAID",
    "clock",
    "command_tone",
    "counts_words",
    "ended",
    "first_line",
    "place_words",
    "run_verdict",
    "run_words",
    "took",
    "verdict_words",
    "weight_words",
    "worst_first",
]

LEVEL_TONE = {
    RiskLevel.NONE: "quiet",
    RiskLevel.LOW: "quiet",
    RiskLevel.MEDIUM: "wait",
    RiskLevel.HIGH: "bad",
    RiskLevel.CRITICAL: "bad",
}
SEVERITY_TONE = {
    Severity.INFO: "quiet",
    Severity.LOW: "quiet",
    Severity.MEDIUM: "wait",
    Severity.HIGH: "bad",
    Severity.CRITICAL: "bad",
}
KEPT_TONE = {Kept.YES: "good", Kept.BROKEN: "bad", Kept.UNKNOWN: "wait"}
BRIEF_SAID = SAID | {Kept.UNKNOWN: "unclear"}
ANSWER_SAID = SAID | {Kept.UNKNOWN: "judge"}
TEST_TONE = {
    TestVerdict.FAILED: "bad",
    TestVerdict.UNENDED: "wait",
    TestVerdict.STALE: "wait",
    TestVerdict.PASSED: "good",
    TestVerdict.NONE: "wait",
    TestVerdict.UNKNOWN: "quiet",
}
FILE_KIND = {
    FileKind.ROLLOUT: "session record",
    FileKind.EXEC_LOG: "log of codex exec",
    FileKind.RECORDING: "terminal recording",
    FileKind.TIMING: "times of a recording",
    FileKind.PLAIN_LOG: "log",
    FileKind.PLAN: "plan",
    FileKind.STATUS: "status",
    FileKind.ARTIFACT: "artifact",
    FileKind.TRANSCRIPT: "transcript",
    FileKind.CAST: "replay",
}
ENTRY = {
    EntryKind.TURN: "turn",
    EntryKind.PROMPT: "asked",
    EntryKind.MESSAGE: "said",
    EntryKind.REASONING: "thought",
    EntryKind.COMMAND: "ran",
    EntryKind.EDIT: "edited",
    EntryKind.PLAN: "plan",
    EntryKind.NOTE: "note",
}
MARK = {
    Mark.PUSH: "pushes",
    Mark.FAILURE: "failures",
    Mark.TEST: "tests",
    Mark.APPROVAL: "approvals",
    Mark.REJECTED: "rejected",
    Mark.REDACTED: "redacted",
}
FILTERS = (
    ("", "worth a look"),
    ("failed", "failed"),
    ("tests", "tests"),
    ("risky", "risky"),
    ("all", "all"),
)


def brief_counts(report: BriefReport) -> str:
    """`2 of 7 rules`: how far it was kept, without the verdict, which stands beside it."""
    words = verdict_words(report)
    return words.partition(", ")[2] or words


def command_tone(command: Command) -> str:
    """Of a command's end alone; what tests said in it counts."""
    if command.has_failed_tests or command.outcome in (CommandOutcome.FAILED, CommandOutcome.REJECTED):
        return "bad"
    return "quiet" if command.outcome is CommandOutcome.COMPLETED else "wait"


def entry_tone(entry: Entry) -> str:
    """The same of a command's entry."""
    if Mark.FAILURE in entry.marks or entry.outcome in ("failed", "rejected"):
        return "bad"
    return "quiet" if entry.outcome == "completed" else "wait"


def entry_end(entry: Entry) -> str:
    """`exit 1`, or how it ended otherwise."""
    if entry.outcome == "rejected":
        return "rejected, never ran"
    return entry.outcome if entry.exit_code is None else f"exit {entry.exit_code}"


def time_of_day(at: datetime | None) -> str:
    """`14:03:20`, in UTC."""
    return "" if at is None else f"{at.astimezone(UTC):%H:%M:%S}"


def diff_lines(text: str) -> list[tuple[str, str]]:
    """Each line of a diff with its class: `add`, `del`, `hunk`, or none."""
    return [(_DIFF.get(line[:1], ""), line) for line in text.removesuffix("\n").split("\n")]


_DIFF = {"+": "add", "-": "del", "@": "hunk"}
