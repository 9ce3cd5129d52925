from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gate.domain.hold import UpdateKind
from gate.domain.policy import Outcome, Override, Published, Subject, Verdict, evaluate, parse_policy
from gate.domain.review import Closing, Observation, Review, Reviewer, ReviewState, Role
from tests.policy.building import (
    ALICE,
    BOB,
    CAROL,
    CODEX,
    EARLIER,
    HEAD,
    ONE_PERSON,
    OTHER,
    approval,
    at,
    at_github,
    dismissed,
    file,
    judge,
    objection,
    observation,
    review,
    subject,
)

MOVED_ON = subject(earlier=(Published(EARLIER, at(-500)),))
MISSING = "one person: one approval by a person with write permission is missing"


def options(line: str) -> str:
    return ONE_PERSON.replace("[policy]", f"options = {{ {line} }}\n[policy]")


def said(verdict: Verdict) -> list[str]:
    return [line.strip() for line in verdict.lines()]


def test_an_approval_of_this_commit_by_a_person_who_may_write_counts() -> None:
    verdict = judge(ONE_PERSON, approval(ALICE))

    assert (verdict.outcome, verdict.reasons) == (Outcome.APPROVED, ("alice approved 3f9c2ab",))
    assert [(one.review_id, one.reviewer_id, one.login, one.oid) for one in verdict.approvals] == [
        (1, 1, "alice", HEAD)
    ]
    assert verdict.is_releasable


OPERATED = subject(operator="alice", operator_id=1)
NOT_COUNTED: list[tuple[Review, Subject, str]] = [
    (approval(ALICE, oid=OTHER), subject(), "it is for another commit, 3f9c2ab is waiting"),
    (approval(ALICE, oid=EARLIER), MOVED_ON, "it is for an earlier revision, 3f9c2ab is waiting"),
    (approval(ALICE, submitted_at=at(-1)), subject(), "it was given before this revision was published"),
    (
        approval(ALICE, submitted_at=at(9)),
        subject(),
        "it came less than 10 seconds after this revision was published. Approve again",
    ),
    (approval(ALICE), OPERATED, "alice is the operator of codex-1"),
    (approval(CODEX), subject(), "codex-1 is a bot"),
    (approval(ALICE), subject(author_id=1), "alice opened the review"),
    (approval(ALICE), subject(contributor_ids=frozenset({1})), "alice wrote commits of this push"),
    (approval(ALICE), subject(coauthor_ids=frozenset({1})), "alice is a co-author of commits of this push"),
    (approval(CAROL), subject(), "carol has read permission, write is needed"),
    (
        approval(replace(ALICE, permission=None)),
        subject(),
        "the forge could not tell alice's permission, so it counts as none",
    ),
    (approval(replace(ALICE, permission="none")), subject(), "alice has none permission, write is needed"),
    (dismissed(approval(ALICE), BOB), subject(), "it was dismissed"),
]


@pytest.mark.parametrize(("one", "about", "why"), NOT_COUNTED)
def test_an_approval_that_does_not_count_says_why(one: Review, about: Subject, why: str) -> None:
    verdict = judge(ONE_PERSON, one, about=about)

    assert (verdict.outcome, verdict.reasons, verdict.approvals) == (Outcome.PENDING, (MISSING,), ())
    line = f"skipped     {one.reviewer.login} approved {one.oid[:7]}: does not count, {why}"
    assert line in said(verdict)


@pytest.mark.parametrize(
    ("line", "who", "about"),
    [
        ("allow_operator = true", ALICE, OPERATED),
        ("allow_bot = true", CODEX, subject()),
        ("allow_author = true", ALICE, subject(author_id=1)),
        ("allow_contributor = true", ALICE, subject(author_id=1)),
        ("allow_contributor = true", ALICE, subject(contributor_ids=frozenset({1}))),
        ("allow_coauthor = true", ALICE, subject(coauthor_ids=frozenset({1}))),
    ],
)
def test_a_policy_may_let_people_with_a_part_in_the_push_count(
    line: str, who: Reviewer, about: Subject
) -> None:
    assert judge(options(line), approval(who), about=about).outcome is Outcome.APPROVED


