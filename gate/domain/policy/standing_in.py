"""Whom approvals stand for: a team each, or the owners of the changed files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gate.domain.policy.condition import CannotTell
from gate.domain.policy.subject import OwnedPaths, Subject
from gate.domain.policy.verdict import Node, Status
from gate.domain.policy.words import one_of, shown
from gate.domain.review import Reviewer


@dataclass(frozen=True, slots=True)
class Owned:
    """Whether an owner of each changed path approved: the nodes for the tree, and what is missing."""

    nodes: tuple[Node, ...]
    missing: tuple[str, ...]


def count_teams(memberships: Sequence[frozenset[str]]) -> int:
    """How many of these people can stand for a team each, no two for the same one.

    The largest matching of people and teams, found by augmenting paths (Kuhn's algorithm).
    """
    stands_for: dict[str, int] = {}

    def place(person: int, tried: set[str]) -> bool:
        for team in sorted(memberships[person] - tried):
            tried.add(team)
            if team not in stands_for or place(stands_for[team], tried):
                stands_for[team] = person
                return True
        return False

    return sum(place(person, set()) for person in range(len(memberships)))


def judge_owners(subject: Subject, approving: Sequence[Reviewer]) -> Owned:
    """Look for an owner of each changed path among the people whose approval counts. Raises CannotTell."""
    if subject.owned is None:
        raise CannotTell(f"the owners of the changed files are not known: {subject.owners_fault}")
    nodes = tuple(_judge_paths(paths, approving) for paths in subject.owned if paths.owners)
    return Owned(nodes, tuple(_missing(nodes)))


def _missing(nodes: Sequence[Node]) -> Iterator[str]:
    return (node.words for node in nodes if node.status is not Status.APPROVED)


def _judge_paths(paths: OwnedPaths, approving: Sequence[Reviewer]) -> Node:
    owner = next((one for one in approving if _owns(one, paths.owners)), None)
    if owner is not None:
        words = f"{shown(owner.login)} owns {_paths_words(paths)}"
        return Node("code_owners", Status.APPROVED, words)
    known = [shown(one) for one in paths.owners if not _is_address(one)]
    if not known:
        words = f"{_paths_words(paths)} is owned by e-mail addresses alone, and nobody can be matched by one"
    else:
        words = f"an approval by an owner of {_paths_words(paths)} is missing: {one_of(known)}"
    return Node("code_owners", Status.PENDING, words)


def _owns(person: Reviewer, owners: Sequence[str]) -> bool:
    logins = [one for one in owners if "/" not in one and not _is_address(one)]
    return person.is_one_of(logins) or not (person.teams or frozenset()).isdisjoint(owners)


def _is_address(owner: str) -> bool:
    return "@" in owner


def _paths_words(paths: OwnedPaths) -> str:
    more = f" and {paths.count - 1} more" if paths.count > 1 else ""
    return f"{shown(paths.example)}{more}"
