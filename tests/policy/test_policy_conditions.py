import pytest

from gate.domain.hold import UpdateKind
from gate.domain.policy import Outcome, Subject
from tests.policy.building import at, file, judge, observation, subject

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
