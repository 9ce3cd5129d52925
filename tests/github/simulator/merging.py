"""Merging a pull request: by a merge commit, squashed, or commit by commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.github.simulator.auth import Denied
from tests.github.simulator.world import Account, GitFailed, Pull, Repository

if TYPE_CHECKING:
    from tests.github.simulator.rest import Rest


def merge(
    rest: Rest, by: Account, repository: Repository, pull: Pull, body: dict[str, Any]
) -> dict[str, Any]:
    """What PUT /merge does. Raises Denied with 405 where it cannot be, with 409 where the head is another."""
    if pull.state != "open":
        raise Denied(405, "Pull Request is not mergeable")
    if pull.draft:
        raise Denied(405, "Pull Request is still a draft")
    if body.get("sha") not in (None, pull.head_sha):
        raise Denied(409, "Head branch was modified. Review and try the merge again.")
    _check_protection(rest, repository, pull)
    method = body.get("merge_method", "merge")
    try:
        oid = _METHODS[method](by, repository, pull, body)
    except GitFailed:
        raise Denied(405, "Pull Request is not mergeable") from None
    old = pull.base_sha
    repository.git("update-ref", f"refs/heads/{pull.base_ref}", oid, old)
    pull.base_sha = oid
    rest.events.merged(repository, pull, by, oid)
    rest.events.ref_moved(repository, f"refs/heads/{pull.base_ref}", old, oid, by)
    return {"sha": oid, "merged": True, "message": "Pull Request successfully merged"}


def _check_protection(rest: Rest, repository: Repository, pull: Pull) -> None:
    protection = repository.protected.get(pull.base_ref)
    if protection is None:
        return
    for context in protection.required:
        if not repository.has_succeeded(pull.head_sha, context):
            raise Denied(405, f'Required status check "{context}" is expected.')
    if protection.needs_pull_request and not _is_approved(rest, repository, pull):
        raise Denied(405, "At least 1 approving review is required by reviewers with write access.")


def _is_approved(rest: Rest, repository: Repository, pull: Pull) -> bool:
    """By one who may write, with nobody's changes asked for left open; the last word of each counts."""
    said = {
        review.author.id: review.state
        for review in pull.reviews
        if review.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
        and rest.world.role(review.author, repository) in ("write", "maintain", "admin")
    }
    return "APPROVED" in said.values() and "CHANGES_REQUESTED" not in said.values()


def _merged_tree(repository: Repository, pull: Pull) -> str:
    return repository.git("merge-tree", "--write-tree", pull.base_sha, pull.head_sha).splitlines()[0]


def _merge_commit(by: Account, repository: Repository, pull: Pull, body: dict[str, Any]) -> str:
    parents = ("-p", pull.base_sha, "-p", pull.head_sha)
    return repository.git(
        "commit-tree", _merged_tree(repository, pull), *parents, stdin=f"Merge pull request #{pull.number}\n"
    )


def _squash(by: Account, repository: Repository, pull: Pull, body: dict[str, Any]) -> str:
    message = body.get("commit_title") or f"{pull.title} (#{pull.number})"
    tree = _merged_tree(repository, pull)
    return repository.git("commit-tree", tree, "-p", pull.base_sha, stdin=f"{message}\n")


def _rebase(by: Account, repository: Repository, pull: Pull, body: dict[str, Any]) -> str:
    tip = pull.base_sha
    if not repository.is_ancestor(pull.base_sha, pull.head_sha):
        raise GitFailed("the simulator rebases only what is on top already")
    for oid in repository.between(pull.base_sha, pull.head_sha):
        message = repository.git("show", "-s", "--format=%B", oid)
        name, email, date = repository.git("show", "-s", "--format=%an%x00%ae%x00%aI", oid).split("\0")
        # GitHub makes new commits even where nothing else would change.
        author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
        author |= {"GIT_COMMITTER_NAME": by.login, "GIT_COMMITTER_EMAIL": _REBASING}
        tree = f"{oid}^{{tree}}"
        tip = repository.git("commit-tree", tree, "-p", tip, stdin=f"{message}\n", **author)
    return tip


_REBASING = "rebasing@example.org"
_METHODS = {"merge": _merge_commit, "squash": _squash, "rebase": _rebase}
