"""Whom a policy asks for a review, and what it asks of the forge."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.domain.policy import Asked, Policy, parse_policy
from gate.domain.policy.asking import MOST_ASKED, joined
from gate.domain.review import Wants
from tests.policy.building import ONE_PERSON, file, subject

PEOPLE = '"Alice", "bob", "carol"'


def asking(options: str, requires: str = f"users = [{PEOPLE}]", more: str = "") -> Policy:
    rule = f"count = 2, {requires} }}\noptions = {{ request_review = {{ {options} }} }}\n{more}"
    return parse_policy(ONE_PERSON.replace("count = 1 }", rule))


def test_a_rule_asks_its_users() -> None:
    assert asking("enabled = true").asked(subject(), seed="app/1") == Asked(("alice", "bob", "carol"))
    same = asking("enabled = true, mode = 'all-users'")
    assert same.asked(subject(), seed="app/1") == Asked(("alice", "bob", "carol"))


def test_a_rule_asks_nobody_unless_it_is_told_to() -> None:
    assert asking("enabled = false").asked(subject(), seed="app/1") == Asked()
    assert parse_policy(ONE_PERSON).asked(subject(), seed="app/1") == Asked()


def test_a_rule_may_ask_its_teams() -> None:
    policy = asking("enabled = true, mode = 'teams'", "teams = ['acme/core', 'Acme/Docs']")

    assert policy.asked(subject(), seed="app/1") == Asked(teams=("acme/core", "acme/docs"))


def test_chance_picks_as_many_as_are_needed_and_the_same_for_the_same_hold() -> None:
    policy = asking("enabled = true, mode = 'random-users'")
    picked = {policy.asked(subject(), seed=f"app/{n}").users for n in range(60)}

    assert {len(users) for users in picked} == {2}
    assert {frozenset(users) for users in picked} == {
        frozenset({"alice", "bob"}),
        frozenset({"alice", "carol"}),
        frozenset({"bob", "carol"}),
    }
    assert policy.asked(subject(), seed="app/1") == policy.asked(subject(), seed="app/1")


def test_a_policy_may_say_how_many_chance_picks() -> None:
    policy = asking("enabled = true, mode = 'random-users', count = 1")

    assert len(policy.asked(subject(), seed="app/1").users) == 1


def test_the_operator_is_never_asked() -> None:
    policy = asking("enabled = true")

    local = policy.asked(subject(operator="ALICE", operator_id=1), seed="app/1")
    elsewhere = policy.asked(subject(operator="al", operator_account="Alice", operator_id=1), seed="app/1")

    assert local == elsewhere == Asked(("bob", "carol"))


def test_only_rules_that_apply_and_are_used_ask() -> None:
    deploys = "if = { changed_files = { paths = ['^deploy/'] } }"
    policy = asking("enabled = true", more=deploys)

    assert policy.asked(subject(), seed="app/1") == Asked()
    assert policy.asked(subject(files=(file("deploy/run"),)), seed="app/1").users
    assert policy.asked(subject(files_truncated=True), seed="app/1").users


def test_what_needs_no_review_asks_nobody() -> None:
    text = ONE_PERSON.replace(
        "count = 1 }", f"users = [{PEOPLE}] }}\noptions = {{ request_review = {{ enabled = true }} }}"
    )
    policy = parse_policy(text.replace("[hold]", "[hold]\nallow_refs = ['refs/heads/codex/**']"))

    assert policy.asked(subject(ref="refs/heads/codex/try"), seed="app/1") == Asked()
    assert policy.asked(subject(), seed="app/1").users


NAMES = st.lists(st.sampled_from([f"u{n}" for n in range(25)]), unique=True).map(tuple)


@given(st.lists(st.builds(Asked, NAMES, NAMES)))
def test_no_more_are_asked_than_a_forge_takes(asked: list[Asked]) -> None:
    found = joined(asked)

    assert len(found.users) + len(found.teams) <= MOST_ASKED
    assert len(set(found.users)) == len(found.users)
    assert set(found.users) <= {user for one in asked for user in one.users}
    every = {("u", user) for one in asked for user in one.users} | {
        ("t", t) for one in asked for t in one.teams
    }
    if len(every) <= MOST_ASKED:
        assert len(found.users) + len(found.teams) == len(every)


WANTING = """
version = 1
[release]
required_review_thread_resolution = true
[commands]
enabled = true
[[approval_rules]]
name = "one"
[approval_rules.requires]
users = ["Alice"]
teams = ["acme/core"]
code_owners = true
[approval_rules.requires.conditions]
has_status = { statuses = ["ci"], app = "github-actions" }
has_valid_signatures_by = { users = ["Bob"] }
[policy]
approval = ["one"]
[policy.disapproval]
requires = { users = ["carol"], teams = ["acme/docs"] }
[policy.override]
requires = { users = ["bob"] }
"""


def test_a_policy_wants_what_its_rules_rest_on() -> None:
    assert parse_policy(WANTING).wants == Wants(
        users=frozenset({"alice", "bob", "carol"}),
        teams=frozenset({"acme/core", "acme/docs"}),
        checks=True,
        comments=True,
        threads=True,
        seals=True,
        code_owners=True,
    )


def test_a_plain_policy_wants_nothing_but_the_reviews() -> None:
    assert parse_policy(ONE_PERSON).wants == Wants()


def test_patterns_for_comments_want_the_comments() -> None:
    approving = ONE_PERSON.replace(
        "[policy]", "options = { methods = { comment_patterns = ['(x)'] } }\n[policy]"
    )
    overriding = (
        ONE_PERSON + "[policy.override]\nrequires = { users = ['bob'] }\ncomment_patterns = ['(x)']\n"
    )

    assert parse_policy(approving).wants == Wants(comments=True)
    assert parse_policy(overriding).wants == Wants(users=frozenset({"bob"}), comments=True)
