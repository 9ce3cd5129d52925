import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from gate.domain.errors import Invalid
from gate.domain.policy import (
    DEFAULT_POLICY,
    BaseMoved,
    CopyCondition,
    Method,
    OnPush,
    PolicyCheck,
    check_policy,
    default_policy,
    parse_policy,
)
from gate.domain.policy.asking import Asking, AskMode
from gate.domain.policy.model import Disapproval, Group, Named, Options, OverrideRule, Requires, Rule
from gate.domain.policy.pattern import compile_pattern
from gate.domain.policy.who import Who
from gate.domain.review import Role

DOCS = Path(__file__).parents[2] / "docs"

RULE = """
[[approval_rules]]
name = "one"
requires = { count = 1 }
[policy]
approval = ["one"]
"""

FULL = """
version = 1
[hold]
refs = ["refs/heads/*"]
allow_refs = ["refs/heads/codex/**"]
on_push = "supersede"
settle_seconds = 0
expires_after = "12h"
max_changed_files = 40
copy_condition = "no_code_change"
branch_prefix = "pushgate/"
[release]
method = "squash"
base_moved = "reapprove"
require_last_push_approval = true
required_review_thread_resolution = true
delete_branch_on_release = false
blocking_labels = ["do-not-release"]
blocking_title_regex = "(?i)^wip"
witness_notes = true
timeout_sec = 30
[approval_defaults.options]
allow_contributor = true
ignore_edited_comments = true
[approval_defaults.options.methods]
github_review = true
comments = []
comment_patterns = ['^approved: ([0-9a-f]{7,40})$']
[[approval_rules]]
name = "two people"
description = "of the team"
[approval_rules.requires]
count = 2
users = ["Alice", "bob"]
permissions = ["admin", "read"]
[approval_rules.options]
allow_contributor = false
request_review = { enabled = true, mode = "random-users", count = 1 }
methods = { github_review = false }
[[approval_rules]]
name = "an admin"
requires = { roles = ["admin"], code_owners = true }
[[approval_rules]]
name = "two teams"
requires = { count = 2, teams = ["Acme/Core", "acme/security"], unique_teams = true }
[policy]
approval = [{ or = ["two people", { and = ["an admin", "two people"] }] }, "an admin", "two teams"]
[policy.disapproval]
requires = { users = ["bob"], permissions = ["read"], teams = ["acme/core"] }
sticky = false
[policy.override]
requires = { count = 2, users = ["alice", "bob"] }
expires_after = "30m"
comment_patterns = ['^override: (.{10,})$']
[commands]
enabled = true
"""


def test_every_key_is_read() -> None:
    policy = parse_policy(FULL)

    assert policy.hash == hashlib.sha256(FULL.encode()).hexdigest()
    assert [p.text for p in policy.hold.refs] == ["refs/heads/*"]
    assert [p.text for p in policy.hold.allow_refs] == ["refs/heads/codex/**"]
    assert policy.hold.on_push is OnPush.SUPERSEDE
    assert (policy.hold.settle, policy.hold.expires_after) == (timedelta(0), timedelta(hours=12))
    assert policy.hold.max_changed_files == 40
    assert policy.release.base_moved is BaseMoved.REAPPROVE
    assert policy.release.blocking_labels == ("do-not-release",)
    assert policy.release.blocking_title is not None
    assert policy.release.blocking_title.text == "(?i)^wip"
    assert (policy.release.witness_notes, policy.release.timeout) == (True, timedelta(seconds=30))
    assert policy.hold.copy is CopyCondition.NO_CODE_CHANGE
    assert policy.release.method is Method.SQUASH
    assert (policy.release.needs_resolved_threads, policy.release.delete_branch) == (True, False)
    by_comment = (compile_pattern("^approved: ([0-9a-f]{7,40})$"),)
    usual = Options(allow_contributor=True, comment_patterns=by_comment)
    two = Requires(2, Who(("alice", "bob"), "read"))
    asking = Asking(AskMode.RANDOM_USERS, 1)
    teams = Who(permission="write", teams=("acme/core", "acme/security"))
    assert policy.rules == (
        Rule(
            "two people",
            "of the team",
            (),
            two,
            Options(False, False, False, False, False, False, by_comment, asking),
        ),
        Rule("an admin", "", (), Requires(1, Who(roles=(Role.ADMIN,)), code_owners=True), usual),
        Rule("two teams", "", (), Requires(2, teams, unique_teams=True), usual),
    )
    either = Group("or", (Named("two people"), Group("and", (Named("an admin"), Named("two people")))))
    assert policy.approval == Group("and", (either, Named("an admin"), Named("two teams")))
    assert policy.disapproval == Disapproval(Who(("bob",), "read", teams=("acme/core",)), sticky=False)
    overriding = (compile_pattern("^override: (.{10,})$"),)
    both = Who(("alice", "bob"), "write")
    assert policy.override == OverrideRule(2, both, timedelta(minutes=30), overriding)
    assert policy.commands
    assert policy.warnings == ()