def test_an_approval_counts_from_the_moment_the_page_has_settled() -> None:
    assert judge(ONE_PERSON, approval(ALICE, submitted_at=at(10))).outcome is Outcome.APPROVED


WHO: list[tuple[str, Reviewer, dict[int, Role], bool]] = [
    ("users = ['ALICE']", ALICE, {}, True),
    ("users = ['bob']", ALICE, {}, False),
    ("users = ['carol']", CAROL, {}, False),
    ("users = ['carol'], permissions = ['read']", CAROL, {}, True),
    ("users = ['alice'], permissions = ['read']", replace(ALICE, permission=None), {}, False),
    ("permissions = ['read']", CAROL, {}, True),
    ("permissions = ['admin']", ALICE, {}, False),
    ("permissions = ['admin']", BOB, {}, True),
    ("roles = ['reviewer']", ALICE, {1: Role.REVIEWER}, True),
    ("roles = ['reviewer']", ALICE, {1: Role.ADMIN}, False),
    ("roles = ['reviewer']", ALICE, {}, False),
    ("roles = ['auditor']", CAROL, {3: Role.AUDITOR}, True),
    ("roles = ['auditor'], permissions = ['write']", CAROL, {3: Role.AUDITOR}, False),
]


@pytest.mark.parametrize(("line", "who", "roles", "counts"), WHO)
def test_people_must_meet_everything_a_rule_asks(
    line: str, who: Reviewer, roles: dict[int, Role], counts: bool
) -> None:
    text = ONE_PERSON.replace("count = 1", f"count = 1, {line}")

    verdict = judge(text, approval(who), about=subject(roles=roles))

    assert verdict.outcome is (Outcome.APPROVED if counts else Outcome.PENDING)


def test_a_person_counts_once() -> None:
    two = ONE_PERSON.replace("count = 1", "count = 2")

    verdict = judge(two, approval(ALICE, 1), approval(ALICE, 2))

    assert verdict.reasons == ("one person: one more approval by a person with write permission is missing",)
    assert (
        "skipped     alice approved 3f9c2ab: does not count, a later review by the same person replaced it"
        in (said(verdict))
    )
    assert judge(two, approval(ALICE, 1), approval(BOB, 2)).outcome is Outcome.APPROVED


# What one person said in turn, and what follows for a policy that wants one approval.
A, C, D = approval, objection, dismissed
STORIES: list[tuple[str, list[Review], Outcome]] = [
    ("an objection blocks", [C(ALICE)], Outcome.DISAPPROVED),
    ("an objection beats another's approval", [A(BOB, 1), C(ALICE, 2)], Outcome.DISAPPROVED),
    ("an objection beats a later approval of another", [C(ALICE, 1), A(BOB, 2)], Outcome.DISAPPROVED),
    ("an objection takes back an approval", [A(ALICE, 1), C(ALICE, 2)], Outcome.DISAPPROVED),
    ("an approval takes back an objection", [C(ALICE, 1), A(ALICE, 2)], Outcome.APPROVED),
    ("sequence decides, not time", [C(ALICE, 2, submitted_at=at(50)), A(ALICE, 1)], Outcome.DISAPPROVED),
    (
        "a comment takes nothing back",
        [A(ALICE, 1), review(ALICE, ReviewState.COMMENTED, 2)],
        Outcome.APPROVED,
    ),
    ("a comment lifts nothing", [C(ALICE, 1), review(ALICE, ReviewState.COMMENTED, 2)], Outcome.DISAPPROVED),
    ("a dismissed approval revives no older one", [A(ALICE, 1), D(A(ALICE, 2), BOB)], Outcome.PENDING),
    ("a dismissed approval revives no objection", [C(ALICE, 1), D(A(ALICE, 2), BOB)], Outcome.PENDING),
    ("a dismissed objection revives no approval", [A(ALICE, 1), D(C(ALICE, 2), ALICE)], Outcome.PENDING),
    ("the objector dismisses", [D(C(ALICE, 1), ALICE), A(BOB, 2)], Outcome.APPROVED),
    ("another dismisses a sticky objection", [D(C(ALICE, 1), BOB), A(BOB, 2)], Outcome.DISAPPROVED),
    (
        "a dismissed objection revives no older one",
        [C(ALICE, 1), D(C(ALICE, 2), ALICE), A(BOB, 3)],
        Outcome.APPROVED,
    ),
    ("an objector who may only read", [C(CAROL, 1), A(BOB, 2)], Outcome.APPROVED),
    (
        "an objector nobody can tell of",
        [C(replace(ALICE, permission=None), 1), A(BOB, 2)],
        Outcome.DISAPPROVED,
    ),
    (
        "an approval before the page settled",
        [C(ALICE, 1), A(ALICE, 2, submitted_at=at(5))],
        Outcome.DISAPPROVED,
    ),
    ("an approval of another commit", [C(ALICE, 1), A(ALICE, 2, oid=OTHER), A(BOB, 3)], Outcome.DISAPPROVED),
    ("an objection to an older revision", [C(ALICE, 1, oid=EARLIER), A(BOB, 2)], Outcome.DISAPPROVED),
    ("an objection to any commit", [C(ALICE, 1, oid=OTHER), A(BOB, 2)], Outcome.DISAPPROVED),
]


