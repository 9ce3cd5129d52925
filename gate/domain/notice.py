"""What a webhook delivery is about: where to look again, and what to write down. It decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from gate.domain.payload import Malformed, Payload
from gate.domain.pull_request.model import REVIEW_BRANCHES
from gate.domain.review import Account, ReviewState

STATUS_CONTEXT = "pushgate"
"""The name under which the gate reports its verdict on a commit."""


@dataclass(frozen=True, slots=True)
class OfPullRequest:
    """One pull request of the repository."""

    number: int


@dataclass(frozen=True, slots=True)
class OfCommit:
    """One commit of the repository."""

    oid: str


@dataclass(frozen=True, slots=True)
class OfRef:
    """One branch or tag of the repository, by its full name."""

    ref: str

    @property
    def is_review_branch(self) -> bool:
        return self.ref.startswith(f"refs/heads/{REVIEW_BRANCHES}")


@dataclass(frozen=True, slots=True)
class OfRepository:
    """Everything in the repository: who may do what in it, or the repository itself."""


@dataclass(frozen=True, slots=True)
class OfOwner:
    """Every repository of an account, or only those with these numbers where there are any."""

    login: str
    repository_ids: frozenset[int] = frozenset()


Subject: TypeAlias = OfPullRequest | OfCommit | OfRef | OfRepository | OfOwner


@dataclass(frozen=True, slots=True)
class ReviewReported:
    """A review as it is delivered; one that was dismissed just now was so by the notice's sender."""

    id: int
    reviewer: Account
    oid: str
    state: ReviewState
    submitted_at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class BranchDeleted:
    """A review branch is gone."""


@dataclass(frozen=True, slots=True)
class CommentTouched:
    """A comment was edited or deleted by another than its author."""

    id: int
    author: Account
    verb: str


@dataclass(frozen=True, slots=True)
class StatusReported:
    """Somebody reported a status under the gate's own name."""

    id: int
    state: str


@dataclass(frozen=True, slots=True)
class WordsTouched:
    """Title, body or labels of a pull request were changed."""


@dataclass(frozen=True, slots=True)
class PullRequestClosed:
    """A pull request was closed, by a merge or without one."""

    is_merged: bool


@dataclass(frozen=True, slots=True)
class PullRequestReopened:
    """A closed pull request was opened again."""


@dataclass(frozen=True, slots=True)
class RepositoryRenamed:
    """The repository has another name or owner now."""

    full_name: str


@dataclass(frozen=True, slots=True)
class AccessChanged:
    """The gate was let in, or is no longer let in; `why` is GitHub's own word for it."""

    is_lost: bool
    why: str


@dataclass(frozen=True, slots=True)
class MergeGroupAsked:
    """A merge queue asks for the checks of a commit that it made, on a branch of its own."""

    oid: str
    ref: str


Evidence: TypeAlias = (
    ReviewReported
    | BranchDeleted
    | CommentTouched
    | StatusReported
    | WordsTouched
    | PullRequestClosed
    | PullRequestReopened
    | RepositoryRenamed
    | AccessChanged
    | MergeGroupAsked
)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a delivery is about: `subject` of the repository with this number, or nothing.

    `words` say what happened. `looks_again` says that it may matter to a decision. `is_written_by_gate` says
    that the gate itself does such things: from its own account it is only an echo. `fact` is the same for two
    deliveries of the same thing, such as those of two webhooks.
    """

    words: str
    subject: Subject | None = None
    repository_id: int | None = None
    sender: Account | None = None
    evidence: Evidence | None = None
    looks_again: bool = True
    is_written_by_gate: bool = False
    fact: str = ""


def read(event: str, payload: Mapping[str, Any]) -> Notice:
    """What this is about. Never raises: what is unknown or not of the documented form is about nothing."""
    reader, content = _READERS.get(event), Payload(payload)
    if reader is None:
        return Notice("nothing here rests on such events", looks_again=False)
    try:
        notice = reader(content)
    except Malformed as fault:
        return Notice(f"not of the form that GitHub documents: {fault}", looks_again=False)
    sender = content.account_or_none("sender")
    by = "" if sender is None else f", by {sender.login}"
    return replace(notice, words=f"{notice.words}{by}", sender=sender)


def action_of(payload: Mapping[str, Any]) -> str:
    """The payload's action, empty where it has none that looks like one."""
    action = payload.get("action")
    is_word = isinstance(action, str) and len(action) <= 64 and action.replace("_", "").isalpha()
    return str(action) if is_word and str(action).isascii() else ""