def test_what_is_left_out_is_strict() -> None:
    policy = parse_policy("version = 1" + RULE)

    assert [p.text for p in policy.hold.refs] == ["refs/heads/**", "refs/tags/**"]
    assert (policy.hold.allow_refs, policy.hold.on_push) == ((), OnPush.APPEND)
    assert (policy.hold.settle, policy.hold.expires_after) == (timedelta(seconds=10), timedelta(days=7))
    assert (policy.release.base_moved, policy.release.witness_notes) == (BaseMoved.HOLD, False)
    assert policy.rules == (Rule("one", "", (), Requires(1, Who(permission="write")), Options()),)
    assert policy.disapproval == Disapproval(Who(permission="write"), sticky=True)
    assert (policy.override, policy.commands) == (None, False)
    assert policy.hold.copy is CopyCondition.NONE
    assert policy.release.method is Method.FAST_FORWARD
    assert (policy.release.needs_resolved_threads, policy.release.delete_branch) == (False, True)


def test_every_fault_is_listed_at_once_with_its_place() -> None:
    text = """
version = 2
colour = "blue"
[hold]
refs = ["heads/main"]
on_push = "apend"
settle_seconds = -1
expires_after = "7 days"
setle = 3
[release]
method = "octopus"
blocking_title_regex = "(a"
[[approval_rules]]
name = "one"
[approval_rules.requires]
count = "two"
teams = ["core"]
organizations = ["acme"]
permissions = ["owner"]
[approval_rules.if]
has_status = { status = ["ci"] }
changed_files = { path = ["^a"] }
modified_lines = { total = "many" }
[[approval_rules]]
name = "one"
requires = { count = 3, users = ["alice", "alice"] }
[policy]
approval = ["ome", { and = [], or = [] }, { or = [] }]
[policy.override]
requires = { count = 1 }
"""
    with pytest.raises(Invalid) as caught:
        parse_policy(text)

    assert [fault.split(": ")[0] for fault in caught.value.faults] == [
        "version",
        "hold.refs[1]",
        "hold.on_push",
        "hold.settle_seconds",
        "hold.expires_after",
        "hold.setle",
        "release.method",
        "release.blocking_title_regex",
        "approval_rules[1].if.changed_files.paths",
        "approval_rules[1].if.changed_files.path",
        "approval_rules[1].if.modified_lines.total",
        "approval_rules[1].if.has_status.statuses",
        "approval_rules[1].if.has_status.status",
        "approval_rules[1].requires.count",
        "approval_rules[1].requires.permissions",
        "approval_rules[1].requires.organizations",
        "approval_rules[1].requires.teams[1]",
        "approval_rules[2].requires.users[2]",
        "approval_rules[2].requires.count",
        "approval_rules[2].name",
        "policy.approval[1]",
        "policy.approval[2]",
        "policy.approval[3].or",
        "policy.override.requires.users",
        "colour",
    ]


FAULTS = [
    ("version = 1\n[hold\n", "not valid TOML", "line 2"),
    ("a = " + "[" * 5000, "not valid TOML", "nested too deeply"),
    (RULE, "version", "must be 1"),
    ("version = true" + RULE, "version", "must be 1"),
    ("version = 1", "policy", "is missing"),
    ("version = 1\n[policy]\n", "policy.approval", "is missing"),
    ("version = 1\n[policy]\napproval = []", "policy.approval", "empty list"),
    ("version = 1\nhold = 3" + RULE, "hold", "must be a table"),
    ("version = 1\n[hold]\nsettle_second = 1" + RULE, "hold.settle_second", "Did you mean settle_seconds?"),
    ("version = 1\n[hold]\ncopy_condition = 'rework'" + RULE, "hold.copy_condition", "Choose from none"),
    ("version = 1\n[hold]\nbranch_prefix = 'x/'" + RULE, "hold.branch_prefix", "must be 'pushgate/'"),
    ("version = 1\n[commands]\nenabled = 1" + RULE, "commands.enabled", "true or false"),
    ("version = 1\n[commands]\nallow = []" + RULE, "commands.allow", "unknown key"),
    ("version = 1\n[hold]\nmax_changed_files = 0" + RULE, "hold.max_changed_files", "from 1"),
    ("version = 1\n[hold]\nsettle_seconds = true" + RULE, "hold.settle_seconds", "whole number"),
    ("version = 1\n[hold]\nexpires_after = '0d'" + RULE, "hold.expires_after", "out of range"),
    ("version = 1\n[hold]\nexpires_after = '9999999w'" + RULE, "hold.expires_after", "out of range"),
    ("version = 1\n[hold]\nexpires_after = 7" + RULE, "hold.expires_after", "string in quotes"),
    ("version = 1\n[release]\nmethod = 'ff'" + RULE, "release.method", "not known"),
    ("version = 1\n[release]\nbase_moved = 'ignore'" + RULE, "release.base_moved", "Choose from hold"),
    (
        "version = 1\n[release]\nrequire_last_push_approval = false" + RULE,
        "release.require_last_push_approval",
        "always on",
    ),
    (
        "version = 1\n[release]\nstrict_required_status_checks_policy = true" + RULE,
        "release.strict_required_status_checks_policy",
        "base_moved",
    ),
    ("version = 1\n[release]\nwitness_notes = 1" + RULE, "release.witness_notes", "true or false"),
    ("version = 1" + RULE + "[policy.disapproval]\nif = {}", "policy.disapproval.if", "not in this release"),
    (
        "version = 1" + RULE + "[policy.override]\nrequires = { users = ['a'] }\ncomment_patterns = ['x']",
        "policy.override.comment_patterns[1]",
        "exactly one group",
    ),
    (
        "version = 1" + RULE + "[policy.override]\nexpires_after = '1h'",
        "policy.override.requires",
        "is missing",
    ),
]


