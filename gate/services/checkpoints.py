"""Collect what the agent wrote down: PLAN.md, STATUS.md, and what it left in `artifacts/`.

From the pushed commit first, as that is what is reviewed, and from the work tree, where agents keep what they
do not commit. The commit's file stands for both where they are the same; where they differ, both are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from gate.domain.errors import GateError, NotFound
from gate.domain.evidence import COMMIT, HOST, Checkpoint, Coverage, EvidenceFile, FileKind, TestReport
from gate.services.ports.evidence import (
    AgentHost,
    ArtifactReading,
    EvidenceStore,
    HostFile,
    HostFileKind,
    ReadArtifact,
    Redactor,
    Root,
)
from gate.services.ports.git import History

_CHECKPOINTS = {"plan.md": FileKind.PLAN, "status.md": FileKind.STATUS}
# Agents that are to keep the root clean put them beside the other words, or with Codex's own settings.
_BESIDE_ROOT = frozenset({"docs", ".codex"})
_ARTIFACTS = "artifacts"

_MOST_CHECKPOINTS = 8
_LARGEST_CHECKPOINT = 1 << 20
_LONGEST_SHOWN = 1 << 16
_MOST_ARTIFACTS = 100
_LARGEST_ARTIFACT = 8 << 20
_MOST_BYTES = 32 << 20
_MOST_DEPTH = 4
_MOST_FOLDERS = 200
_MOST_ENTRIES = 20_000
_MOST_CLIMBS = 10


@dataclass(frozen=True, slots=True)
class CheckpointReading:
    """What was found; every text is redacted. `faults` say in words what was left out or not understood."""

    checkpoints: tuple[Checkpoint, ...] = ()
    files: tuple[EvidenceFile, ...] = ()
    reports: tuple[TestReport, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def statuses(self) -> tuple[str, ...]:
        """The texts of STATUS.md, the commit's before the work tree's."""
        return tuple(one.text for one in self.checkpoints if one.kind is FileKind.STATUS)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file or folder in one of the two places. `name` is its path in the repository."""

    name: str
    kind: HostFileKind
    size: int
    read: Callable[[int], bytes]
    host_path: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """The commit, or the work tree: how to list a folder of it."""

    where: str
    list: Callable[[str], Iterator[_Entry]]


@dataclass(frozen=True, slots=True)
class _Found:
    """A file with its content, at most as much of it as is collected."""

    kind: FileKind
    where: str
    entry: _Entry
    content: bytes

    @property
    def is_cut(self) -> bool:
        return self.entry.size > len(self.content)


@dataclass(frozen=True, slots=True)
class CollectCheckpoints:
    """Collect from a commit, and from the work tree of the session whose folder on the host is `cwd`.

    Raises Failed where the evidence store or the search for secrets cannot do its part.
    """

    evidence_store: EvidenceStore
    read_artifact: ReadArtifact

    def __call__(
        self, history: History, oid: str, host: AgentHost | None, cwd: str, redactor: Redactor
    ) -> CheckpointReading:
        faults: list[str] = []
        found = _gathered(_commit_place(history, oid), faults)
        work_tree = None if host is None else _work_tree(host, cwd, faults)
        if work_tree is not None:
            found = _merged(found, _gathered(work_tree, faults), faults)
        for one in found:
            # First all of them: what one file shows to be a secret may stand bare in another.
            redactor.learn([one.content])
        keeper = _Keeper(self.evidence_store, self.read_artifact, redactor, oid)
        for one in found:
            keeper.keep(one)
        return keeper.reading(faults)


