"""Conditions on a review, as the forge shows it: checks, labels, the title, signatures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.domain.policy.condition import CannotTell, Finding, Sight
from gate.domain.policy.conditions import fits
from gate.domain.policy.pattern import Pattern
from gate.domain.policy.words import one_of, short, shown
from gate.domain.review import Check, Seal


class Conclusion(StrEnum):
    """How a check ended; `error` is a commit status that could not be worked out."""

    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"
    NEUTRAL = "neutral"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    ACTION_REQUIRED = "action_required"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class HasStatus:
    """Every one of these checks has ended in one of these ways, and nothing of the same name otherwise.

    With `app` only what that GitHub App reports counts: a bare commit status has no app, and anybody who
    may write can set one.
    """

    statuses: tuple[str, ...]
    conclusions: tuple[Conclusion, ...] = (Conclusion.SUCCESS,)
    app: str | None = None

    def tell(self, sight: Sight) -> Finding:
        checks = sight.observation.checks
        if checks is None:
            raise CannotTell("the forge could not tell the checks of this commit")
        told = [self._tell(name, checks) for name in self.statuses]
        return Finding(all(one.holds for one in told), ", ".join(one.words for one in told))

    def _tell(self, name: str, checks: tuple[Check, ...]) -> Finding:
        named = [check for check in checks if check.name == name]
        ours = [check for check in named if self.app in (None, check.app)]
        if not ours:
            others = f", but not by {self.app}" if named else ""
            return Finding(False, f"{shown(name)} has {'' if named else 'not '}reported{others}")
        bad = next((check for check in ours if check.conclusion not in self.conclusions), None)
        if bad is None:
            return Finding(True, f"{shown(name)} is {shown(ours[0].conclusion or '')}")
        now = "still running" if bad.conclusion is None else shown(bad.conclusion)
        return Finding(False, f"{shown(name)} is {now}, asked is {one_of(self.conclusions)}")


@dataclass(frozen=True, slots=True)
class HasLabels:
    """The review has every one of these labels (case-folded)."""

    labels: tuple[str, ...]

    def tell(self, sight: Sight) -> Finding:
        there = {label.casefold() for label in sight.observation.labels}
        lacking = [label for label in self.labels if label not in there]
        if lacking:
            return Finding(False, f"the label {shown(lacking[0])!r} is not there")
        return Finding(True, "the labels are there" if len(self.labels) > 1 else "the label is there")


@dataclass(frozen=True, slots=True)
class TitleIs:
    """The review's title matches one of `matches`, if any, and none of `not_matches`."""

    matches: tuple[Pattern, ...] = ()
    not_matches: tuple[Pattern, ...] = ()

    def tell(self, sight: Sight) -> Finding:
        title = sight.observation.title
        return Finding(fits(title, self.matches, self.not_matches), f"the title is {shown(title)!r}")


@dataclass(frozen=True, slots=True)
class HasValidSignatures:
    """Every commit of the push has a signature that the forge finds valid, by one of `users` if any is named.

    `users` are case-folded logins.
    """

    users: tuple[str, ...] = ()

    def tell(self, sight: Sight) -> Finding:
        found = [(oid, self._fault(seal)) for oid, seal in _seals(sight)]
        if not found:
            return Finding(False, "the push brings no commit")
        bad = next(((oid, fault) for oid, fault in found if fault), None)
        if bad is not None:
            return Finding(False, f"{short(bad[0])} {bad[1]}")
        whose = f" by {one_of(self.users)}" if self.users else ""
        return Finding(True, f"every commit has a valid signature{whose}")

    def _fault(self, seal: Seal) -> str:
        if not seal.is_valid:
            return (
                f"has no valid signature ({shown(seal.reason)})" if seal.reason else "has no valid signature"
            )
        if self.users and not seal.is_by_one_of(self.users):
            signer = "somebody the forge does not know" if seal.signer is None else shown(seal.signer.login)
            return f"is signed by {signer}, asked is {one_of(self.users)}"
        return ""


def _seals(sight: Sight) -> list[tuple[str, Seal]]:
    """The seal of each commit of the push: one that is missing says nothing, and so decides nothing."""
    commits, seals = sight.subject.commits, sight.observation.seals
    if commits is None:
        raise CannotTell("the list of commits is not known as a whole, so no condition can rest on it")
    if seals is None:
        raise CannotTell("the forge could not tell the signatures of the commits")
    by_oid = {seal.oid: seal for seal in seals}
    missing = next((oid for oid in commits if oid not in by_oid), None)
    if missing is not None:
        raise CannotTell(f"the forge has not told whether {short(missing)} is signed")
    return [(oid, by_oid[oid]) for oid in commits]
