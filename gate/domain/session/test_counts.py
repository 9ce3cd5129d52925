"""What test runners print at their end, read back into counts.

Exit codes do not tell: `pytest; true`, `pytest | tail` and a loop all end with 0 however their tests went.
Every summary in an output counts, so that a loop with one failure shows it. Where a runner tells packages
only, as `go test` does, its packages are counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from gate.domain.session.model import TestCounts

Read = Callable[[Sequence[str]], TestCounts | None]

# Summaries stand at the end, of each round of a loop too; lines longer than this are no summary.
_MOST_OUTPUT = 1 << 20
_MOST_LINE = 2_000
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")


def counts_in(output: str, formats: Iterable[str]) -> TestCounts | None:
    """The counts in an output by the first of the formats that says anything."""
    lines = _lines(output)
    found = (READ[name](lines) for name in formats)
    return next((counts for counts in found if counts is not None), None)


def all_counts_in(output: str) -> TestCounts | None:
    """The counts in the output of a task of which nobody knows what it runs: of every format together."""
    lines = _lines(output)
    sure = _sum(READ[name](lines) for name in READ if name not in _FALLBACKS)
    return sure if sure is not None else _sum(READ[name](lines) for name in _FALLBACKS)


def _lines(output: str) -> list[str]:
    plain = _ESCAPES.sub("", output[-_MOST_OUTPUT:]).replace("\r", "\n")
    return [line for line in plain.split("\n") if len(line) <= _MOST_LINE]


def _sum(each: Iterable[TestCounts | None]) -> TestCounts | None:
    told = [counts for counts in each if counts is not None]
    return sum(told, TestCounts()) if told else None


def _of_total(total: int, failed: int = 0, errors: int = 0, skipped: int = 0) -> TestCounts:
    return TestCounts(max(0, total - failed - errors - skipped), failed, errors, skipped)


def _each(pattern: str, make: Callable[[re.Match[str]], TestCounts]) -> Read:
    """A format whose summary is one line."""
    compiled = re.compile(pattern)

    def read(lines: Sequence[str]) -> TestCounts | None:
        return _sum(make(found) for line in lines if (found := compiled.search(line)))

    return read


def _number(found: re.Match[str], name: str) -> int:
    return int(found[name] or 0)


def _named(found: re.Match[str]) -> TestCounts:
    """Counts from groups that are named as what they count; `total` where it is told."""
    have = {name: int(value or 0) for name, value in found.groupdict().items()}
    failed, errors, skipped = have.get("failed", 0), have.get("errors", 0), have.get("skipped", 0)
    if "total" in have:
        return _of_total(have["total"], failed, errors, skipped)
    return TestCounts(have.get("passed", 0), failed, errors, skipped)


_COUNTED = re.compile(r"(\d{1,9}) ([a-z]+)")
_KINDS = {
    "passed": "passed",
    "passing": "passed",
    "xpassed": "passed",
    "succeeded": "passed",
    "failed": "failed",
    "failing": "failed",
    "failure": "failed",
    "failures": "failed",
    "error": "errors",
    "errors": "errors",
    "skipped": "skipped",
    "xfailed": "skipped",
    "pending": "skipped",
    "todo": "skipped",
    "ignored": "skipped",
    "flaky": "passed",
}


def _words(text: str) -> TestCounts:
    """Counts from a list such as `1 failed, 2 passed`; other words count nothing."""
    have = {"passed": 0, "failed": 0, "errors": 0, "skipped": 0}
    for number, word in _COUNTED.findall(text):
        if word in _KINDS:
            have[_KINDS[word]] += int(number)
    return TestCounts(**have)


_PYTEST = _each(
    r"^=*[ ]?(?P<list>no tests ran|\d{1,9} [a-z]+(?: passed)?(?:, \d{1,9} [a-z]+(?: passed)?)*)"
    r" in \d[\d.:]*s\b",
    lambda found: _words(found["list"]),
)
_RAN = re.compile(r"^Ran (\d{1,9}) tests? in ")
_VERDICT = re.compile(r"^(?:OK|FAILED|NO TESTS RAN)(?: \((.*)\))?$")
_EQUALS = re.compile(r"([a-z ]+)=(\d{1,9})")


def _unittest(lines: Sequence[str]) -> TestCounts | None:
    ran: int | None = None
    runs: list[TestCounts] = []
    for line in lines:
        if found := _RAN.match(line):
            ran = int(found[1])
        elif ran is not None and (found := _VERDICT.match(line)):
            told = {name.strip(): int(number) for name, number in _EQUALS.findall(found[1] or "")}
            failed = told.get("failures", 0) + told.get("unexpected successes", 0)
            skipped = told.get("skipped", 0) + told.get("expected failures", 0)
            runs.append(_of_total(ran, failed, told.get("errors", 0), skipped))
            ran = None
    return _sum(runs)


_JEST_TESTS = re.compile(r"^\s*Tests(?::|\s)\s+(\d{1,9} [a-z]+(?:(?:, | \| )\d{1,9} [a-z]+)*)(?: \(|, |$)")
_JEST_SUITES = re.compile(r"^\s*Test (?:Suites:|Files)\s+(\d{1,9} [a-z]+(?:(?:, | \| )\d{1,9} [a-z]+)*)")


def _jest(lines: Sequence[str]) -> TestCounts | None:
    """Jest and Vitest. A suite that failed with none of its tests did not load: an error."""
    tests = _sum(_words(found[1]) for line in lines if (found := _JEST_TESTS.match(line)))
    suites = _sum(_words(found[1]) for line in lines if (found := _JEST_SUITES.match(line)))
    if suites is None or suites.failed == 0 or (tests is not None and tests.failed):
        return tests
    return (tests or TestCounts()) + TestCounts(errors=suites.failed)


_LISTED = re.compile(
    r"^\s*(?P<number>\d{1,9}) (?P<word>passing|failing|pending|passed|failed|skipped|flaky)"
    r"(?: \([^)]*\))?\s*$"
)


def _listed(first: str) -> Read:
    """A count a line, as Mocha and Playwright print them; `first` is the word that is always there."""

    def read(lines: Sequence[str]) -> TestCounts | None:
        found = [each for line in lines if (each := _LISTED.match(line))]
        words = {each["word"] for each in found}
        if not words & ({first, "failing"} if first == "passing" else {first, "failed"}):
            return None
        kept = (
            {"passing", "failing", "pending"}
            if first == "passing"
            else {"passed", "failed", "skipped", "flaky"}
        )
        return _words(" ".join(f"{each['number']} {each['word']}" for each in found if each["word"] in kept))

    return read


_BUN = re.compile(r"^\s*(\d{1,9}) (pass|fail|skip|todo|error|errors)$")
_BUN_END = re.compile(r"^\s*Ran (\d{1,9}) tests? across \d+ files?\.")
_BUN_KINDS = {"pass": "passed", "fail": "failed", "skip": "skipped", "todo": "skipped"}


def _bun(lines: Sequence[str]) -> TestCounts | None:
    if not any(_BUN_END.match(line) for line in lines):
        return None
    return _sum(
        TestCounts(**{_BUN_KINDS.get(found[2], "errors"): int(found[1])})
        for line in lines
        if (found := _BUN.match(line))
    )


_GO_TEST = re.compile(r"^--- (PASS|FAIL|SKIP): ")
_GO_PACKAGE = re.compile(r"^(ok|FAIL)\s+(\S+)(?:\s+(?:[\d.]+s|\(cached\)|\[(?:build|setup) failed\]))")
_GO_BROKEN = re.compile(r"^FAIL\s+\S+ \[(?:build|setup) failed\]")


def _go(lines: Sequence[str]) -> TestCounts | None:
    tests = [found[1] for line in lines if (found := _GO_TEST.match(line))]
    packages = [found[1] for line in lines if (found := _GO_PACKAGE.match(line))]
    if not tests and not packages:
        return None
    broken = sum(_GO_BROKEN.match(line) is not None for line in lines)
    failed = tests.count("FAIL") or packages.count("FAIL") - broken
    passed = tests.count("PASS") or packages.count("ok")
    return TestCounts(passed, failed, broken, tests.count("SKIP"))


_GO_EVENT = re.compile(r'"Action":"(pass|fail|skip)"')


def _go_json(lines: Sequence[str]) -> TestCounts | None:
    """The events of `go test -json` that name a test; subtests have a slash in their names."""
    events = [line for line in lines if line.startswith("{") and '"Test":"' in line]
    actions = [found[1] for line in events if (found := _GO_EVENT.search(line))]
    if not actions:
        return None
    return TestCounts(actions.count("pass"), actions.count("fail"), 0, actions.count("skip"))


_GOTESTSUM = _each(
    r"^DONE (?:\d+ runs, )?(?P<list>\d{1,9} tests?.*) in ", lambda found: _gotestsum(found["list"])
)


def _gotestsum(text: str) -> TestCounts:
    words = _words(text)
    total = int(text.split(" ", 1)[0])
    return _of_total(total, words.failed, 0, words.skipped) + TestCounts(errors=words.errors)


_CARGO = _each(
    r"^test result: \w+\. (?P<passed>\d{1,9}) passed; (?P<failed>\d{1,9}) failed"
    r"; (?P<skipped>\d{1,9}) ignored",
    _named,
)
_CARGO_BROKEN = _each(r"^error: could not compile ", lambda _: TestCounts(errors=1))
_NEXTEST = _each(
    r"^\s*Summary \[.*?\] +\d{1,9}(?:/\d{1,9})? tests? run: (?P<list>.*)$",
    lambda found: _nextest(found["list"]),
)
_NEXTEST_LIST = re.compile(r"(\d{1,9}) (passed|failed|exec failed|timed out|skipped)")


def _nextest(text: str) -> TestCounts:
    counts = TestCounts()
    for number, word in _NEXTEST_LIST.findall(re.sub(r"\(.*?\)", "", text)):
        kind = {"passed": "passed", "skipped": "skipped", "failed": "failed"}.get(word, "errors")
        counts += TestCounts(**{kind: int(number)})
    return counts


_SUREFIRE = _each(
    r"^(?:\[\w+\] )?Tests run: +(?P<total>\d{1,9}), +Failures: +(?P<failed>\d{1,9})"
    r", +Errors: +(?P<errors>\d{1,9}), +Skipped: +(?P<skipped>\d{1,9})(?:, Flakes: \d+)?\s*$",
    _named,
)
_GRADLE = _each(
    r"^(?P<total>\d{1,9}) tests? completed(?:, (?P<failed>\d{1,9}) failed)?"
    r"(?:, (?P<skipped>\d{1,9}) skipped)?$",
    _named,
)
_RSPEC = _each(
    r"^(?P<total>\d{1,9}) examples?, (?P<failed>\d{1,9}) failures?(?:, (?P<skipped>\d{1,9}) pending)?"
    r"(?:, (?P<outside>\d{1,9}) errors? occurred outside of examples)?$",
    lambda found: _named(found) + TestCounts(errors=_number(found, "outside")),
)
_MINITEST = _each(
    r"^(?P<total>\d{1,9}) (?:runs|tests), \d{1,9} assertions, (?P<failed>\d{1,9}) failures"
    r", (?P<errors>\d{1,9}) errors, (?P<skipped>\d{1,9}) (?:skips|pendings)",
    _named,
)
_PHPUNIT_OK = _each(r"^OK \((?P<passed>\d{1,9}) tests?, \d{1,9} assertions?\)$", _named)
_PHPUNIT_LIST = _each(
    r"^Tests: (?P<total>\d{1,9}), Assertions: \d{1,9}(?P<list>(?:, [A-Za-z ]+: \d{1,9})*)\.?$",
    lambda found: _phpunit(int(found["total"]), found["list"]),
)
_COLON = re.compile(r"([A-Za-z ]+): (\d{1,9})")


def _phpunit(total: int, text: str) -> TestCounts:
    told = {name.strip(): int(number) for name, number in _COLON.findall(text)}
    skipped = told.get("Skipped", 0) + told.get("Incomplete", 0)
    return _of_total(total, told.get("Failures", 0), told.get("Errors", 0), skipped)


def _phpunit_all(lines: Sequence[str]) -> TestCounts | None:
    return _sum((_PHPUNIT_OK(lines), _PHPUNIT_LIST(lines)))


_DOTNET = _each(
    r"^\s*(?:Passed|Failed|Skipped)! +- Failed: +(?P<failed>\d{1,9}), Passed: +(?P<passed>\d{1,9})"
    r", Skipped: +(?P<skipped>\d{1,9}), Total:",
    _named,
)
_DOTNET_OLD = re.compile(
    r"^\s*(Total tests|Passed|Failed|Skipped|total|failed|succeeded|skipped): +(\d{1,9})\s*$"
)


def _dotnet(lines: Sequence[str]) -> TestCounts | None:
    """One line a project; or, of older and of newer versions, a count a line below the total."""
    found = _DOTNET(lines)
    if found is not None:
        return found
    counts: list[TestCounts] = []
    for name, number in (each.groups() for line in lines if (each := _DOTNET_OLD.match(line))):
        kind = {"failed": "failed", "skipped": "skipped"}.get(name.lower(), "passed")
        if name.lower() in ("total tests", "total"):
            counts.append(TestCounts())
        elif counts:
            counts[-1] += TestCounts(**{kind: int(number)})
    return _sum(counts)


_CTEST = _each(
    r"^\d{1,3}% tests passed, (?P<failed>\d{1,9}) tests? failed out of (?P<total>\d{1,9})$",
    _named,
)
_COUNTED_TESTS = _each(
    r"^(?:(?P<doctests>\d{1,9}) doctests?, )?(?:(?P<properties>\d{1,9}) propert(?:y|ies), )?"
    r"(?P<tests>\d{1,9}) tests?, (?P<failures>\d{1,9}) failures?(?P<rest>(?:, \d{1,9} [a-z]+)*)(?: in .*)?$",
    lambda found: _of_total(
        sum(_number(found, name) for name in ("doctests", "properties", "tests")),
        _number(found, "failures"),
        _words(found["rest"]).errors,
        _words(found["rest"]).skipped,
    ),
)
_NODE = re.compile(r"^\s*(?:#|\u2139) (tests|pass|fail|cancelled|skipped|todo) (\d{1,9})\s*$")
_NODE_KINDS = {
    "pass": "passed",
    "fail": "failed",
    "cancelled": "errors",
    "skipped": "skipped",
    "todo": "skipped",
}


def _node(lines: Sequence[str]) -> TestCounts | None:
    """Node's own runner and node-tap: `# pass 3` in TAP, or with an i in a circle for `#`."""
    found = [each for line in lines if (each := _NODE.match(line))]
    if not {"pass", "fail"} & {each[1] for each in found}:
        return None
    return _sum(
        TestCounts(**{_NODE_KINDS[each[1]]: int(each[2])}) for each in found if each[1] in _NODE_KINDS
    )


