from typing import Any

import pytest

from gate.domain.hold import UpdateKind
from gate.domain.policy import Outcome, Subject
from gate.domain.review import Account, Check, Seal
from tests.policy.building import EARLIER, HEAD, OTHER, at, at_github, file, judge, observation, subject

PASSING = """
version = 1
[[approval_rules]]
name = "conditional"
requires = {{ count = 0 }}
if = {{ {condition} }}
[policy]
approval = ["conditional"]
"""
NEEDED = """
version = 1
[[approval_rules]]
name = "conditional"
requires = {{ count = 0, conditions = {{ {condition} }} }}
[policy]
approval = ["conditional"]
"""


def files(*paths: str) -> Subject:
    return subject(files=tuple(map(file, paths)))


def lines(added: int | None, deleted: int | None) -> Subject:
    return subject(files=(file("a", added, deleted), file("b", 1, 1)))


DEPLOY = r"paths = ['^deploy/'], ignore = ['\.md$']"
DOCS = r"paths = ['^docs/', '\.md$']"

CASES: list[tuple[str, Subject, bool]] = [
    (f"changed_files = {{ {DEPLOY} }}", files("src/a", "deploy/run"), True),
    (f"changed_files = {{ {DEPLOY} }}", files("src/deploy/run"), False),
    (f"changed_files = {{ {DEPLOY} }}", files("deploy/README.md"), False),
    (f"changed_files = {{ {DEPLOY} }}", files("deploy/a.md\n"), True),
    (f"changed_files = {{ {DEPLOY} }}", files("deploy/\udcff"), True),
    (f"changed_files = {{ {DEPLOY} }}", files(), False),
    (f"changed_files = {{ {DEPLOY} }}", files("deploy/" + "x" * 9000), True),
    (f"no_changed_files = {{ {DEPLOY} }}", files("src/a"), True),
    (f"no_changed_files = {{ {DEPLOY} }}", files("src/a", "deploy/run"), False),
    (f"no_changed_files = {{ {DEPLOY} }}", files(), True),
    (f"only_changed_files = {{ {DOCS} }}", files("docs/a", "README.md"), True),
    (f"only_changed_files = {{ {DOCS} }}", files("docs/a", "README.md", "src/a.py"), False),
    (f"only_changed_files = {{ {DOCS} }}", files("docs/a", "evil.md\n"), False),
    (f"only_changed_files = {{ {DOCS}, ignore = ['secret'] }}", files("docs/secret"), False),
    (f"only_changed_files = {{ {DOCS} }}", files(), False),
    ("modified_lines = { total = '> 10' }", lines(5, 4), True),
    ("modified_lines = { total = '> 11' }", lines(5, 4), False),
    ("modified_lines = { total = '= 11' }", lines(5, 4), True),
    ("modified_lines = { total = '< 11' }", lines(5, 4), False),
    ("modified_lines = { additions = '= 6', deletions = '< 6' }", lines(5, 4), True),
    ("modified_lines = { additions = '= 6', deletions = '< 5' }", lines(5, 4), False),
    ("modified_lines = { total = '> 1000' }", lines(None, None), True),
    ("modified_lines = { total = '< 1000' }", lines(None, None), False),
    ("modified_lines = { deletions = '= 1' }", lines(None, None), False),
    ("targets_branch = { pattern = '^main$' }", subject(), True),
    ("targets_branch = { pattern = '^main$' }", subject(ref="refs/heads/main2"), False),
    ("targets_branch = { pattern = 'main' }", subject(ref="refs/heads/x/main2"), True),
    ("targets_branch = { pattern = '^main$' }", subject(ref="refs/tags/main"), False),
    ("targets_branch = { pattern = 'heads' }", subject(), False),
    ("update_kind = ['rewrite', 'delete']", subject(kind=UpdateKind.DELETE), True),
    ("update_kind = ['rewrite', 'delete']", subject(kind=UpdateKind.TAG), False),
    ("age = { older_than = '10m' }", subject(received_at=at(-1)), True),
    ("age = { older_than = '10m' }", subject(received_at=at(0)), False),
    ("age = { newer_than = '10m' }", subject(received_at=at(0)), False),
    ("age = { newer_than = '10m' }", subject(received_at=at(1)), True),
    ("age = { older_than = '5m', newer_than = '1h' }", subject(received_at=at(0)), True),
    ("age = { older_than = '5m', newer_than = '6m' }", subject(received_at=at(0)), False),
    ("has_operator_in = ['Alice']", subject(operator="alice", operator_id=1), True),
    ("has_operator_in = ['alice']", subject(operator="alice2", operator_id=1), False),
    ("has_operator_in = ['alice']", subject(), False),
    ("has_agent_in = ['codex-1']", subject(), True),
    ("has_agent_in = ['codex-1']", subject(agent="codex-11"), False),
    ("repository = { matches = ['^app$'] }", subject(), True),
    ("repository = { matches = ['^app$'] }", subject(repository="app2"), False),
    ("repository = { matches = ['app'], not_matches = ['legacy'] }", subject(repository="legacy-app"), False),
    ("repository = { not_matches = ['legacy'] }", subject(), True),
    ("update_kind = ['fast_forward'], targets_branch = { pattern = '^dev$' }", subject(), False),
]


