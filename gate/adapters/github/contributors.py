"""The people whom commits name: as GitHub matches them, and as their addresses say."""

from __future__ import annotations

import re
from collections.abc import Iterable

from github.Commit import Commit as PullCommit

from gate.domain.facts import Commit

# The address that GitHub gives an account: its number is in front.
_ADDRESS = re.compile(r"(\d{1,18})\+[^@\s]+@users\.noreply\.[a-z0-9.-]+", re.IGNORECASE)
_TRAILER = re.compile(r"^co-authored-by:.*<([^<>\s]+)>\s*$", re.IGNORECASE | re.MULTILINE)


def contributor_ids(listed: Iterable[PullCommit], commits: Iterable[Commit]) -> frozenset[int]:
    """Authors and committers, of what the pull request lists and of what was pushed."""
    found = {user.id for one in listed for user in (one.author, one.committer) if user is not None}
    named = (number(email) for one in commits for email in (one.author_email, one.committer_email))
    return frozenset(found | {one for one in named if one is not None})


def coauthor_ids(commits: Iterable[Commit]) -> frozenset[int]:
    """Those whom `Co-authored-by` names by an address that has their number in it."""
    named = (number(email) for one in commits for email in _TRAILER.findall(one.body))
    return frozenset(one for one in named if one is not None)


def number(email: str) -> int | None:
    """The account in an address such as `583231+alice@users.noreply.github.com`."""
    match = _ADDRESS.fullmatch(email)
    return int(match[1]) if match else None
