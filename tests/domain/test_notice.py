"""What a delivery is about, from its payload."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.delivery_note import DeliveryNote, delivery_note, read_note
from gate.domain.notice import (
    EVENTS,
    AccessChanged,
    BranchDeleted,
    CommentTouched,
    MergeGroupAsked,
    Notice,
    OfCommit,
    OfOwner,
    OfPullRequest,
    OfRef,
    OfRepository,
    PullRequestClosed,
    PullRequestReopened,
    RepositoryRenamed,
    ReviewReported,
    StatusReported,
    WordsTouched,
    read,
)
from gate.domain.review import Account, ReviewState

ALICE = Account(7, "alice")
BOB = Account(8, "bob")
OID = "ab" * 20


def _payload(action: str | None = None, **content: Any) -> dict[str, Any]:
    said: dict[str, Any] = {} if action is None else {"action": action}
    return {**said, "repository": {"id": 12, "full_name": "acme/demo"}, "sender": _account(ALICE), **content}


def _account(account: Account) -> dict[str, Any]:
    return {"id": account.id, "login": account.login, "type": "User"}


def _pull(action: str, **content: Any) -> Notice:
    return read("pull_request", _payload(action, pull_request={"number": 3, "merged": False}, **content))


def _review(action: str, state: str, **changes: Any) -> Notice:
    review = {
        "id": 91,
        "user": _account(BOB),
        "body": "Fine.",
        "commit_id": OID,
        "submitted_at": "2026-11-22T12:00:00Z",
        "state": state,
        **changes,
    }
    return read("pull_request_review", _payload(action, pull_request={"number": 3}, review=review))


def test_a_review_is_evidence_about_its_pull_request() -> None:
    assert _review("submitted", "approved") == Notice(
        "pull request 3, by alice",
        OfPullRequest(3),
        12,
        ALICE,
        ReviewReported(
            91, BOB, OID, ReviewState.APPROVED, datetime(2026, 11, 22, 12, 0, tzinfo=UTC), "Fine."
        ),
    )


def test_a_dismissed_review_is_its_reviewers_and_dismissed_by_the_sender() -> None:
    notice = _review("dismissed", "DISMISSED", body=None)

    assert isinstance(notice.evidence, ReviewReported)
    assert (notice.sender, notice.evidence.reviewer) == (ALICE, BOB)
    assert (notice.evidence.state, notice.evidence.body) == (ReviewState.DISMISSED, "")


def test_a_review_of_an_account_that_is_gone_is_still_worth_a_look() -> None:
    notice = _review("submitted", "approved", user=None)

    assert (notice.subject, notice.evidence, notice.looks_again) == (OfPullRequest(3), None, True)


@pytest.mark.parametrize(
    ("action", "content", "evidence", "looks_again", "is_written_by_gate"),
    [
        ("opened", {}, None, True, True),
        ("synchronize", {}, None, True, False),
        ("reopened", {}, PullRequestReopened(), True, False),
        ("closed", {}, PullRequestClosed(is_merged=False), True, False),
        ("edited", {"changes": {"title": {"from": "x"}}}, WordsTouched(), True, True),
        ("edited", {"changes": {"base": {"ref": {"from": "main"}}}}, WordsTouched(), True, False),
        ("labeled", {"label": {"name": "wip"}}, WordsTouched(), True, False),
        ("unlabeled", {"label": {"name": "pushgate:held"}}, WordsTouched(), True, True),
        ("converted_to_draft", {}, None, True, False),
        ("review_requested", {}, None, False, False),
        ("assigned", {}, None, False, False),
        ("a_new_action", {}, None, True, False),
    ],
)
def test_what_happens_to_a_pull_request(
    action: str, content: dict[str, Any], evidence: object, looks_again: bool, is_written_by_gate: bool
) -> None:
    notice = _pull(action, **content)

    assert (notice.subject, notice.repository_id) == (OfPullRequest(3), 12)
    assert (notice.evidence, notice.looks_again, notice.is_written_by_gate) == (
        evidence,
        looks_again,
        is_written_by_gate,
    )


def test_a_merge_is_told_from_a_close() -> None:
    payload = _payload("closed", pull_request={"number": 3, "merged": True})

    assert read("pull_request", payload).evidence == PullRequestClosed(is_merged=True)


def test_a_comment_counts_only_on_a_pull_request() -> None:
    comment = {"id": 5, "user": _account(ALICE), "body": "/approve"}
    on_issue = read("issue_comment", _payload("created", issue={"number": 3}, comment=comment))
    on_pull = read(
        "issue_comment",
        _payload("created", issue={"number": 3, "pull_request": {"url": "x"}}, comment=comment),
    )

    assert (on_issue.subject, on_issue.looks_again) == (None, False)
    assert (on_pull.subject, on_pull.evidence, on_pull.looks_again) == (OfPullRequest(3), None, True)


@pytest.mark.parametrize("verb", ["edited", "deleted"])
@pytest.mark.parametrize(
    ("event", "where"),
    [
        ("issue_comment", {"issue": {"number": 3, "pull_request": {}}}),
        ("pull_request_review_comment", {"pull_request": {"number": 3}}),
    ],
)
def test_another_persons_comment_that_was_changed_is_told(
    event: str, where: dict[str, Any], verb: str
) -> None:
    of_bob = {"id": 5, "user": _account(BOB), "body": "x", "updated_at": "2026-11-22T12:00:00Z"}
    of_alice = {**of_bob, "user": _account(ALICE)}

    touched = read(event, _payload(verb, comment=of_bob, **where))
    own = read(event, _payload(verb, comment=of_alice, **where))

    assert touched.evidence == CommentTouched(5, BOB, verb)
    assert own.evidence is None


def test_a_remark_on_a_line_moves_nothing() -> None:
    comment = {"id": 5, "user": _account(ALICE), "body": "/approve"}
    notice = read(
        "pull_request_review_comment", _payload("created", comment=comment, pull_request={"number": 3})
    )

    assert not notice.looks_again


def test_a_status_is_about_its_commit_and_one_under_the_gates_name_is_evidence() -> None:
    tests = read("status", _payload(id=1, sha=OID, context="tests", state="success"))
    forged = read("status", _payload(id=2, sha=OID, context="pushgate", state="success"))

    assert (tests.subject, tests.evidence, tests.is_written_by_gate) == (OfCommit(OID), None, False)
    assert (forged.evidence, forged.is_written_by_gate) == (StatusReported(2, "success"), True)


@pytest.mark.parametrize(
    ("event", "action", "looks_again"),
    [
        ("check_run", "created", True),
        ("check_run", "completed", True),
        ("check_run", "requested_action", False),
        ("check_suite", "completed", True),
        ("check_suite", "requested", False),
    ],
)
def test_a_check_is_about_its_commit(event: str, action: str, looks_again: bool) -> None:
    notice = read(event, _payload(action, **{event: {"head_sha": OID}}))

    assert (notice.subject, notice.looks_again) == (OfCommit(OID), looks_again)


def test_a_branch_is_named_in_full() -> None:
    pushed = read("push", _payload(ref="refs/heads/main", after=OID))
    created = read("create", _payload(ref="v1", ref_type="tag"))
    deleted = read("delete", _payload(ref="main", ref_type="branch"))

    assert [notice.subject for notice in (pushed, created, deleted)] == [
        OfRef("refs/heads/main"),
        OfRef("refs/tags/v1"),
        OfRef("refs/heads/main"),
    ]
    assert [notice.evidence for notice in (pushed, created, deleted)] == [None, None, None]


def test_a_review_branch_that_is_gone_is_told() -> None:
    notice = read("delete", _payload(ref="pushgate/4", ref_type="branch"))

    assert (notice.subject, notice.evidence) == (OfRef("refs/heads/pushgate/4"), BranchDeleted())
    assert notice.is_written_by_gate


def test_a_renamed_repository_says_its_new_name() -> None:
    payload = _payload("renamed", repository={"id": 12, "full_name": "acme/orders"})
    hostile = _payload("renamed", repository={"id": 12, "full_name": "acme/../../x"})

    assert read("repository", payload) == Notice(
        "it is acme/orders now, by alice", OfRepository(), 12, ALICE, RepositoryRenamed("acme/orders")
    )
    assert read("repository", hostile).subject is None


@pytest.mark.parametrize(
    ("event", "action", "content", "subject", "evidence"),
    [
        ("installation", "suspend", {}, OfOwner("acme"), AccessChanged(True, "suspend")),
        ("installation", "unsuspend", {}, OfOwner("acme"), AccessChanged(False, "unsuspend")),
        (
            "installation",
            "deleted",
            {"repositories": [{"id": 12}, {"id": 13}]},
            OfOwner("acme", frozenset({12, 13})),
            AccessChanged(True, "deleted"),
        ),
        ("installation", "new_permissions_accepted", {}, OfOwner("acme"), None),
        (
            "installation_repositories",
            "removed",
            {"repositories_removed": [{"id": 12}], "repositories_added": []},
            OfOwner("acme", frozenset({12})),
            AccessChanged(True, "removed"),
        ),
        ("member", "removed", {"repository": {"id": 12}}, OfRepository(), None),
        ("membership", "removed", {"organization": {"login": "acme"}}, OfOwner("acme"), None),
        ("organization", "member_removed", {"organization": {"login": "acme"}}, OfOwner("acme"), None),
    ],
)
def test_who_is_let_in_and_who_may_what(
    event: str, action: str, content: dict[str, Any], subject: object, evidence: object
) -> None:
    payload = {
        "action": action,
        "sender": _account(ALICE),
        "installation": {"id": 2, "account": {"id": 3, "login": "acme"}},
        **content,
    }

    notice = read(event, payload)

    assert (notice.subject, notice.evidence) == (subject, evidence)


def test_a_change_of_no_repository_is_about_nothing() -> None:
    payload = {"action": "added", "installation": {"id": 2, "account": {"login": "acme"}}}

    notice = read("installation_repositories", {**payload, "repositories_added": []})

    assert notice.subject is None


def test_a_merge_queues_question_is_about_the_pull_request_in_it() -> None:
    ref = f"refs/heads/gh-readonly-queue/main/pr-3-{OID}"
    notice = read("merge_group", _payload("checks_requested", merge_group={"head_sha": OID, "head_ref": ref}))

    assert (notice.subject, notice.evidence) == (OfPullRequest(3), MergeGroupAsked(OID, ref))


@pytest.mark.parametrize("event", ["ping", "star", "workflow_job", "no_such_event", ""])
def test_what_nothing_rests_on_is_about_nothing(event: str) -> None:
    notice = read(event, _payload("created"))

    assert (notice.subject, notice.evidence, notice.looks_again) == (None, None, False)


def test_a_payload_of_another_form_says_what_is_wrong_with_it() -> None:
    notice = read("status", _payload(sha="main", context="tests"))

    assert notice == Notice("not of the form that GitHub documents: sha is not a commit", looks_again=False)


_WHOLE = {
    "action": "edited",
    "sender": _account(ALICE),
    "repository": {"id": 12, "full_name": "acme/demo", "pushed_at": "2026-11-22T12:00:00Z"},
    "organization": {"login": "acme"},
    "installation": {"account": {"login": "acme"}},
    "repositories": [{"id": 12}],
    "repositories_added": [{"id": 12}],
    "pull_request": {"number": 3, "merged": True},
    "issue": {"number": 3, "pull_request": {}},
    "review": {
        "id": 91,
        "user": _account(BOB),
        "commit_id": OID,
        "submitted_at": "2026-11-22T12:00:00Z",
        "state": "approved",
        "body": "Fine.",
    },
    "comment": {"id": 5, "user": _account(BOB), "body": "x", "updated_at": "2026-11-22T12:00:00Z"},
    "check_run": {"head_sha": OID},
    "check_suite": {"head_sha": OID},
    "merge_group": {"head_sha": OID, "head_ref": "refs/heads/gh-readonly-queue/main/pr-3-x"},
    "changes": {"base": {}},
    "label": {"name": "pushgate:held"},
    "id": 2,
    "sha": OID,
    "context": "pushgate",
    "state": "success",
    "ref": "pushgate/4",
    "ref_type": "branch",
}
_LEAVES: list[Any] = [
    *(None, True, 0, -1, 2**63, 2**70, 1.5, float("nan"), [], {}, [1], [{}], "", "x" * 5000),
    *("\ud800", "\0", "edited", "deleted", "renamed", "removed", "0001-01-01T00:00:00+23:00", "2026-11-22"),
    *("refs/heads/gh-readonly-queue/main/pr-99999999999-x", "refs/x/pr-\u0662-x", OID, "tag"),
]


def _paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    inner = value.items() if isinstance(value, dict) else ()
    return [*([path] if path else []), *(each for key, one in inner for each in _paths(one, (*path, key)))]


def _put(payload: Any, path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        payload = payload.get(key) if isinstance(payload, dict) else None
    if isinstance(payload, dict):
        payload[path[-1]] = value


_CHANGES = st.lists(st.tuples(st.sampled_from(_paths(_WHOLE)), st.sampled_from(_LEAVES)), max_size=4)


@given(st.sampled_from(sorted(EVENTS)), st.sampled_from(["edited", "deleted", "renamed", "x"]), _CHANGES)
def test_no_payload_makes_it_fail(
    event: str, action: str, changes: list[tuple[tuple[str, ...], Any]]
) -> None:
    payload = copy.deepcopy({**_WHOLE, "action": action})
    for path, value in changes:
        _put(payload, path, value)

    notice = read(event, payload)

    # Whatever was read can be stored: no number too large, and no text that UTF-8 or PostgreSQL refuses.
    texts = [notice.words, notice.fact, *_texts(notice.subject), *_texts(notice.evidence)]
    assert "\0" not in "".join(texts).encode().decode()
    assert notice.repository_id is None or 0 < notice.repository_id < 2**63


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    names = getattr(type(value), "__dataclass_fields__", {})
    return [text for name in names for text in _texts(getattr(value, name))]


@pytest.mark.parametrize(
    ("names", "words", "text"),
    [
        ((), "GitHub reaches this gate", "GitHub reaches this gate"),
        (("demo/1",), "pull request 3, by alice", "demo/1: pull request 3, by alice"),
        (("demo/1", "orders/22"), "refs/heads/a: b", "demo/1 orders/22: refs/heads/a: b"),
    ],
)
def test_a_note_names_the_holds_and_reads_back(names: tuple[str, ...], words: str, text: str) -> None:
    held = tuple((name.split("/")[0], int(name.split("/")[1])) for name in names)

    assert delivery_note(names, words) == text
    assert read_note(text) == DeliveryNote(held, words)


def test_a_note_about_very_many_holds_stays_short() -> None:
    note = delivery_note([f"demo/{n}" for n in range(1, 501)], "the repository, by alice")

    assert len(note) < 300
    assert read_note(note).words == "the repository, by alice (and 480 more holds)"


@pytest.mark.parametrize("text", ["refs/heads/1: x", "a/1 b", "demo/0: x", ""])
def test_words_alone_name_no_hold(text: str) -> None:
    assert read_note(text) == DeliveryNote((), text)
