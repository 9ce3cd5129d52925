"""What people do at the simulated GitHub, with the ordinary buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.github.simulator import branches, issues, merging, pulls, repositories, reviews, statuses
from tests.github.simulator.world import ZERO, Account, Comment, Pull, Repository, Review

if TYPE_CHECKING:
    from tests.github.simulator.rest import Rest


class Person:
    """An account that acts. Everything it does is told to webhooks."""

    def __init__(self, rest: Rest, account: Account) -> None:
        self._rest = rest
        self.account = account

    @property
    def id(self) -> int:
        return self.account.id

    @property
    def login(self) -> str:
        return self.account.login

    def rename(self, login: str) -> None:
        """Take another login; the old one is free for anybody."""
        with self._rest.world.lock:
            self.account.login = login

    def approve(self, repository: Repository, pull: Pull, body: str = "", oid: str | None = None) -> Review:
        return self._review(repository, pull, "APPROVED", body, oid)

    def request_changes(
        self, repository: Repository, pull: Pull, body: str = "please change this", oid: str | None = None
    ) -> Review:
        return self._review(repository, pull, "CHANGES_REQUESTED", body, oid)

    def comment_review(self, repository: Repository, pull: Pull, body: str) -> Review:
        return self._review(repository, pull, "COMMENTED", body, None)

    def dismiss(self, repository: Repository, pull: Pull, review: Review) -> None:
        with self._rest.world.lock:
            reviews.dismiss(self._rest, self.account, repository, pull, review)

    def edit_review(self, repository: Repository, pull: Pull, review: Review, body: str) -> None:
        with self._rest.world.lock:
            before, review.body = review.body, body
            changes = {"body": {"from": before}}
            self._rest.events.review("edited", repository, pull, review, self.account, changes=changes)

    def comment(self, repository: Repository, pull: Pull, body: str) -> Comment:
        with self._rest.world.lock:
            return issues.comment(self._rest, self.account, repository, pull, body)

    def edit_comment(self, repository: Repository, pull: Pull, comment: Comment, body: str) -> None:
        with self._rest.world.lock:
            before, comment.body = comment.body, body
            # Times are to the second, and an edit is never in the same one here.
            comment.updated_at = comment.created_at.replace(year=comment.created_at.year + 1)
            changes = {"body": {"from": before}}
            self._rest.events.comment("edited", repository, pull, comment, self.account, changes=changes)

    def delete_comment(self, repository: Repository, pull: Pull, comment: Comment) -> None:
        with self._rest.world.lock:
            issues.delete_comment(self._rest, self.account, repository, pull, comment)

    def close(self, repository: Repository, pull: Pull) -> None:
        with self._rest.world.lock:
            self._rest.events.close(repository, pull, self.account)

    def reopen(self, repository: Repository, pull: Pull) -> None:
        with self._rest.world.lock:
            pulls.reopen(self._rest, self.account, repository, pull)

    def merge(self, repository: Repository, pull: Pull, method: str = "merge") -> None:
        with self._rest.world.lock:
            merging.merge(self._rest, self.account, repository, pull, {"merge_method": method})

    def edit(self, repository: Repository, pull: Pull, **changes: str) -> None:
        """Change title, body or base."""
        with self._rest.world.lock:
            pulls.edit(self._rest, self.account, repository, pull, dict(changes))

    def open(
        self, repository: Repository, head: str, base: str = "main", title: str = "Change", body: str = ""
    ) -> Pull:
        """Open a pull request for a branch; one of a fork is written as `owner:branch`."""
        with self._rest.world.lock:
            asked = {"head": head, "base": base, "title": title, "body": body}
            return pulls.create(self._rest, self.account, repository, asked)

    def fork(self, repository: Repository) -> Repository:
        """The person's own fork, made where there is none."""
        with self._rest.world.lock:
            return repositories.fork(self._rest, repository, self.account, repository.name)

    def ask(self, repository: Repository, pull: Pull, *logins: str, teams: tuple[str, ...] = ()) -> None:
        """Ask people and teams to review."""
        with self._rest.world.lock:
            body = {"reviewers": list(logins), "team_reviewers": list(teams)}
            pulls.ask(self._rest, self.account, repository, pull, body)

    def delete_branch(self, repository: Repository, branch: str) -> None:
        with self._rest.world.lock:
            branches.delete_ref(self._rest, self.account, repository, f"refs/heads/{branch}")

    def label(self, repository: Repository, pull: Pull, name: str) -> None:
        with self._rest.world.lock:
            issues.add_labels(self._rest, self.account, repository, pull, [name])

    def unlabel(self, repository: Repository, pull: Pull, name: str) -> None:
        with self._rest.world.lock:
            issues.remove_label(self._rest, self.account, repository, pull, name)

    def make_draft(self, repository: Repository, pull: Pull) -> None:
        with self._rest.world.lock:
            pull.draft = True
            self._rest.events.pull("converted_to_draft", repository, pull, self.account)

    def make_ready(self, repository: Repository, pull: Pull) -> None:
        with self._rest.world.lock:
            pull.draft = False
            self._rest.events.pull("ready_for_review", repository, pull, self.account)

    def push(self, repository: Repository, ref: str, oid: str) -> None:
        """Move a ref to a commit that is there, or delete it with `ZERO`."""
        with self._rest.world.lock:
            old = repository.refs().get(ref, ZERO)
            if oid == ZERO:
                repository.git("update-ref", "-d", ref)
            else:
                repository.git("update-ref", ref, oid)
            self._rest.events.ref_moved(repository, ref, old, oid, self.account)

    def open_thread(self, repository: Repository, pull: Pull, body: str = "why is that?") -> int:
        """Comment on a line; returns the thread that this opens."""
        with self._rest.world.lock:
            path = repository.git("diff", "--name-only", f"{pull.base_sha}...{pull.head_sha}")
            name = (path.splitlines() or ["README"])[0]
            return reviews.remark(self._rest, self.account, repository, pull, body, name).thread

    def reply(self, repository: Repository, pull: Pull, thread: int, body: str) -> None:
        with self._rest.world.lock:
            path = next(one.path for one in pull.remarks if one.thread == thread)
            reviews.remark(self._rest, self.account, repository, pull, body, path, thread)

    def resolve(self, repository: Repository, pull: Pull, thread: int, *, resolved: bool = True) -> None:
        with self._rest.world.lock:
            pull.threads[thread] = resolved
            action = "resolved" if resolved else "unresolved"
            self._rest.events.thread(action, repository, pull, thread, self.account)

    def report_status(self, repository: Repository, oid: str, context: str, state: str) -> None:
        with self._rest.world.lock:
            body = {"state": state, "context": context, "description": "said by hand"}
            statuses.create_status(self._rest, self.account, repository, oid, body)

    def report_check(
        self, repository: Repository, oid: str, name: str, app_slug: str, conclusion: str | None
    ) -> None:
        """A check run of an App; `conclusion` None while it runs."""
        with self._rest.world.lock:
            run = statuses.add_check(self._rest, repository, oid, name, app_slug, conclusion)
            action = "completed" if conclusion else "created"
            self._rest.events.check(action, repository, oid, run, self.account)

    def _review(self, repository: Repository, pull: Pull, state: str, body: str, oid: str | None) -> Review:
        with self._rest.world.lock:
            return reviews.review(self._rest, self.account, repository, pull, state, body, oid)