_TAP = re.compile(r"^(not ok|ok)\b *\d*(?P<rest>.*)$")
_TAP_SKIP = re.compile(r"# *(?:skip|todo)", re.IGNORECASE)


def _tap(lines: Sequence[str]) -> TestCounts | None:
    if not any(re.match(r"^(?:TAP version \d+|\d+\.\.\d+)", line) for line in lines):
        return None
    counts = []
    for found in (each for line in lines if (each := _TAP.match(line))):
        if _TAP_SKIP.search(found["rest"]):
            counts.append(TestCounts(skipped=1))
        else:
            counts.append(TestCounts(passed=1) if found[1] == "ok" else TestCounts(failed=1))
    return _sum(counts)


_PROVE_TOTAL = re.compile(r"^Files=\d+, Tests=(\d{1,9}),")
_PROVE_FAILED = re.compile(r"^Failed \d+/\d+ test programs?\. (\d{1,9})/\d{1,9} subtests failed\.")
_PROVE_FAIL = re.compile(r"^Result: FAIL")


def _prove(lines: Sequence[str]) -> TestCounts | None:
    totals = [int(found[1]) for line in lines if (found := _PROVE_TOTAL.match(line))]
    if not totals:
        return None
    failed = sum(int(found[1]) for line in lines if (found := _PROVE_FAILED.match(line)))
    is_failed = any(_PROVE_FAIL.match(line) for line in lines)
    # A program that dies after its last test fails without a failed subtest.
    return _of_total(sum(totals), failed, 0) if failed or not is_failed else TestCounts(sum(totals), errors=1)