@dataclass(slots=True)
class _Keeper:
    """Keeps what was found, and puts the reading together."""

    evidence_store: EvidenceStore
    read_artifact: ReadArtifact
    redactor: Redactor
    oid: str
    checkpoints: list[Checkpoint] = field(default_factory=list)
    files: list[EvidenceFile] = field(default_factory=list)
    reports: list[TestReport] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def keep(self, found: _Found) -> None:
        if found.kind is FileKind.ARTIFACT:
            self._keep_artifact(found)
        else:
            text = self._keep_text(found, "text/markdown")
            shown, name = text[:_LONGEST_SHOWN], self._clean(found.entry.name)
            is_cut = found.is_cut or len(text) > _LONGEST_SHOWN
            self.checkpoints.append(Checkpoint(found.kind, name, shown, found.where, is_cut))

    def reading(self, faults: list[str]) -> CheckpointReading:
        said = [self._clean(fault) for fault in faults]
        return CheckpointReading(
            tuple(self.checkpoints),
            tuple(self.files),
            tuple(self.reports),
            tuple(self.coverage),
            (*said, *self.faults),
        )

    def _keep_artifact(self, found: _Found) -> None:
        name = self._clean(found.entry.name)
        reading = self.read_artifact(name, found.content)
        if reading.media_type.startswith("text/"):
            self._keep_text(found, reading.media_type)
        else:
            self._keep_raw(found, reading.media_type)
        if found.is_cut:
            # A part of a report says less than the whole: that tests passed, and not that others failed.
            self.faults.append(
                f"{name} is longer than {len(found.content):,} bytes, and was not read as a report"
            )
        else:
            self._note(name, reading)

    def _note(self, name: str, reading: ArtifactReading) -> None:
        if reading.fault:
            self.faults.append(f"{name}: {self._clean(reading.fault)}")
        if reading.report is not None:
            failures = tuple(map(self._clean, reading.report.failures))
            self.reports.append(replace(reading.report, failures=failures))
        if reading.coverage is not None:
            self.coverage.append(reading.coverage)

    def _keep_raw(self, found: _Found, media_type: str) -> EvidenceFile:
        raw = self.evidence_store.keep([found.content])
        file = EvidenceFile(
            found.kind,
            self._clean(found.entry.host_path or found.entry.name),
            raw.sha256,
            raw.size,
            oid=self.oid if found.where == COMMIT else None,
            is_cut=found.is_cut,
            media_type=media_type,
        )
        self.files.append(file)
        return file

    def _keep_text(self, found: _Found, media_type: str) -> str:
        file = self._keep_raw(found, media_type)
        redacted = self.redactor.redact(found.content.decode(errors="replace"))
        kept = self.evidence_store.keep([redacted.text.encode()])
        self.files[-1] = replace(
            file, text_sha256=kept.sha256, text_size=kept.size, redactions=redacted.count
        )
        return redacted.text

    def _clean(self, text: str) -> str:
        """A name or a fault: an agent chooses names too."""
        bare = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return self.redactor.redact(bare).text


def _gathered(place: _Place, faults: list[str]) -> list[_Found]:
    """The files of one place that are collected, within all bounds."""
    top = list(_listed(place, "", faults))
    plans = [entry for entry in top if _is_checkpoint(entry)]
    for entry in top:
        if entry.kind is HostFileKind.FOLDER and entry.name.lower() in _BESIDE_ROOT:
            plans += [one for one in _listed(place, entry.name, faults) if _is_checkpoint(one)]
    named = [entry for entry in top if entry.name.lower() == _ARTIFACTS]
    artifacts = [one for entry in named for one in islice(_artifacts(place, entry, faults), _MOST_ENTRIES)]
    artifacts.sort(key=lambda entry: entry.name)
    for listed, most in ((plans, _MOST_CHECKPOINTS), (artifacts, _MOST_ARTIFACTS)):
        if len(listed) > most:
            kind = "artifacts" if listed is artifacts else "checkpoints"
            faults.append(f"{len(listed)} {kind} in the {_words(place.where)}: only {most} were collected")
    wanted = [(one, _kind(one)) for one in plans[:_MOST_CHECKPOINTS]]
    wanted += [(one, FileKind.ARTIFACT) for one in artifacts[:_MOST_ARTIFACTS]]
    return list(_contents(place.where, wanted, faults))


def _artifacts(place: _Place, entry: _Entry, faults: list[str]) -> Iterator[_Entry]:
    """What is in the folder of artifacts; a link of that name is told of like any other file."""
    if entry.kind is HostFileKind.FOLDER:
        yield from _walk(place, entry.name, faults)
    else:
        yield entry


def _contents(where: str, wanted: list[tuple[_Entry, FileKind]], faults: list[str]) -> Iterator[_Found]:
    left = _MOST_BYTES
    for entry, kind in wanted:
        if entry.kind is not HostFileKind.FILE:
            faults.append(f"{entry.name} in the {_words(where)} is no plain file, and is not followed")
            continue
        most = _LARGEST_ARTIFACT if kind is FileKind.ARTIFACT else _LARGEST_CHECKPOINT
        if left <= 0:
            faults.append(f"{entry.name} and what follows it: the {_words(where)} has more than is collected")
            return
        try:
            content = entry.read(min(most, left))
        except GateError as fault:
            if fault.retryable:
                raise
            faults.append(f"{entry.name} in the {_words(where)} could not be read: {fault}")
            continue
        left -= len(content)
        yield _Found(kind, where, entry, content)


