"""Which test runners a command runs, and what they say came of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gate.domain.session.model import TestRun
from gate.domain.session.shell_words import Words, positionals, program, simple_commands
from gate.domain.session.test_counts import all_counts_in, counts_in


@dataclass(frozen=True, slots=True)
class _Runner:
    """A runner and the formats its summary may have; none where it runs whatever a project says."""

    name: str
    formats: tuple[str, ...] = ()


def find_test_runs(text: str, output: str = "") -> tuple[TestRun, ...]:
    """The test runners that a shell command runs, each once, with the counts in its output."""
    runners = dict.fromkeys(filter(None, map(_runner, simple_commands(text))))
    return tuple(
        TestRun(runner.name, counts_in(output, runner.formats) if runner.formats else all_counts_in(output))
        for runner in runners
    )


_PYTEST = _Runner("pytest", ("pytest",))
_UNITTEST = _Runner("unittest", ("unittest",))
_CARGO = ("cargo", "nextest", "cargo-broken")
_GO = ("gotestsum", "go-json", "go")

_BY_NAME: Mapping[str, _Runner] = {
    "pytest": _PYTEST,
    "py.test": _PYTEST,
    "nosetests": _Runner("nose", ("unittest",)),
    "nose2": _Runner("nose", ("unittest",)),
    "trial": _Runner("trial", ("unittest",)),
    "stestr": _Runner("stestr"),
    "tox": _Runner("tox"),
    "nox": _Runner("nox"),
    "jest": _Runner("jest", ("jest",)),
    "vitest": _Runner("vitest", ("jest",)),
    "mocha": _Runner("mocha", ("mocha",)),
    "ava": _Runner("ava", ("ava", "tap")),
    "jasmine": _Runner("jasmine"),
    "tap": _Runner("tap", ("node", "tap")),
    "gotestsum": _Runner("go test", _GO),
    "cargo-nextest": _Runner("cargo nextest", _CARGO),
    "rspec": _Runner("rspec", ("rspec",)),
    "phpunit": _Runner("phpunit", ("phpunit",)),
    "pest": _Runner("pest", ("jest", "phpunit")),
    "ctest": _Runner("ctest", ("ctest",)),
    "prove": _Runner("prove", ("prove", "tap")),
    "bats": _Runner("bats", ("counted", "tap")),
}
_TEST_NAME = re.compile(r"(?:^|[:_.\-/])(?:tests?|e2e|specs?)(?:$|[:_.\-/])", re.IGNORECASE)
_GRADLE_TASK = re.compile(r"(?:^|:)(?:test|check|test[A-Z]\w*|\w*Test|connectedCheck|allTests)$")
_ASKS_ONLY = frozenset("--version --help --collect-only --co --fixtures --markers --listTests --list".split())
_PYTHON = re.compile(r"python[\d.]*|pypy[\d.]*|py")
_PYTHON_VALUES = frozenset("-W -X -c".split())
_MAKE_VALUES = frozenset("-C -f -I -j -l -o -W --directory --file --makefile".split())
_PACKAGE_VALUES = frozenset("-C --dir --prefix --filter -F -w --workspace --cwd".split())


def _runner(words: Words) -> _Runner | None:
    if _ASKS_ONLY.intersection(words):
        return None
    name = program(words)
    found = _BY_NAME.get(name)
    if found is not None:
        return None if name == "tap" and next(positionals(words), "") == "list" else found
    if _PYTHON.fullmatch(name):
        return _of_python(words)
    by_words = _BY_WORDS.get(name)
    return by_words(words) if by_words else None


def _of_python(words: Words) -> _Runner | None:
    """`python -m RUNNER`, and `manage.py test`."""
    place = 1
    while place < len(words) and words[place].startswith("-"):
        if words[place] == "-m":
            return _runner_module(words[place + 1 :])
        if words[place] == "-c":
            return None
        place += 2 if words[place] in _PYTHON_VALUES else 1
    return _of_script(words[place:])


def _runner_module(words: Sequence[str]) -> _Runner | None:
    if not words:
        return None
    if words[0] in ("unittest", "django"):
        return _UNITTEST if words[0] == "unittest" or "test" in words[1:2] else None
    if words[0] == "coverage":
        return _of_coverage(words)
    return _BY_NAME.get({"nose": "nosetests", "twisted.trial": "trial"}.get(words[0], words[0]))


def _of_coverage(words: Sequence[str]) -> _Runner | None:
    """`coverage run -m RUNNER`."""
    if "run" not in words[1:2]:
        return None
    return _runner_module(words[words.index("-m") + 1 :]) if "-m" in words else _of_script(words[2:])


def _of_script(words: Sequence[str]) -> _Runner | None:
    if len(words) > 1 and program(words) in ("manage.py", "setup.py") and words[1] == "test":
        return _Runner("django", ("unittest",)) if program(words) == "manage.py" else _Runner("setup.py test")
    return None


def _subcommand(runner: _Runner, *names: str, values: str = "") -> Callable[[Words], _Runner | None]:
    """A runner that is one subcommand of a program."""
    with_value = frozenset(values.split())

    def of(words: Words) -> _Runner | None:
        first = next((word for word in positionals(words, with_value) if not word.startswith("+")), "")
        return runner if first in names else None

    return of


def _target(name: str, values: frozenset[str] = frozenset()) -> Callable[[Words], _Runner | None]:
    """A task runner, one of whose tasks is named like a test; `check` is what GNU's makefiles call them."""

    def of(words: Words) -> _Runner | None:
        targets = (word for word in positionals(words, values) if "=" not in word)
        tests = (target == "check" or _TEST_NAME.search(target) for target in targets)
        return _Runner(name) if any(tests) else None

    return of


