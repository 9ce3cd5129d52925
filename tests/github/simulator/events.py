"""What follows from what: a moved branch moves pull requests, and everything is told to webhooks."""

from __future__ import annotations

import copy
import json
from datetime import datetime
from functools import cache
from typing import Any

from tests.github.simulator.openapi import DATA
from tests.github.simulator.outbox import Outbox
from tests.github.simulator.render import Renderer
from tests.github.simulator.world import (
    ZERO,
    Account,
    CheckRun,
    Comment,
    GitFailed,
    Pull,
    Remark,
    Repository,
    Review,
    Status,
    World,
)


class Events:
    """Changes pull requests the way GitHub does, and puts the deliveries into the outbox."""

    def __init__(self, world: World, render: Renderer, outbox: Outbox) -> None:
        self.world = world
        self.render = render
        self.outbox = outbox
        self.moves_commit_ids = False
        self.stale_reads = 0

    def ref_moved(self, repository: Repository, ref: str, old: str, new: str, by: Account) -> None:
        self._push(repository, ref, old, new, by)
        if not ref.startswith("refs/heads/"):
            return
        branch = ref.removeprefix("refs/heads/")
        for base in self.world.fork_network(repository):
            for pull in list(base.pulls.values()):
                if pull.head_repo is repository and pull.head_ref == branch:
                    self._head_moved(base, pull, new, by)
                elif base is repository and pull.base_ref == branch and pull.state == "open":
                    self._base_moved(base, pull, new, by)

    def close(self, repository: Repository, pull: Pull, by: Account) -> None:
        now = self.world.now()
        pull.state, pull.closed_at, pull.closed_by, pull.updated_at = "closed", now, by, now
        self.pull("closed", repository, pull, by)

    def merged(self, repository: Repository, pull: Pull, by: Account, oid: str) -> None:
        now = self.world.now()
        pull.state, pull.closed_at, pull.closed_by = "closed", now, by
        pull.merged_at, pull.merged_by, pull.merge_commit_sha = now, by, oid
        self.pull("closed", repository, pull, by)

    def pull(self, action: str, repository: Repository, pull: Pull, by: Account, **more: Any) -> None:
        self.send(
            "pull_request",
            action,
            repository,
            by,
            number=pull.number,
            pull_request=self._quietly(repository, pull),
            **more,
        )

    def review(
        self, action: str, repository: Repository, pull: Pull, review: Review, by: Account, **more: Any
    ) -> None:
        shown = self.render.review(repository, pull, review)
        # In webhooks a state is in lower case.
        shown["state"] = review.state.lower()
        self.send(
            "pull_request_review",
            action,
            repository,
            by,
            review=shown,
            pull_request=self._quietly(repository, pull, "pull-request-simple"),
            **more,
        )

    def comment(
        self, action: str, repository: Repository, pull: Pull, comment: Comment, by: Account, **more: Any
    ) -> None:
        self.send(
            "issue_comment",
            action,
            repository,
            by,
            issue=self.render.issue(repository, pull),
            comment=self.render.comment(repository, pull, comment),
            **more,
        )

    def remark(
        self, action: str, repository: Repository, pull: Pull, remark: Remark, by: Account, **more: Any
    ) -> None:
        self.send(
            "pull_request_review_comment",
            action,
            repository,
            by,
            comment=self.render.remark(repository, pull, remark),
            pull_request=self._quietly(repository, pull, "pull-request-simple"),
            **more,
        )

    def thread(self, action: str, repository: Repository, pull: Pull, thread: int, by: Account) -> None:
        said = [one for one in pull.remarks if one.thread == thread]
        self.send(
            "pull_request_review_thread",
            action,
            repository,
            by,
            pull_request=self._quietly(repository, pull, "pull-request-simple"),
            thread={
                "node_id": f"PRRT_{thread}",
                "comments": [self.render.remark(repository, pull, one) for one in said],
            },
        )

    def check(self, action: str, repository: Repository, sha: str, run: CheckRun, by: Account) -> None:
        shown = self.render.check(repository, sha, run)
        shown["check_suite"] = self.render.check_suite(repository, sha, run)
        self.send("check_run", action, repository, by, check_run=shown)

    def status(self, repository: Repository, sha: str, status: Status, by: Account) -> None:
        shown = self.render.status(sha, status)
        tips = {ref.removeprefix("refs/heads/") for ref, oid in repository.refs().items() if oid == sha}
        at = f"{self.render.api}/repos/{repository.full_name}/commits/{sha}"
        self.send(
            "status",
            None,
            repository,
            by,
            id=status.id,
            sha=sha,
            name=repository.full_name,
            context=status.context,
            state=status.state,
            description=status.description,
            target_url=status.target_url,
            created_at=shown["created_at"],
            updated_at=shown["updated_at"],
            avatar_url=None,
            commit=self.render.commit(repository, sha),
            branches=[
                {"name": one, "commit": {"sha": sha, "url": at}, "protected": one in repository.protected}
                for one in sorted(tips)[:_MOST_BRANCHES]
            ],
        )

    def find_mergeable(self, repository: Repository, pull: Pull) -> None:
        """What GitHub works out in the background: whether it could be merged without a conflict."""
        if pull.state == "open" and pull.is_mergeable is None:
            try:
                repository.git("merge-tree", "--write-tree", pull.base_sha, pull.head_sha)
            except GitFailed:
                pull.is_mergeable = False
            else:
                pull.is_mergeable = True

    def send(
        self, event: str, action: str | None, repository: Repository | None, by: Account, **fields: Any
    ) -> None:
        ours: dict[str, Any] = {**fields, "sender": self.render.account(by)}
        if action is not None:
            ours["action"] = action
        if repository is not None:
            ours["repository"] = self.render.repository(repository, "full-repository")
            if event == "push":
                ours["repository"] |= _as_in_a_push(ours["repository"])
        installation = next(
            (
                one
                for one in self.world.installations.values()
                if repository is not None and repository.id in one.repositories and not one.is_deleted
            ),
            None,
        )
        if installation is not None:
            ours["installation"] = {"id": installation.id, "node_id": f"I_{installation.id}"}
        self.outbox.put(event, _like_the_real_one(event, action, ours))

    def _push(self, repository: Repository, ref: str, old: str, new: str, by: Account) -> None:
        kind = "branch" if ref.startswith("refs/heads/") else "tag"
        short = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
        about = {"ref": short, "ref_type": kind, "pusher_type": "user"}
        if new == ZERO:
            self.send("delete", None, repository, by, **about)
        elif old == ZERO:
            main = repository.default_branch
            self.send("create", None, repository, by, master_branch=main, description=None, **about)
        commits = [] if new == ZERO else self._pushed(repository, old, new)
        self.send(
            "push",
            None,
            repository,
            by,
            ref=ref,
            before=old,
            after=new,
            created=old == ZERO,
            deleted=new == ZERO,
            forced=ZERO not in (old, new) and not repository.is_ancestor(old, new),
            base_ref=None,
            compare=f"{self.render.url}/{repository.full_name}/compare/{old[:12]}...{new[:12]}",
            commits=commits,
            head_commit=commits[-1] if commits else None,
            pusher={"name": by.login, "email": by.email},
        )

    def _pushed(self, repository: Repository, old: str, new: str) -> list[dict[str, Any]]:
        range_ = (new,) if old == ZERO else (f"{old}..{new}",)
        most = ("--reverse", f"--max-count={_MOST_PUSHED}")
        oids = repository.git("rev-list", *most, *range_, "--").split()
        shown = (self.render.commit(repository, oid) for oid in oids)
        return [
            {
                "id": one["sha"],
                "tree_id": one["commit"]["tree"]["sha"],
                "distinct": True,
                "message": one["commit"]["message"],
                "timestamp": one["commit"]["committer"]["date"],
                "url": one["html_url"],
                "author": _with_login(one, "author"),
                "committer": _with_login(one, "committer"),
                "added": [],
                "removed": [],
                "modified": [],
            }
            for one in shown
        ]

    def _head_moved(self, repository: Repository, pull: Pull, new: str, by: Account) -> None:
        # A closed pull request keeps the head it had; whether it can be opened again shows when one tries.
        if pull.state == "closed":
            return
        if new == ZERO:
            self.close(repository, pull, by)
            return
        before, pull.head_sha = pull.head_sha, new
        show(repository, pull)
        if not repository.between(pull.base_sha, new):
            pull.can_reopen = False
            self.close(repository, pull, by)
            return
        pull.stale, pull.is_mergeable = [before] * self.stale_reads, None
        if self.moves_commit_ids:
            for review in pull.reviews:
                review.commit_id = new
        pull.updated_at = self.world.now()
        self.pull("synchronize", repository, pull, by, before=before, after=new)

    def _base_moved(self, repository: Repository, pull: Pull, new: str, by: Account) -> None:
        pull.is_mergeable = None
        if new == ZERO:
            self.close(repository, pull, by)
            return
        pull.base_sha = new
        if repository.is_ancestor(pull.head_sha, new):
            self.merged(repository, pull, by, new)

    def _quietly(self, repository: Repository, pull: Pull, schema: str = "pull-request") -> dict[str, Any]:
        """What a webhook shows is never stale: it is made where the change is."""
        stale, pull.stale = pull.stale, []
        shown = self.render.pull(repository, pull, schema)
        pull.stale = stale
        return shown


