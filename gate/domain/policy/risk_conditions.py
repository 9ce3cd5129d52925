"""The condition on a push's risk, and the findings that a policy tells not to count."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.policy.condition import CannotTell, Finding, Sight
from gate.domain.policy.pattern import Pattern
from gate.domain.policy.words import one_of
from gate.domain.risk import model as risk


@dataclass(frozen=True, slots=True)
class HasRisk:
    """The risk is at least of this level, and, where rules are named, one of them found something."""

    at_least: risk.RiskLevel
    rules: tuple[str, ...] = ()

    def tell(self, sight: Sight) -> Finding:
        assessment = sight.subject.risk
        if assessment is None:
            raise CannotTell("the risk of this push has not been assessed")
        if assessment.level.rank < self.at_least.rank:
            return Finding(False, f"the risk is {assessment.level}, asked is {self.at_least} or more")
        found = sorted(assessment.rules().intersection(self.rules))
        if self.rules and not found:
            return Finding(False, f"no finding is of {one_of(self.rules)}")
        return Finding(True, f"{found[0]} found something" if found else f"the risk is {assessment.level}")


@dataclass(frozen=True, slots=True)
class Silence:
    """Findings of a rule that do not count: all, or those about paths that match one of `paths`."""

    rule: str
    reason: str
    paths: tuple[Pattern, ...] = ()

    def covers(self, finding: risk.Finding) -> bool:
        """A finding about no path is covered only where no path is asked for."""
        if finding.rule.id != self.rule:
            return False
        path = finding.place.path
        return not self.paths or (path is not None and any(one.search(path) for one in self.paths))


def reason_to_silence(silences: tuple[Silence, ...], finding: risk.Finding) -> str | None:
    """Why the policy does not count this finding; None where it does."""
    return next((one.reason for one in silences if one.covers(finding)), None)