@pytest.mark.parametrize(("text", "place", "words"), FAULTS)
def test_a_fault_names_its_place_and_its_fix(text: str, place: str, words: str) -> None:
    faults = check_policy(text).faults

    assert len(faults) == 1
    assert faults[0].startswith(f"{place}: ")
    assert words in faults[0]


RULE_FAULTS = [
    ("name = ''", "name", "is missing"),
    ("name = 3", "name", "string in quotes"),
    ("requires = { count = -1 }", "requires.count", "whole number"),
    ("requires = { count = 3, users = ['alice'] }", "requires.count", "could never be met"),
    ("requires = { users = [] }", "requires.users", "empty list"),
    ("requires = { users = 'alice' }", "requires.users", "must be a list"),
    ("requires = { permissions = ['none'] }", "requires.permissions", "from admin, maintain, write, triage"),
    ("requires = { roles = ['boss'] }", "requires.roles[1]", "Choose from auditor, reviewer, admin"),
    ("requires = { organizations = ['x'] }", "requires.organizations", "name a team"),
    ("requires = { teams = ['@acme/core'] }", "requires.teams[1]", "Write 'organization/team'"),
    ("requires = { unique_teams = true }", "requires.unique_teams", "needs teams"),
    ("requires = { count = 2, teams = ['a/b'], unique_teams = true }", "requires.count", "one team named"),
    ("requires = { code_owners = 1 }", "requires.code_owners", "true or false"),
    ("requires = { conditions = { title = {} } }", "requires.conditions.title", "holds no pattern"),
    ("if = { has_status = { conclusions = ['success'] } }", "if.has_status.statuses", "is missing"),
    (
        "if = { has_status = { statuses = ['ci'], conclusions = ['good'] } }",
        "if.has_status.conclusions[1]",
        "Choose from success",
    ),
    ("if = { has_status = { statuses = ['ci'], app = '' } }", "if.has_status.app", "is empty"),
    ("if = { has_valid_signatures = false }", "if.has_valid_signatures", "must be true"),
    ("if = { has_valid_signatures_by = {} }", "if.has_valid_signatures_by.users", "is missing"),
    (
        "if = { has_valid_signatures_by_keys = {} }",
        "if.has_valid_signatures_by_keys",
        "has_valid_signatures_by",
    ),
    ("if = { has_workflow_result = {} }", "if.has_workflow_result", "jobs in has_status"),
    ("if = { from_branch = {} }", "if.from_branch", "Use targets_branch"),
    ("if = { has_author_in = {} }", "if.has_author_in", "Use has_operator_in"),
    ("if = { has_contributor_in = {} }", "if.has_contributor_in", "Use has_operator_in"),
    ("if = {}", "if", "holds no condition"),
    ("if = { has_labels = [] }", "if.has_labels", "empty list"),
    ("if = { updat_kind = ['tag'] }", "if.updat_kind", "Did you mean update_kind?"),
    ("if = { update_kind = ['push'] }", "if.update_kind[1]", "Choose from create"),
    ("if = { update_kind = 'tag' }", "if.update_kind", "must be a list"),
    ("if = { changed_files = {} }", "if.changed_files.paths", "is missing"),
    ("if = { changed_files = { paths = [] } }", "if.changed_files.paths", "empty list"),
    ("if = { changed_files = { paths = ['(?!a)'] } }", "if.changed_files.paths[1]", "linear time"),
    ("if = { changed_files = ['a'] }", "if.changed_files", "must be a table"),
    ("if = { modified_lines = {} }", "if.modified_lines", "holds no bound"),
    ("if = { modified_lines = { total = '>= 3' } }", "if.modified_lines.total", "must compare"),
    ("if = { targets_branch = {} }", "if.targets_branch.pattern", "is empty"),
    ("if = { age = { older_than = 'old' } }", "if.age.older_than", "is not a duration"),
    ("if = { age = {} }", "if.age", "holds no bound"),
    ("if = { repository = {} }", "if.repository", "holds no pattern"),
    ("if = { has_agent_in = [''] }", "if.has_agent_in[1]", "empty"),
    ("options = { allow_bots = true }", "options.allow_bots", "Did you mean allow_bot?"),
    ("options = { ignore_edited_comments = false }", "options.ignore_edited_comments", "always on"),
    ("options = { invalidate_on_push = true }", "options.invalidate_on_push", "always on"),
    ("options = { methods = { comments = ['+1'] } }", "options.methods.comments", "must be empty"),
    (
        "options = { methods = { body_patterns = ['x'] } }",
        "options.methods.body_patterns",
        "comment_patterns",
    ),
    (
        "options = { methods = { comment_patterns = ['ok'] } }",
        "options.methods.comment_patterns[1]",
        "one group",
    ),
    ("options = { methods = { github_review = false } }", "options.methods", "nobody could approve"),
    ("options = { request_review = { mode = 'all' } }", "options.request_review.mode", "random-users"),
    ("options = { request_review = { count = 2 } }", "options.request_review.count", "random-users"),
    ("colour = 1", "colour", "unknown key"),
]