@pytest.mark.parametrize(("story", "reviews", "outcome"), STORIES, ids=[story for story, _, _ in STORIES])
def test_the_latest_opinion_of_a_person_wins(story: str, reviews: list[Review], outcome: Outcome) -> None:
    assert judge(ONE_PERSON, *reviews, about=MOVED_ON).outcome is outcome


def test_without_sticky_another_persons_dismissal_lifts_an_objection() -> None:
    loose = ONE_PERSON + "[policy.disapproval]\nsticky = false\n"

    assert judge(loose, D(C(ALICE, 1), BOB), A(BOB, 2)).outcome is Outcome.APPROVED


@pytest.mark.parametrize(
    ("lifting", "outcome"),
    [
        (A(ALICE, 2, oid=EARLIER, submitted_at=at(-400)), Outcome.APPROVED),
        (A(ALICE, 2, oid=EARLIER, submitted_at=at(-495)), Outcome.DISAPPROVED),
        (A(ALICE, 2, oid=EARLIER, submitted_at=at(20)), Outcome.DISAPPROVED),
    ],
)
def test_an_approval_of_a_revision_while_it_was_current_lifts_the_objection_for_good(
    lifting: Review, outcome: Outcome
) -> None:
    first = C(ALICE, 1, oid=EARLIER, submitted_at=at(-450))

    assert judge(ONE_PERSON, first, lifting, A(BOB, 3), about=MOVED_ON).outcome is outcome


@pytest.mark.parametrize(
    ("line", "who", "outcome"),
    [
        ("requires = { permissions = ['admin'] }", ALICE, Outcome.PENDING),
        ("requires = { permissions = ['admin'] }", BOB, Outcome.DISAPPROVED),
        ("requires = { users = ['alice'], permissions = ['read'] }", CAROL, Outcome.PENDING),
        ("requires = { users = ['carol'], permissions = ['read'] }", CAROL, Outcome.DISAPPROVED),
        ("requires = { users = ['carol'] }", replace(CAROL, permission=None), Outcome.DISAPPROVED),
        ("requires = { users = ['alice'] }", replace(CAROL, permission=None), Outcome.PENDING),
    ],
)
def test_a_policy_says_whose_objection_blocks(line: str, who: Reviewer, outcome: Outcome) -> None:
    assert judge(f"{ONE_PERSON}[policy.disapproval]\n{line}\n", C(who)).outcome is outcome


def test_the_operators_and_a_bots_objections_block() -> None:
    assert judge(ONE_PERSON, C(ALICE, 1), A(BOB, 2), about=OPERATED).outcome is Outcome.DISAPPROVED
    assert judge(ONE_PERSON, C(CODEX, 1), A(BOB, 2)).outcome is Outcome.DISAPPROVED


