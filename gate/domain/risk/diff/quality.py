"""D40, D41, D46: checks switched off in the code, faults that are swallowed, and what was left behind."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from gate.domain.risk.diff.look import FileLook, FileRule, Hit
from gate.domain.risk.diff.patterns import any_of
from gate.domain.risk.diff.python_syntax import parsed
from gate.domain.risk.model import Confidence, Rule, Severity
from gate.domain.risk.view import PathClass

D40 = Rule(
    id="D40",
    name="check-suppressed",
    severity=Severity.LOW,
    why="A check that is told to look away finds nothing there, now and later.",
    check="See what the check says without it.",
)
D41 = Rule(
    id="D41",
    name="swallow",
    severity=Severity.LOW,
    why="A fault that nobody is told of goes on as if nothing had happened.",
    check="See which faults can come here, and what should happen then.",
)
D46 = Rule(
    id="D46",
    name="left-behind",
    severity=Severity.INFO,
    why="It is not meant to stay.",
    check="Ask whether it was forgotten.",
)

_SUPPRESSED = any_of(
    r"#[ \t]*noqa\b",
    r"#[ \t]*type:[ \t]*ignore",
    r"#[ \t]*(?:mypy|pyright|ruff|flake8|pylint|nosec|bandit):?[ \t]*(?:ignore|disable|noqa|skip)?",
    r"#[ \t]*nosec\b",
    r"\beslint-disable",
    r"@ts-(?:ignore|nocheck|expect-error)",
    r"//[ \t]*nolint",
    r"\bNOLINT\b",
    r"\bNOSONAR\b",
    r"@SuppressWarnings",
    r"\brubocop:disable",
    r"#[ \t]*pragma:[ \t]*no[ \t]*cover",
    r"\b(?:istanbul|c8|v8)[ \t]+ignore",
    r"\bnosemgrep\b",
    r"\bshellcheck[ \t]+disable",
    r"\bphpcs:ignore",
    r"@phpstan-ignore",
    r"#\[allow\(",
    r"\bhadolint[ \t]+ignore",
    r"\bcheckov:skip",
    r"\btfsec:ignore",
    r"\bzizmor:[ \t]*ignore",
    r"\bbiome-ignore",
)
_SUPPRESSED_HINTS = (
    *("noqa ignore disable nosec ts- nolint nosonar suppresswarnings nosemgrep #[allow( skip").split(),
    "no cover",
)
_SECRETS_ALLOWED = any_of(
    r"gitleaks:allow",
    r"kingfisher:ignore",
    r"trufflehog:ignore",
    r"pragma:[ \t]*(?:allow|white)list[ \t]+(?:nextline[ \t]+)?secret",
    r"ggignore",
    r"noseyparker:ignore",
    flags=re.IGNORECASE,
)
_THRESHOLD = re.compile(
    r"(?P<key>fail_under|--cov-fail-under|cov-fail-under|minimum_coverage|min_coverage|fail-under|--max-warnings|\"?(?:branches"
    r"|functions|lines|statements)\"?(?=[ \t]*:))[=: \t]{1,20}(?P<value>\d{1,4}(?:\.\d{1,4})?)"
)
_MORE_IS_LESS = frozenset({"--max-warnings"})
_EMPTY_CATCH = any_of(
    r"\bcatch[ \t]*(?:\([^)\n]{0,200}\)[ \t]*)?\{[ \t\r\n]{0,200}\}",
    r"^[ \t]*rescue[ \t]*(?:=>[ \t]*\w+)?[ \t]*;?[ \t]*nil\b",
    flags=re.MULTILINE,
)
_LEFT = any_of(
    r"\bi?pdb\.set_trace\(",
    r"(?<![\w.])breakpoint\(\)",
    r"\bimport[ \t]+i?pdb\b",
    r"^[ \t]*debugger;?[ \t]*$",
    r"\bbinding\.(?:pry|irb)\b",
    r"\bbyebug\b",
    r"\bconsole\.(?:log|debug)\(",
    r"\bvar_dump\(",
    r"\bdd\(",
    flags=re.MULTILINE,
)
_LEFT_HINTS = ("pdb", "breakpoint", "debugger", "binding.", "byebug", "console.", "var_dump", "dd(")
_TODO = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
_OURS = re.compile(r"^<{7}(?: |$)", re.MULTILINE)
_THEIRS = re.compile(r"^>{7}(?: |$)", re.MULTILINE)
_BLIND_TEXT = re.compile(
    r"\bexcept(?:[ \t]+(?:Base)?Exception\b[^:\n]{0,80})?[ \t]*:[ \t\r\n]{0,200}(?:pass|\.\.\.)"
)
_BLIND = frozenset({"Exception", "BaseException"})


def suppressed(look: FileLook) -> Iterator[Hit]:
    """One hit a file, as tools write these by the dozen."""
    lines = [
        line
        for line, _ in look.finds(_SUPPRESSED, *_SUPPRESSED_HINTS)
        if not look.was_there(line) and look.path_class in (PathClass.SOURCE, PathClass.TEST)
    ]
    if lines:
        what = "one place" if len(lines) == 1 else f"{len(lines)} places"
        yield Hit(f"A check is told to look away in {what}", lines[0])


def secrets_allowed(look: FileLook) -> Iterator[Hit]:
    for line, _ in look.finds(_SECRETS_ALLOWED, "allow", "ignore", "whitelist"):
        severity = look.lowered_in(Severity.HIGH, PathClass.TEST)
        if look.path_class is PathClass.DOCS:
            severity = Severity.LOW
        yield Hit("A scan for secrets is told to look away", line, severity)


def threshold_lowered(look: FileLook) -> Iterator[Hit]:
    if not look.removed:
        return
    before: dict[str, float] = {}
    for line in look.removed:
        for match in _THRESHOLD.finditer(line.text[:1_000]):
            before[match["key"].strip('"')] = float(match["value"])
    for line, match in look.finds(_THRESHOLD) if before else ():
        key, value = match["key"].strip('"'), float(match["value"])
        old = before.get(key, value)
        if value != old and (value > old) == (key in _MORE_IS_LESS):
            yield Hit(f"A limit falls from {old:g} to {value:g}", line, Severity.MEDIUM)


def swallowed(look: FileLook) -> Iterator[Hit]:
    if not look.is_code or look.path_class not in (PathClass.SOURCE, PathClass.TEST):
        return
    if look.path.endswith(".py"):
        yield from _swallowed_in_python(look)
        return
    for line in look.finds_across(_EMPTY_CATCH, "catch", "rescue"):
        if not look.is_comment(line) and not look.was_there(line):
            yield Hit("Whatever fails here is not told to anybody", line)


def _swallowed_in_python(look: FileLook) -> Iterator[Hit]:
    if "except" not in look.folded and "pass" not in look.folded and "suppress" not in look.folded:
        return
    if look.is_unread:
        for line in look.finds_across(_BLIND_TEXT):
            yield Hit("Whatever fails here is not told to anybody", line, confidence=Confidence.LIKELY)
        return
    known = Counter(what for _, what in _blind(look.old))
    lines = {line.number: line for line in look.added}
    for number, what in _blind(look.new):
        if known[what]:
            known[what] -= 1
        elif number in lines or number + 1 in lines:
            yield Hit("Whatever fails here is not told to anybody", lines.get(number) or lines[number + 1])


def _blind(text: str) -> Iterator[tuple[int, str]]:
    """Every handler of all faults that does nothing, with its line."""
    tree = parsed(text)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.ExceptHandler) and _takes_all(node.type) and all(map(_is_nothing, node.body)):
            yield node.lineno, "" if node.type is None else "named"


def _takes_all(kind: ast.expr | None) -> bool:
    return kind is None or (isinstance(kind, ast.Name) and kind.id in _BLIND)


def _is_nothing(statement: ast.stmt) -> bool:
    is_constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass | ast.Continue) or is_constant


def conflict_marker(look: FileLook) -> Iterator[Hit]:
    if look.path_class is PathClass.DOCS or "<<<<<<<" not in look.code:
        return
    if _THEIRS.search(look.code):
        line = next((line for line, _ in look.finds(_OURS)), None)
        if line is not None:
            yield Hit("The marks of a merge conflict are still there", line, Severity.MEDIUM)


def left_behind(look: FileLook) -> Iterator[Hit]:
    if look.path_class not in (PathClass.SOURCE, PathClass.TEST) or not look.is_code:
        return
    for line, _ in look.finds(_LEFT, *_LEFT_HINTS):
        if not look.is_comment(line) and not look.was_there(line):
            yield Hit("Something for debugging is still there", line)
    todos = [
        line for line, _ in look.finds(_TODO, "todo", "fixme", "xxx", "hack") if not look.was_there(line)
    ]
    if todos:
        yield Hit(f"{len(todos)} new remarks of work that is left", todos[0], key="todo")


RULES = (
    FileRule(D40, suppressed),
    FileRule(D40, secrets_allowed),
    FileRule(D40, threshold_lowered),
    FileRule(D41, swallowed),
    FileRule(D46, conflict_marker),
    FileRule(D46, left_behind),
)