@pytest.mark.parametrize(("line", "place", "words"), RULE_FAULTS)
def test_a_fault_in_a_rule_names_its_place(line: str, place: str, words: str) -> None:
    lines = ["name = 'one'", "requires = { count = 1 }", line]
    kept = [text for text in lines[:2] if text.split(" ")[0] != line.split(" ")[0]]
    rule = "\n".join(("[[approval_rules]]", *kept, line))
    named = "version = 1\n" + rule + "\n[policy]\napproval = ['one']"

    faults = [fault for fault in check_policy(named).faults if not fault.startswith("policy.approval")]

    assert len(faults) == 1
    assert faults[0].startswith(f"approval_rules[1].{place}: ")
    assert words in faults[0]


def _nested(depth: int) -> str:
    return "version = 1" + RULE.replace(
        '["one"]', '["one", ' + "{ or = [" * depth + '"one"' + "] }" * depth + "]"
    )


def test_the_tree_is_five_deep_at_most() -> None:
    assert check_policy(_nested(5)).faults == ()
    (fault,) = check_policy(_nested(6)).faults
    assert fault == (
        "policy.approval[2].or[1].or[1].or[1].or[1].or[1]: is nested more than 5 deep. "
        "Split the rules instead"
    )


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (
            "[hold]\nallow_refs = ['refs/heads/m*']" + RULE,
            "hold.allow_refs",
            "refs/heads/main pass with no review",
        ),
        (
            RULE.replace('"one"\n', '"one"\nif = { targets_branch = { pattern = "main" } }\n', 1),
            "approval_rules[1].if.targets_branch.pattern",
            "Write '^main$'",
        ),
        (RULE.replace("count = 1", "count = 0"), "approval_rules[1].requires", "every push"),
        (
            "[[approval_rules]]\nname = 'two'\nrequires = { count = 2 }" + RULE,
            "policy.approval",
            "'two' is not used",
        ),
        (
            RULE.replace("count = 1", "conditions = { has_status = { statuses = ['ci'] } }"),
            "approval_rules[1].requires.conditions.has_status",
            "names no app",
        ),
        (
            RULE.replace("count = 1 }", "count = 1 }\noptions = { request_review = { enabled = true } }"),
            "approval_rules[1].options.request_review",
            "asks nobody",
        ),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(text: str, place: str, words: str) -> None:
    text = "version = 1\n" + text

    found = check_policy(text)

    assert any(warning.startswith(f"{place}: ") and words in warning for warning in found.warnings)
    assert parse_policy(text).warnings == found.warnings


def test_the_default_policy_is_the_documented_example_and_has_no_fault() -> None:
    assert (DOCS / "examples" / "policy.toml").read_text() == DEFAULT_POLICY
    assert check_policy(DEFAULT_POLICY) == PolicyCheck((), ())


def test_a_policy_for_a_forge_differs_in_the_time_that_pages_need_to_settle() -> None:
    slow = default_policy(settle_seconds=10)

    assert parse_policy(slow).hold.settle == timedelta(seconds=10)
    assert len(set(slow.splitlines()) ^ set(DEFAULT_POLICY.splitlines())) == 2


def test_a_rule_may_take_approvals_by_command_alone() -> None:
    rule = RULE.replace("count = 1 }", "count = 1 }\noptions = { methods = { github_review = false } }")

    assert check_policy("version = 1\n[commands]\nenabled = true" + rule).faults == ()
