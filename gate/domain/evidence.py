"""Evidence: what was gathered about one revision, from where, and what it comes to.

Texts in it are redacted: nothing secret that was recognised is left in them. Raw bytes are in the evidence
store alone, by their SHA-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gate.domain.brief.model import BriefReport
from gate.domain.risk.model import Assessment
from gate.domain.secret import FoundSecret as FoundSecret
from gate.domain.session.model import Session, TestCounts


class FileKind(StrEnum):
    """What a collected file is."""

    ROLLOUT = "rollout"
    EXEC_LOG = "exec_log"
    RECORDING = "recording"
    TIMING = "timing"
    PLAIN_LOG = "plain_log"
    PLAN = "plan"
    STATUS = "status"
    ARTIFACT = "artifact"
    TRANSCRIPT = "transcript"
    CAST = "cast"


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One file as it was read, once.

    `name` is its path on the agent host, or in the commit `oid`. `sha256` and `size` (bytes) are of its raw
    content in the store, and `text_sha256` and `text_size` of its redacted text; each is None where there is
    none. `is_cut`: the file was longer than what is collected. `redactions` counts what was taken out.
    """

    kind: FileKind
    name: str
    sha256: str | None = None
    size: int | None = None
    text_sha256: str | None = None
    text_size: int | None = None
    thread_id: str | None = None
    oid: str | None = None
    is_cut: bool = False
    redactions: int = 0
    media_type: str = "text/plain"


COMMIT, HOST = "commit", "host"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """PLAN.md or STATUS.md: the agent's own words, from where: the commit or the work tree on the host."""

    kind: FileKind
    name: str
    text: str
    where: str
    is_cut: bool = False

    @property
    def is_pushed(self) -> bool:
        return self.where == COMMIT


@dataclass(frozen=True, slots=True)
class TestReport:
    """A machine-written test report among the artifacts. `failures` are the first failed tests' names."""

    name: str
    format: str
    counts: TestCounts
    failures: tuple[str, ...] = ()

    __test__ = False  # Not a test of pytest's.


@dataclass(frozen=True, slots=True)
class Coverage:
    """A coverage report among the artifacts; `percent` of lines, rounded down."""

    name: str
    percent: int


class SummarySource(StrEnum):
    """Where the agent's own summary of risks was found."""

    STATUS = "status"
    LAST_MESSAGE = "last_message"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class AgentSummary:
    """The agent's own final summary: a claim, shown as one."""

    source: SummarySource
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything about one revision beside what git says.

    `secrets` are those in the push. `faults` say what could not be collected and why: a reviewer has to know
    what is not there. `session` is None where no session was found. `transcript` and `cast` name texts in
    the store: entries a line each, and the terminal recording as asciicast v3.
    """

    collected_at: datetime
    assessment: Assessment
    session: Session | None = None
    brief: BriefReport | None = None
    files: tuple[EvidenceFile, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    reports: tuple[TestReport, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    summary: AgentSummary | None = None
    secrets: tuple[FoundSecret, ...] = ()
    faults: tuple[str, ...] = ()

    def file(self, kind: FileKind) -> EvidenceFile | None:
        """The first file of a kind."""
        return next((file for file in self.files if file.kind is kind), None)

    @property
    def blocking(self) -> tuple[FoundSecret, ...]:
        """The secrets that nobody has allowed."""
        return tuple(one for one in self.secrets if one.is_blocking)
