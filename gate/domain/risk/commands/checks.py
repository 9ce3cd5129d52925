"""C10: hooks, tests and other checks that were switched off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from gate.domain.risk.commands.arguments import arguments, written
from gate.domain.risk.commands.git import git_of
from gate.domain.risk.commands.look import Hit, Look
from gate.domain.risk.commands.paths import is_test
from gate.domain.risk.commands.programs import is_test_run
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import Pipeline, Simple

C10 = Rule(
    id="C10",
    name="checks-off",
    severity=Severity.HIGH,
    why="A check that was switched off tells nothing, and what it reports afterwards is no proof.",
    check="Run the check yourself, with nothing switched off, before you believe that it passes.",
)
_NULL_HOOKS = ("/dev/null", "/bin/true", "")
_VARIABLES = {
    "SKIP": None,
    "HUSKY": "0",
    "HUSKY_SKIP_HOOKS": "1",
    "LEFTHOOK": "0",
    "PRE_COMMIT_ALLOW_NO_CONFIG": "1",
    "CI": "false",
    "SKIP_TESTS": None,
    "NODE_TLS_REJECT_UNAUTHORIZED": "0",
}
_HIDING = re.compile(r"\|\|\s*(?:true|:|exit\s+0|echo\b)|;\s*(?:true|exit\s+0)\s*(?:\Z|[;)\n])")
_TEST_OPTIONS = (
    "--no-cov",
    "--passWithNoTests",
    "--pass-with-no-tests",
    "-DskipTests",
    "-Dmaven.test.skip=true",
)


def checks_off(look: Look) -> Iterator[Hit]:
    """What keeps a check from running, or its failure from being seen."""
    for simple in look.commands:
        yield from _git(simple)
        if any(_switches_off(name, value) for name, value in _assigned(simple)):
            yield Hit(Severity.HIGH, "a variable was set that switches checks off")
        if is_test_run(simple):
            yield from _test_run(look, simple)
        elif any(word in ("-DskipTests", "-Dmaven.test.skip=true") for word in simple.words):
            yield Hit(Severity.HIGH, "a build was told to leave the tests out")
        if any(is_test(look.path(path) or path) for path in _removed(simple)):
            yield Hit(Severity.HIGH, "tests were deleted")
        if any(".git/hooks/" in (look.path(word) or word) for word in (*written(simple), *_removed(simple))):
            yield Hit(Severity.HIGH, "a hook of the work tree was changed or removed")


def _git(simple: Simple) -> Iterator[Hit]:
    git = git_of(simple)
    if git is None:
        return
    parts = arguments(git.words, "-m -F -C -c --message --file -o --author --date -X -s")
    is_short = git.verb == "commit" and arguments(git.words, "-m -F -C -c -t --author").has("-n")
    if git.verb in ("commit", "push", "merge", "rebase", "am") and (parts.has("--no-verify") or is_short):
        yield Hit(Severity.HIGH, "git was told not to run its hooks")
    pairs = (
        [*git.settings, (parts.operands[0], parts.operands[1])]
        if len(parts.operands) > 1
        else list(git.settings)
    )
    if any(key.lower() == "core.hookspath" and value in _NULL_HOOKS for key, value in pairs):
        yield Hit(Severity.HIGH, "git's hooks were pointed at nothing")


def _test_run(look: Look, simple: Simple) -> Iterator[Hit]:
    words = simple.words[1:]
    if any(word.startswith(_TEST_OPTIONS) for word in words) or _without_plugin(words):
        yield Hit(Severity.HIGH, "tests were run with a part of them switched off")
    if look.past.goes_on_after_failure:
        yield Hit(Severity.MEDIUM, "tests were run where a failure does not stop what follows")
    if _can_only_succeed(look.after) and _hides_failure(look.parsed.command.text):
        yield Hit(Severity.HIGH, "tests were run so that a failure counts as success")


@lru_cache(maxsize=16)
def _hides_failure(text: str) -> bool:
    """By the text: the operator between two pipelines is not among what a rule sees."""
    return _HIDING.search(text) is not None


def _can_only_succeed(pipeline: Pipeline | None) -> bool:
    first = pipeline.commands[0].name if pipeline is not None and pipeline.commands else ""
    return first in ("true", ":", "exit", "echo")


def _without_plugin(words: tuple[str, ...]) -> bool:
    return any(word.startswith("-pno:") for word in words) or any(
        before == "-p" and word.startswith("no:") for before, word in pairwise(words)
    )


def _switches_off(name: str, value: str) -> bool:
    if name not in _VARIABLES:
        return False
    wanted = _VARIABLES[name]
    return (
        bool(value) and value != "0"
        if wanted is None
        else value.lower() in (wanted, "0" if name == "CI" else wanted)
    )


def _assigned(simple: Simple) -> Iterator[tuple[str, str]]:
    yield from simple.assignments
    if simple.name in ("export", "declare", "typeset"):
        for word in simple.words[1:]:
            name, _, value = word.partition("=")
            yield name, value


def _removed(simple: Simple) -> tuple[str, ...]:
    if simple.name in ("rm", "unlink"):
        return arguments(simple.words[1:]).operands
    git = git_of(simple)
    if git is not None and git.verb == "rm" and "--cached" not in git.words:
        return arguments(git.words).operands
    return ()