@pytest.mark.parametrize(("condition", "about", "holds"), CASES)
def test_a_rule_applies_where_its_condition_holds(condition: str, about: Subject, holds: bool) -> None:
    verdict = judge(PASSING.format(condition=condition), about=about)

    assert verdict.outcome is (Outcome.APPROVED if holds else Outcome.ERROR)


@pytest.mark.parametrize(("condition", "about", "holds"), CASES)
def test_a_required_condition_keeps_a_rule_pending(condition: str, about: Subject, holds: bool) -> None:
    verdict = judge(NEEDED.format(condition=condition), about=about)

    assert verdict.outcome is (Outcome.APPROVED if holds else Outcome.PENDING)


@pytest.mark.parametrize(
    "condition",
    [
        f"no_changed_files = {{ {DEPLOY} }}",
        f"only_changed_files = {{ {DOCS} }}",
        f"changed_files = {{ {DOCS} }}",
        "modified_lines = { total = '< 100' }",
    ],
)
def test_no_condition_rests_on_a_list_of_files_that_was_cut(condition: str) -> None:
    verdict = judge(PASSING.format(condition=condition), about=subject(files_truncated=True))

    assert verdict.outcome is Outcome.ERROR
    assert verdict.reasons == (
        "conditional: the list of changed files was cut at its cap, so no condition can rest on it",
    )


@pytest.mark.parametrize(
    ("about", "words"),
    [
        (files("docs/\u202egpj.exe\x1b[2J"), r"docs/\u202egpj.exe\x1b[2J is changed too"),
        (files("a\udcff\n"), r"a\udcff\n is changed too"),
    ],
)
def test_names_that_agents_choose_are_shown_escaped(about: Subject, words: str) -> None:
    verdict = judge(PASSING.format(condition="only_changed_files = { paths = ['^x'] }"), about=about)

    assert any(words in line for line in verdict.lines())


def test_a_rule_that_needs_no_approval_says_so() -> None:
    verdict = judge(PASSING.format(condition="has_agent_in = ['codex-1']"), seen=observation())

    assert verdict.reasons == ("the rules that apply need no approval",)


CI, FAILED, RUNNING = Check("ci", "success", None), Check("ci", "failure", None), Check("ci", None, None)
OURS, FOREIGN = Check("ci", "success", "github-actions"), Check("ci", "success", "somebody")
BY_APP = "has_status = { statuses = ['ci'], app = 'github-actions' }"
SOON = "has_status = { statuses = ['ci'], conclusions = ['success', 'skipped'] }"
BOTH = "has_status = { statuses = ['ci', 'lint'] }"

STATUS: list[tuple[str, tuple[Check, ...], bool, str]] = [
    ("has_status = { statuses = ['ci'] }", (CI,), True, "ci is success"),
    ("has_status = { statuses = ['ci'] }", (), False, "ci has not reported"),
    ("has_status = { statuses = ['ci'] }", (RUNNING,), False, "ci is still running, asked is success"),
    ("has_status = { statuses = ['ci'] }", (FAILED,), False, "ci is failure, asked is success"),
    ("has_status = { statuses = ['ci'] }", (CI, FAILED), False, "ci is failure"),
    ("has_status = { statuses = ['ci'] }", (Check("CI", "success", None),), False, "ci has not reported"),
    (SOON, (Check("ci", "skipped", None),), True, "ci is skipped"),
    (BOTH, (CI,), False, "ci is success, lint has not reported"),
    (BOTH, (CI, Check("lint", "success", None)), True, "lint is success"),
    (BY_APP, (OURS,), True, "ci is success"),
    (BY_APP, (CI,), False, "ci has reported, but not by github-actions"),
    (BY_APP, (FOREIGN,), False, "ci has reported, but not by github-actions"),
    (BY_APP, (OURS, FAILED), True, "ci is success"),
    (BY_APP, (Check("ci", "failure", "github-actions"), CI), False, "ci is failure"),
]


@pytest.mark.parametrize(("condition", "checks", "holds", "words"), STATUS)
def test_a_check_holds_by_its_name_its_end_and_its_app(
    condition: str, checks: tuple[Check, ...], holds: bool, words: str
) -> None:
    verdict = judge(NEEDED.format(condition=condition), seen=at_github(checks=checks))

    assert verdict.outcome is (Outcome.APPROVED if holds else Outcome.PENDING)
    assert any(words in line for line in verdict.lines())