MERGED = Closing(None, is_by_gate=False, at=at(500), merged=OTHER)
APPROVED = observation(approval(ALICE))
STOPS: list[tuple[dict[str, Any], Observation, Outcome, str]] = [
    ({"is_live": False}, APPROVED, Outcome.BLOCKED, "the hold is closed"),
    ({"ref": "refs/notes/x"}, APPROVED, Outcome.BLOCKED, "refs/notes/x is outside hold.refs"),
    (
        {},
        replace(APPROVED, head=OTHER),
        Outcome.BLOCKED,
        "the review shows 9e8d7c6 but 3f9c2ab is held: somebody changed the review's branch",
    ),
    ({}, replace(APPROVED, is_open=False), Outcome.BLOCKED, "the review is closed"),
    ({}, replace(APPROVED, is_draft=True), Outcome.PENDING, "the review is a draft. Mark it ready"),
    ({}, replace(APPROVED, labels=("Do-Not-Release",)), Outcome.PENDING, "the label 'do-not-release' blocks"),
    ({}, replace(APPROVED, title="WIP: fix"), Outcome.PENDING, "the title matches"),
    ({"lockdown": "incident 7"}, APPROVED, Outcome.PENDING, "lock-down: incident 7. Approvals are recorded"),
    ({"files": subject().files * 3}, APPROVED, Outcome.BLOCKED, "3 files are changed, 2 are allowed"),
    ({"files_truncated": True}, APPROVED, Outcome.BLOCKED, "more than 1 files are changed"),
]
STRICT = ONE_PERSON.replace(
    "[[approval_rules]]",
    "max_changed_files = 2\n[release]\n"
    "blocking_labels = ['do-not-release']\nblocking_title_regex = '(?i)^wip'\n"
    "[[approval_rules]]",
)


@pytest.mark.parametrize(("changes", "seen", "outcome", "words"), STOPS)
def test_an_approved_push_waits_where_something_else_stops_it(
    changes: dict[str, Any], seen: Observation, outcome: Outcome, words: str
) -> None:
    verdict = judge(STRICT, about=subject(**changes), seen=seen)

    assert (verdict.outcome, len(verdict.reasons)) == (outcome, 1)
    assert verdict.reasons[0].startswith(words)
    assert [one.login for one in verdict.approvals] == ["alice"]
    assert judge(STRICT, seen=APPROVED).outcome is Outcome.APPROVED


FORGE_STOPS: list[tuple[dict[str, Any], dict[str, Any], Outcome, str]] = [
    ({}, {"base": "next", "expected_base": "main"}, Outcome.BLOCKED, "base branch was changed"),
    ({}, {"is_open": False, "closing": MERGED}, Outcome.BLOCKED, "the review is closed"),
    ({}, {"closing": MERGED}, Outcome.BLOCKED, "the review is closed"),
    ({}, {"unresolved_threads": 1}, Outcome.PENDING, "one conversation must be resolved"),
    ({}, {"unresolved_threads": 3}, Outcome.PENDING, "three conversations must be resolved"),
    ({}, {"unresolved_threads": None}, Outcome.PENDING, "could not tell whether every conversation"),
    ({"doubts": ("who is who?",)}, {}, Outcome.PENDING, "who is who?"),
    ({}, {}, Outcome.APPROVED, "alice approved"),
    ({}, {"base": None, "expected_base": "main"}, Outcome.APPROVED, "alice approved"),
]


@pytest.mark.parametrize("is_overridden", [False, True])
@pytest.mark.parametrize(("changes", "seen", "outcome", "words"), FORGE_STOPS)
def test_what_a_forge_shows_can_stop_an_approved_push(
    changes: dict[str, Any], seen: dict[str, Any], outcome: Outcome, words: str, is_overridden: bool
) -> None:
    strict = OVERRIDE + "[release]\nrequired_review_thread_resolution = true\n"
    plain = {"unresolved_threads": 0, "base": "main", "expected_base": "main"}
    overrides = (override(ALICE), override(BOB)) if is_overridden else ()
    is_free = outcome is Outcome.APPROVED

    verdict = judge(
        strict,
        about=subject(**changes),
        seen=at_github(approval(ALICE), **{**plain, **seen}),
        overrides=overrides,
    )

    assert verdict.outcome is (Outcome.OVERRIDDEN if is_free and is_overridden else outcome)
    assert words in verdict.reasons[0].replace("overrode", "approved")


