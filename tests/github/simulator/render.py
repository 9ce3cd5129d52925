"""The simulated GitHub's objects as its API shows them: complete, by its own description."""

from __future__ import annotations

import subprocess
import zlib
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.github.simulator.openapi import description
from tests.github.simulator.world import (
    Account,
    CheckRun,
    Comment,
    Pull,
    Remark,
    Repository,
    Review,
    Status,
    World,
)


def time_text(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Renderer:
    """Builds answers; `url` is the simulator's own address."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.url = url
        self.api = f"{url}/api/v3"

    def account(self, account: Account | None) -> dict[str, Any] | None:
        if account is None:
            return None
        at = f"{self.api}/users/{account.login}"
        links = {
            name: f"{at}/{name.removesuffix('_url')}"
            for name in ("followers_url", "subscriptions_url", "organizations_url", "repos_url")
        }
        filled: dict[str, Any] = description().filled(
            "simple-user",
            {
                "id": account.id,
                "login": account.login,
                "type": account.type,
                "url": at,
                "html_url": f"{self.url}/{account.login}",
                "avatar_url": f"{self.url}/avatars/{account.id}",
                "received_events_url": f"{at}/received_events",
                "node_id": f"U_{account.id}",
                **links,
            },
        )
        return filled

    def organization(self, account: Account) -> dict[str, Any]:
        at = f"{self.api}/orgs/{account.login}"
        names = ("repos_url", "events_url", "hooks_url", "issues_url", "members_url", "public_members_url")
        links = {name: f"{at}/{name.removesuffix('_url')}" for name in names}
        shown = {"login": account.login, "id": account.id, "node_id": f"O_{account.id}", "url": at}
        return {**shown, **links, "avatar_url": f"{self.url}/avatars/{account.id}", "description": None}

    def repository(self, repository: Repository, schema: str = "repository") -> dict[str, Any]:
        at = f"{self.api}/repos/{repository.full_name}"
        given = {
            "id": repository.id,
            "node_id": f"R_{repository.id}",
            "name": repository.name,
            "full_name": repository.full_name,
            "owner": self.account(repository.owner),
            "private": True,
            "visibility": "private",
            "html_url": f"{self.url}/{repository.full_name}",
            "clone_url": f"{self.url}/{repository.full_name}.git",
            "url": at,
            "default_branch": repository.default_branch,
            "archived": repository.is_archived,
            "disabled": False,
            "fork": repository.fork_of is not None,
            "permissions": {"admin": False, "push": True, "pull": True},
            "topics": [],
            "created_at": time_text(self.world.began_at),
            "updated_at": time_text(self.world.began_at),
            "pushed_at": time_text(self.world.began_at),
        }
        if schema == "full-repository" and repository.fork_of is not None:
            given["parent"] = self.repository(repository.fork_of)
            given["source"] = given["parent"]
        filled: dict[str, Any] = description().filled(schema, given)
        return filled

    def pull(self, repository: Repository, pull: Pull, schema: str = "pull-request") -> dict[str, Any]:
        at = f"{self.api}/repos/{repository.full_name}/pulls/{pull.number}"
        issue = f"{self.api}/repos/{repository.full_name}/issues/{pull.number}"
        page = f"{self.url}/{repository.full_name}/pull/{pull.number}"
        head = pull.stale.pop(0) if pull.stale and schema == "pull-request" else pull.head_sha
        if schema == "pull-request":
            commits, files = _size(repository.path, pull.base_sha, head)
        given = {
            "id": pull.id,
            "node_id": f"PR_{pull.id}",
            "number": pull.number,
            "url": at,
            "html_url": page,
            "issue_url": issue,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "comments_url": f"{issue}/comments",
            "commits_url": f"{at}/commits",
            "review_comments_url": f"{at}/comments",
            "statuses_url": f"{self.api}/repos/{repository.full_name}/statuses/{pull.head_sha}",
            "state": pull.state,
            "locked": False,
            "title": pull.title,
            "body": pull.body,
            "user": self.account(pull.author),
            "created_at": time_text(pull.created_at),
            "updated_at": time_text(pull.updated_at),
            "closed_at": time_text(pull.closed_at),
            "merged_at": time_text(pull.merged_at),
            "merge_commit_sha": pull.merge_commit_sha,
            "draft": pull.draft,
            "labels": [self.label(name) for name in pull.labels],
            "requested_reviewers": [self.account(one) for one in pull.asked],
            "requested_teams": [self.team(slug) for slug in pull.asked_teams],
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "active_lock_reason": None,
            "author_association": "CONTRIBUTOR",
            "auto_merge": None,
            "head": self._side(pull.head_repo, pull.head_ref, head),
            "base": self._side(repository, pull.base_ref, pull.base_sha),
            "_links": {"self": {"href": at}, "html": {"href": page}, "issue": {"href": issue}},
        }
        if schema == "pull-request":
            given |= {
                "merged": pull.merged_at is not None,
                "merged_by": self.account(pull.merged_by),
                "mergeable": pull.is_mergeable if pull.state == "open" else None,
                "mergeable_state": _MERGEABLE[pull.is_mergeable if pull.state == "open" else None],
                "comments": len(pull.comments),
                "review_comments": len(pull.remarks),
                "commits": commits,
                "changed_files": files,
            }
        filled: dict[str, Any] = description().filled(schema, given)
        return filled

    def _side(self, repository: Repository, ref: str, sha: str) -> dict[str, Any]:
        return {
            "label": f"{repository.owner.login}:{ref}",
            "ref": ref,
            "sha": sha,
            "repo": self.repository(repository),
            "user": self.account(repository.owner),
        }

    def issue(self, repository: Repository, pull: Pull) -> dict[str, Any]:
        at = f"{self.api}/repos/{repository.full_name}/issues/{pull.number}"
        filled: dict[str, Any] = description().filled(
            "issue",
            {
                "id": pull.id + 1,
                "number": pull.number,
                "url": at,
                "html_url": f"{self.url}/{repository.full_name}/pull/{pull.number}",
                "title": pull.title,
                "body": pull.body,
                "state": pull.state,
                "user": self.account(pull.author),
                "labels": [self.label(name) for name in pull.labels],
                "comments": len(pull.comments),
                "created_at": time_text(pull.created_at),
                "updated_at": time_text(pull.updated_at),
                "closed_at": time_text(pull.closed_at),
                "closed_by": self.account(pull.closed_by),
                "assignee": None,
                "assignees": [],
                "milestone": None,
                "active_lock_reason": None,
                "performed_via_github_app": None,
                "reactions": _reactions(at),
                "author_association": "CONTRIBUTOR",
                "pull_request": {"url": at, "html_url": at, "diff_url": at, "patch_url": at},
            },
        )
        return filled

    def label(self, name: str) -> dict[str, Any]:
        filled: dict[str, Any] = description().filled(
            "label",
            {"id": _number(name), "name": name, "description": "", "color": "ededed", **_NOT_ARCHIVED},
        )
        return filled

    def team(self, slug: str) -> dict[str, Any]:
        filled: dict[str, Any] = description().filled(
            "team", {"id": _number(slug), "slug": slug, "name": slug, "privacy": "closed"}
        )
        return filled

    def review(self, repository: Repository, pull: Pull, review: Review) -> dict[str, Any]:
        page = f"{self.url}/{repository.full_name}/pull/{pull.number}#pullrequestreview-{review.id}"
        at = f"{self.api}/repos/{repository.full_name}/pulls/{pull.number}"
        filled: dict[str, Any] = description().filled(
            "pull-request-review",
            {
                "id": review.id,
                "user": self.account(review.author),
                "body": review.body,
                "state": review.state,
                "commit_id": review.commit_id,
                "submitted_at": time_text(review.submitted_at),
                "html_url": page,
                "pull_request_url": at,
                "author_association": "MEMBER",
                "_links": {"html": {"href": page}, "pull_request": {"href": at}},
            },
        )
        return filled

    def comment(self, repository: Repository, pull: Pull, comment: Comment) -> dict[str, Any]:
        at = f"{self.api}/repos/{repository.full_name}/issues/comments/{comment.id}"
        filled: dict[str, Any] = description().filled(
            "issue-comment",
            {
                "id": comment.id,
                "url": at,
                "html_url": f"{self.url}/{repository.full_name}/pull/{pull.number}#issuecomment-{comment.id}",
                "issue_url": f"{self.api}/repos/{repository.full_name}/issues/{pull.number}",
                "body": comment.body,
                "user": self.account(comment.author),
                "performed_via_github_app": None,
                "reactions": _reactions(at),
                "created_at": time_text(comment.created_at),
                "updated_at": time_text(comment.updated_at),
                "author_association": "MEMBER",
            },
        )
        return filled

    def remark(self, repository: Repository, pull: Pull, remark: Remark) -> dict[str, Any]:
        at = f"{self.api}/repos/{repository.full_name}/pulls/comments/{remark.id}"
        page = f"{self.url}/{repository.full_name}/pull/{pull.number}#discussion_r{remark.id}"
        pull_at = f"{self.api}/repos/{repository.full_name}/pulls/{pull.number}"
        filled: dict[str, Any] = description().filled(
            "pull-request-review-comment",
            {
                "id": remark.id,
                "node_id": f"PRRC_{remark.id}",
                "url": at,
                "html_url": page,
                "pull_request_url": pull_at,
                "pull_request_review_id": remark.thread,
                "diff_hunk": "@@ -1 +1 @@",
                "path": remark.path,
                "line": 1,
                "side": "RIGHT",
                "start_line": None,
                "start_side": None,
                "original_start_line": None,
                "subject_type": "line",
                "reactions": _reactions(at),
                "original_line": 1,
                "position": 1,
                "original_position": 1,
                "commit_id": remark.commit_id,
                "original_commit_id": remark.commit_id,
                "user": self.account(remark.author),
                "body": remark.body,
                "created_at": time_text(remark.created_at),
                "updated_at": time_text(remark.updated_at),
                "author_association": "MEMBER",
                "_links": {
                    "self": {"href": at},
                    "html": {"href": page},
                    "pull_request": {"href": pull_at},
                },
            },
        )
        return filled

    def status(self, sha: str, status: Status, schema: str = "status") -> dict[str, Any]:
        given = {
            "id": status.id,
            "state": status.state,
            "context": status.context,
            "description": status.description,
            "target_url": status.target_url,
            "url": f"{self.api}/statuses/{sha}",
            "avatar_url": None,
            "created_at": time_text(status.at),
            "updated_at": time_text(status.at),
        }
        if schema == "status":
            given["creator"] = self.account(status.creator)
        filled: dict[str, Any] = description().filled(schema, given)
        return filled

    def combined(self, repository: Repository, sha: str) -> dict[str, Any]:
        latest: dict[str, Status] = {}
        for status in repository.statuses.get(sha, []):
            latest[status.context] = status
        states = {status.state for status in latest.values()}
        worst = next((one for one in ("failure", "error", "pending") if one in states), "success")
        filled: dict[str, Any] = description().filled(
            "combined-commit-status",
            {
                "sha": sha,
                "state": worst if latest else "pending",
                "total_count": len(latest),
                "statuses": [
                    self.status(sha, one, "simple-commit-status") for one in reversed(latest.values())
                ],
                "repository": self.repository(repository, "minimal-repository"),
            },
        )
        return filled

    def check(self, repository: Repository, sha: str, run: CheckRun) -> dict[str, Any]:
        at = f"{self.api}/repos/{repository.full_name}/check-runs/{run.id}"
        filled: dict[str, Any] = description().filled(
            "check-run",
            {
                "id": run.id,
                "name": run.name,
                "head_sha": sha,
                "url": at,
                "html_url": at,
                "details_url": run.details_url or at,
                "external_id": run.external_id,
                "output": {
                    "title": run.output.get("title"),
                    "summary": run.output.get("summary"),
                    "text": run.output.get("text"),
                    "annotations_count": len(run.annotations),
                    "annotations_url": f"{at}/annotations",
                },
                "status": run.state if run.conclusion is None else "completed",
                "conclusion": run.conclusion,
                "started_at": time_text(run.at),
                "completed_at": time_text(run.at) if run.conclusion else None,
                "app": self.integration(run.app_slug),
                "pull_requests": [],
                "check_suite": {"id": _number(f"{run.app_slug} {sha}")},
            },
        )
        return filled

    def check_suite(self, repository: Repository, sha: str, run: CheckRun) -> dict[str, Any]:
        """What a webhook shows of it."""
        number = _number(f"{run.app_slug} {sha}")
        tips = [ref.removeprefix("refs/heads/") for ref, oid in repository.refs().items() if oid == sha]
        return {
            "id": number,
            "node_id": f"CS_{number}",
            "head_branch": tips[0] if tips else None,
            "head_sha": sha,
            "status": "completed" if run.conclusion else "in_progress",
            "conclusion": run.conclusion,
            "url": f"{self.api}/repos/{repository.full_name}/check-suites/{number}",
            "before": None,
            "after": sha,
            "pull_requests": [],
            "app": self.integration(run.app_slug),
            "created_at": time_text(run.at),
            "updated_at": time_text(run.at),
        }

    def integration(self, slug: str) -> dict[str, Any]:
        app = next((one for one in self.world.apps.values() if one.slug == slug), None)
        given: dict[str, Any] = {"id": app.id if app else 15368, "slug": slug, "name": slug}
        given["owner"] = self.account(app.owner) if app else self.account(Account(9919, "github"))
        given["permissions"] = dict(app.permissions) if app else {"checks": "write"}
        given["events"] = sorted(app.events) if app else []
        filled: dict[str, Any] = description().filled("integration", given)
        return filled

    def commit(self, repository: Repository, oid: str) -> dict[str, Any]:
        form = "--format=%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
        shown = repository.git_bytes("show", "-s", form, oid).decode(errors="replace")
        tree, parents, *people, message = shown.rstrip("\n").split("\0", 8)
        at = f"{self.api}/repos/{repository.full_name}/commits/{oid}"
        author = self._by_email(people[1])
        committer = self._by_email(people[4])
        filled: dict[str, Any] = description().filled(
            "commit",
            {
                "sha": oid,
                "node_id": f"C_{oid}",
                "url": at,
                "html_url": at,
                "comments_url": f"{at}/comments",
                "author": self.account(author),
                "committer": self.account(committer),
                "parents": [{"sha": one, "url": at, "html_url": at} for one in parents.split()],
                "commit": {
                    "url": at,
                    "message": message,
                    "comment_count": 0,
                    "tree": {"sha": tree, "url": at},
                    "author": {"name": people[0], "email": people[1], "date": people[2]},
                    "committer": {"name": people[3], "email": people[4], "date": people[5]},
                    "verification": {
                        "verified": oid in repository.verified,
                        "reason": "valid" if oid in repository.verified else "unsigned",
                        "signature": None,
                        "payload": None,
                        "verified_at": None,
                    },
                },
            },
        )
        return filled

    def _by_email(self, email: str) -> Account | None:
        """Whose address this is; the one that GitHub gives everybody names the account's number."""
        number, plus, _ = email.removesuffix("@users.noreply.github.com").partition("+")
        if plus and number.isdigit():
            return self.world.accounts.get(int(number))
        return next((one for one in self.world.accounts.values() if one.email == email), None)


_MERGEABLE = {None: "unknown", True: "clean", False: "dirty"}


_NOT_ARCHIVED = {"archived_at": None, "archived_by": None}
_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def _reactions(at: str) -> dict[str, Any]:
    return {"url": f"{at}/reactions", "total_count": 0, **dict.fromkeys(_REACTIONS, 0)}


def _number(name: str) -> int:
    """A number for what has none here; the same name has the same."""
    return zlib.crc32(name.encode())


@lru_cache(maxsize=1024)
def _size(path: Path, base: str, head: str) -> tuple[int, int]:
    """How many commits and changed files."""
    at = ("git", f"--git-dir={path}")
    commits = subprocess.run(
        (*at, "rev-list", "--count", f"{base}..{head}"), capture_output=True, check=False
    )
    names = subprocess.run((*at, "diff", "--name-only", f"{base}...{head}"), capture_output=True, check=False)
    return int(commits.stdout or 0), len(names.stdout.splitlines())