def seal(oid: str = HEAD, signer: str | None = "bob", named: str | None = "bob", **changes: Any) -> Seal:
    account = None if signer is None else Account(2, signer)
    return Seal(
        oid, changes.get("is_valid", True), account, "expired_key", frozenset({named} if named else ())
    )


SIGNED = "has_valid_signatures = true"
BY_BOB = "has_valid_signatures_by = { users = ['Bob', 'carol'] }"
SEALS: list[tuple[str, tuple[Seal, ...], bool, str]] = [
    (SIGNED, (seal(), seal(EARLIER)), True, "every commit has a valid signature"),
    (SIGNED, (seal(), seal(EARLIER, is_valid=False)), False, "1a2b3c4 has no valid signature (expired_key)"),
    (SIGNED, (seal(signer=None), seal(EARLIER)), True, "every commit has a valid signature"),
    (BY_BOB, (seal(), seal(EARLIER)), True, "every commit has a valid signature by bob or carol"),
    (BY_BOB, (seal(), seal(EARLIER, "alice", "alice")), False, "is signed by alice, asked is bob or carol"),
    (BY_BOB, (seal(), seal(EARLIER, "bob", None)), False, "is signed by bob, asked is bob or carol"),
    (BY_BOB, (seal(), seal(EARLIER, "bob2", "bob")), True, "every commit has a valid signature"),
    (BY_BOB, (seal(), seal(EARLIER, None)), False, "is signed by somebody the forge does not know"),
    (BY_BOB, (seal(is_valid=False), seal(EARLIER)), False, "3f9c2ab has no valid signature"),
]


@pytest.mark.parametrize(("condition", "seals", "holds", "words"), SEALS)
def test_a_signature_holds_where_every_commit_has_one(
    condition: str, seals: tuple[Seal, ...], holds: bool, words: str
) -> None:
    seen = at_github(seals=seals)

    verdict = judge(NEEDED.format(condition=condition), seen=seen, about=subject(commits=(HEAD, EARLIER)))

    assert verdict.outcome is (Outcome.APPROVED if holds else Outcome.PENDING)
    assert any(words in line for line in verdict.lines())


def test_a_push_with_no_commit_is_not_signed() -> None:
    about = subject(commits=(), kind=UpdateKind.FAST_FORWARD)

    assert judge(NEEDED.format(condition=SIGNED), seen=at_github(seals=()), about=about).reasons == (
        "conditional: has_valid_signatures does not hold: the push brings no commit",
    )


@pytest.mark.parametrize(
    ("condition", "seen", "commits", "why"),
    [
        (BY_APP, {"checks": None}, (HEAD,), "the forge could not tell the checks of this commit"),
        (SIGNED, {"seals": None}, (HEAD,), "the forge could not tell the signatures of the commits"),
        (SIGNED, {"seals": (seal(),)}, None, "the list of commits is not known as a whole"),
        (SIGNED, {"seals": (seal(),)}, (HEAD, OTHER), "the forge has not told whether 9e8d7c6 is signed"),
        (BY_BOB, {"seals": (seal(OTHER),)}, (HEAD,), "the forge has not told whether 3f9c2ab is signed"),
    ],
)
@pytest.mark.parametrize("text", [PASSING, NEEDED])
def test_no_condition_rests_on_what_the_forge_could_not_tell(
    text: str, condition: str, seen: dict[str, Any], commits: tuple[str, ...] | None, why: str
) -> None:
    verdict = judge(text.format(condition=condition), seen=at_github(**seen), about=subject(commits=commits))

    assert verdict.outcome is Outcome.ERROR
    assert why in verdict.reasons[0]


@pytest.mark.parametrize(
    ("condition", "seen", "holds"),
    [
        ("has_labels = ['Ready']", {"labels": ("ready", "other")}, True),
        ("has_labels = ['ready', 'safe']", {"labels": ("ready",)}, False),
        ("has_labels = ['ready', 'safe']", {"labels": ("Safe", "READY")}, True),
        ("has_labels = ['ready']", {}, False),
        ("title = { matches = ['^fix: '] }", {"title": "fix: a"}, True),
        ("title = { matches = ['^fix: '] }", {"title": "feat: a"}, False),
        ("title = { not_matches = ['(?i)wip'] }", {"title": "WIP fix"}, False),
        ("title = { matches = ['^fix'], not_matches = ['wip'] }", {"title": "fix a"}, True),
    ],
)
def test_labels_and_titles_are_conditions(condition: str, seen: dict[str, Any], holds: bool) -> None:
    outcome = judge(NEEDED.format(condition=condition), seen=at_github(**seen)).outcome

    assert outcome is (Outcome.APPROVED if holds else Outcome.PENDING)