def _of_package_tool(words: Words) -> _Runner | None:
    """npm, pnpm, yarn: `test`, `run test:unit`, and with yarn and pnpm a runner by its own name."""
    tool = program(words)
    rest = list(positionals(words[: words.index("--")] if "--" in words else words, _PACKAGE_VALUES))
    if tool == "yarn" and rest[:1] == ["workspace"]:
        rest = rest[2:]
    if not rest:
        return None
    if rest[0] in ("test", "t", "tst") and not (tool == "yarn" and rest[0] != "test"):
        return _Runner(f"{tool} test")
    if rest[0] in ("run", "run-script", "rum", "urn"):
        return _Runner(f"{tool} test") if len(rest) > 1 and _TEST_NAME.search(rest[1]) else None
    if tool == "npm":
        return None
    return _BY_NAME.get(rest[0]) or (_Runner(f"{tool} test") if _TEST_NAME.match(rest[0]) else None)


def _of_bun(words: Words) -> _Runner | None:
    rest = list(positionals(words))
    if rest[:1] == ["test"]:
        return _Runner("bun test", ("bun",))
    if rest[:1] == ["run"] and len(rest) > 1 and _TEST_NAME.search(rest[1]):
        return _Runner("bun test")
    return None


def _of_node(words: Words) -> _Runner | None:
    options = words[1:]
    if any(word == "--test" or word.startswith("--test=") for word in options):
        return _Runner("node --test", ("node", "tap"))
    script = next(positionals(words, frozenset("-r --require --import --loader".split())), "")
    name = program((script.removesuffix(".js"),))
    return _BY_NAME.get(name) if "node_modules" in script else None


def _of_cargo(words: Words) -> _Runner | None:
    rest = [word for word in positionals(words) if not word.startswith("+")]
    if rest[:1] in (["test"], ["t"]):
        return _Runner("cargo test", _CARGO)
    if rest[:2] in (["nextest", "run"], ["nextest", "r"]):
        return _Runner("cargo nextest", _CARGO)
    return None


def _of_maven(words: Words) -> _Runner | None:
    if any(word.startswith(("-DskipTests", "-Dmaven.test.skip")) and "=false" not in word for word in words):
        return None
    goals = set(positionals(words, frozenset("-f -pl -P -s -T --file --projects".split())))
    tests = {"test", "verify", "integration-test", "surefire:test", "failsafe:integration-test"}
    return _Runner("maven", ("surefire",)) if goals & tests else None


def _of_gradle(words: Words) -> _Runner | None:
    tasks = positionals(words, frozenset("-x --exclude-task -p -b -I --tests".split()))
    return _Runner("gradle", ("gradle",)) if any(map(_GRADLE_TASK.search, tasks)) else None


