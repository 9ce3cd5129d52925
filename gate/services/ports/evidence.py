"""The ports to where evidence comes from, what reads it, and where it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gate.domain.evidence import Coverage, TestReport
from gate.domain.risk.model import Confidence, Severity
from gate.domain.risk.view import ParsedCommand
from gate.domain.session.model import Command, Thread
from gate.domain.session.transcript import Entry


class Root(StrEnum):
    """The folders of an agent host that the gate may read, by name."""

    CODEX_HOME = "codex_home"
    WORK = "work"
    RECORDINGS = "recordings"


class HostFileKind(StrEnum):
    FILE = "file"
    FOLDER = "folder"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class HostFile:
    """A file on the agent host. `path` is absolute, without its first slash; bytes that are no UTF-8 are
    surrogate escapes. A symbolic link, device, socket or pipe is `other`, and is never opened.
    """

    root: Root
    path: str
    kind: HostFileKind
    size: int
    modified_at: datetime
    inode: int
    device: int


class AgentHost(Protocol):
    """The machine an agent works on, read only: its named roots and nothing else.

    No symbolic link is followed, in no part of a path. Raises NotFound for what is not there, Refused for
    what is no plain file or leaves its root, HostAway where the host does not answer.
    """

    def has(self, root: Root) -> bool:
        """Whether the agent has this root."""

    def inside(self, root: Root, path: str) -> str | None:
        """An absolute path of the host as this port takes paths; None where it lies outside `root`."""

    def list(self, root: Root, folder: str = "") -> Iterator[HostFile]:
        """What is in a folder, in no order; without one, in all of the folders behind the root."""

    def stat(self, root: Root, path: str) -> HostFile: ...

    def read(self, file: HostFile, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`; fewer at the end of the file."""

    def locked_inodes(self) -> frozenset[int]:
        """The inodes of files that a living process holds a lock on; empty where that cannot be told."""


class AgentHosts(Protocol):
    """Where each agent works."""

    def of(self, agent: str) -> AgentHost | None:
        """None where nobody said where this agent works: then there is no session to look for."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Content in the evidence store: the SHA-256 of its bytes in hex, and how many they are."""

    sha256: str
    size: int


class EvidenceStore(Protocol):
    """Content by its SHA-256, compressed, read by ranges. Raises Unavailable, and Tampered where what is
    read is not what was kept.
    """

    def keep(self, content: Iterable[bytes]) -> Kept:
        """Store content once, in flat memory. Keeping the same again changes nothing."""

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes of a range, in pieces; all of them without `length`. Raises NotFound."""

    def lines(self, sha256: str, first: int, count: int) -> list[bytes]:
        """Lines `first` to `first + count - 1`, counted from 0, without their ends; in O(count)."""

    def count_lines(self, sha256: str) -> int: ...

    def drop(self, sha256: str, *, kept_before: datetime) -> None:
        """Delete content, but for what was kept again since then; no error where it is gone already."""

    def all(self) -> Iterator[tuple[str, datetime]]:
        """Every SHA-256 in the store, and when it was kept."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in some bytes, from `start` to `end`, or in what they decode to.

    `line` and `column` count from 1. `identity` is an HMAC-SHA-256 in hex under the gate's key, the same
    wherever the same secret is. `blocks`: sure enough that nothing may be published with it.
    """

    rule: str
    rule_name: str
    confidence: Confidence
    blocks: bool
    start: int
    end: int
    line: int
    column: int
    identity: str


class SecretScanner(Protocol):
    """Finds secrets in bytes, offline. Raises Failed whenever it cannot say: that is not the same as none."""

    @property
    def version(self) -> str:
        """The engine and its rules, as one short text: other rules may find other things."""

    def scan(self, content: bytes) -> tuple[Secret, ...]:
        """Every secret in `content`, whatever it is: no path decides what is looked at.

        What nobody can look into is a secret by the rule UNSCANNED (gate/domain/secret.py).
        """


@dataclass(frozen=True, slots=True)
class Redacted:
    """Text without its secrets: each is replaced by `[redacted: rule]`."""

    text: str
    count: int


class Redactor(Protocol):
    """Takes secrets out of the texts of one collection. What it has once seen as a secret it knows again.

    Terminal escapes do not hide a secret. Raises Failed where it cannot say what is secret.
    """

    def learn(self, content: Iterable[bytes]) -> None:
        """Look for secrets in raw content, so that their values are known wherever they come up."""

    def redact(self, text: str) -> Redacted: ...


MakeRedactor = Callable[[], Redactor]


class ReadThread(Protocol):
    """Reads one record of a coding agent, in flat memory.

    `content` are its bytes in pieces, compressed or not; `take` is given every entry of the transcript with
    `n` counted from `first_entry`. What is unknown is skipped, a last line that is cut is taken for what it
    is, and what cannot be read is a fault in words. Never raises for what the content says.
    """

    def __call__(
        self, content: Iterable[bytes], take: Callable[[Entry], None], *, first_entry: int = 0
    ) -> Thread: ...


@dataclass(frozen=True, slots=True)
class RecordHead:
    """Whose record a file is, by its first line."""

    thread_id: str
    session_id: str


ReadHead = Callable[[bytes], RecordHead | None]
"""Reads a record's first bytes, compressed or not; None where they are no record's."""


@dataclass(frozen=True, slots=True)
class KnownThread:
    """A thread in the agent's own list of them."""

    thread_id: str
    cwd: str
    origin: str
    updated_at: datetime


