"""A finding, the rule it comes from, and the level that findings add up to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs, from what is only worth knowing to what must not pass unseen."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return _ORDER.index(self)

    def lowered(self) -> Severity:
        """One severity lower; `info` stays."""
        return _ORDER[max(0, self.rank - 1)]


_ORDER = tuple(Severity)


class RiskLevel(StrEnum):
    """The level of a whole push: its worst finding, and never a sum."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return tuple(RiskLevel).index(self)


class Confidence(StrEnum):
    """How sure a rule is of what it saw. A `possible` finding counts one severity lower."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Place:
    """What a finding rests on: a line of a file, of a commit's message, or of the session's log.

    `line` and `column` count from 1 and belong to `path`; `oid` is the commit whose file or message it is.
    `entry` is the number of a transcript entry of the thread `thread_id`, `at` its time.
    """

    path: str | None = None
    line: int | None = None
    column: int | None = None
    oid: str | None = None
    ref: str | None = None
    thread_id: str | None = None
    entry: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue, docs/risk.md. `why` and `check` are whole sentences for a reviewer."""

    id: str
    name: str
    severity: Severity
    why: str
    check: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule saw, and where. `words` is one sentence; `seen` the text it rests on, cut, the agent's own.

    `identity` stays the same while the same thing is found again; findings that share it are shown once.
    """

    rule: Rule
    severity: Severity
    words: str
    place: Place
    confidence: Confidence = Confidence.CERTAIN
    seen: str = ""
    identity: str = ""

    @property
    def weight(self) -> Severity:
        """The severity that counts."""
        return self.severity.lowered() if self.confidence is Confidence.POSSIBLE else self.severity


@dataclass(frozen=True, slots=True)
class Silenced:
    """A finding that the policy tells not to count, with the reason it gives."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules found, worst first. `reason` says in one line what sets the level, without the level.

    `score` (0 to 100) only sorts pushes of one level. `version` names the rules that were used.
    """

    level: RiskLevel
    score: int
    reason: str
    findings: tuple[Finding, ...]
    silenced: tuple[Silenced, ...] = ()
    version: str = ""

    @property
    def line(self) -> str:
        """`HIGH 56: D05 ci-change sets the level.`: the reason where the level does not stand beside it."""
        return f"{self.level.upper()} {self.score}: {self.reason}"

    def rules(self) -> frozenset[str]:
        """The ids of the rules that found something which counts."""
        return frozenset(finding.rule.id for finding in self.findings)
