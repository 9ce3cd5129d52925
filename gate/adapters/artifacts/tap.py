"""TAP, the Test Anything Protocol, versions 12 to 14 (testanything.org/tap-version-14-specification.html).

Read here and not by tap.py: that takes every line that begins with "ok" for a passed test ("okay, next"), and
versions from 13 on only where two more packages are installed.
"""

from __future__ import annotations

import re

from gate.adapters.artifacts.junit import MOST_FAILURES
from gate.adapters.artifacts.numbers import MOST
from gate.domain.evidence import TestReport
from gate.domain.session.model import TestCounts

_VERSION = re.compile(r"TAP version \d{1,3}\s*")
_PLAN = re.compile(r"1\.\.(\d{1,9})\s*(?:#.*)?")
_POINT = re.compile(r"(not )?ok\b(?:\s+(\d{1,9})\b)?[ \t]*(?:- )?(.*)")
_ANY_PLAN = re.compile(r"^1\.\.\d", re.MULTILINE)
_DIRECTIVE = re.compile(r"(?<!\\)#\s*(skip|todo)", re.IGNORECASE)
_LONGEST_LINE = 2000
_LONGEST_NAME = 300


def is_tap(text: str) -> bool:
    """Whether the first line that says anything is TAP's: a version, a plan, or a test that one follows."""
    for line in text[:_LONGEST_LINE].splitlines():
        if line.strip() and not line.startswith("#"):
            point = _POINT.fullmatch(line)
            if point is not None and point[2] is not None:
                return bool(_ANY_PLAN.search(text))  # Prose can begin with "ok 3" as well.
            return bool(_VERSION.fullmatch(line) or _PLAN.fullmatch(line))
    return False


def read_tap(name: str, text: str) -> tuple[TestReport, str]:
    """The report, and a fault in words where it is not whole.

    Subtests are indented, and count by the test that they are below. A test that the plan promised and that
    never came is an error, as a harness counts it.
    """
    passed = failed = skipped = 0
    planned: int | None = None
    fault = ""
    failures: list[str] = []
    for line in text.splitlines():
        line = line[:_LONGEST_LINE]
        if found := _PLAN.fullmatch(line):
            planned = min(int(found[1]), MOST)
        elif line.startswith("Bail out!"):
            fault = "the test run was given up before its end"
            break
        elif point := _POINT.fullmatch(line):
            directive = _DIRECTIVE.search(point[3])
            if directive is not None:
                # A test that is still to do may fail, and one that fails is expected to.
                skipped += 1
            elif point[1] is None:
                passed += 1
            else:
                failed += 1
                if len(failures) < MOST_FAILURES:
                    failures.append((point[3] or f"test {point[2] or failed}").strip()[:_LONGEST_NAME])
    missing = max(0, (planned or 0) - passed - failed - skipped)
    if planned is None and not fault:
        fault = "it has no plan: whether tests are missing cannot be told"
    elif missing and not fault:
        fault = f"{missing} of {planned} planned tests are missing"
    return TestReport(name, "tap", TestCounts(passed, failed, missing, skipped), tuple(failures)), fault
