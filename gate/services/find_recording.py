"""Find the terminal recording of a session among those on the agent's host.

Nothing ties a recording to a session but what stands in it and when it was written: the answer is a claim.
Where two recordings may be it, neither is taken: a wrong one would show a reviewer another session's work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gate.domain.errors import GateError
from gate.domain.session.model import Session
from gate.services.ports.evidence import AgentHost, HostFile, HostFileKind, Root

_MOST_FILES = 2000
_MOST_READ = 100
_MOST_DEPTH = 3
_MOST_FAULTS = 20
# Codex prints the id of its session at the top (`exec`) or at the end (`codex resume …`).
_HEAD = _TAIL = 1 << 16
# script's header has whole seconds, and a file system's clock may be a little off.
_SLACK = timedelta(seconds=2)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SCRIPT = b"Script started on "
_SCRIPT_START = re.compile(rb"Script started on (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d)")
_CAST = re.compile(rb'\{[^\n]{0,200}"version":\s*[23]\b[^\n]*')
_CAST_START = re.compile(rb'"timestamp":\s*(\d{1,11})\b')
_TIMING = re.compile(rb"(?:[HOIS] )?-?\d{1,12}\.\d{1,9} (?:\d{1,18}|[A-Z_]+\b[^\n]*)\r?\n")
_TIMING_NAME = re.compile(r"^(?:timing|times?)[._-]|[._-](?:timings?|times?|tm)(?:\.(?:log|txt))?$")
_LOG_NAME = re.compile(rb"^H [\d.]+ (?:OUTPUT|IO)_LOG ([^\n]{1,4096})$", re.MULTILINE)
_SHOWN_SESSION = re.compile(rb"session id:(?:\x1b\[[0-9;]{0,20}m|\s){1,8}[0-9a-f]{8}-[0-9a-f]{4}-")


@dataclass(frozen=True, slots=True)
class FoundRecording:
    """A recording, and the file that says when each part of it came. `is_named`: it names the session;
    otherwise it was only written while the session ran.
    """

    file: HostFile
    timing: HostFile | None
    is_named: bool


@dataclass(frozen=True, slots=True)
class RecordingSearch:
    found: FoundRecording | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file with its first and last bytes."""

    file: HostFile
    head: bytes
    tail: bytes

    @property
    def is_timing(self) -> bool:
        return bool(_TIMING.match(self.head))

    @property
    def is_recording(self) -> bool:
        return self.head.startswith(_SCRIPT) or bool(_CAST.match(self.head))

    @property
    def may_be_log(self) -> bool:
        """A log by `tee` and the like; the session's own records are JSON and are found by others."""
        is_other = self.is_timing or self.head.startswith(b"{") or b"\0" in self.head
        return bool(self.head) and not is_other

    @property
    def begun_at(self) -> datetime | None:
        """When the recorder says that it began."""
        script, cast = _SCRIPT_START.match(self.head), _CAST_START.search(self.head.partition(b"\n")[0])
        try:
            if script:
                return datetime.fromisoformat(script[1].decode())
            return datetime.fromtimestamp(int(cast[1]), tz=UTC) if cast and self.is_recording else None
        except (ValueError, OverflowError, OSError):
            return None

    def names(self, ids: Iterable[bytes]) -> bool:
        return any(one in self.head or one in self.tail for one in ids)


def find_recording(host: AgentHost, session: Session) -> RecordingSearch:
    """The recording that names the session, else the only one that began before it and went on in it."""
    if not host.has(Root.RECORDINGS):
        return RecordingSearch()
    faults: list[str] = []
    files = _files(host, session, faults)
    candidates = list(_candidates(host, files, faults))
    ids = {one.encode() for one in (session.id, *(thread.thread_id for thread in session.threads)) if one}
    named = [one for one in candidates if (one.is_recording or one.may_be_log) and one.names(ids)]
    # A plain log may copy from a recording; a recording says itself that it is one.
    named = [one for one in named if one.is_recording] or named
    chosen = named or [one for one in candidates if _ran_with(one, session)]
    if len(chosen) > 1:
        listed = ", ".join(sorted(one.file.path for one in chosen)[:5])
        faults.append(f"{len(chosen)} recordings may be the session's, so none is shown: {listed}")
    if len(chosen) != 1:
        return RecordingSearch(None, tuple(faults))
    timing = _timing_of(chosen[0], candidates)
    return RecordingSearch(FoundRecording(chosen[0].file, timing, bool(named)), tuple(faults))


