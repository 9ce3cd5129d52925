"""Comments that a policy reads: approvals, objections, overrides and rejections."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.domain.policy import Outcome, Published, Subject, Verdict
from gate.domain.review import Closing, Comment, Observation, Review
from tests.policy.building import (
    ALICE,
    BOB,
    CAROL,
    CODEX,
    EARLIER,
    HEAD,
    ONE_PERSON,
    approval,
    at,
    at_github,
    comment,
    dismissed,
    judge,
    objection,
    subject,
)

COMMANDS = ONE_PERSON + "[commands]\nenabled = true\n"
OVERRIDE = COMMANDS + "[policy.override]\nrequires = { users = ['bob'], permissions = ['admin'] }\n"
APPROVE, HOLD, UNHOLD = "/approve 3f9c2ab", "/hold", "/unhold"
MOVED_ON = subject(earlier=(Published(EARLIER, at(-500)),))


def told(
    *said: Review | Comment, policy: str = COMMANDS, about: Subject | None = None, **seen: object
) -> Verdict:
    reviews = [one for one in said if isinstance(one, Review)]
    comments = tuple(one for one in said if isinstance(one, Comment))
    return judge(policy, about=about, seen=at_github(*reviews, comments=comments, **seen))


def notes(verdict: Verdict) -> list[str]:
    return [part.words for node in verdict.tree.parts if node.name == "comments" for part in node.parts]


def test_a_comment_approves_the_commit_that_it_names() -> None:
    verdict = told(comment(ALICE, APPROVE, 7))

    assert (verdict.outcome, verdict.reasons) == (Outcome.APPROVED, ("alice approved 3f9c2ab",))
    assert verdict.to_mapping()["approvals"] == [
        {"comment": "7", "reviewer": "1", "login": "alice", "oid": HEAD}
    ]
    assert any("alice approved 3f9c2ab by a comment: counts" in line for line in verdict.lines())


def test_without_commands_no_comment_means_anything() -> None:
    said = [comment(BOB, body, n) for n, body in enumerate((APPROVE, HOLD, "/reject it is bad"), start=1)]

    assert told(*said, policy=ONE_PERSON) == told(policy=ONE_PERSON)
    assert told(*said, approval(ALICE), policy=ONE_PERSON).outcome is Outcome.APPROVED


@pytest.mark.parametrize(
    ("said", "about", "why"),
    [
        (comment(ALICE, APPROVE, is_edited=True), subject(), "it was edited"),
        (comment(CODEX, APPROVE), subject(), "codex-1 is a bot"),
        (comment(ALICE, "/approve"), subject(), "it must name the commit"),
        (comment(ALICE, "/approve 9e8d7c6"), subject(), "it is for another commit"),
        (comment(ALICE, "/approve 1a2b3c4"), MOVED_ON, "it is for an earlier revision"),
        (
            comment(ALICE, APPROVE),
            subject(earlier=(Published(HEAD[:20] + "f" * 20, at(-500)),)),
            "3f9c2ab names more than one revision",
        ),
        (comment(ALICE, APPROVE, created_at=at(-1)), subject(), "before this revision was published"),
        (comment(ALICE, APPROVE, created_at=at(9)), subject(), "less than 10 seconds after"),
        (comment(ALICE, APPROVE), subject(operator_id=1, operator="alice"), "alice is the operator"),
        (comment(CAROL, APPROVE), subject(), "carol has read permission"),
    ],
)
def test_an_approval_by_comment_that_does_not_count_says_why(said: Comment, about: Subject, why: str) -> None:
    verdict = told(said, about=about)

    assert verdict.outcome is Outcome.PENDING
    assert [line for line in verdict.lines() if "does not count, " in line and why in line]


def test_where_the_button_does_not_approve_it_still_objects() -> None:
    policy = COMMANDS.replace("[policy]", "options = { methods = { github_review = false } }\n[policy]")

    assert told(approval(ALICE), policy=policy).outcome is Outcome.PENDING
    assert told(comment(ALICE, APPROVE), policy=policy).outcome is Outcome.APPROVED
    assert told(comment(ALICE, APPROVE), objection(BOB), policy=policy).outcome is Outcome.DISAPPROVED


BY_PATTERN = ONE_PERSON.replace(
    "[policy]", "options = { methods = { comment_patterns = ['^ship ([0-9a-f]+)$'] } }\n[policy]"
)


@pytest.mark.parametrize(
    ("body", "counts"),
    [
        ("ship 3f9c2ab", True),
        ("It works here.\nship 3f9c2ab", True),
        (f"ship {HEAD}", True),
        ("ship 3f9c2a", False),
        ("ship 1a2b3c4", False),
        ("please ship 3f9c2ab", False),
        ("> ship 3f9c2ab", False),
        ("```\nship 3f9c2ab\n```", False),
        (APPROVE, False),
        (HOLD, False),
    ],
)
def test_a_policys_own_pattern_makes_a_comment_an_approval(body: str, counts: bool) -> None:
    outcome = told(comment(ALICE, body), policy=BY_PATTERN).outcome

    assert outcome is (Outcome.APPROVED if counts else Outcome.PENDING)


def test_a_pattern_of_one_rule_approves_nothing_under_another() -> None:
    other = '[[approval_rules]]\nname = "two"\nrequires = { count = 1 }\n[policy]'
    policy = BY_PATTERN.replace("[policy]", other).replace('["one person"]', '["one person", "two"]')

    verdict = told(comment(ALICE, "ship 3f9c2ab"), policy=policy)

    assert verdict.reasons == ("two: one approval by a person with write permission is missing",)


STORIES: list[tuple[str, list[Review | Comment], Outcome]] = [
    ("a hold blocks", [approval(BOB), comment(ALICE, HOLD, 2)], Outcome.DISAPPROVED),
    ("a hold by one who may only read", [approval(BOB), comment(CAROL, HOLD, 2)], Outcome.APPROVED),
    (
        "a hold by one nobody can tell of",
        [approval(BOB), comment(replace(ALICE, permission=None), HOLD, 2)],
        Outcome.DISAPPROVED,
    ),
    ("an edited hold", [approval(BOB), comment(ALICE, HOLD, 2, is_edited=True)], Outcome.APPROVED),
    (
        "unhold lifts one's own hold",
        [approval(BOB), comment(ALICE, HOLD, 2), comment(ALICE, UNHOLD, 3)],
        Outcome.APPROVED,
    ),
    (
        "unhold lifts nobody else's",
        [approval(BOB), comment(ALICE, HOLD, 2), comment(BOB, UNHOLD, 3)],
        Outcome.DISAPPROVED,
    ),
    (
        "an edited unhold lifts nothing",
        [approval(BOB), comment(ALICE, HOLD, 2), comment(ALICE, UNHOLD, 3, is_edited=True)],
        Outcome.DISAPPROVED,
    ),
    (
        "unhold before the hold",
        [approval(BOB), comment(ALICE, UNHOLD, 2), comment(ALICE, HOLD, 3)],
        Outcome.DISAPPROVED,
    ),
    (
        "unhold lifts no request for changes",
        [approval(BOB), objection(ALICE, 2), comment(ALICE, HOLD, 3), comment(ALICE, UNHOLD, 4)],
        Outcome.DISAPPROVED,
    ),
    ("a hold takes one's own approval back", [approval(ALICE), comment(ALICE, HOLD, 2)], Outcome.DISAPPROVED),
    (
        "which unhold does not give again",
        [approval(ALICE), comment(ALICE, HOLD, 2), comment(ALICE, UNHOLD, 3)],
        Outcome.PENDING,
    ),
    ("one's own approval lifts a hold", [comment(ALICE, HOLD), approval(ALICE, 2)], Outcome.APPROVED),
    ("also by comment", [comment(ALICE, HOLD), comment(ALICE, APPROVE, 2)], Outcome.APPROVED),
    (
        "in the same second the hold is the later word",
        [comment(ALICE, HOLD), approval(ALICE, 2, submitted_at=at(61))],
        Outcome.DISAPPROVED,
    ),
    (
        "also against an approval by comment",
        [comment(ALICE, HOLD), comment(ALICE, APPROVE, 2, created_at=at(61))],
        Outcome.DISAPPROVED,
    ),
    (
        "an approval by comment lifts a request for changes",
        [objection(ALICE), comment(ALICE, APPROVE, 2)],
        Outcome.APPROVED,
    ),
    (
        "a request for changes takes it back",
        [comment(ALICE, APPROVE), objection(ALICE, 2)],
        Outcome.DISAPPROVED,
    ),
    (
        "a dismissed approval by button does too",
        [comment(ALICE, APPROVE), dismissed(approval(ALICE, 2), BOB)],
        Outcome.PENDING,
    ),
    ("a person counts once", [comment(ALICE, APPROVE), approval(ALICE, 2)], Outcome.APPROVED),
]


@pytest.mark.parametrize(("story", "said", "outcome"), STORIES, ids=[story for story, _, _ in STORIES])
def test_comments_and_reviews_are_one_conversation(
    story: str, said: list[Review | Comment], outcome: Outcome
) -> None:
    assert told(*said).outcome is outcome


def test_one_person_is_one_approval_by_whatever_means() -> None:
    two = COMMANDS.replace("count = 1", "count = 2")

    assert told(comment(ALICE, APPROVE), approval(ALICE, 2), policy=two).outcome is Outcome.PENDING
    assert told(comment(ALICE, APPROVE, 5), approval(BOB, 5), policy=two).outcome is Outcome.APPROVED


def test_a_hold_says_how_it_is_lifted() -> None:
    (reason,) = told(comment(ALICE, "/hold until\u202eMonday"), approval(BOB, 2)).reasons

    assert reason == (
        "alice commented /hold (until\\u202eMonday): "
        "a comment /unhold by alice, or alice's approval of this revision would lift that"
    )


def test_a_hold_stays_over_revisions() -> None:
    early = comment(ALICE, HOLD, created_at=at(-100))

    assert told(early, approval(BOB), about=MOVED_ON).outcome is Outcome.DISAPPROVED


def test_who_may_object_may_reject() -> None:
    verdict = told(comment(ALICE, "/reject it drops the table"), approval(BOB))

    assert (verdict.outcome, verdict.rejection) == (Outcome.REJECTED, ("alice", "it drops the table"))
    assert verdict.reasons == ("alice rejected it: it drops the table",)
    assert verdict.to_mapping()["rejection"] == ["alice", "it drops the table"]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (comment(CAROL, "/reject it is bad"), Outcome.APPROVED),
        (comment(ALICE, "/reject"), Outcome.APPROVED),
        (comment(CODEX, "/reject it is bad"), Outcome.APPROVED),
        (comment(replace(ALICE, permission=None), "/reject it is bad"), Outcome.DISAPPROVED),
        (comment(ALICE, "/reject it is bad", created_at=at(-1)), Outcome.DISAPPROVED),
    ],
)
def test_what_is_no_rejection_of_this_revision_is_at_most_an_objection(
    said: Comment, outcome: Outcome
) -> None:
    verdict = told(said, approval(BOB))

    assert (verdict.outcome, verdict.rejection) == (outcome, None)


def test_a_rejection_beats_an_override() -> None:
    over = comment(BOB, "/override production is down", 2)

    assert told(over, policy=OVERRIDE).outcome is Outcome.OVERRIDDEN
    assert told(over, comment(ALICE, "/reject not this", 3), policy=OVERRIDE).outcome is Outcome.REJECTED


@pytest.mark.parametrize(
    ("said", "about", "why"),
    [
        (comment(BOB, "/override too short"), subject(), "fewer than 10 characters"),
        (comment(ALICE, "/override production is down"), subject(), "alice is not bob"),
        (comment(BOB, "/override production is down", is_edited=True), subject(), "it was edited"),
        (comment(BOB, "/override production is down", created_at=at(9)), subject(), "too soon"),
        (comment(BOB, "/override production is down", created_at=at(-9)), subject(), "too soon"),
        (
            comment(BOB, "/override production is down", created_at=at(600) - timedelta(minutes=16)),
            subject(received_at=at(-999)),
            "too soon",
        ),
        (
            comment(BOB, "/override production is down"),
            subject(operator="bob", operator_id=2),
            "bob is the operator",
        ),
    ],
)
def test_an_override_by_comment_that_does_not_count_says_why(said: Comment, about: Subject, why: str) -> None:
    verdict = told(said, policy=OVERRIDE, about=about)

    assert verdict.outcome is Outcome.PENDING
    assert any(why in line for line in verdict.lines())


def test_an_override_by_comment_expires_by_the_comments_own_time() -> None:
    policy = OVERRIDE + "expires_after = '5m'\n"
    said = comment(BOB, "/override production is down", created_at=at(299))

    assert told(said, policy=policy).outcome is Outcome.PENDING
    assert told(replace(said, created_at=at(301)), policy=policy).outcome is Outcome.OVERRIDDEN


def test_without_a_rule_for_overrides_no_comment_overrides() -> None:
    verdict = told(comment(BOB, "/override production is down"))

    assert verdict.outcome is Outcome.PENDING
    assert notes(verdict) == ["bob commented /override: does not count, the policy has no override"]


def test_a_policys_own_pattern_makes_a_comment_an_override() -> None:
    rule = "[policy.override]\nrequires = { users = ['bob'] }\ncomment_patterns = ['^emergency: (.+)$']\n"
    said = comment(BOB, "emergency: production is down")

    verdict = told(said, policy=ONE_PERSON + rule)

    assert verdict.reasons == ("bob overrode: production is down",)
    assert told(comment(BOB, "/override production is down"), policy=ONE_PERSON + rule).overrides == ()


def test_nothing_said_after_the_merge_counts() -> None:
    merged: Observation = at_github(
        approval(ALICE, submitted_at=at(201)),
        is_open=False,
        closing=Closing(None, is_by_gate=False, at=at(200), merged=HEAD),
        comments=(comment(BOB, APPROVE, created_at=at(201)),),
    )
    before = replace(merged, is_open=True, closing=None)

    assert judge(COMMANDS, seen=merged).approvals == ()
    assert len(judge(COMMANDS, seen=before).approvals) == 2


def test_another_persons_review_moves_nobodys_words() -> None:
    late = objection(BOB, 1, submitted_at=at(300))
    early = approval(ALICE, 2, submitted_at=at(100))

    verdict = told(late, early, approval(BOB, 3, submitted_at=at(301)), comment(ALICE, HOLD, 140))

    assert verdict.outcome is Outcome.DISAPPROVED
