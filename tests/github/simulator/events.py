"""What follows from what: a moved branch moves pull requests, and everything is told to webhooks."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

from tests.github.simulator.openapi import DATA
from tests.github.simulator.outbox import Outbox
from tests.github.simulator.render import Renderer
from tests.github.simulator.world import ZERO, Account, Comment, Pull, Repository, Review, Status, World


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

    def status(self, repository: Repository, sha: str, status: Status, by: Account) -> None:
        shown = self.render.status(sha, status)
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
            branches=[],
        )

    def send(
        self, event: str, action: str | None, repository: Repository | None, by: Account, **fields: Any
    ) -> None:
        ours: dict[str, Any] = {**fields, "sender": self.render.account(by)}
        if action is not None:
            ours["action"] = action
        if repository is not None:
            ours["repository"] = self.render.repository(repository, "full-repository")
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
            self.send(
                "create",
                None,
                repository,
                by,
                master_branch=repository.default_branch,
                description=None,
                **about,
            )
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
            forced=False,
            base_ref=None,
            compare=f"{self.render.url}/{repository.full_name}/compare/{old[:12]}...{new[:12]}",
            commits=[],
            head_commit=None,
            pusher={"name": by.login, "email": by.email},
        )

    def _head_moved(self, repository: Repository, pull: Pull, new: str, by: Account) -> None:
        if pull.merged_at is not None:
            return
        if pull.state == "closed":
            pull.can_reopen = (
                pull.can_reopen
                and new != ZERO
                and (repository.has(new) and repository.is_ancestor(pull.head_sha, new))
            )
            if new not in (ZERO, pull.head_sha) and pull.can_reopen:
                pull.head_sha = new
            return
        if new == ZERO:
            self.close(repository, pull, by)
            return
        before, pull.head_sha = pull.head_sha, new
        if not repository.between(pull.base_sha, new):
            pull.can_reopen = False
            self.close(repository, pull, by)
            return
        pull.stale = [before] * self.stale_reads
        if self.moves_commit_ids:
            for review in pull.reviews:
                review.commit_id = new
        pull.updated_at = self.world.now()
        self.pull("synchronize", repository, pull, by, before=before, after=new)

    def _base_moved(self, repository: Repository, pull: Pull, new: str, by: Account) -> None:
        if new == ZERO:
            self.close(repository, pull, by)
        elif repository.is_ancestor(pull.head_sha, new):
            pull.base_sha = new
            self.merged(repository, pull, by, new)
        else:
            pull.base_sha = new

    def _quietly(self, repository: Repository, pull: Pull, schema: str = "pull-request") -> dict[str, Any]:
        """What a webhook shows is never stale: it is made where the change is."""
        stale, pull.stale = pull.stale, []
        shown = self.render.pull(repository, pull, schema)
        pull.stale = stale
        return shown


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
    return _over(payload, ours)


_NOT_OURS = frozenset({"installation", "organization", "enterprise", "changes", "label", "assignee"})


def _over(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{key: _over(below.get(key), value) for key, value in above.items()}}