def _files(host: AgentHost, session: Session, faults: list[str]) -> list[HostFile]:
    """The files that were written to since the session began, the newest first."""
    since = _started_at(session)
    seen: list[HostFile] = []
    for file in _walk(host, "", 0, faults):
        seen.append(file)
        if len(seen) == _MOST_FILES:
            faults.append(f"only {_MOST_FILES} of the files in the folder of recordings were looked at")
            break
    recent = [file for file in seen if since is None or file.modified_at >= since - _SLACK]
    recent.sort(key=lambda file: (file.modified_at, file.path), reverse=True)
    if len(recent) > _MOST_READ:
        faults.append(f"only the newest {_MOST_READ} of {len(recent)} recordings were looked at")
    return recent[:_MOST_READ]


def _walk(host: AgentHost, folder: str, depth: int, faults: list[str]) -> Iterator[HostFile]:
    folders: list[str] = []
    try:
        for file in host.list(Root.RECORDINGS, folder):
            if file.kind is HostFileKind.FILE:
                yield file
            elif file.kind is HostFileKind.FOLDER and depth < _MOST_DEPTH and len(folders) < _MOST_FILES:
                folders.append(file.path)
    except GateError as fault:
        if fault.retryable:
            raise
        if len(faults) < _MOST_FAULTS:
            faults.append(f"the folder of recordings could not be listed: {fault}")
    for below in sorted(folders):
        yield from _walk(host, below, depth + 1, faults)


def _candidates(host: AgentHost, files: Sequence[HostFile], faults: list[str]) -> Iterator[_Candidate]:
    for file in files:
        try:
            head = host.read(file, 0, _HEAD)
            rest = file.size - len(head)
            tail = host.read(file, max(len(head), file.size - _TAIL), _TAIL) if rest > 0 else b""
        except GateError as fault:
            if fault.retryable:
                raise
            if len(faults) < _MOST_FAULTS:
                faults.append(f"{file.path} could not be read: {fault}")
        else:
            yield _Candidate(file, head, tail)


def _ran_with(candidate: _Candidate, session: Session) -> bool:
    """Whether a recorder ran before the session began, still wrote in it, and shows no other session."""
    started, begun = _started_at(session), candidate.begun_at
    if started is None or begun is None or begun > started + _SLACK:
        return False
    # Whatever names this session was taken already.
    is_of_another = bool(_SHOWN_SESSION.search(candidate.head))
    return candidate.is_recording and not is_of_another and candidate.file.modified_at >= started


def _started_at(session: Session) -> datetime | None:
    times = [one.started_at for one in session.threads if one.started_at is not None]
    return max(min(times), _EPOCH) if times else None


def _timing_of(recording: _Candidate, candidates: Sequence[_Candidate]) -> HostFile | None:
    """The timing file beside a typescript: by what it says itself, by its name, or as the only one."""
    folder, _, name = recording.file.path.rpartition("/")
    beside = [one for one in candidates if one.file.path.rpartition("/")[0] == folder]
    timings = [one for one in beside if one.is_timing]
    says = [one for one in timings if name in _logs(one)]
    called = [one for one in timings if _bare_name(one.file.path) in (name, name.rpartition(".")[0])]
    alone = timings if sum(one.is_recording for one in beside) == 1 else []
    for group in (says, called, alone):
        if len(group) == 1 and not _CAST.match(recording.head):
            return group[0].file
    return None


def _logs(timing: _Candidate) -> list[str]:
    """The files that an advanced timing file names as its own."""
    paths = _LOG_NAME.findall(timing.head)
    return [path.decode("utf-8", "surrogateescape").rpartition("/")[2] for path in paths]


def _bare_name(path: str) -> str:
    """`terminal` for terminal.timing, terminal-timing.log and timing.terminal alike."""
    return _TIMING_NAME.sub("", path.rpartition("/")[2])
