"""What people do at the simulated GitHub, with the ordinary buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.github.simulator import merging, pulls
from tests.github.simulator.world import ZERO, Account, Comment, Pull, Repository, Review, Status

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
            review.state = "DISMISSED"
            self._rest.events.review("dismissed", repository, pull, review, self.account)

    def edit_review(self, repository: Repository, pull: Pull, review: Review, body: str) -> None:
        with self._rest.world.lock:
            before, review.body = review.body, body
            changes = {"body": {"from": before}}
            self._rest.events.review("edited", repository, pull, review, self.account, changes=changes)

    def comment(self, repository: Repository, pull: Pull, body: str) -> Comment:
        with self._rest.world.lock:
            return pulls.comment(self._rest, self.account, repository, pull, body)

    def edit_comment(self, repository: Repository, pull: Pull, comment: Comment, body: str) -> None:
        with self._rest.world.lock:
            before, comment.body = comment.body, body
            # Times are to the second, and an edit is never in the same one here.
            comment.updated_at = comment.created_at.replace(year=comment.created_at.year + 1)
            changes = {"body": {"from": before}}
            self._rest.events.comment("edited", repository, pull, comment, self.account, changes=changes)

    def delete_comment(self, repository: Repository, pull: Pull, comment: Comment) -> None:
        with self._rest.world.lock:
            pull.comments.remove(comment)
            self._rest.events.comment("deleted", repository, pull, comment, self.account)

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

    def label(self, repository: Repository, pull: Pull, name: str) -> None:
        with self._rest.world.lock:
            pulls.add_labels(self._rest, self.account, repository, pull, [name])

    def unlabel(self, repository: Repository, pull: Pull, name: str) -> None:
        with self._rest.world.lock:
            pulls.remove_label(self._rest, self.account, repository, pull, name)

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

    def open_thread(self, repository: Repository, pull: Pull) -> int:
        with self._rest.world.lock:
            number = next(self._rest.world.ids)
            pull.threads[number] = False
            return number

    def resolve(self, repository: Repository, pull: Pull, thread: int, *, resolved: bool = True) -> None:
        with self._rest.world.lock:
            pull.threads[thread] = resolved
            self._rest.events.send(
                "pull_request_review_thread",
                "resolved" if resolved else "unresolved",
                repository,
                self.account,
                pull_request=self._rest.render.pull(repository, pull, "pull-request-simple"),
            )

    def report_status(self, repository: Repository, oid: str, context: str, state: str) -> None:
        with self._rest.world.lock:
            now = self._rest.world.now()
            status = Status(
                next(self._rest.world.ids), self.account, state, context, "said by hand", None, now
            )
            repository.statuses.setdefault(oid, []).append(status)
            self._rest.events.status(repository, oid, status, self.account)

    def report_check(
        self, repository: Repository, oid: str, name: str, app_slug: str, conclusion: str | None
    ) -> None:
        """A check run of an App; `conclusion` None while it runs."""
        with self._rest.world.lock:
            self._rest.add_check(repository, oid, name, app_slug, conclusion)
            run = repository.checks[oid][-1]
            shown = self._rest.render.check(repository, oid, run)
            action = "completed" if conclusion else "created"
            self._rest.events.send("check_run", action, repository, self.account, check_run=shown)

    def _review(self, repository: Repository, pull: Pull, state: str, body: str, oid: str | None) -> Review:
        with self._rest.world.lock:
            return pulls.review(self._rest, self.account, repository, pull, state, body, oid)