def test_the_built_in_page_has_no_conversations_that_must_be_resolved() -> None:
    strict = ONE_PERSON + "[release]\nrequired_review_thread_resolution = true\n"

    assert judge(strict, approval(ALICE)).outcome is Outcome.APPROVED


SPACE = ONE_PERSON.replace("[hold]", "[hold]\nallow_refs = ['refs/heads/codex/**']")


@pytest.mark.parametrize("kind", list(UpdateKind))
def test_the_agents_own_space_passes_straight_through(kind: UpdateKind) -> None:
    about = subject(ref="refs/heads/codex/fix", kind=kind)

    verdict = judge(SPACE, about=about, seen=observation())

    assert verdict.outcome is Outcome.APPROVED
    assert verdict.reasons == ("refs/heads/codex/fix passes straight through by hold.allow_refs",)
    assert not judge(SPACE, about=subject(kind=kind)).is_releasable


def test_lock_down_stops_what_passes_straight_through() -> None:
    about = subject(ref="refs/heads/codex/fix", lockdown="incident 7")

    assert judge(SPACE, about=about).outcome is Outcome.PENDING


TREE = """
version = 1
[[approval_rules]]
name = "person"
requires = { count = 1 }
[[approval_rules]]
name = "bob"
requires = { users = ["bob"] }
if = { changed_files = { paths = ["^deploy/"] } }
[[approval_rules]]
name = "never"
requires = { count = 0 }
if = { has_agent_in = ["nobody"] }
[policy]
"""


@pytest.mark.parametrize(
    ("tree", "reviews", "outcome"),
    [
        ("['person', 'never']", [A(ALICE)], Outcome.APPROVED),
        ("['never']", [A(ALICE)], Outcome.ERROR),
        ("[{ or = ['never', { and = ['never', 'bob'] }] }]", [A(BOB)], Outcome.ERROR),
        ("['person', { or = ['never', 'bob'] }]", [A(ALICE)], Outcome.APPROVED),
        ("[{ or = ['person', 'never'] }]", [], Outcome.PENDING),
        ("[{ or = ['person', 'never'] }]", [A(ALICE)], Outcome.APPROVED),
        ("[{ and = ['person', 'never'] }]", [A(CAROL)], Outcome.PENDING),
    ],
)
def test_rules_that_do_not_apply_vanish(tree: str, reviews: list[Review], outcome: Outcome) -> None:
    assert judge(f"{TREE}approval = {tree}", *reviews).outcome is outcome


@pytest.mark.parametrize(
    ("tree", "reviews", "outcome"),
    [
        ("['person', 'bob']", [A(ALICE)], Outcome.PENDING),
        ("['person', 'bob']", [A(BOB)], Outcome.APPROVED),
        ("[{ and = ['person', 'bob'] }]", [A(ALICE)], Outcome.PENDING),
        ("[{ or = ['person', 'bob'] }]", [A(ALICE)], Outcome.APPROVED),
        ("[{ or = [{ and = ['person', 'bob'] }, 'bob'] }, 'person']", [A(ALICE)], Outcome.PENDING),
    ],
)
def test_rules_that_apply_combine_as_the_tree_says(
    tree: str, reviews: list[Review], outcome: Outcome
) -> None:
    deploys = subject(files=(file("deploy/run"),))

    assert judge(f"{TREE}approval = {tree}", *reviews, about=deploys).outcome is outcome


def test_one_of_two_rules_is_named_as_a_choice() -> None:
    deploys = subject(files=(file("deploy/run"),))

    verdict = judge(TREE + "approval = [{ or = ['person', 'bob'] }]", about=deploys)

    assert verdict.reasons == (
        "person: one approval by a person with write permission is missing or "
        "bob: one approval by bob with write permission is missing",
    )


def test_with_no_policy_nothing_is_approved() -> None:
    verdict = judge(None, A(ALICE))

    assert (verdict.outcome, verdict.policy_hash) == (Outcome.ERROR, None)
    assert verdict.reasons == ("the repository has no policy, so nothing is released. Give it one",)


