"""Commits out of `git log`."""

from __future__ import annotations

from datetime import UTC, datetime

from gate.adapters.git.command import Git
from gate.domain.facts import Commit

# Neither a name nor a message can hold a NUL here: git ends them at the first one.
_FIELDS = ("%H", "%P", "%an", "%ae", "%cn", "%ce", "%ct", "%s", "%b")
_LOG = (
    *("log", "-z", "--topo-order", "--no-patch", "--no-color", "--no-notes", "--no-mailmap"),
    *("--no-show-signature", "--no-decorate", "--encoding=UTF-8", "--format=" + "%x00".join(_FIELDS)),
)
_LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def read_commits(git: Git, *revisions: str, limit: int) -> tuple[Commit, ...]:
    """The first `limit` commits of a revision range, newest first."""
    output = git.output(*_LOG, f"--max-count={limit}", *revisions, "--")
    fields = [field.decode(errors="backslashreplace") for field in output.split(b"\0")]
    size = len(_FIELDS)
    return tuple(_commit(fields[at : at + size]) for at in range(0, len(fields) - size + 1, size))


def _commit(fields: list[str]) -> Commit:
    oid, parents, author, author_email, committer, committer_email, seconds, subject, body = fields
    return Commit(
        oid=oid,
        parents=tuple(parents.split()),
        author=author,
        author_email=author_email,
        committer=committer,
        committer_email=committer_email,
        committed_at=_moment(seconds),
        subject=subject,
        body=body.rstrip("\n"),
    )


def _moment(seconds: str) -> datetime:
    """The agent chose the time: one that no calendar holds becomes the last moment of ours."""
    try:
        return datetime.fromtimestamp(int(seconds or 0), UTC)
    except (ValueError, OverflowError, OSError):
        return _LAST_MOMENT
