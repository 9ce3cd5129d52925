"""Find the session behind a push, by what was claimed with it and by what the agent's host shows.

Whatever is found is a claim: the agent's user can write all of it. The rules are tried from the most to the
least telling, and two threads that fit one equally well are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from gate.domain.errors import Refused
from gate.domain.evidence import FileKind
from gate.domain.hold import Hold, Push
from gate.domain.session.claim import parse_claim
from gate.domain.session.model import FoundBy
from gate.services.ports.evidence import (
    AgentHost,
    HostFile,
    HostFileKind,
    ReadHead,
    ReadThreadIndex,
    RecordHead,
    Root,
)

_NAME = re.compile(r"rollout-[0-9T-]{10,40}-([0-9a-zA-Z][0-9a-zA-Z-]{7,63})\.jsonl(?:\.zst)?")
_LOCK = re.compile(r"([0-9a-zA-Z][0-9a-zA-Z-]{7,63})\.lock")
# A call's line and no other: people and AGENTS.md speak of pushes as well.
_CALL = re.compile(rb'"type":"(?:function_call|custom_tool_call)"')
_PUSH = b"git push"
_STATE = re.compile(r"state_(\d{1,4})\.sqlite")
_MOST_RECORDS = 20_000
_MOST_FOLDERS = 1_000
_MOST_LOOKED_AT = 200
_HEAD = 1 << 18
_TAIL = 4 << 20
_LARGEST_STATE = 256 << 20
# A record is written to until a moment before the push, and again when the push has been answered.
_BEFORE, _AFTER = timedelta(minutes=10), timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class FoundSession:
    """The records of a session, the pushing thread's among them."""

    session_id: str
    thread_id: str
    found_by: FoundBy
    rollouts: tuple[HostFile, ...]
    kind: FileKind = FileKind.ROLLOUT


@dataclass(frozen=True, slots=True)
class SessionSearch:
    """What was found, if anything, and in words what was claimed and is not there."""

    found: FoundSession | None
    faults: tuple[str, ...] = ()


@dataclass(slots=True)
class _Records:
    """The records on a host, by thread, with what was read of them so far."""

    host: AgentHost
    read_head: ReadHead
    by_thread: dict[str, HostFile]
    heads: dict[str, RecordHead | None] = field(default_factory=dict)

    def head(self, thread: str) -> RecordHead | None:
        file = self.by_thread.get(thread)
        if file is not None and thread not in self.heads:
            try:
                self.heads[thread] = self.read_head(self.host.read(file, 0, _HEAD))
            except Refused:
                self.heads[thread] = None
        head = self.heads.get(thread)
        # The name and the content have to agree: nobody's record stands in for another's.
        return head if head is not None and head.thread_id == thread else None

    def newest(self) -> list[str]:
        recent = sorted(self.by_thread, key=lambda one: self.by_thread[one].modified_at, reverse=True)
        return recent[:_MOST_LOOKED_AT]

    def tail(self, thread: str) -> bytes:
        file = self.by_thread[thread]
        try:
            return self.host.read(file, max(0, file.size - _TAIL), _TAIL)
        except Refused:
            return b""


@dataclass(frozen=True, slots=True)
class FindSession:
    """Raises HostAway where the host does not answer."""

    read_head: ReadHead
    read_index: ReadThreadIndex

    def __call__(self, host: AgentHost, push: Push, hold: Hold) -> SessionSearch:
        if not host.has(Root.CODEX_HOME):
            return SessionSearch(None, ("nobody said where this agent keeps its records",))
        faults: list[str] = []
        records = _Records(host, self.read_head, _by_thread(host, faults))
        rules: tuple[tuple[FoundBy, Callable[[], list[str]]], ...] = (
            (_claimed_by(push), lambda: _claimed(records, push, faults)),
            (FoundBy.LOCK, lambda: _of_push(records, islice(_locked(host, records), _MOST_LOOKED_AT), hold)),
            (FoundBy.STATE_DATABASE, lambda: self._listed(host, records, push, hold)),
            (FoundBy.ROLLOUT, lambda: _of_push(records, _recent(records, push), hold)),
        )
        for found_by, rule in rules:
            threads = list(dict.fromkeys(rule()))
            sessions = {head.session_id for one in threads if (head := records.head(one)) is not None}
            if len(sessions) > 1:
                faults.append(f"{len(sessions)} sessions fit by {_WORDS[found_by]}, so none was taken")
            elif sessions:
                # Of a session's threads that fit, the one that wrote last is the one that pushes.
                last = max(threads, key=lambda one: records.by_thread[one].modified_at)
                return SessionSearch(_session(records, last, found_by), tuple(faults))
        return SessionSearch(None, (*faults, "no session was found that made this push"))

    def _listed(self, host: AgentHost, records: _Records, push: Push, hold: Hold) -> list[str]:
        """Threads of the agent's own list that were worked on in a clone of this repository just then."""
        state = _newest_state(host)
        if state is None:
            return []
        known = self.read_index(_read_all(host, state.path), _read_all(host, f"{state.path}-wal"))
        name = re.escape(hold.repository)
        # Over HTTP below /git/; over SSH as a URL or as user@host:NAME, with or without a folder or `.git`.
        address = re.compile(rf"(?:/git/|ssh://[^/]+/|[^/@]+@[^/:]+:/?){name}(?:\.git)?/?$")
        at = push.received_at
        then = [
            one.thread_id
            for one in known
            if at - _BEFORE <= one.updated_at <= at + _AFTER and address.search(one.origin)
        ]
        return [thread for thread in then if records.head(thread) is not None]


