"""A brief, its rules, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BriefSource(StrEnum):
    """Where a brief comes from. Only the operator's was written where no agent can write."""

    OPERATOR = "operator"
    PUSH_OPTION = "push_option"
    COMMITTED = "committed"
    PROMPT = "prompt"


class Part(StrEnum):
    """The headings of a brief."""

    GOAL = "goal"
    ALLOWED = "allowed"
    NOT_ALLOWED = "not_allowed"
    STOP_IF = "stop_if"
    BEFORE_FINISHING = "before_finishing"


class RuleKind(StrEnum):
    """What a rule is about. `words` can only be read by a person."""

    PATHS = "paths"
    COMMAND = "command"
    FILE_LIMIT = "file_limit"
    LINE_LIMIT = "line_limit"
    REFS = "refs"
    LIST = "list"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class BriefRule:
    """One line of a brief. `values` are gitignore patterns, commands, ref patterns, or things to list."""

    part: Part
    kind: RuleKind
    words: str
    line: int
    values: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Brief:
    """A parsed brief. `where` says which file or option it was; `faults` what could not be read.

    `is_reviewed`: people let it into the repository before this push.
    """

    source: BriefSource
    where: str
    text: str
    goal: str = ""
    rules: tuple[BriefRule, ...] = ()
    faults: tuple[str, ...] = ()
    is_reviewed: bool = False

    def of(self, part: Part) -> tuple[BriefRule, ...]:
        return tuple(rule for rule in self.rules if rule.part is part)


class Kept(StrEnum):
    """Whether a rule was kept, as the push and the log say. `unknown`: nobody but a person can tell."""

    YES = "yes"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one rule: `words` are what was seen, such as `exit 0 at 14:03`.

    `paths` are the first files that it is about, `entry` the transcript entry it rests on. `source` says
    whose rule it is, where a report is of several briefs.
    """

    rule: BriefRule
    kept: Kept
    words: str
    paths: tuple[str, ...] = ()
    entry: int | None = None
    source: BriefSource | None = None


@dataclass(frozen=True, slots=True)
class BriefReport:
    """A brief with the answer to each of its rules, and to those of the `others` that stand below it."""

    brief: Brief
    answers: tuple[Answer, ...]
    others: tuple[Brief, ...] = ()

    @property
    def kept(self) -> Kept:
        """Broken by one answer, kept by all of them; a brief of which nothing can be told is `unknown`."""
        answers = {answer.kept for answer in self.answers}
        if Kept.BROKEN in answers:
            return Kept.BROKEN
        return Kept.YES if answers == {Kept.YES} else Kept.UNKNOWN