_XCTEST = re.compile(
    r"^\s*Executed (?P<total>\d{1,9}) tests?, with (?:(?P<skipped>\d{1,9}) tests? skipped and )?"
    r"(?P<failed>\d{1,9}) failures? \((?P<errors>\d{1,9}) unexpected\)"
)
_SWIFT_TESTING = re.compile(
    r"Test run with (\d{1,9}) tests?(?: in \d+ suites?)? (passed|failed) after"
    r" [\d.]+ seconds(?: with (\d{1,9}) issues?)?"
)


def _swift(lines: Sequence[str]) -> TestCounts | None:
    """XCTest tells each suite and then the sum of them, so the largest is the whole."""
    suites = [
        _of_total(int(found["total"]), int(found["failed"]), 0, _number(found, "skipped"))
        for line in lines
        if (found := _XCTEST.match(line))
    ]
    whole = max(suites, key=lambda each: each.passed + each.failed + each.skipped, default=None)
    testing = [found for line in lines if (found := _SWIFT_TESTING.search(line))]
    runs = [_of_total(int(found[1]), 0 if found[2] == "passed" else int(found[3] or 1)) for found in testing]
    return _sum([whole, *runs])


_DENO = _each(
    r"^(?:ok|FAILED) \| (?P<passed>\d{1,9}) passed(?: \(\d+ steps?\))? \| (?P<failed>\d{1,9}) failed"
    r"(?: \(\d+ steps?\))?(?: \| (?P<skipped>\d{1,9}) ignored)?",
    _named,
)
_AVA = re.compile(r"^\s*(\d{1,9}) tests? (passed|failed|skipped|todo)\b")