def test_a_fault_in_the_evaluation_is_an_error_and_no_approval() -> None:
    naive = replace(approval(ALICE), submitted_at=at(60).replace(tzinfo=None))

    verdict = judge(ONE_PERSON, naive)

    assert verdict.outcome is Outcome.ERROR
    assert verdict.reasons[0].startswith("the policy could not be evaluated (TypeError: can't compare")


def test_while_no_review_is_open_a_hold_waits() -> None:
    verdict = evaluate(parse_policy(ONE_PERSON), subject(), None, at(600))

    assert (verdict.outcome, verdict.reasons) == (Outcome.PENDING, ("the review is not open yet",))


OVERRIDE = ONE_PERSON + "[policy.override]\nrequires = { count = 2, users = ['alice', 'bob'] }\n"


def override(who: Reviewer, seconds: float = 500, **changes: Any) -> Override:
    return replace(Override(who, HEAD, "production is down", at(seconds)), **changes)


def test_named_people_together_override_the_rules_and_objections() -> None:
    verdict = judge(OVERRIDE, C(BOB), overrides=(override(ALICE), override(BOB)))

    assert verdict.outcome is Outcome.OVERRIDDEN
    assert verdict.reasons == ("alice overrode: production is down", "bob overrode: production is down")
    assert [(one.reviewer_id, one.oid) for one in verdict.overrides] == [(1, HEAD), (2, HEAD)]


@pytest.mark.parametrize(
    ("second", "about", "why"),
    [
        (override(ALICE), subject(), "alice overrode 3f9c2ab: counts"),
        (override(BOB, oid=OTHER), subject(), "it is for another commit"),
        (
            override(BOB, at=at(600) - timedelta(minutes=15, seconds=1)),
            subject(received_at=at(-999)),
            "was good for",
        ),
        (override(BOB, 601), subject(), "it was good for 15 minutes"),
        (override(BOB, reason="   because  "), subject(), "fewer than 10 characters"),
        (override(BOB), subject(operator_id=2, operator="bob"), "bob is the operator of codex-1"),
        (override(replace(BOB, is_bot=True)), subject(), "bob is a bot"),
        (override(replace(BOB, permission="read")), subject(), "bob has read permission"),
        (override(replace(BOB, permission=None)), subject(), "could not tell"),
        (override(CAROL), subject(), "carol is not alice or bob"),
        (override(BOB, 500), subject(received_at=at(501)), "before this revision was received"),
    ],
)
def test_an_override_that_does_not_count_leaves_the_rules_in_force(
    second: Override, about: Subject, why: str
) -> None:
    verdict = judge(OVERRIDE, about=about, overrides=(override(ALICE, 550), second))

    assert verdict.outcome is Outcome.PENDING
    assert any(why in line for line in said(verdict))


def test_without_a_rule_for_overrides_none_counts() -> None:
    verdict = judge(ONE_PERSON, overrides=(override(ALICE), override(BOB)))

    assert (verdict.outcome, verdict.overrides) == (Outcome.PENDING, ())


@pytest.mark.parametrize(
    ("about", "seen", "outcome"),
    [
        (subject(lockdown="incident 7"), observation(), Outcome.PENDING),
        (subject(), observation(head=OTHER), Outcome.BLOCKED),
        (subject(), observation(is_open=False), Outcome.BLOCKED),
        (subject(is_live=False), observation(), Outcome.BLOCKED),
    ],
)
def test_an_override_lifts_neither_lock_down_nor_tampering(
    about: Subject, seen: Observation, outcome: Outcome
) -> None:
    verdict = judge(OVERRIDE, about=about, seen=seen, overrides=(override(ALICE), override(BOB)))

    assert verdict.outcome is outcome


@pytest.mark.parametrize("kind", [UpdateKind.REWRITE, UpdateKind.DELETE])
def test_what_loses_commits_is_approved_by_no_rule_that_does_not_name_it(kind: UpdateKind) -> None:
    verdict = judge(ONE_PERSON, about=subject(kind=kind), seen=APPROVED)

    assert verdict.outcome is Outcome.ERROR
    assert f'update_kind = ["{kind}"]' in verdict.reasons[0]