def _of_rake(words: Words) -> _Runner | None:
    tasks = [word for word in positionals(words) if _TEST_NAME.search(word)]
    return _Runner("rake test", ("minitest", "rspec")) if tasks else None


def _of_ruby(words: Words) -> _Runner | None:
    is_test = any(re.search(r"(?:^|/)(?:test_\w+|\w+_test)\.rb$", word) for word in words[1:])
    return _Runner("minitest", ("minitest",)) if is_test else None


def _of_php(words: Words) -> _Runner | None:
    rest = list(positionals(words, frozenset(("-d",))))
    if rest[:2] == ["artisan", "test"]:
        return _Runner("artisan test", ("jest", "phpunit"))
    return _BY_NAME.get(program(rest)) if program(rest) in ("phpunit", "pest") else None


def _of_composer(words: Words) -> _Runner | None:
    rest = [word for word in positionals(words) if word not in ("run", "run-script")]
    return _Runner("composer test") if rest and _TEST_NAME.match(rest[0]) else None


def _of_cmake(words: Words) -> _Runner | None:
    targets = [after for word, after in pairwise(words) if word in ("--target", "-t")]
    return _Runner("ctest", ("ctest",)) if {"test", "check"} & set(targets) else None


_RAILS = _subcommand(_Runner("rails test", ("minitest",)), "test", "test:system", "t")
_DART_TEST = ("dart",)
_BY_WORDS: Mapping[str, Callable[[Words], _Runner | None]] = {
    "coverage": _of_coverage,
    "manage.py": _of_script,
    "npm": _of_package_tool,
    "pnpm": _of_package_tool,
    "yarn": _of_package_tool,
    "bun": _of_bun,
    "node": _of_node,
    "tsx": _of_node,
    "deno": _subcommand(_Runner("deno test", ("deno",)), "test"),
    "playwright": _subcommand(_Runner("playwright", ("playwright",)), "test"),
    "cypress": _subcommand(_Runner("cypress", ("mocha",)), "run"),
    "react-scripts": _subcommand(_Runner("jest", ("jest",)), "test"),
    "ng": _subcommand(_Runner("ng test"), "test"),
    "go": _subcommand(_Runner("go test", _GO), "test", values="-C"),
    "cargo": _of_cargo,
    "make": _target("make", _MAKE_VALUES),
    "gmake": _target("make", _MAKE_VALUES),
    "ninja": _target("ninja", _MAKE_VALUES),
    "just": _target("just"),
    "task": _target("task"),
    "invoke": _target("invoke"),
    "inv": _target("invoke"),
    "composer": _of_composer,
    "hatch": _subcommand(_Runner("hatch test"), "test"),
    "bazel": _subcommand(_Runner("bazel test"), "test"),
    "bazelisk": _subcommand(_Runner("bazel test"), "test"),
    "meson": _subcommand(_Runner("meson test", ("meson",)), "test", values="-C"),
    "cmake": _of_cmake,
    "mvn": _of_maven,
    "mvnw": _of_maven,
    "gradle": _of_gradle,
    "gradlew": _of_gradle,
    "sbt": _subcommand(_Runner("sbt test", ("sbt",)), "test", "testOnly", "testQuick"),
    "lein": _subcommand(_Runner("lein test"), "test"),
    "rake": _of_rake,
    "rails": _RAILS,
    "ruby": _of_ruby,
    "php": _of_php,
    "dotnet": _subcommand(_Runner("dotnet test", ("dotnet",)), "test", "vstest"),
    "swift": _subcommand(_Runner("swift test", ("swift",)), "test"),
    "xcodebuild": _subcommand(_Runner("xcodebuild test", ("swift",)), "test", "test-without-building"),
    "mix": _subcommand(_Runner("mix test", ("counted",)), "test"),
    "dart": _subcommand(_Runner("dart test", _DART_TEST), "test"),
    "flutter": _subcommand(_Runner("flutter test", _DART_TEST), "test"),
    "zig": _subcommand(_Runner("zig test"), "test"),
    "stack": _subcommand(_Runner("stack test"), "test"),
    "cabal": _subcommand(_Runner("cabal test"), "test"),
}