def _walk(place: _Place, folder: str, faults: list[str]) -> Iterator[_Entry]:
    """What is below a folder. Few objects of git can stand for millions of folders, so these are counted."""
    waiting, opened = [(folder, 1)], 0
    too_deep: list[str] = []
    while waiting and opened < _MOST_FOLDERS:
        here, depth = waiting.pop()
        opened += 1
        below: list[str] = []
        for entry in _listed(place, here, faults):
            if entry.kind is not HostFileKind.FOLDER:
                yield entry
            elif depth < _MOST_DEPTH:
                below.append(entry.name)
            else:
                too_deep.append(entry.name)
        waiting += [(name, depth + 1) for name in sorted(below, reverse=True)]
    where = _words(place.where)
    if too_deep:
        others = f", as are {len(too_deep) - 1} others" if len(too_deep) > 1 else ""
        faults.append(f"{too_deep[0]} in the {where} is nested too deep to be collected{others}")
    if waiting:
        faults.append(
            f"{folder} in the {where} has more than {_MOST_FOLDERS} folders: others were not opened"
        )


def _listed(place: _Place, folder: str, faults: list[str]) -> Iterator[_Entry]:
    try:
        for number, entry in enumerate(place.list(folder)):
            if number == _MOST_ENTRIES:
                where = f"{folder or 'the top'} of the {_words(place.where)}"
                faults.append(f"{where} has more than {_MOST_ENTRIES:,} files: the others were not looked at")
                return
            yield entry
    except GateError as fault:
        if fault.retryable:
            raise
        faults.append(f"{folder or 'the top'} of the {_words(place.where)} could not be listed: {fault}")


def _merged(commit: list[_Found], host: list[_Found], faults: list[str]) -> list[_Found]:
    """The commit's files, and the host's that are not the same."""
    known = {one.entry.name: one for one in commit}
    own: list[_Found] = []
    for one in host:
        twin = known.get(one.entry.name)
        if twin is not None and (twin.content, twin.entry.size) == (one.content, one.entry.size):
            continue
        own.append(one)
        if twin is not None:
            faults.append(f"{one.entry.name} differs between the commit and the work tree: both are shown")
    return commit + own


def _is_checkpoint(entry: _Entry) -> bool:
    name = entry.name.rpartition("/")[2].lower()
    return name in _CHECKPOINTS and entry.kind is not HostFileKind.FOLDER


def _kind(entry: _Entry) -> FileKind:
    return _CHECKPOINTS[entry.name.rpartition("/")[2].lower()]


def _words(where: str) -> str:
    return "commit" if where == COMMIT else "work tree"


def _commit_place(history: History, oid: str) -> _Place:
    def listed(folder: str) -> Iterator[_Entry]:
        for entry in history.tree(oid, folder):
            name = f"{folder}/{entry.name}" if folder else entry.name
            # A symbolic link is a blob as well, with where it points to as its content.
            is_file = entry.type == "blob" and entry.mode.startswith("100")
            kind = HostFileKind.FILE if is_file else HostFileKind.OTHER
            if entry.type == "tree":
                kind = HostFileKind.FOLDER
            yield _Entry(name, kind, entry.size or 0, _blob_reader(history, entry.oid))

    return _Place(COMMIT, listed)


def _blob_reader(history: History, oid: str) -> Callable[[int], bytes]:
    return lambda most: history.blob(oid, max_bytes=most)[0]


def _work_tree(host: AgentHost, cwd: str, faults: list[str]) -> _Place | None:
    """The work tree that `cwd` is in; None where the gate may not read it."""
    if not cwd or not host.has(Root.WORK):
        return None
    inside = host.inside(Root.WORK, cwd)
    if inside is None:
        faults.append(
            "the session's folder is outside what the gate may read: its work tree was not looked at"
        )
        return None
    top = _top(host, inside.strip("/"))

    def listed(folder: str) -> Iterator[_Entry]:
        for file in host.list(Root.WORK, "/".join(part for part in (top, folder) if part)):
            base = file.path.rpartition("/")[2]
            name = f"{folder}/{base}" if folder else base
            yield _Entry(name, file.kind, file.size, _file_reader(host, file), file.path)

    return _Place(HOST, listed)


def _top(host: AgentHost, folder: str) -> str:
    """The folder with `.git` in it, at or above the session's; the session's own where there is none."""
    above = folder
    for _ in range(_MOST_CLIMBS):
        try:
            host.stat(Root.WORK, f"{above}/.git" if above else ".git")
        except NotFound:
            if not above:
                break
            above = above.rpartition("/")[0]
        except GateError as fault:
            if fault.retryable:
                raise
            break
        else:
            return above
    return folder


def _file_reader(host: AgentHost, file: HostFile) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        content = b""
        while len(content) < most and (piece := host.read(file, len(content), most - len(content))):
            content += piece
        return content

    return read
