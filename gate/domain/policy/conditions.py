"""Conditions on a push, as git and the gate know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from gate.domain.facts import ChangedFile
from gate.domain.hold import UpdateKind
from gate.domain.policy.condition import CannotTell, Finding, Sight
from gate.domain.policy.duration import in_words
from gate.domain.policy.pattern import Pattern
from gate.domain.policy.subject import Subject
from gate.domain.policy.words import one_of, shown


@dataclass(frozen=True, slots=True)
class PathFilter:
    """Paths that match one of `paths` and none of `ignore`."""

    paths: tuple[Pattern, ...]
    ignore: tuple[Pattern, ...] = ()

    def matches(self, path: str) -> bool:
        return any(p.search(path) for p in self.paths) and not any(p.search(path) for p in self.ignore)

    def first(self, files: tuple[ChangedFile, ...]) -> str | None:
        return next((file.path for file in files if self.matches(file.path)), None)


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """At least one changed file is of these paths."""

    filter: PathFilter

    def tell(self, sight: Sight) -> Finding:
        path = self.filter.first(_files(sight.subject))
        if path is None:
            return Finding(False, "no changed file is of these paths")
        return Finding(True, f"{shown(path)} is changed")


@dataclass(frozen=True, slots=True)
class NoChangedFiles:
    """No changed file is of these paths."""

    filter: PathFilter

    def tell(self, sight: Sight) -> Finding:
        found = ChangedFiles(self.filter).tell(sight)
        return Finding(not found.holds, found.words)


@dataclass(frozen=True, slots=True)
class OnlyChangedFiles:
    """Every changed file is of these paths, and there is at least one."""

    filter: PathFilter

    def tell(self, sight: Sight) -> Finding:
        files = _files(sight.subject)
        other = next((file.path for file in files if not self.filter.matches(file.path)), None)
        if other is not None:
            return Finding(False, f"{shown(other)} is changed too")
        if not files:
            return Finding(False, "no file is changed")
        return Finding(True, "all changed files are of these paths")


_COMPARISONS: Mapping[str, Callable[[float, int], bool]] = {
    ">": lambda lines, bound: lines > bound,
    "<": lambda lines, bound: lines < bound,
    "=": lambda lines, bound: lines == bound,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A bound on a number of lines, such as `> 100`."""

    sign: str
    bound: int

    def __str__(self) -> str:
        return f"{self.sign} {self.bound}"


@dataclass(frozen=True, slots=True)
class ModifiedLines:
    """Every bound that is set holds. A binary file counts as more lines than any bound."""

    additions: Comparison | None = None
    deletions: Comparison | None = None
    total: Comparison | None = None

    def tell(self, sight: Sight) -> Finding:
        files = _files(sight.subject)
        binary = any(file.is_binary for file in files)
        added = sum(file.additions or 0 for file in files)
        deleted = sum(file.deletions or 0 for file in files)
        counts = {"additions": added, "deletions": deleted, "total": added + deleted}
        bounds = {"additions": self.additions, "deletions": self.deletions, "total": self.total}
        told = [_compare(name, counts[name], bound, binary) for name, bound in bounds.items() if bound]
        return Finding(all(one.holds for one in told), ", ".join(one.words for one in told))


@dataclass(frozen=True, slots=True)
class TargetsBranch:
    """The ref is a branch, and its short name matches."""

    pattern: Pattern

    def tell(self, sight: Sight) -> Finding:
        branch = sight.subject.branch
        if branch is None:
            return Finding(False, f"{shown(sight.subject.ref)} is not a branch")
        return Finding(self.pattern.search(branch), f"the branch is {shown(branch)}")


@dataclass(frozen=True, slots=True)
class KindIs:
    """The update is of one of these kinds."""

    kinds: tuple[UpdateKind, ...]

    def tell(self, sight: Sight) -> Finding:
        kind = sight.subject.kind
        return Finding(kind in self.kinds, f"the update is a {kind}, asked is {one_of(self.kinds)}")


@dataclass(frozen=True, slots=True)
class Age:
    """The revision was received longer ago than `older_than`, and less long ago than `newer_than`."""

    older_than: timedelta | None = None
    newer_than: timedelta | None = None

    def tell(self, sight: Sight) -> Finding:
        age = sight.subject.age(sight.now)
        told = []
        if self.older_than is not None:
            told.append(Finding(age > self.older_than, f"older than {in_words(self.older_than)}"))
        if self.newer_than is not None:
            told.append(Finding(age < self.newer_than, f"newer than {in_words(self.newer_than)}"))
        told = [Finding(f.holds, f"the revision is {'' if f.holds else 'not '}{f.words}") for f in told]
        return Finding(all(f.holds for f in told), ", ".join(f.words for f in told))


@dataclass(frozen=True, slots=True)
class HasOperatorIn:
    """The person who runs the agent is one of these logins (case-folded)."""

    users: tuple[str, ...]

    def tell(self, sight: Sight) -> Finding:
        operator = sight.subject.operator
        if operator is None:
            return Finding(False, f"{shown(sight.subject.agent)} has no operator on record")
        return Finding(operator.casefold() in self.users, f"the operator is {shown(operator)}")


@dataclass(frozen=True, slots=True)
class HasAgentIn:
    """The agent that pushed is one of these."""

    agents: tuple[str, ...]

    def tell(self, sight: Sight) -> Finding:
        agent = sight.subject.agent
        return Finding(agent in self.agents, f"the agent is {shown(agent)}")


@dataclass(frozen=True, slots=True)
class RepositoryIs:
    """The repository's name matches one of `matches`, if any, and none of `not_matches`."""

    matches: tuple[Pattern, ...] = ()
    not_matches: tuple[Pattern, ...] = ()

    def tell(self, sight: Sight) -> Finding:
        name = sight.subject.repository
        return Finding(fits(name, self.matches, self.not_matches), f"the repository is {shown(name)}")


def fits(value: str, matches: tuple[Pattern, ...], not_matches: tuple[Pattern, ...]) -> bool:
    """Whether `value` matches one of `matches`, if there is any, and none of `not_matches`."""
    wanted = not matches or any(pattern.search(value) for pattern in matches)
    return wanted and not any(pattern.search(value) for pattern in not_matches)


def _files(subject: Subject) -> tuple[ChangedFile, ...]:
    if subject.files_truncated:
        raise CannotTell("the list of changed files was cut at its cap, so no condition can rest on it")
    return subject.files


def _compare(name: str, count: int, bound: Comparison, binary: bool) -> Finding:
    lines = float("inf") if binary else count
    holds = _COMPARISONS[bound.sign](lines, bound.bound)
    seen = "a binary file counts as any number of lines" if binary else f"{name} {count}"
    return Finding(holds, f"{seen}, asked is {name} {bound}")
