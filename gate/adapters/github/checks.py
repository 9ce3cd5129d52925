"""Statuses, check runs, signatures and open threads: what a policy may ask for beyond reviews."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from github.CheckRun import CheckRun
from github.Commit import Commit
from github.CommitStatus import CommitStatus
from github.PaginatedList import PaginatedList

from gate.adapters.github.errors import told
from gate.adapters.github.people import logins_of
from gate.adapters.github.place import Place
from gate.domain.errors import Failed, NotFound
from gate.domain.review import Account, Check, Seal

# GitHub lists no more commits of a pull request.
MOST_COMMITS = 250

_THREADS = """\
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        nodes { isResolved }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
_T = TypeVar("_T")


def checks_of(place: Place, head: str) -> tuple[Check, ...] | None:
    """The latest check run and status of each name on a commit; None where GitHub may not say."""
    return _or_none(lambda: (*_check_runs(place, head), *_statuses(place, head)))


def seals_of(commits: Sequence[Commit], numbers: Mapping[str, int]) -> tuple[Seal, ...] | None:
    """The signatures of a pull request's commits; None where there are more than GitHub lists.

    `numbers` are the accounts behind the logins that a policy names.
    """
    if len(commits) >= MOST_COMMITS:
        return None
    return tuple(_seal(commit, numbers) for commit in commits)


def unresolved_threads(place: Place, number: int) -> int | None:
    """How many conversations on the diff are not resolved; None where GitHub may not say."""
    return _or_none(lambda: _count_threads(place, number))


def _check_runs(place: Place, head: str) -> list[Check]:
    url = f"{place.api.url}/commits/{head}/check-runs"
    with told(f"read the check runs of {head[:7]}"):
        runs = list(PaginatedList(CheckRun, place.api.requester, url, None, list_item="check_runs"))
    latest = {
        (run.name, run.app.slug if run.app else None): run for run in sorted(runs, key=lambda run: run.id)
    }
    return [
        Check(name, run.conclusion if run.status == "completed" else None, app)
        for (name, app), run in latest.items()
    ]


def _statuses(place: Place, head: str) -> list[Check]:
    """The combined status, which has the latest of each context."""
    return [
        Check(status.context, None if status.state == "pending" else status.state, None)
        for status in combined_statuses(place, head)
    ]


def combined_statuses(place: Place, head: str) -> list[CommitStatus]:
    """The latest status of each context on a commit."""
    url = f"{place.api.url}/commits/{head}/status"
    with told(f"read the statuses of {head[:7]}"):
        return list(PaginatedList(CommitStatus, place.api.requester, url, None, list_item="statuses"))


def _seal(commit: Commit, numbers: Mapping[str, int]) -> Seal:
    verification = commit.commit.verification
    signer = commit.committer
    return Seal(
        oid=commit.sha,
        is_valid=bool(verification is not None and verification.verified),
        # GitHub finds a signature valid only with a key of the committer's account.
        signer=None if signer is None else Account(signer.id, signer.login),
        reason=verification.reason if verification is not None else "unsigned",
        named=logins_of(None if signer is None else signer.id, numbers),
    )


def _count_threads(place: Place, number: int) -> int:
    owner, _, name = place.name.partition("/")
    after: str | None = None
    count = 0
    while True:
        variables = {"owner": owner, "name": name, "number": number, "after": after}
        with told(f"read the conversations of pull request {number} of {place.name}"):
            _, answer = place.api.requester.graphql_query(_THREADS, variables)
        threads = _threads(answer, place)
        count += sum(not thread["isResolved"] for thread in threads["nodes"])
        if not threads["pageInfo"]["hasNextPage"]:
            return count
        after = threads["pageInfo"]["endCursor"]


def _threads(answer: dict[str, Any], place: Place) -> dict[str, Any]:
    repository = (answer.get("data") or {}).get("repository") or {}
    threads = (repository.get("pullRequest") or {}).get("reviewThreads")
    if not isinstance(threads, dict):
        raise Failed(f"GitHub does not show the conversations of {place.name}.")
    return threads


def _or_none(read: Callable[[], _T]) -> _T | None:
    """None, where GitHub refuses to say; where it only did not answer, everything is read again later."""
    try:
        return read()
    except NotFound:
        return None
    except Failed as fault:
        if fault.retryable:
            raise
        return None
