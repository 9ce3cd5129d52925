"""Short ways to write the facts that policy tests are about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gate.domain.facts import ChangedFile
from gate.domain.hold import UpdateKind
from gate.domain.policy import Policy, Subject, Verdict, evaluate, parse_policy
from gate.domain.review import Comment, Observation, Realm, Review, Reviewer, ReviewState

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HEAD, EARLIER, OTHER = "3f9c2ab" + "0" * 33, "1a2b3c4" + "0" * 33, "9e8d7c6" + "0" * 33

ALICE = Reviewer(1, "alice", "write")
BOB = Reviewer(2, "bob", "admin")
CAROL = Reviewer(3, "carol", "read")
CODEX = Reviewer(9, "codex-1", "write", is_bot=True)

ONE_PERSON = """\
version = 1
[hold]
settle_seconds = 10
[[approval_rules]]
name = "one person"
requires = { count = 1 }
[policy]
approval = ["one person"]
"""


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def file(path: str, added: int | None = 1, deleted: int | None = 0) -> ChangedFile:
    return ChangedFile(path, "M", "100644", "100644", OTHER, OTHER, added, deleted)


def subject(**changes: Any) -> Subject:
    plain = Subject(
        repository="app",
        ref="refs/heads/main",
        kind=UpdateKind.FAST_FORWARD,
        agent="codex-1",
        agent_id=1,
        head=HEAD,
        files=(file("src/app.py"),),
        received_at=at(-5),
    )
    return replace(plain, **changes)


def review(who: Reviewer, state: ReviewState, sequence: int, **changes: Any) -> Review:
    plain = Review(
        id=sequence,
        reviewer=who,
        state=state,
        oid=HEAD,
        submitted_at=at(60 + sequence),
        sequence=sequence,
        said=state,
    )
    return replace(plain, **changes)


def approval(who: Reviewer, sequence: int = 1, **changes: Any) -> Review:
    return review(who, ReviewState.APPROVED, sequence, **changes)


def objection(who: Reviewer, sequence: int = 1, **changes: Any) -> Review:
    return review(who, ReviewState.CHANGES_REQUESTED, sequence, **changes)


def dismissed(one: Review, by: Reviewer) -> Review:
    return replace(one, state=ReviewState.DISMISSED, dismissed_by=by.id)


def observation(*reviews: Review, **changes: Any) -> Observation:
    plain = Observation(is_open=True, is_draft=False, head=HEAD, published_at=at(0), reviews=reviews)
    return replace(plain, **changes)


def at_github(*reviews: Review, **changes: Any) -> Observation:
    return observation(*reviews, realm=Realm.GITHUB, **changes)


def comment(who: Reviewer, body: str, number: int = 1, **changes: Any) -> Comment:
    return replace(Comment(number, who, body, at(60 + number), is_edited=False), **changes)


def judge(
    text: str | Policy | None = ONE_PERSON,
    *reviews: Review,
    about: Subject | None = None,
    seen: Observation | None = None,
    now: datetime | None = None,
    **more: Any,
) -> Verdict:
    """Evaluate a policy's text over reviews of a plain fast-forward of `main`."""
    policy = parse_policy(text) if isinstance(text, str) else text
    seen = seen or observation(*reviews)
    return evaluate(policy, about or subject(), seen, now or at(600), **more)
