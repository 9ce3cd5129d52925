"""Teams, renamed people, code owners: whose approval stands for what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.domain.hold import Likeness
from gate.domain.policy import Outcome, OwnedPaths, Published, Subject, Verdict
from gate.domain.policy.standing_in import count_teams
from gate.domain.review import Review, Reviewer
from tests.policy.building import (
    ALICE,
    BOB,
    CAROL,
    EARLIER,
    ONE_PERSON,
    approval,
    at,
    at_github,
    dismissed,
    judge,
    objection,
    subject,
)

CORE, SECURITY = "acme/core", "acme/security"


def requiring(line: str, count: int = 1) -> str:
    return ONE_PERSON.replace("count = 1", f"count = {count}, {line}")


def of(who: Reviewer, *teams: str) -> Reviewer:
    return replace(who, teams=frozenset(teams))


def at_the_forge(policy: str, *reviews: Review, about: Subject | None = None) -> Verdict:
    return judge(policy, seen=at_github(*reviews), about=about)


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (of(ALICE, CORE), None),
        (of(ALICE, CORE, SECURITY), None),
        (of(ALICE), "alice is not in acme/core or acme/security"),
        (of(ALICE, "acme/other"), "alice is not in acme/core or acme/security"),
        (replace(ALICE, teams=None), "the forge could not tell alice's teams, so they count as none"),
        (of(CAROL, CORE), "carol has read permission, write is needed"),
    ],
)
def test_a_rule_may_ask_for_members_of_teams(who: Reviewer, why: str | None) -> None:
    verdict = at_the_forge(requiring("teams = ['Acme/Core', 'acme/security']"), approval(who))

    assert verdict.is_releasable is (why is None)
    assert any((why or "counts") in line for line in verdict.lines())


def test_what_is_missing_names_the_teams() -> None:
    verdict = at_the_forge(requiring("users = ['alice', 'bob'], teams = ['acme/core']"))

    assert verdict.reasons == (
        "one person: one approval by alice or bob of acme/core with write permission is missing",
    )


def test_the_built_in_page_knows_no_teams() -> None:
    verdict = judge(requiring("teams = ['acme/core']"), approval(of(ALICE, CORE)))

    assert verdict.outcome is Outcome.PENDING
    assert any("the built-in review page knows no teams" in line for line in verdict.lines())


@pytest.mark.parametrize(
    ("who", "is_local", "outcome"),
    [
        (of(ALICE, CORE), False, Outcome.DISAPPROVED),
        (of(ALICE), False, Outcome.APPROVED),
        (replace(ALICE, teams=None), False, Outcome.DISAPPROVED),
        (replace(of(ALICE), permission=None), False, Outcome.APPROVED),
        (of(ALICE), True, Outcome.DISAPPROVED),
    ],
)
def test_an_objection_is_lost_only_where_it_is_certain_that_the_person_is_in_no_team(
    who: Reviewer, is_local: bool, outcome: Outcome
) -> None:
    policy = ONE_PERSON + "[policy.disapproval]\nrequires = { teams = ['acme/core'] }\n"
    said = (objection(who), approval(BOB, 2))

    verdict = judge(policy, *said) if is_local else at_the_forge(policy, *said)

    assert verdict.outcome is outcome


@pytest.mark.parametrize("has", ["read", "triage", "write", "maintain", "admin", "none", "owner", None])
@pytest.mark.parametrize("needs", ["read", "triage", "write", "maintain", "admin"])
def test_a_permission_includes_those_below_it(has: str | None, needs: str) -> None:
    order = ["read", "triage", "write", "maintain", "admin"]
    verdict = judge(requiring(f"permissions = ['{needs}']"), approval(replace(ALICE, permission=has)))

    assert verdict.is_releasable is (has in order and order.index(str(has)) >= order.index(needs))


@pytest.mark.parametrize("table", ["requires", "disapproval", "override"])
def test_people_are_who_they_were_when_the_policy_named_them(table: str) -> None:
    """Alice was renamed to alice2, and somebody else took the login."""
    renamed = Reviewer(1, "alice2", "write", named=frozenset({"alice"}))
    thief = Reviewer(7, "alice", "write", named=frozenset())
    rule = "[policy.disapproval]\nrequires = { users = ['Alice'] }\n"

    assert at_the_forge(requiring("users = ['Alice']"), approval(renamed)).is_releasable
    assert not at_the_forge(requiring("users = ['Alice']"), approval(thief)).is_releasable
    assert not at_the_forge(ONE_PERSON + rule, objection(renamed), approval(BOB, 2)).is_releasable
    assert at_the_forge(ONE_PERSON + rule, objection(thief), approval(BOB, 2)).is_releasable


UNIQUE = requiring("teams = ['acme/core', 'acme/security', 'acme/docs'], unique_teams = true", count=2)


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ((CORE,), (SECURITY,), Outcome.APPROVED),
        ((CORE,), (CORE,), Outcome.PENDING),
        ((CORE, SECURITY), (CORE,), Outcome.APPROVED),
        ((CORE,), (CORE, SECURITY), Outcome.APPROVED),
        ((CORE, "acme/other"), (CORE,), Outcome.PENDING),
    ],
)
def test_each_approval_may_have_to_stand_for_another_team(
    first: tuple[str, ...], second: tuple[str, ...], outcome: Outcome
) -> None:
    verdict = at_the_forge(UNIQUE, approval(of(ALICE, *first)), approval(of(BOB, *second), 2))

    assert verdict.outcome is outcome
    if outcome is Outcome.PENDING:
        assert "one more approval by a person of" in verdict.reasons[0]
        assert "each for another team, is missing" in verdict.reasons[0]


@pytest.mark.parametrize(
    ("memberships", "most"),
    [
        ([], 0),
        (["", ""], 0),
        (["ab", "a"], 2),
        (["ab", "ab", "ab"], 2),
        (["a", "ab", "bc"], 3),
        (["abc", "a", "a", "b"], 3),
        (["ab", "bc", "cd", "ad", "abcd"], 4),
    ],
)
def test_no_two_people_stand_for_the_same_team(memberships: list[str], most: int) -> None:
    assert count_teams([frozenset(teams) for teams in memberships]) == most


OWNERS = requiring("code_owners = true")
BY_PERSON = OwnedPaths(("alice",), "src/a.py", 1)
BY_TEAM = OwnedPaths((SECURITY, "carol"), "deploy/run", 3)
BY_MAIL = OwnedPaths(("ops@example.com",), "ops/x", 1)
BY_NOBODY = OwnedPaths((), "README", 1)


@pytest.mark.parametrize(
    ("owned", "who", "missing"),
    [
        ((), BOB, ""),
        ((BY_NOBODY,), BOB, ""),
        ((BY_PERSON,), ALICE, ""),
        ((BY_PERSON,), BOB, "an approval by an owner of src/a.py is missing: alice"),
        (
            (BY_TEAM,),
            BOB,
            "an approval by an owner of deploy/run and 2 more is missing: acme/security or carol",
        ),
        ((BY_TEAM,), of(BOB, SECURITY), ""),
        ((BY_TEAM,), of(BOB, CORE), "is missing: acme/security or carol"),
        ((BY_TEAM,), replace(BOB, teams=None), "is missing: acme/security or carol"),
        ((BY_TEAM, BY_PERSON), of(ALICE, SECURITY), ""),
        ((BY_TEAM, BY_PERSON), of(BOB, SECURITY), "an owner of src/a.py is missing"),
        ((BY_PERSON,), Reviewer(7, "alice", "write", named=frozenset()), "an owner of src/a.py is missing"),
        ((BY_PERSON,), Reviewer(1, "alice2", "write", named=frozenset({"alice"})), ""),
        ((BY_MAIL,), ALICE, "ops/x is owned by e-mail addresses alone, and nobody can be matched by one"),
        ((OwnedPaths(("ops@example.com", "alice"), "ops/x", 1),), ALICE, ""),
    ],
)
def test_an_owner_of_every_changed_path_has_to_approve(
    owned: tuple[OwnedPaths, ...], who: Reviewer, missing: str
) -> None:
    verdict = at_the_forge(OWNERS, approval(who), about=subject(owned=owned))

    assert verdict.outcome is (Outcome.PENDING if missing else Outcome.APPROVED)
    assert not missing or missing in verdict.reasons[0]


@pytest.mark.parametrize(
    "said",
    [dismissed(approval(ALICE), BOB), approval(ALICE, submitted_at=at(5)), approval(ALICE, oid=EARLIER)],
)
def test_an_owners_approval_must_count_by_itself(said: Review) -> None:
    verdict = at_the_forge(OWNERS, said, approval(BOB, 2), about=subject(owned=(BY_PERSON,)))

    assert verdict.outcome is Outcome.PENDING


def test_while_the_owners_are_not_known_the_rule_is_an_error() -> None:
    about = subject(owned=None, owners_fault="CODEOWNERS has faults: line 2")

    verdict = at_the_forge(OWNERS, approval(ALICE), about=about)

    assert verdict.outcome is Outcome.ERROR
    assert verdict.reasons == (
        "one person: the owners of the changed files are not known: CODEOWNERS has faults: line 2",
    )


LIKENESSES = list(Likeness)
CONDITIONS = ["none", "no_change", "no_code_change", "trivial_rebase"]


@pytest.mark.parametrize("likeness", [*LIKENESSES, None])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_an_approval_counts_for_revisions_as_alike_as_the_policy_says(
    condition: str, likeness: Likeness | None
) -> None:
    policy = ONE_PERSON.replace("[hold]", f"[hold]\ncopy_condition = '{condition}'")
    about = subject(earlier=(Published(EARLIER, at(-500), likeness),))

    verdict = judge(policy, approval(ALICE, oid=EARLIER, submitted_at=at(-400)), about=about)

    covers = likeness is not None and LIKENESSES.index(likeness) < CONDITIONS.index(condition)
    assert verdict.is_releasable is covers
    if covers:
        words = "alice approved 1a2b3c4: counts, what changed since is covered by hold.copy_condition"
        assert any(words in line for line in verdict.lines())


COPYING = ONE_PERSON.replace("[hold]", "[hold]\ncopy_condition = 'no_change'")
ALIKE = subject(earlier=(Published(EARLIER, at(-500), Likeness.NO_CHANGE),))


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([approval(ALICE, oid=EARLIER, submitted_at=at(-490))], Outcome.APPROVED),
        ([approval(ALICE, oid=EARLIER, submitted_at=at(-491))], Outcome.PENDING),
        ([approval(ALICE, oid=EARLIER, submitted_at=at(-501))], Outcome.PENDING),
        ([approval(CAROL, oid=EARLIER, submitted_at=at(-400))], Outcome.PENDING),
        ([dismissed(approval(ALICE, oid=EARLIER, submitted_at=at(-400)), BOB)], Outcome.PENDING),
        (
            [approval(ALICE, oid=EARLIER, submitted_at=at(-400)), objection(ALICE, 2)],
            Outcome.DISAPPROVED,
        ),
        (
            [approval(ALICE, oid=EARLIER, submitted_at=at(-400)), objection(BOB, 2, oid=EARLIER)],
            Outcome.DISAPPROVED,
        ),
    ],
)
def test_only_an_approval_that_was_valid_then_counts_on(said: list[Review], outcome: Outcome) -> None:
    assert judge(COPYING, *said, about=ALIKE).outcome is outcome


def test_a_commit_that_was_there_twice_counts_as_it_was_when_it_was_approved() -> None:
    """It came back alike after it had been something else: the first approval was of the older one."""
    again = subject(
        earlier=(
            Published(EARLIER, at(-500), Likeness.REWORK),
            Published(EARLIER, at(-300), Likeness.NO_CHANGE),
        )
    )

    assert not judge(COPYING, approval(ALICE, oid=EARLIER, submitted_at=at(-400)), about=again).is_releasable
    assert judge(COPYING, approval(ALICE, oid=EARLIER, submitted_at=at(-200)), about=again).is_releasable
