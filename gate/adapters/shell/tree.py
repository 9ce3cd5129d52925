"""From the syntax tree of a script to its pipelines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from gate.adapters.shell.words import Word, hidden_scripts, raw, substitutions, word
from gate.domain.risk.view import Pipeline, Redirect, Simple

# Substitutions inside substitutions, and groups inside pipelines: nobody writes as many by hand.
_DEEPEST = 40
_MOST_NODES = 30_000
_MOST_PIPELINES = 5000
_ASSIGNMENTS = frozenset({"variable_assignment", "variable_assignments"})
_COMMANDS = _ASSIGNMENTS | {"command", "declaration_command", "unset_command", "test_command"}
_DECLARING = frozenset({"export", "declare", "local", "readonly", "typeset", "unset", "unsetenv"})
_SKIPPED = frozenset({"comment", "heredoc_start", "heredoc_end", "file_descriptor"})


class TooMuch(Exception):
    """The script is nested deeper, or longer, than what is taken apart."""


@dataclass(slots=True)
class _Draft:
    """A simple command while its parts are gathered."""

    words: list[Word] = field(default_factory=list)
    assignments: list[tuple[str, str]] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    stdin: str | None = None
    fed_by: list[Pipeline] = field(default_factory=list)

    def pipeline(self) -> Pipeline:
        simple = Simple(
            words=tuple(one.text for one in self.words),
            assignments=tuple(self.assignments),
            redirects=tuple(self.redirects),
            stdin=self.stdin,
            is_exact=all(one.is_exact for one in self.words),
        )
        return Pipeline((simple,), tuple(self.fed_by))


class TreeReader:
    """Reads one tree. `scripts` are texts in it that a shell would run and the grammar did not parse."""

    def __init__(self) -> None:
        self.scripts: list[str] = []
        self._nodes = 0

    def pipelines(self, root: Node, depth: int = 0) -> list[Pipeline]:
        """Every pipeline below a node, in order. Raises TooMuch."""
        if depth > _DEEPEST:
            raise TooMuch
        found: list[Pipeline] = []
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if node.type in _COMMANDS:
                found.append(self._command(node, depth))
            elif node.type == "pipeline":
                found.append(self._joined(node.named_children, depth))
            elif node.type == "redirected_statement":
                found.extend(self._redirected(node, depth))
            elif node.type not in _SKIPPED:
                waiting.extend(reversed(node.named_children))
            self._count(len(found))
        return found

    def _count(self, found: int) -> None:
        self._nodes += 1
        if found > _MOST_PIPELINES or self._nodes > _MOST_NODES:
            raise TooMuch

    def _joined(self, members: Iterable[Node], depth: int) -> Pipeline:
        """Groups inside a pipeline, such as `(a; b) | c`, become members of it one after the other."""
        parts = [part for member in members for part in self.pipelines(member, depth + 1)]
        commands = tuple(command for part in parts for command in part.commands)
        return Pipeline(commands, tuple(fed for part in parts for fed in part.fed_by))

    def _command(self, node: Node, depth: int) -> Pipeline:
        draft = _Draft()
        if node.type == "test_command":
            draft.words = [Word("["), Word(raw(node), is_exact=False)]
            self._feed(draft, node, depth)
            return draft.pipeline()
        for child in (node,) if node.type == "variable_assignment" else node.children:
            self._count(0)
            self._part(draft, child, node.type == "declaration_command", depth)
        return draft.pipeline()

    def _part(self, draft: _Draft, part: Node, is_declaration: bool, depth: int) -> None:
        """One part of a command: an assignment, a redirect, or a word."""
        if part.type == "file_redirect":
            self._redirect(draft, part, depth)
            return
        if part.type == "herestring_redirect":
            draft.stdin = "".join(word(one).text for one in part.named_children[-1:])
        elif part.type == "variable_assignment":
            name, text = _assignment(part)
            if is_declaration:
                draft.words.append(Word(f"{name}={text}"))
            else:
                draft.assignments.append((name, text))
        elif part.is_named or part.type in _DECLARING:
            draft.words.append(word(part))
        self._feed(draft, part, depth)

    def _feed(self, draft: _Draft, node: Node, depth: int) -> None:
        self.scripts.extend(hidden_scripts(node))
        for one in substitutions(node):
            draft.fed_by.extend(
                pipeline for child in one.named_children for pipeline in self.pipelines(child, depth + 1)
            )

    def _redirect(self, draft: _Draft, node: Node, depth: int) -> None:
        """A redirect; words after its target are arguments of the command that the grammar puts here."""
        operator = next((raw(child) for child in node.children if not child.is_named), ">")
        targets = [child for child in node.named_children if child.type != "file_descriptor"]
        for place, target in enumerate(targets):
            if place == 0:
                draft.redirects.append(Redirect(operator, word(target).text))
            else:
                draft.words.append(word(target))
            self._feed(draft, target, depth)

    def _redirected(self, node: Node, depth: int) -> list[Pipeline]:
        """A statement with redirects: of a chain they belong to its end, of a group to each of its parts."""
        body, more = self._redirects(node, depth)
        statements = self.pipelines(body, depth + 1) if body is not None else []
        if not statements:
            statements = [Pipeline((Simple(()),))]
        is_group = body is not None and body.type not in _COMMANDS | {"list", "pipeline"}
        first = 0 if is_group else len(statements) - 1
        statements[first:] = [_with(one, more.draft) for one in statements[first:]]
        if more.joined:
            last = statements.pop()
            after = self._joined(more.joined, depth)
            statements.append(Pipeline(last.commands + after.commands, last.fed_by + after.fed_by))
        for later in more.later:
            statements.extend(self.pipelines(later, depth + 1))
        return statements

    def _redirects(self, node: Node, depth: int) -> tuple[Node | None, _Redirects]:
        body: Node | None = None
        more = _Redirects(_Draft())
        for child in node.named_children:
            if child.type == "heredoc_redirect":
                self._heredoc(more, child, depth)
            elif child.type in ("file_redirect", "herestring_redirect"):
                self._part(more.draft, child, False, depth)
            elif body is None:
                body = child
        return body, more

    def _heredoc(self, more: _Redirects, node: Node, depth: int) -> None:
        """A heredoc, with what stands on the rest of its first line: `cat <<E | sh && ls`."""
        for child in node.named_children:
            if child.type == "heredoc_body":
                more.draft.stdin = raw(child)
                self._feed(more.draft, child, depth)
            elif child.type == "pipeline":
                members = _members(child)
                chain = _first_of_chain(members[-1])
                more.joined.extend(members[:-1])
                more.joined.extend(chain[:1])
                more.later.extend(chain[1:])
            elif child.type in ("file_redirect", "herestring_redirect"):
                self._part(more.draft, child, False, depth)
            elif (
                child.type in _COMMANDS
                or child.type.endswith("_statement")
                or child.type in ("list", "subshell")
            ):
                more.later.append(child)
            elif child.type not in _SKIPPED:
                more.draft.words.append(word(child))
                self._feed(more.draft, child, depth)


@dataclass(slots=True)
class _Redirects:
    """What stands behind a statement: its redirects, what it is piped into, and what comes after."""

    draft: _Draft
    joined: list[Node] = field(default_factory=list)
    later: list[Node] = field(default_factory=list)


def _members(pipeline: Node) -> list[Node]:
    """The members of a pipeline that the grammar nests in itself."""
    members: list[Node] = []
    waiting = [pipeline]
    while waiting:
        node = waiting.pop()
        if node.type == "pipeline":
            waiting.extend(reversed(node.named_children))
        else:
            members.append(node)
    return members


def _first_of_chain(node: Node) -> list[Node]:
    """The parts of `a && b && c`, which the grammar nests to the left."""
    parts: list[Node] = []
    while node.type == "list" and node.named_child_count:
        first, *rest = node.named_children
        parts[:0] = rest
        node = first
    return [node, *parts]


def _assignment(node: Node) -> tuple[str, str]:
    name, *value = node.named_children or [node]
    return raw(name), "".join(word(one).text for one in value[:1])


def _with(pipeline: Pipeline, draft: _Draft) -> Pipeline:
    """The pipeline with redirects, and a heredoc, at its last command."""
    *before, last = pipeline.commands
    last = replace(
        last,
        words=last.words + tuple(one.text for one in draft.words),
        redirects=last.redirects + tuple(draft.redirects),
        stdin=last.stdin if draft.stdin is None else draft.stdin,
        is_exact=last.is_exact and all(one.is_exact for one in draft.words),
    )
    return Pipeline((*before, last), pipeline.fed_by + tuple(draft.fed_by))