_WORDS = {
    FoundBy.CREDENTIAL: "what was claimed",
    FoundBy.ENVIRONMENT: "what was claimed",
    FoundBy.LOCK: "the locks that are held",
    FoundBy.STATE_DATABASE: "Codex's own list",
    FoundBy.ROLLOUT: "the records of that time",
}


def _claimed_by(push: Push) -> FoundBy:
    return FoundBy.ENVIRONMENT if push.claim_by == "environment" else FoundBy.CREDENTIAL


def _claimed(records: _Records, push: Push, faults: list[str]) -> list[str]:
    claim = parse_claim(push.claim)
    if claim is None:
        return []
    if records.head(claim.thread_id) is None:
        faults.append(f"the push claimed the thread {claim.thread_id}, which has no record here")
        return []
    return [claim.thread_id]


def _locked(host: AgentHost, records: _Records) -> Iterator[str]:
    """Threads that a living process writes."""
    inodes = host.locked_inodes()
    for folder in _folders(host, "thread-writer-locks"):
        for file in _listed(host, folder):
            match = _LOCK.fullmatch(file.path.rpartition("/")[2])
            if match and file.inode in inodes and match[1] in records.by_thread:
                yield match[1]


def _recent(records: _Records, push: Push) -> Iterator[str]:
    for thread in records.newest():
        modified = records.by_thread[thread].modified_at
        if push.received_at - _BEFORE <= modified <= push.received_at + _AFTER:
            yield thread


def _of_push(records: _Records, threads: Iterable[str], hold: Hold) -> list[str]:
    """Those whose record holds the pushed commit; where none does, those that ran a push."""
    commit = hold.revision.head[:7].encode()
    holding, pushing = [], []
    for thread in threads:
        if records.head(thread) is None:
            continue
        tail = records.tail(thread)
        if commit in tail:
            holding.append(thread)
        elif _runs_push(tail):
            pushing.append(thread)
    return holding or pushing


def _runs_push(tail: bytes) -> bool:
    calls = ((line, _CALL.search(line)) for line in tail.split(b"\n"))
    return any(call is not None and line.find(_PUSH, call.end()) >= 0 for line, call in calls)


def _session(records: _Records, thread: str, found_by: FoundBy) -> FoundSession:
    """Every record of the thread's session, its root first: subagents have records of their own."""
    head = records.head(thread)
    assert head is not None, "only a thread with a record is found"
    root = head.session_id
    others = [one for one in records.newest() if (other := records.head(one)) and other.session_id == root]
    threads = dict.fromkeys((root, thread, *reversed(others)))
    files = [records.by_thread[one] for one in threads if records.head(one) is not None]
    return FoundSession(root, thread, found_by, tuple(files))


def _by_thread(host: AgentHost, faults: list[str]) -> dict[str, HostFile]:
    """Every record by its thread's id, which its name ends with; the newest folders first."""
    found: dict[str, HostFile] = {}
    folders = [*_days(host), *_folders(host, "archived_sessions")]
    for folder in folders[:_MOST_FOLDERS]:
        for file in _listed(host, folder):
            match = _NAME.fullmatch(file.path.rpartition("/")[2])
            if match and file.kind is HostFileKind.FILE:
                found.setdefault(match[1], file)
        if len(found) > _MOST_RECORDS:
            break
    else:
        return found
    faults.append(f"there are more than {_MOST_RECORDS} records, of which the newest were looked at")
    return found


def _days(host: AgentHost) -> list[HostFile]:
    """The folders `sessions/YYYY/MM/DD`, the newest first."""
    folders = _folders(host, "sessions")
    for _ in range(3):
        below = [one for folder in folders for one in _listed(host, folder)]
        folders = sorted(
            (one for one in below if one.kind is HostFileKind.FOLDER), key=lambda one: one.path, reverse=True
        )[:_MOST_FOLDERS]
    return folders


def _folders(host: AgentHost, name: str) -> list[HostFile]:
    return [
        one
        for one in host.list(Root.CODEX_HOME)
        if one.path.rpartition("/")[2] == name and one.kind is HostFileKind.FOLDER
    ]


def _listed(host: AgentHost, folder: HostFile) -> list[HostFile]:
    try:
        return list(host.list(Root.CODEX_HOME, folder.path))
    except Refused:
        return []


def _newest_state(host: AgentHost) -> HostFile | None:
    """`state_N.sqlite` with the highest number: releases of Codex count it up."""
    found = [
        (int(match[1]), one)
        for one in host.list(Root.CODEX_HOME)
        if (match := _STATE.fullmatch(one.path.rpartition("/")[2])) and one.kind is HostFileKind.FILE
    ]
    newest = max(found, key=lambda one: one[0], default=None)
    return None if newest is None or newest[1].size > _LARGEST_STATE else newest[1]


def _read_all(host: AgentHost, path: str) -> bytes:
    try:
        file = host.stat(Root.CODEX_HOME, path)
        return host.read(file, 0, min(file.size, _LARGEST_STATE))
    except Refused:
        return b""
