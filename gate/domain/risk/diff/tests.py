"""D36 to D39: tests that went, look at less, do not run, or were not written."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from gate.domain.facts import ChangedFile
from gate.domain.risk.diff.look import FileLook, FileRule, Hit, PushLook, PushRule, TestLoss
from gate.domain.risk.diff.patterns import any_of
from gate.domain.risk.diff.python_syntax import called, parsed
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.path_class import is_code, path_class
from gate.domain.risk.view import PathClass

D36 = Rule(
    id="D36",
    name="test-deleted",
    severity=Severity.MEDIUM,
    why="What the test looked after is looked after no more, and a suite without it passes.",
    check="See whether what it tested is gone as well, or is tested elsewhere.",
)
D37 = Rule(
    id="D37",
    name="tests-weakened",
    severity=Severity.MEDIUM,
    why="Fewer tests or assertions let pass what they caught before.",
    check="Compare the two versions of the file, and ask why each went.",
)
D38 = Rule(
    id="D38",
    name="test-skipped",
    severity=Severity.MEDIUM,
    why="A test that does not run finds nothing, and the suite still passes.",
    check="See whether the reason holds, and when the test is to run again.",
)
D39 = Rule(
    id="D39",
    name="source-without-tests",
    severity=Severity.LOW,
    why="Nothing in the push shows that the new code does what it should.",
    check="Ask which test covers it.",
)

_TESTS = any_of(
    r"^[ \t]*(?:async[ \t]+)?def[ \t]+(?P<py>test\w*)",
    r"^[ \t]*(?:it|test|specify)(?:\.each\([^\n]{0,200}\))?[ \t]*\([ \t]*"
    r"(?P<quote>['\"`])(?P<js>[^\n]{1,200}?)(?P=quote)",
    r"^func[ \t]+(?P<go>(?:Test|Benchmark|Fuzz)\w*)\(",
    r"^[ \t]*(?:public[ \t]+)?function[ \t]+(?P<php>test\w+)",
    r"^[ \t]*(?:it|test|specify)[ \t]+['\"](?P<rb>[^'\"\n]{1,200})",
    r"^[ \t]*(?P<mark>@Test\b|@ParameterizedTest\b|#\[(?:\w+::)?test\]|\[(?:Fact|Theory|Test|TestMethod)\b"
    r"|TEST(?:_F|_P)?\()",
    flags=re.MULTILINE,
)
_ASSERTS = any_of(
    r"\bassert\w*[ \t]*[(! ]",
    r"\bexpect\(",
    r"\.should\b",
    r"\bself\.assert\w+",
    r"\brequire\.\w+\(",
    r"\bt\.(?:Error|Fatal|Fail)\w*\(",
    r"\bEXPECT_\w+\(",
    r"\bASSERT_\w+\(",
    r"\bverify\(",
)
# Without a line removed, tests can become a comment.
_COMMENTED_OUT = ('"""', "'''", "/*", "#if", "=begin", "<!--")
_HELPERS = ("assert", "raises", "warns", "fail")
_SKIPS = any_of(
    r"@(?:pytest\.mark\.|unittest\.|mark\.)?(?:skip\b|skipIf|skipUnless|xfail|expectedFailure)",
    r"pytest\.mark\.(?:skip|xfail)",
    r"\b(?:pytest|self|unittest)\.(?:skip|xfail|skipTest|importorskip)\(",
    r"\braise[ \t]+(?:unittest\.)?SkipTest",
    r"\b(?:it|test|describe|context|suite|specify)\.(?:skip|only|todo|fixme|failing)\b",
    r"(?<![.\w])(?:xit|xtest|xdescribe|xcontext|fit|fdescribe|fcontext)[ \t]*\(",
    r"\b[tb]\.(?:Skip|SkipNow|Skipf)\(",
    r"@(?:Disabled|Ignore)\b",
    r"#\[ignore\b",
    r"\[Ignore\b",
    r"\bSkip[ \t]*=[ \t]*\"",
    r"\bmarkTest(?:Skipped|Incomplete)\(",
    r"^[ \t]*(?:skip|pending)[ \t]*[(\"']",
    r"\bcollect_ignore\b",
    r"--(?:deselect|ignore)=",
    r"\bGTEST_SKIP\(",
    r"\bDISABLED_\w+",
    flags=re.MULTILINE,
)
_SKIP_HINTS = tuple(
    "skip xfail expectedfailure .only .todo .fixme .failing xit xtest xdescribe xcontext fit"
    " fdescribe fcontext disabled ignore incomplete pending --deselect".split()
)
_ON_A_PLATFORM = any_of(
    r"sys\.platform",
    r"os\.name",
    r"platform\.",
    r"version_info",
    r"win32",
    r"windows",
    r"darwin",
    r"macos",
    r"linux",
    r"goos",
    r"goarch",
    r"importorskip",
    r"testing\.short",
    r"process\.platform",
    r"skipUnless",
    r"has_\w+",
    r"which\(",
    r"environ",
    flags=re.IGNORECASE,
)
_ENOUGH_SOURCE = 50
_MOST_NAMES = 100_000


@dataclass(frozen=True, slots=True)
class _Counts:
    names: Counter[str]
    asserts: int

    @property
    def tests(self) -> int:
        return self.names.total()


def note_tests(look: FileLook) -> Iterator[Hit]:
    """Remember what tests a file lost or got: a test that moved to another file is not lost."""
    tally, before = look.push.tally, look.text.renamed_from
    if before is not None:
        tally.renamed[look.path] = before
    if _is_tests(look.path):
        if len(tally.gained_tests) < _MOST_NAMES:
            removed = "\n".join(line.text for line in look.removed)
            tally.gained_tests |= {hash(name) for name in _names(look.code) - _names(removed)}
            tally.gained_asserts += max(0, len(_ASSERTS.findall(look.code)) - len(_ASSERTS.findall(removed)))
        # What was removed of a file that moved is with its old name.
        is_commented = look.file.status == "M" and any(one in look.code for one in _COMMENTED_OUT)
        if look.removed or before is not None or is_commented:
            _note_loss(look)
    yield from ()


def _note_loss(look: FileLook) -> None:
    before, after = _both_sides(look)
    gone = before.names - after.names
    if gone or after.asserts < before.asserts:
        look.push.tally.losses.append(
            TestLoss(
                look.file,
                frozenset(hash(name) for name in gone),
                before.tests,
                after.tests,
                before.asserts,
                after.asserts,
            )
        )


def _both_sides(look: FileLook) -> tuple[_Counts, _Counts]:
    if look.is_deleted:
        return _counts(look.path, look.old), _Counts(Counter(), 0)
    if look.is_unread or not look.old:
        # Too large to be read whole: then the changed lines tell how many went, and not of how many.
        return _counts("", "\n".join(line.text for line in look.removed)), _counts("", look.code)
    return _counts(look.path, look.old), _counts(look.path, look.new)


def deleted(look: PushLook) -> Iterator[Hit]:
    moved = {*look.tally.renamed.values()}
    losses = {loss.file.path: loss for loss in look.tally.losses}
    gone_sources = {_stem(path) for path, file in look.files.items() if _is_deleted_source(path, file)}
    for path, file in look.files.items():
        if file.status != "D" or path in moved or not _is_tests(path):
            continue
        loss = losses.get(path)
        went = loss is not None and bool(loss.lost) and loss.lost <= look.tally.gained_tests
        is_small = went or _stem(path) in gone_sources
        what = f"with {loss.count_before} tests" if loss is not None else "that was counted no tests in"
        yield Hit(
            f"A test file {what} is deleted",
            severity=Severity.LOW if is_small else None,
            path=path,
            key=file.old_oid,
            is_old=True,
        )


def weakened(look: PushLook) -> Iterator[Hit]:
    for loss in look.tally.losses:
        if loss.file.status == "D":
            continue
        moved = len(loss.lost & look.tally.gained_tests)
        tests = loss.count_before - loss.count_after - moved
        asserts = loss.asserts_before - loss.asserts_after
        if tests > 0:
            words = f"The file lost {tests} of {loss.count_before} tests"
        elif asserts > (look.tally.gained_asserts if moved else 0):
            words = f"The file lost {asserts} of {loss.asserts_before} assertions"
        else:
            continue
        yield Hit(words, path=loss.file.path, key=loss.file.new_oid)


def skipped(look: FileLook) -> Iterator[Hit]:
    if look.path_class is not PathClass.TEST and not _names(look.code):
        return
    for line, _ in look.finds(_SKIPS, *_SKIP_HINTS):
        if not look.was_there(line) and not look.is_comment(line):
            is_conditional = _ON_A_PLATFORM.search(line.text) is not None
            words = (
                "A test is skipped where it cannot run" if is_conditional else "A test does not run any more"
            )
            yield Hit(words, line, Severity.LOW if is_conditional else None)


def without_tests(look: PushLook) -> Iterator[Hit]:
    files = look.files.values()
    sources = [file for file in files if path_class(file.path) is PathClass.SOURCE and is_code(file.path)]
    lines = sum(file.additions or 0 for file in sources if file.path not in look.tally.renamed)
    if lines > _ENOUGH_SOURCE and not any(path_class(file.path) is PathClass.TEST for file in files):
        yield Hit(f"{lines} lines of source came, and no test changed with them", key="push")


def _is_tests(path: str) -> bool:
    return path_class(path) is PathClass.TEST and is_code(path)


def _is_deleted_source(path: str, file: ChangedFile) -> bool:
    return file.status == "D" and path_class(path) is PathClass.SOURCE and is_code(path)


def _stem(path: str) -> str:
    """What a test and its subject have in common: `test_invoice.py` and `invoice.py` both are `invoice`."""
    name = path.rpartition("/")[2].partition(".")[0].lower()
    return re.sub(r"^tests?_|_tests?$|_spec$|tests?$|spec$|[-_]", "", name)


def _counts(path: str, text: str) -> _Counts:
    tree = parsed(text) if path.endswith(".py") else None
    if tree is None:
        return _Counts(Counter(_all_names(text)), len(_ASSERTS.findall(text)))
    names: Counter[str] = Counter()
    asserts = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names[node.name] += node.name.startswith("test")
        elif isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and _is_assert(node)):
            asserts += 1
    return _Counts(+names, asserts)


def _is_assert(call: ast.Call) -> bool:
    last = called(call).rpartition(".")[2].lower()
    return last.startswith(_HELPERS)


def _all_names(text: str) -> Iterator[str]:
    for match in _TESTS.finditer(text):
        groups = match.groupdict()
        yield next((groups[key] for key in ("py", "js", "go", "php", "rb", "mark") if groups[key]), "")


def _names(text: str) -> set[str]:
    return {*_all_names(text)}


RULES = (FileRule(D36, note_tests), FileRule(D38, skipped))
PUSH_RULES = (PushRule(D36, deleted), PushRule(D37, weakened), PushRule(D39, without_tests))