# What shows who is asked or where the conversation stands, and weighs nothing.
_IDLE = frozenset(
    {"assigned", "unassigned", "review_requested", "review_request_removed", "locked", "unlocked"}
    | {"milestoned", "demilestoned", "auto_merge_enabled", "auto_merge_disabled", "enqueued", "dequeued"}
)
_GATES_LABELS = ("pushgate:", "risk:")
_GATES_MARK = "<!-- pushgate:"


def _pull_request(payload: Payload) -> Notice:
    notice = _of_pull_request(payload, payload.number("pull_request", "number"))
    match action_of(payload.content):
        case "opened":
            return replace(notice, is_written_by_gate=True)
        case "closed":
            is_merged = payload.at("pull_request", "merged") is True
            return replace(notice, evidence=PullRequestClosed(is_merged))
        case "reopened":
            return replace(notice, evidence=PullRequestReopened())
        case "edited":
            moves = payload.has("changes", "base")
            return replace(notice, evidence=WordsTouched(), is_written_by_gate=not moves)
        case "labeled" | "unlabeled":
            is_gates = payload.prose("label", "name").startswith(_GATES_LABELS)
            return replace(notice, evidence=WordsTouched(), is_written_by_gate=is_gates)
        case action:
            return replace(notice, looks_again=action not in _IDLE)


def _review(payload: Payload) -> Notice:
    notice = _of_pull_request(payload, payload.number("pull_request", "number"))
    try:
        return replace(notice, evidence=_reported(payload))
    except (Malformed, ValueError):
        return notice  # Its reviewer's account is gone, or it says something new: looking again tells.


def _reported(payload: Payload) -> ReviewReported:
    return ReviewReported(
        id=payload.number("review", "id"),
        reviewer=payload.account("review", "user"),
        oid=payload.oid("review", "commit_id"),
        state=ReviewState(payload.text("review", "state").lower()),
        submitted_at=payload.time("review", "submitted_at"),
        body=payload.prose("review", "body"),
    )


def _review_comment(payload: Payload) -> Notice:
    """A remark on a line: never a command and never an approval, but nobody may change another's."""
    notice = _of_pull_request(payload, payload.number("pull_request", "number"))
    return replace(_touched(payload, notice), looks_again=False)


def _review_thread(payload: Payload) -> Notice:
    return _of_pull_request(payload, payload.number("pull_request", "number"))


def _issue_comment(payload: Payload) -> Notice:
    if not payload.has("issue", "pull_request"):
        return Notice("an issue that is no pull request", looks_again=False)
    notice = _of_pull_request(payload, payload.number("issue", "number"))
    is_gates = _GATES_MARK in payload.prose("comment", "body")
    return replace(_touched(payload, notice), is_written_by_gate=is_gates)


def _touched(payload: Payload, notice: Notice) -> Notice:
    action = action_of(payload.content)
    sender, author = payload.account_or_none("sender"), payload.account_or_none("comment", "user")
    if action not in ("edited", "deleted") or author is None or sender is None or sender.id == author.id:
        return notice
    number = payload.number("comment", "id")
    fact = f"comment {number} {action} {payload.prose('comment', 'updated_at')}"
    return replace(notice, evidence=CommentTouched(number, author, action), fact=fact)


def _check_run(payload: Payload) -> Notice:
    return _check(payload, "check_run", {"created", "completed", "rerequested"})


def _check_suite(payload: Payload) -> Notice:
    return _check(payload, "check_suite", {"completed", "rerequested"})


def _check(payload: Payload, kind: str, actions: set[str]) -> Notice:
    notice = _of_commit(payload, payload.oid(kind, "head_sha"))
    return replace(notice, looks_again=action_of(payload.content) in actions)


def _status(payload: Payload) -> Notice:
    notice = _of_commit(payload, payload.oid("sha"))
    if payload.at("context") != STATUS_CONTEXT:
        return notice
    number = payload.number("id")
    evidence = StatusReported(number, payload.text("state"))
    return replace(notice, evidence=evidence, is_written_by_gate=True, fact=f"status {number}")


def _push(payload: Payload) -> Notice:
    ref = OfRef(payload.text("ref"))
    return replace(_of(payload, ref), words=ref.ref, is_written_by_gate=ref.is_review_branch)