def _ava(lines: Sequence[str]) -> TestCounts | None:
    return _sum(_words(f"{found[1]} {found[2]}") for line in lines if (found := _AVA.match(line)))


_MESON = re.compile(r"^(Ok|Expected Fail|Fail|Unexpected Pass|Skipped|Timeout): +(\d{1,9})\s*$")
_MESON_KINDS = {"Ok": "passed", "Expected Fail": "skipped", "Skipped": "skipped", "Timeout": "errors"}


def _meson(lines: Sequence[str]) -> TestCounts | None:
    found = [each for line in lines if (each := _MESON.match(line))]
    if not {"Ok", "Fail"} & {each[1] for each in found}:
        return None
    return _sum(TestCounts(**{_MESON_KINDS.get(each[1], "failed"): int(each[2])}) for each in found)


_SBT = _each(
    r"^(?:\[\w+\] )?(?:Passed|Failed|Error): Total (?P<total>\d{1,9}), Failed (?P<failed>\d{1,9})"
    r", Errors (?P<errors>\d{1,9}), Passed \d{1,9}(?:, (?:Skipped|Ignored) (?P<skipped>\d{1,9}))?",
    _named,
)
_DART = re.compile(
    r"^\d\d:\d\d \+(\d{1,9})(?: ~(\d{1,9}))?(?: -(\d{1,9}))?: (?:All tests passed!|Some tests failed\.)"
)


