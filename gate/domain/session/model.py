"""A session: its threads, their turns and commands, each with the line of the record that it rests on.

Everything in here was written by the agent's own program or copied from what it did: data, never
rendered raw.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class TurnStatus(StrEnum):
    """How a turn ended. `unfinished`: no end was recorded, as it still runs or was killed."""

    COMPLETED = "completed"
    FAILED = "failed"
    ABORTED = "aborted"
    UNFINISHED = "unfinished"


class CommandOutcome(StrEnum):
    """How a command ended: `failed` has another exit code than 0, `rejected` never ran."""

    COMPLETED = "completed"
    FAILED = "failed"
    REJECTED = "rejected"
    ABORTED = "aborted"
    UNFINISHED = "unfinished"


class FoundBy(StrEnum):
    """How the session of a push was found, from the most to the least telling. Always a claim."""

    CREDENTIAL = "credential"
    ENVIRONMENT = "environment"
    LOCK = "lock"
    STATE_DATABASE = "state_database"
    ROLLOUT = "rollout"
    EXEC_LOG = "exec_log"


@dataclass(frozen=True, slots=True)
class TestCounts:
    """What a test runner printed at its end."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0

    __test__ = False  # Not a test of pytest's.

    def __add__(self, other: TestCounts) -> TestCounts:
        return TestCounts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.errors + other.errors,
            self.skipped + other.skipped,
        )

    @property
    def has_failures(self) -> bool:
        return bool(self.failed or self.errors)


@dataclass(frozen=True, slots=True)
class TestRun:
    """A run of a test runner inside a command. `counts` is None where its output tells none."""

    runner: str
    counts: TestCounts | None = None

    __test__ = False  # As above.


@dataclass(frozen=True, slots=True)
class Command:
    """One command that the agent asked for.

    `text` is what the shell was given, `cwd` a path. `line` is the 1-based line of the record where it was
    asked for, `entry` the number of its entry in the transcript. `output` is its last characters only. Times
    are the record's; `escalation` is the agent's reason for asking to run it outside its sandbox.
    """

    call_id: str
    thread_id: str
    turn_id: str
    text: str
    cwd: str
    outcome: CommandOutcome
    line: int
    exit_code: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    output: str = ""
    escalation: str | None = None
    tests: tuple[TestRun, ...] = ()
    entry: int | None = None

    @property
    def duration(self) -> timedelta | None:
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at

    @property
    def has_failed_tests(self) -> bool:
        """Whether tests failed in it, by their counts or else by its exit code: chains hide failures."""
        if any(run.counts is not None and run.counts.has_failures for run in self.tests):
            return True
        return bool(self.tests) and self.outcome is CommandOutcome.FAILED

    @property
    def has_passed_tests(self) -> bool:
        """Whether tests ran in it to their end, and nothing says that any of them failed."""
        return bool(self.tests) and self.outcome is CommandOutcome.COMPLETED and not self.has_failed_tests

    @property
    def has_unended_tests(self) -> bool:
        """Whether nobody knows how its tests went: it was refused or stopped, or no end was recorded."""
        return bool(self.tests) and not self.has_failed_tests and not self.has_passed_tests


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: a prompt and what the agent did about it. `approval_policy` and `sandbox` are Codex's."""

    id: str
    status: TurnStatus
    line: int
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: str = ""
    model: str = ""
    approval_policy: str = ""
    sandbox: str = ""


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A file that the agent's own editing tool changed. `kind` is `add`, `update` or `delete`."""

    path: str
    kind: str
    line: int
    at: datetime | None = None
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens over a whole thread, as its last record has them."""

    input: int = 0
    cached_input: int = 0
    output: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class GitAtStart:
    """The working tree when the thread began; `branch` is empty where it was detached."""

    commit: str = ""
    branch: str = ""
    repository_url: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """One record file. `session_id` is the root thread's; a subagent has a `parent_thread_id`.

    `prompts` are what people or a parent wrote, the first one first; `last_message` its last words.
    `left_out` counts commands that are not among `commands`, or not to their end. `faults` say what could
    not be read, in words: a line that was cut, a record too long.
    """

    thread_id: str
    session_id: str
    parent_thread_id: str | None = None
    started_at: datetime | None = None
    last_at: datetime | None = None
    cwd: str = ""
    roots: tuple[str, ...] = ()
    cli_version: str = ""
    originator: str = ""
    git: GitAtStart = GitAtStart()
    turns: tuple[Turn, ...] = ()
    commands: tuple[Command, ...] = ()
    edits: tuple[FileEdit, ...] = ()
    prompts: tuple[str, ...] = ()
    last_message: str = ""
    tokens: Tokens = Tokens()
    lines: int = 0
    entries: int = 0
    left_out: int = 0
    faults: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        return next((turn.model for turn in reversed(self.turns) if turn.model), "")

    @property
    def approval_policy(self) -> str:
        return next((turn.approval_policy for turn in reversed(self.turns) if turn.approval_policy), "")

    @property
    def sandbox(self) -> str:
        return next((turn.sandbox for turn in reversed(self.turns) if turn.sandbox), "")


@dataclass(frozen=True, slots=True)
class Session:
    """The threads of one session, the root first. `thread_id` is the thread that pushed.

    `is_whole`: every record of it was read, to its end.
    """

    id: str
    thread_id: str
    found_by: FoundBy
    threads: tuple[Thread, ...]
    is_whole: bool = True

    @property
    def root(self) -> Thread:
        return self.threads[0]

    @property
    def commands(self) -> tuple[Command, ...]:
        """Every command of every thread in the order in which they were asked for."""
        each = [command for thread in self.threads for command in thread.commands]
        return tuple(sorted(each, key=_order))

    @property
    def edits(self) -> tuple[FileEdit, ...]:
        return tuple(edit for thread in self.threads for edit in thread.edits)


def _order(command: Command) -> tuple[bool, float, int]:
    at = command.started_at
    return at is None, 0.0 if at is None else at.timestamp(), command.line
