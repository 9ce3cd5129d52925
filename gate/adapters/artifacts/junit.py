"""JUnit's XML as pytest, Maven, Gradle, Jest, go-junit-report and others write it.

Read by expat and not by junitparser: that builds the whole tree, follows whichever etree is installed, and
takes its counts from the attributes, where a report can say another thing than its own test cases.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gate.adapters.artifacts.numbers import count
from gate.adapters.artifacts.xml import Attributes, BadXml, read_xml
from gate.domain.evidence import TestReport
from gate.domain.session.model import TestCounts

ROOTS = frozenset({"testsuites", "testsuite"})
MOST_FAILURES = 50
_LONGEST_NAME = 300


def read_junit(name: str, content: bytes) -> TestReport:
    """Count the test cases. Raises BadXml."""
    cases = _Cases()
    read_xml(content, cases)
    if cases.is_empty:
        return TestReport(name, "junit", _declared(cases.declared))
    return TestReport(name, "junit", cases.counts, tuple(cases.failures))


@dataclass(slots=True)
class _Cases:
    """Counts each test case once, by the worst that it holds: a teardown can fail after a test has."""

    counts: TestCounts = field(default_factory=TestCounts)
    failures: list[str] = field(default_factory=list)
    declared: Attributes = field(default_factory=dict)
    is_empty: bool = True
    _case: str | None = None
    _outcome: str = "passed"

    def start(self, name: str, attributes: Attributes, parents: list[str]) -> None:
        if not parents:
            if name not in ROOTS:
                raise BadXml(f"its outermost element is {name[:50]}")
            self.declared = attributes
        elif name == "testcase":
            self._case, self._outcome = _case_name(attributes), "passed"
        elif self._case is not None and parents[-1] == "testcase":
            self._note(name)
        elif parents == ["testsuites"] and not any(key in self.declared for key in ("tests", "failures")):
            self.declared = attributes

    def end(self, name: str) -> None:
        if name != "testcase" or self._case is None:
            return
        self.is_empty = False
        self.counts = replace(self.counts, **{self._outcome: getattr(self.counts, self._outcome) + 1})
        if self._outcome in ("failed", "errors") and len(self.failures) < MOST_FAILURES:
            self.failures.append(self._case)
        self._case = None

    def _note(self, name: str) -> None:
        ranks = ("passed", "skipped", "failed", "errors")
        outcome = {"failure": "failed", "error": "errors", "skipped": "skipped"}.get(name, "passed")
        self._outcome = max(self._outcome, outcome, key=ranks.index)


def _case_name(attributes: Attributes) -> str:
    parts = (attributes.get("classname", ""), attributes.get("name", ""))
    return ".".join(part for part in parts if part)[:_LONGEST_NAME] or "a test without a name"


def _declared(attributes: Attributes) -> TestCounts:
    """The counts of a report without test cases, as its outermost element has them."""
    tests, failed, errors, skipped = (
        count(attributes.get(name, "0")) or 0 for name in ("tests", "failures", "errors", "skipped")
    )
    return TestCounts(max(0, tests - failed - errors - skipped), failed, errors, skipped)
