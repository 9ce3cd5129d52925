"""Requests, verdicts and endings as the tests need them."""

from __future__ import annotations

from dataclasses import replace

from gate.domain.facts import ChangedFile, Commit, DiffFacts
from gate.domain.hold import ZERO_OID, Hold, HoldState, Likeness, Revision, UpdateKind
from gate.domain.policy import Asked, Node, Outcome, Status, Verdict
from gate.domain.pull_request.model import Ending, ReviewRequest, ReviewStatus, Revised
from tests.pull_request.evidence_building import evidence_saying
from tests.pull_request.fixed import BEFORE, NEW, NOON, OLD, oid

URL = "https://gate.example.com/holds/demo/12"
TREE_HEAD = (
    "gate.example.com/audit\n"
    "412\n"
    "3Jt0w8Zr6m2Wm1c7mVJX0Yv6D9M5hQ1r8n8nq0pYb1o=\n"
    "\n"
    "\u2014 gate.example.com/audit kx7bq2u0yWQ9mNf1Zt8=\n"
)
MISSING = "one human has approved: one approval by people with write permission is missing"


def a_commit(subject: str, *, author: str = "codex-1", parents: tuple[str, ...] = (OLD,)) -> Commit:
    return Commit(oid(subject), parents, author, "codex@example.com", author, "", NOON, subject, "")


def a_file(
    path: str,
    status: str = "M",
    modes: tuple[str, str] = ("100644", "100644"),
    lines: tuple[int, int] | None = (3, 1),
) -> ChangedFile:
    added, deleted = (None, None) if lines is None else lines
    return ChangedFile(path, status, *modes, oid("a"), oid("b"), added, deleted)


def facts(
    commits: tuple[Commit, ...] = (), dropped: tuple[Commit, ...] = (), files: tuple[ChangedFile, ...] = ()
) -> DiffFacts:
    return DiffFacts(OLD, commits, dropped, files, is_ancestor=not dropped)


def a_hold(
    kind: UpdateKind = UpdateKind.FAST_FORWARD,
    *,
    ref: str = "refs/heads/main",
    n: int = 1,
    state: HoldState = HoldState.IN_REVIEW,
    review_head: str | None = None,
) -> Hold:
    old = ZERO_OID if kind in (UpdateKind.CREATE, UpdateKind.TAG) else OLD
    new = ZERO_OID if kind is UpdateKind.DELETE else NEW
    revision = Revision(1, n, "push", old, new, None, NOON, kind, review_head=review_head)
    return Hold(1, 1, "demo", 12, 1, "codex-1", ref, state, revision, NOON, NOON)


def a_request(hold: Hold | None = None, found: DiffFacts | None = None) -> ReviewRequest:
    return ReviewRequest(
        hold=a_hold() if hold is None else hold,
        facts=facts((a_commit("Retry a failed upload"),), (), (a_file("src/upload.py"),))
        if found is None
        else found,
        operator="alice",
        transport="http",
        hold_url=URL,
        needs=(MISSING,),
        asked=Asked(users=("bob",)),
        tree_head=TREE_HEAD,
    )


def saying(text: str, kind: UpdateKind = UpdateKind.REWRITE) -> ReviewRequest:
    """A request with this text wherever an agent, or what it did, can put one."""
    commit = a_commit(text, author=text, parents=(OLD, NEW))
    found = facts((commit, commit), (commit,), (a_file(text), a_file(text, "A", ("000000", "160000"))))
    hold = replace(a_hold(kind, ref=f"refs/heads/{text}", n=2), group="push")
    return replace(
        a_request(hold, found),
        agent_host=text,
        evidence=evidence_saying(text),
        transport=text,
        operator=text,
        needs=(f"{text}: is missing", text),
        tree_head=text,
        revised=Revised(2, BEFORE, NEW, Likeness.TRIVIAL_REBASE, text),
        takes_commands=True,
        blob_url="https://github.com/acme/demo/blob",
    )


def a_verdict(text: str = "bob", outcome: Outcome = Outcome.PENDING) -> Verdict:
    given = Node(
        "", Status.SKIPPED, f"{text} approved {OLD[:7]}: does not count, it is for an earlier revision"
    )
    rule = Node("one human has approved", Status.PENDING, "no approvals, one needed", (given,))
    approval = Node("approval", Status.PENDING, "every rule that applies is needed", (rule,))
    disapproval = Node("disapproval", Status.SKIPPED, "no objection stands")
    tree = Node("policy", Status.PENDING, "waiting", (approval, disapproval))
    return Verdict(outcome, NEW, "hash", (MISSING,), tree)


def a_status(hold: Hold | None = None, verdict: Verdict | None = None, fault: str = "") -> ReviewStatus:
    return ReviewStatus(a_hold() if hold is None else hold, verdict, fault, URL)


def an_ending(state: HoldState, words: str = "", landed: str | None = None) -> Ending:
    return Ending(a_hold(state=state), words, TREE_HEAD, URL, landed)