def show(repository: Repository, pull: Pull) -> None:
    """Have the head where everybody can fetch it, and keep it there when the branch is gone."""
    if pull.head_repo is not repository and not repository.has(pull.head_sha):
        repository.git("fetch", "-q", str(pull.head_repo.path), pull.head_sha)
    repository.git("update-ref", f"refs/pull/{pull.number}/head", pull.head_sha)


@cache
def real_payloads() -> dict[str, list[dict[str, Any]]]:
    """Payloads that GitHub itself has sent, by event."""
    found: dict[str, list[dict[str, Any]]] = json.loads((DATA / "webhook-examples.json").read_text())
    return found


def _like_the_real_one(event: str, action: str | None, ours: dict[str, Any]) -> dict[str, Any]:
    """Our fields over those of a real payload of the same event, so that none is missing."""
    known = real_payloads().get(event, [])
    like = next((one for one in known if one.get("action") == action), known[0] if known else {})
    payload = copy.deepcopy({key: value for key, value in like.items() if key not in _NOT_OURS})
    return {**payload, **{key: _over(payload.get(key), value) for key, value in ours.items()}}


_MOST_PUSHED = 20
_MOST_BRANCHES = 10
# What there only is at times; where it is, it is ours.
_NOT_OURS = frozenset(
    "assignee changes check_run commits enterprise head_commit hook installation label organization "
    "repository requested_reviewer requested_team requester".split()
)


def _with_login(commit: dict[str, Any], role: str) -> dict[str, Any]:
    known = {} if commit[role] is None else {"username": commit[role]["login"]}
    return {**commit["commit"][role], **known}


def _as_in_a_push(shown: dict[str, Any]) -> dict[str, Any]:
    """There GitHub has times as numbers, and an owner with a name."""
    times = {
        name: int(datetime.fromisoformat(shown[name]).timestamp()) for name in ("created_at", "pushed_at")
    }
    owner = shown["owner"]
    return {**times, "owner": {**owner, "name": owner["login"], "email": None}}


def _over(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{key: _over(below.get(key), value) for key, value in above.items()}}