def _created(payload: Payload) -> Notice:
    ref = OfRef(_full_ref(payload))
    return replace(_of(payload, ref), words=ref.ref, is_written_by_gate=ref.is_review_branch)


def _deleted(payload: Payload) -> Notice:
    notice = _created(payload)
    if not isinstance(notice.subject, OfRef) or not notice.subject.is_review_branch:
        return notice
    # The delivery has no time of its own, but the repository's.
    fact = f"delete {notice.subject.ref} {payload.prose('repository', 'pushed_at')}"
    return replace(notice, evidence=BranchDeleted(), fact=fact)


def _full_ref(payload: Payload) -> str:
    kind, name = payload.text("ref_type"), payload.text("ref")
    if kind not in ("branch", "tag"):
        raise Malformed("ref_type is neither branch nor tag")
    return f"refs/{'heads' if kind == 'branch' else 'tags'}/{name}"


def _merge_group(payload: Payload) -> Notice:
    ref = payload.text("merge_group", "head_ref")
    evidence = MergeGroupAsked(payload.oid("merge_group", "head_sha"), ref)
    # gh-readonly-queue/main/pr-12-<commit>: the only place that names the pull request in it.
    number = ref.rpartition("/pr-")[2].partition("-")[0]
    is_number = number.isascii() and number.isdigit() and 0 < len(number) < 10 and int(number) > 0
    subject = OfPullRequest(int(number)) if is_number else OfRepository()
    return replace(_of(payload, subject), evidence=evidence)


def _repository(payload: Payload) -> Notice:
    notice = _of(payload, OfRepository())
    if action_of(payload.content) not in ("renamed", "transferred"):
        return notice
    full_name = payload.full_name("repository", "full_name")
    return replace(notice, words=f"it is {full_name} now", evidence=RepositoryRenamed(full_name))


def _people(payload: Payload) -> Notice:
    """Who may do what has changed: in a repository, or in all that an organization has."""
    if payload.has("repository"):
        return _of(payload, OfRepository())
    return _of_owner(payload.text("organization", "login"))


# Whether the gate lost its access by this action.
_ACCESS = {
    **dict.fromkeys(("suspend", "deleted", "removed"), True),
    **dict.fromkeys(("unsuspend", "created", "added"), False),
}


def _installation(payload: Payload) -> Notice:
    return _of_installation(payload, payload.numbers("repositories"))


def _installation_repositories(payload: Payload) -> Notice:
    ids = payload.numbers("repositories_added") | payload.numbers("repositories_removed")
    if not ids:
        return Notice("no repository", looks_again=False)
    return _of_installation(payload, ids)


def _of_installation(payload: Payload, ids: frozenset[int]) -> Notice:
    notice = _of_owner(payload.text("installation", "account", "login"), ids)
    action = action_of(payload.content)
    if action not in _ACCESS:
        return notice
    return replace(notice, evidence=AccessChanged(_ACCESS[action], action))


def _ping(_: Payload) -> Notice:
    return Notice("GitHub reaches this gate", looks_again=False)


def _of_pull_request(payload: Payload, number: int) -> Notice:
    return replace(_of(payload, OfPullRequest(number)), words=f"pull request {number}")


def _of_commit(payload: Payload, oid: str) -> Notice:
    return replace(_of(payload, OfCommit(oid)), words=f"commit {oid[:9]}")


def _of_owner(login: str, ids: frozenset[int] = frozenset()) -> Notice:
    return Notice(f"repositories of {login}", OfOwner(login, ids))


def _of(payload: Payload, subject: Subject) -> Notice:
    return Notice("the repository", subject, payload.number("repository", "id"))


_READERS: dict[str, Callable[[Payload], Notice]] = {
    "branch_protection_configuration": _people,
    "branch_protection_rule": _people,
    "check_run": _check_run,
    "check_suite": _check_suite,
    "create": _created,
    "delete": _deleted,
    "installation": _installation,
    "installation_repositories": _installation_repositories,
    "issue_comment": _issue_comment,
    "member": _people,
    "membership": _people,
    "merge_group": _merge_group,
    "organization": _people,
    "ping": _ping,
    "public": _people,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "pull_request_review_comment": _review_comment,
    "pull_request_review_thread": _review_thread,
    "push": _push,
    "repository": _repository,
    "repository_ruleset": _people,
    "status": _status,
    "team": _people,
    "team_add": _people,
}

EVENTS = frozenset(_READERS)
"""Every event that the gate reads; figures count the others together."""
