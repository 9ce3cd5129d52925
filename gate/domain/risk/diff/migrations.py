"""D35: changes to what a database holds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gate.domain.risk.diff.look import FileLook, FileRule, Hit
from gate.domain.risk.diff.patterns import any_of
from gate.domain.risk.diff.python_syntax import parsed
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import PathClass

D35 = Rule(
    id="D35",
    name="migration",
    severity=Severity.MEDIUM,
    why="It runs on the data that is there, and what it deletes no release brings back.",
    check="Try it on a copy of the data, and see how to get back from it.",
)

MIGRATION_FILES = tuple(
    "*.sql **/migrations/**/*.py **/migrations/**/*.js **/migrations/**/*.ts **/migrations/**/*.php"
    " **/migrate/**/*.rb **/alembic/versions/** **/migrations/versions/** /prisma/migrations/**"
    " **/migration/**/*.java **/migrations/**/*.go **/migrations/**/*.cs **/changelog/**/*.xml"
    " !**/__init__.py".split()
)
_SPACE = r"\s{1,40}"
_NAME = r"[\w.\"`\[\]#]{1,200}"
_DESTRUCTIVE = re.compile(
    rf"\bDROP{_SPACE}(?:TABLE|COLUMN|DATABASE|SCHEMA|VIEW|MATERIALIZED|TYPE|SEQUENCE)\b"
    rf"|\bTRUNCATE{_SPACE}(?:TABLE{_SPACE})?{_NAME}"
    rf"|\bDELETE{_SPACE}FROM{_SPACE}{_NAME}\s{{0,40}}(?:;|['\"]\s{{0,40}}\)|$(?!\s{{0,40}}(?:WHERE|USING)))"
    rf"|\bALTER{_SPACE}TABLE\b[^;]{{1,400}}?\bDROP{_SPACE}(?!CONSTRAINT|INDEX|DEFAULT|NOT\b|KEY|FOREIGN|PRIMARY){_NAME}"
    r"|\bop\.drop_(?:table|column)\(|\b(?:drop_table|drop_join_table|remove_columns?)\b|\bmigrations\.(?:RemoveField|DeleteModel)\("
    r"|\.(?:dropTable|dropTableIfExists|dropColumns?|dropSchema|removeColumn)\(|\b(?:Schema::drop\w*|\$table->dropColumn)\("
    r"|<drop(?:Table|Column)\b",
    re.IGNORECASE,
)
_NOT_NULL = re.compile(
    rf"\bADD{_SPACE}(?:COLUMN{_SPACE})?(?:IF{_SPACE}NOT{_SPACE}EXISTS{_SPACE})?(?!CONSTRAINT\b|PRIMARY\b|INDEX\b|UNIQUE\b|FOREIGN\b){_NAME}"
    rf"{_SPACE}(?P<rest>[^;,]{{1,200}}?\bNOT{_SPACE}NULL\b[^;,]{{0,200}})",
    re.IGNORECASE,
)
_HINTS = ("drop", "truncate", "delete", "remove", "not null", "not\tnull", "null")
_TEXTS = re.compile(r"'(?:[^'\n]|'')*'")
_SQL_COMMENTS = re.compile(r"--[^\n]*|/\*[^*]{0,2000}(?:\*(?!/)[^*]{0,2000}){0,50}\*/")
# A word such as `down` alone would let an agent call any line a way back: what begins one has its keyword,
# or the brace of a method's body.
_SECTION = any_of(
    r"^[ \t]{0,8}(?:(?:public|protected|private|export|override|static|async)[ \t]+){0,4}"
    r"(?:def|function|func|void)[ \t]+(?:\w+\.)?(?P<name>\w+)",
    r"^[ \t]{0,4}(?:async[ \t]+)?(?P<method>up|down)[ \t]*"
    r"(?:\([^)\n]{0,200}\)[^{\n]{0,60}\{|:[ \t]*(?:async\b|function\b|\())",
    r"^[ \t]*--[ \t]*(?:\+goose|\+migrate|migrate:|@)[ \t]*(?P<mark>up|down|undo|rollback)\b",
    r"^(?:module\.)?exports\.(?P<js>up|down)\b",
    flags=re.IGNORECASE,
)
_IS_BACK = re.compile(r"[._]down\.\w+$|(?:^|/)down\.sql$|(?:^|/)U\d[^/]*\.sql$")
_BACK = frozenset({"downgrade", "down", "backwards", "rollback", "reverse", "undo"})


def migration(look: FileLook) -> Iterator[Hit]:
    if look.is_deleted or look.path_class in (PathClass.DOCS, PathClass.VENDORED):
        return
    what = (
        "A new migration"
        if look.file.status == "A"
        else "A migration that may have run already is another now"
    )
    yield Hit(what, look.first_line, _in(look, D35.severity), key="file")
    if not any(hint in look.folded for hint in _HINTS):
        return
    back = _backward_lines(look)
    text = _blanked(look)
    for words, pattern in (("It deletes data", _DESTRUCTIVE), ("A column must not be empty", _NOT_NULL)):
        for match in pattern.finditer(text):
            if pattern is _NOT_NULL and _has_default(match["rest"]):
                continue
            line = look.line_at(match.start())
            severity = Severity.LOW if line.number in back else _in(look, Severity.HIGH)
            detail = ", and gets no default" if pattern is _NOT_NULL else ""
            yield Hit(f"{words}{detail}", line, severity, key=" ".join(match.group().split())[:200])


def _blanked(look: FileLook) -> str:
    """The added lines with comments and texts of SQL made blank, so that every place stays where it is."""
    if not look.path.endswith(".sql"):
        return look.code
    return _TEXTS.sub(_blanks, _SQL_COMMENTS.sub(_blanks, look.code))


def _blanks(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def _has_default(rest: str) -> bool:
    return (
        re.search(r"\b(?:DEFAULT|GENERATED|IDENTITY|SERIAL|AUTO_INCREMENT)\b", rest, re.IGNORECASE)
        is not None
    )


def _backward_lines(look: FileLook) -> frozenset[int]:
    """The numbers of the new file's lines that only run when the migration is taken back."""
    if _IS_BACK.search(look.path):
        return frozenset(line.number for line in look.added)
    if look.path.endswith(".py"):
        return _backward_in_python(look.new)
    lines: set[int] = set()
    is_back = False
    for number, text in enumerate(look.new.split("\n"), 1):
        match = _SECTION.match(text[:400])
        if match is not None:
            name = next(group for group in match.groups() if group).lower()
            is_back = name in _BACK
        if is_back:
            lines.add(number)
    return frozenset(lines)


def _backward_in_python(text: str) -> frozenset[int]:
    tree = parsed(text)
    return frozenset(
        number
        for node in (tree.body if tree is not None else ())
        if isinstance(node, ast.FunctionDef) and node.name in _BACK
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    )


def _in(look: FileLook, severity: Severity) -> Severity:
    return Severity.LOW if look.path_class is PathClass.TEST else severity


RULES = (FileRule(D35, migration, mark="migrations"),)
