"""Find the log of `codex exec --json` behind a push, where no record of its session can be had.

Like any recording it is a file of the agent's: a claim. Where two may be it, neither is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from gate.domain.errors import Refused
from gate.domain.evidence import FileKind
from gate.domain.hold import Hold, Push
from gate.domain.session.claim import parse_claim
from gate.domain.session.model import FoundBy
from gate.services.find_session import FoundSession
from gate.services.ports.evidence import AgentHost, HostFile, HostFileKind, ReadHead, Root

_MOST_LOOKED_AT = 100
_HEAD = 1 << 12
_TAIL = 4 << 20
_PUSH = b"git push"
# It is written to until a moment before the push, and again when the push has been answered.
_BEFORE, _AFTER = timedelta(minutes=10), timedelta(minutes=2)


def find_exec_log(host: AgentHost, read_head: ReadHead, push: Push, hold: Hold) -> FoundSession | None:
    """The only log of that time that is of the claimed thread, or else has the commit or a push in it.

    Raises HostAway where the host does not answer.
    """
    claim = parse_claim(push.claim)
    commit = hold.revision.head[:7].encode()
    fitting: list[FoundSession] = []
    for file in _recent(host, push):
        head = _read(host, file, 0, _HEAD)
        thread = read_head(head)
        if thread is None:
            continue
        tail = _read(host, file, max(0, file.size - _TAIL), _TAIL)
        is_it = thread.thread_id == claim.thread_id if claim else commit in tail or _PUSH in tail
        if is_it:
            found = FoundSession(
                thread.session_id, thread.thread_id, FoundBy.EXEC_LOG, (file,), FileKind.EXEC_LOG
            )
            fitting.append(found)
    return fitting[0] if len(fitting) == 1 else None


def _recent(host: AgentHost, push: Push) -> Iterator[HostFile]:
    """The files right in the folders of recordings that were written to then, the newest first."""
    if not host.has(Root.RECORDINGS):
        return
    try:
        files = sorted(host.list(Root.RECORDINGS), key=lambda file: file.modified_at, reverse=True)
    except Refused:
        return
    then = (
        file
        for file in files
        if file.kind is HostFileKind.FILE
        and push.received_at - _BEFORE <= file.modified_at <= push.received_at + _AFTER
    )
    for _, file in zip(range(_MOST_LOOKED_AT), then, strict=False):
        yield file


def _read(host: AgentHost, file: HostFile, start: int, length: int) -> bytes:
    try:
        return host.read(file, start, length)
    except Refused:
        return b""
