"""Shell commands, taken apart with tree-sitter's grammar for Bash and never run."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace

import tree_sitter_bash
from tree_sitter import Language, Node, Parser, Point

from gate.adapters.shell.guess import guess
from gate.adapters.shell.tree import TooMuch, TreeReader
from gate.adapters.shell.words import unescaped
from gate.adapters.shell.wrappers import Unwrapped, reads_script, unwrap
from gate.domain.risk.view import ParsedCommand, Pipeline, Simple
from gate.domain.session.model import Command

_LONGEST = 100_000
_MOST_SECONDS = 1.0
_DEEPEST_SHELL = 6
_MOST_SHELLS = 100
_MOST_PIPELINES = 10_000
_PIECE = 1 << 16
# Bytes that were no UTF-8, as surrogates: no grammar takes them. No argument can hold a NUL.
_UNDECODED = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class _Run:
    """One command while it is taken apart: what was found, and whether all of it was understood."""

    pipelines: list[Pipeline] = field(default_factory=list)
    is_parsed: bool = True
    shells: int = 0


class BashParser:
    """Implements `ports.evidence.ShellParser`. Never raises for what a command says."""

    def __init__(self) -> None:
        self._parser = Parser(Language(tree_sitter_bash.language()))

    def __call__(self, command: Command) -> ParsedCommand:
        run = _Run()
        self._script(run, _UNDECODED.sub("\ufffd", command.text.replace("\0", "")), depth=0, wrappers=())
        return ParsedCommand(command, tuple(run.pipelines), run.is_parsed)

    def _script(self, run: _Run, text: str, *, depth: int, wrappers: tuple[str, ...]) -> None:
        """Add a script's pipelines, each followed by those of the scripts inside it."""
        run.shells += 1
        if depth > _DEEPEST_SHELL or run.shells > _MOST_SHELLS or len(run.pipelines) > _MOST_PIPELINES:
            run.is_parsed = False
            return
        pipelines, hidden = self._read(run, text)
        for pipeline in pipelines:
            self._add(run, pipeline, depth, wrappers)
        for script in hidden:
            self._script(run, script, depth=depth + 1, wrappers=wrappers)

    def _read(self, run: _Run, text: str) -> tuple[list[Pipeline], list[str]]:
        root = self._tree(text)
        if root is not None and not root.has_error:
            reader = TreeReader()
            try:
                return reader.pipelines(root), reader.scripts
            except TooMuch:
                pass
        run.is_parsed = False
        return guess(text), []

    def _tree(self, text: str) -> Node | None:
        """None for a text that is too long, or takes the grammar too much time."""
        if len(text) > _LONGEST:
            return None
        source = text.encode()
        end = time.monotonic() + _MOST_SECONDS

        def read(at: int, _: Point) -> bytes:
            return source[at : at + _PIECE]

        def is_over(_: int, __: bool) -> bool:
            return time.monotonic() > end

        try:
            return self._parser.parse(read, progress_callback=is_over).root_node
        except ValueError:
            self._parser.reset()
            return None

    def _add(self, run: _Run, pipeline: Pipeline, depth: int, wrappers: tuple[str, ...]) -> None:
        unwrapped, whole = _unwrapped(pipeline, depth, wrappers)
        run.pipelines.append(whole)
        for place, one in enumerate(unwrapped):
            run.pipelines.extend(Pipeline((other,)) for other in one.others)
            scripts = list(one.scripts)
            if (
                place
                and reads_script(one.simple)
                and (said := _said(unwrapped[place - 1].simple)) is not None
            ):
                scripts.append(said)
            for script in scripts:
                self._script(run, script, depth=depth + 1, wrappers=one.simple.wrappers + _remote(one.simple))
            for other in one.others:
                self._inner(run, other, depth)
        for fed in whole.fed_by:
            for simple in fed.commands:
                self._inner(run, simple, depth)

    def _inner(self, run: _Run, simple: Simple, depth: int) -> None:
        """The scripts of a command that stands inside another."""
        for script in unwrap(simple).scripts:
            self._script(run, script, depth=depth + 1, wrappers=simple.wrappers)


def _unwrapped(pipeline: Pipeline, depth: int, wrappers: tuple[str, ...]) -> tuple[list[Unwrapped], Pipeline]:
    each = [unwrap(replace(simple, depth=depth, wrappers=wrappers)) for simple in pipeline.commands]
    fed_by = tuple(_unwrapped(one, depth, wrappers)[1] for one in pipeline.fed_by)
    return each, Pipeline(tuple(one.simple for one in each), fed_by)


def _remote(simple: Simple) -> tuple[str, ...]:
    """A script that goes to another host keeps that it does."""
    return (simple.name,) if simple.name in ("ssh", "su", "runuser") else ()


def _said(simple: Simple) -> str | None:
    """What a command is known to print, where a shell is to run it: `echo 'rm -r x' | sh`."""
    if simple.name == "cat" and len(simple.words) == 1:
        return simple.stdin
    words = simple.words[1:]
    while words[:1] and words[0] in ("-e", "-n", "-E", "-ne", "-en", "--"):
        words = words[1:]
    if simple.name == "echo":
        return " ".join(words)
    if simple.name == "printf" and words:
        return " ".join(unescaped(word) for word in words)
    return None
