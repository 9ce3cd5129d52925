"""What the risk rules look at: the push as git knows it, and commands as a shell would take them apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gate.domain.brief.model import BriefReport
from gate.domain.facts import ChangedFile, DiffFacts
from gate.domain.hold import RefUpdate, UpdateKind
from gate.domain.session.model import Command, Session


class PathClass(StrEnum):
    """What a file is for, by its path. A pushed `.gitattributes` has no say in this."""

    SOURCE = "source"
    TEST = "test"
    DOCS = "docs"
    VENDORED = "vendored"
    GENERATED = "generated"
    LOCK = "lock"
    LOCALE = "locale"


@dataclass(frozen=True, slots=True)
class Line:
    """One added or removed line, with its number in the file it belongs to."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class ChangedText:
    """One changed file with its lines. `is_cut`: there are more lines than a rule is given.

    `renamed_from` is git's guess at where the file was before; both sides count for rules about paths.
    """

    file: ChangedFile
    path_class: PathClass
    added: tuple[Line, ...] = ()
    removed: tuple[Line, ...] = ()
    renamed_from: str | None = None
    is_cut: bool = False

    @property
    def path(self) -> str:
        return self.file.path


ReadBlob = Callable[[str], bytes | None]
"""The content of a blob by its oid; None where it is not there or larger than a rule may read."""


@dataclass(frozen=True, slots=True)
class PushView:
    """Everything about a push but its changed lines, which come file by file."""

    repository: str
    agent: str
    update: RefUpdate
    kind: UpdateKind
    facts: DiffFacts
    blob: ReadBlob
    now: datetime
    session: Session | None = None
    brief: BriefReport | None = None
    is_protected: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """A redirect of a command. `operator` is the shell's, such as `>` or `>>`."""

    operator: str
    target: str


@dataclass(frozen=True, slots=True)
class Simple:
    """One simple command as a shell would run it: words without their quotes, assignments before it apart.

    `is_exact` is False where a word holds an expansion that only the shell can know; such a word is kept as
    written. `wrappers` are the words it was unwrapped from, such as `sudo`, `env`, `timeout`. `stdin` is the
    text of a heredoc. `depth` counts the shells around it: `bash -c 'x'` gives `x` the depth 1.
    """

    words: tuple[str, ...]
    assignments: tuple[tuple[str, str], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    wrappers: tuple[str, ...] = ()
    stdin: str | None = None
    depth: int = 0
    is_exact: bool = True

    @property
    def name(self) -> str:
        """The program's name without its folder; empty for assignments alone."""
        return self.words[0].rpartition("/")[2] if self.words else ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Simple commands joined by pipes; one alone is a pipeline of one.

    `fed_by` are the pipelines inside its substitutions, whose output becomes a part of it: the `curl` of
    `sh -c "$(curl …)"`.
    """

    commands: tuple[Simple, ...]
    fed_by: tuple[Pipeline, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedCommand:
    """A command of the session with its pipelines in the order in which they stand in it.

    `is_parsed` is False where it is no shell text that the parser understands: then `pipelines` is a guess.
    """

    command: Command
    pipelines: tuple[Pipeline, ...]
    is_parsed: bool = True
