import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

import gate.domain.policy as package
from gate.domain.hold import Likeness
from gate.domain.policy import (
    Asked,
    Outcome,
    OwnedPaths,
    Published,
    Subject,
    Verdict,
    check_policy,
    parse_policy,
)
from gate.domain.policy.parse_conditions import CONDITION_KEYS
from gate.domain.review import Check, Review
from tests.policy.building import ALICE, BOB, EARLIER, approval, at, at_github, file, judge, subject

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
READERS = {"text", "flag", "whole", "duration", "choice", "choices", "names", "logins", "patterns"}
READERS |= {"parsed", "items", "table", "only"}


def _keys_read() -> set[str]:
    """Every key that the parsers read, found in their own text."""
    keys = set(CONDITION_KEYS)
    for module in Path(package.__file__).parent.glob("parse*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                key = node.args[0]
                if node.func.attr in READERS and isinstance(key, ast.Constant):
                    keys.add(str(key.value))
    return keys


def test_the_page_names_every_key_and_condition() -> None:
    keys = _keys_read()

    assert len(keys) > 40
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", PAGE)] == []


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_worked_examples_have_neither_fault_nor_warning(text: str) -> None:
    found = check_policy(text)

    assert (found.faults, found.warnings) == ((), ())


def test_the_worked_examples_do_what_the_page_says() -> None:
    small, harm, quiet, _ = EXAMPLES
    readme, both = (
        subject(files=(file("README.md", 12),)),
        subject(files=(file("README.md"), file("setup.py"))),
    )
    deploy = subject(files=(file("deploy/run.sh"),))

    assert judge(small, about=readme).outcome is Outcome.APPROVED
    assert judge(small, about=both).outcome is Outcome.PENDING
    assert judge(small, approval(ALICE), about=both).outcome is Outcome.APPROVED
    assert judge(harm, approval(ALICE), about=deploy).outcome is Outcome.PENDING
    assert judge(harm, approval(ALICE), about=readme).outcome is Outcome.APPROVED
    early = judge(quiet, approval(ALICE), now=at(300))
    assert early.reasons == (
        "half an hour on main: age does not hold: the revision is not older than 30 minutes",
    )
    assert judge(quiet, approval(ALICE), now=at(1800)).outcome is Outcome.APPROVED


def test_the_example_at_github_does_what_the_page_says() -> None:
    text = EXAMPLES[3]
    checks = tuple(Check(name, "success", "github-actions") for name in ("test", "lint"))
    about = subject(owned=(OwnedPaths(("alice",), "src/app.py", 1),))
    deploy = subject(owned=(), files=(file("deploy/run.sh"),))
    reworded = replace(about, earlier=(Published(EARLIER, at(-500), Likeness.NO_CODE_CHANGE),))
    asked = Asked(teams=("acme/security", "acme/platform"))
    security = replace(ALICE, teams=frozenset({"acme/security"}))
    platform = replace(BOB, teams=frozenset({"acme/platform"}))

    def told(*reviews: Review, of: Subject = about) -> Verdict:
        return judge(text, about=of, seen=at_github(*reviews, checks=checks, unresolved_threads=0))

    assert told(approval(BOB)).reasons == (
        "owners and tests: an approval by an owner of src/app.py is missing: alice",
    )
    assert told(approval(ALICE)).outcome is Outcome.APPROVED
    before = approval(ALICE, oid=EARLIER, submitted_at=at(-400))
    assert told(before, of=reworded).outcome is Outcome.APPROVED
    assert parse_policy(text).asked(deploy, seed="app/1") == asked
    assert told(approval(security), of=deploy).outcome is Outcome.PENDING
    assert told(approval(security), approval(platform, 2), of=deploy).outcome is Outcome.APPROVED