ReadThreadIndex = Callable[[bytes, bytes], tuple[KnownThread, ...]]
"""Reads the agent's own database of threads and its write-ahead log; nothing where it is of another shape."""


class ShellParser(Protocol):
    """Takes shell commands apart as a shell would, without running anything."""

    def __call__(self, command: Command) -> ParsedCommand: ...


@dataclass(frozen=True, slots=True)
class WorkflowFinding:
    """What the auditor of CI workflows saw; `line` and `column` count from 1."""

    ident: str
    words: str
    severity: Severity
    confidence: Confidence
    line: int
    column: int


class WorkflowAuditor(Protocol):
    """Audits CI workflows offline. Raises Failed where it cannot."""

    def __call__(self, path: str, content: bytes) -> tuple[WorkflowFinding, ...]: ...


class PathMatcher(Protocol):
    """gitignore patterns, as git reads them."""

    def __call__(self, patterns: Sequence[str], paths: Sequence[str]) -> tuple[str, ...]:
        """Those of the paths that the patterns match. Raises Invalid for a pattern that is none."""


@dataclass(frozen=True, slots=True)
class ArtifactReading:
    """What an artifact says, where it is a report that is understood; `media_type` by its content."""

    media_type: str
    report: TestReport | None = None
    coverage: Coverage | None = None
    fault: str = ""


class ReadArtifact(Protocol):
    """Reads JUnit XML, TAP and coverage reports; of anything else it tells the media type."""

    def __call__(self, name: str, content: bytes) -> ArtifactReading: ...


@dataclass(frozen=True, slots=True)
class CastReading:
    """What a terminal recording says of itself. `duration_ms` is 0 and `is_timed` False without timing."""

    columns: int
    rows: int
    duration_ms: int
    is_timed: bool
    command: str = ""
    exit_code: int | None = None
    faults: tuple[str, ...] = ()


class ReadRecording(Protocol):
    """Turns a terminal recording into asciicast v3, in flat memory: `script` typescripts with or without
    timing (classic, advanced), asciicast v2 and v3, and plain logs. `take` is given the cast's lines as text
    without line ends, the header first, and never a character split in two. Never raises for what it reads.
    """

    def __call__(
        self, content: Iterable[bytes], timing: Iterable[bytes] | None, take: Callable[[str], None]
    ) -> CastReading: ...
