"""What a brief is held against: the push as git knows it, and what the session's record says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from gate.domain.facts import DiffFacts
from gate.domain.session.model import Command, Session

MatchPaths = Callable[[Sequence[str], Sequence[str]], tuple[str, ...]]
"""`ports.evidence.PathMatcher`: those of the paths that gitignore patterns match. Raises Invalid."""

WordsOf = Callable[[Command], Iterable[Sequence[str]]]
"""The simple commands inside a command, as the words that a shell would run."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """One revision. `session` is None where none was found, `summary` None where the agent gave none.

    `taken_apart` holds the simple commands of each command, once it was looked at.
    """

    facts: DiffFacts
    ref: str
    match: MatchPaths
    session: Session | None = None
    summary: str | None = None
    words_of: WordsOf | None = None
    taken_apart: dict[Command, Sequence[Sequence[str]]] = field(default_factory=dict, repr=False)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(file.path for file in self.facts.files)