def _dart(lines: Sequence[str]) -> TestCounts | None:
    return _sum(
        TestCounts(int(found[1]), int(found[3] or 0), 0, int(found[2] or 0))
        for line in lines
        if (found := _DART.match(line))
    )


READ: Mapping[str, Read] = {
    "pytest": _PYTEST,
    "unittest": _unittest,
    "jest": _jest,
    "mocha": _listed("passing"),
    "playwright": _listed("passed"),
    "bun": _bun,
    "node": _node,
    "deno": _DENO,
    "ava": _ava,
    "gotestsum": _GOTESTSUM,
    "go-json": _go_json,
    "go": _go,
    "cargo": _CARGO,
    "nextest": _NEXTEST,
    "cargo-broken": _CARGO_BROKEN,
    "surefire": _SUREFIRE,
    "gradle": _GRADLE,
    "rspec": _RSPEC,
    "minitest": _MINITEST,
    "phpunit": _phpunit_all,
    "dotnet": _dotnet,
    "ctest": _CTEST,
    "counted": _COUNTED_TESTS,
    "prove": _prove,
    "swift": _swift,
    "meson": _meson,
    "sbt": _SBT,
    "dart": _dart,
    "tap": _tap,
}
# What these read may also be a part of what another format sums up.
_FALLBACKS = ("playwright", "ava", "go-json", "go", "cargo-broken", "dotnet", "tap")
