"""What a command rule is given, and what it gives back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gate.domain.risk.commands.paths import resolve
from gate.domain.risk.model import Confidence, Rule, Severity
from gate.domain.risk.view import ParsedCommand, Pipeline, Simple
from gate.domain.session.model import Session

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What the rules may know besides the commands.

    `work` is the folder that the agent works in and `roots` all that it may write to, as absolute paths on
    its host. `remotes` are names and addresses that lead to the gate, `hosts` those that may be sent to.
    `gate_paths` are the gate's own files on that host, if any. `own_branches` are the prefixes of branches
    that are the agent's to rewrite. `summary` is the agent's own; `changed` the paths of the push.
    """

    work: str = ""
    roots: tuple[str, ...] = ()
    remotes: tuple[str, ...] = ("origin",)
    hosts: tuple[str, ...] = ()
    gate_paths: tuple[str, ...] = ()
    own_branches: tuple[str, ...] = ("codex/",)
    session: Session | None = None
    summary: str = ""
    changed: frozenset[str] | None = None


@dataclass(slots=True)
class Past:
    """What ran before, as far as a later command can depend on it. Paths are resolved."""

    cwd: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    fetched: set[str] = field(default_factory=set)
    decoded: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    has_pushed: bool = False
    goes_on_after_failure: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """One pipeline of one command, with all that came before it and the pipeline that stands after it."""

    parsed: ParsedCommand
    pipeline: Pipeline
    context: CommandContext
    past: Past
    after: Pipeline | None = None

    @property
    def commands(self) -> tuple[Simple, ...]:
        return self.pipeline.commands

    def expanded(self, word: str) -> str:
        """The word with the variables that are known."""
        if "$" not in word:
            return word
        known = self.past.variables
        return _VARIABLE.sub(lambda found: known.get(found[1] or found[2], found[0]), word)

    def path(self, word: str) -> str | None:
        """The absolute path, or one below `~`; None where only the shell knows."""
        return resolve(self.expanded(word), self.past.cwd)


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule saw in a pipeline, in words that hold nothing of the agent's."""

    severity: Severity
    words: str
    confidence: Confidence = Confidence.CERTAIN


@dataclass(frozen=True, slots=True)
class Check:
    """A rule with the function that looks. `sees_reads`: it looks at commands that only read as well."""

    rule: Rule
    look: Callable[[Look], Iterator[Hit]]
    sees_reads: bool = False
