"""Findings about secrets in what was pushed, from the scan that decides whether it may be published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gate.domain.risk.diff.files import D04
from gate.domain.risk.model import Confidence, Finding, Place, Rule, Severity
from gate.domain.secret import UNSCANNED, FoundSecret

D01 = Rule(
    id="D01",
    name="secret",
    severity=Severity.CRITICAL,
    why="Whoever can read the repository can use it while it is valid, wherever it was deleted since.",
    check="Revoke it first. Then see that it is gone from every commit of the push.",
)
D02 = Rule(
    id="D02",
    name="possible-secret",
    severity=Severity.MEDIUM,
    why="It looks like a credential, and may be an example or a test's own.",
    check="Ask whether anything accepts it. If so, it has to be revoked, and taken out of every commit.",
)
SECRET_RULES = (D01, D02)


def assess_secrets(found: Iterable[FoundSecret]) -> Iterator[Finding]:
    """A finding for each secret. One that an admin allowed is worth knowing, and no more."""
    for secret in found:
        rule = _rule(secret)
        words = f"{secret.rule_name} in {secret.where}"
        if secret.allowed_by is not None:
            words += f", which {secret.allowed_by} allowed"
        yield Finding(
            rule=rule,
            severity=Severity.INFO if secret.allowed_by is not None else rule.severity,
            words=words,
            place=Place(path=secret.path, line=secret.line, column=secret.column, oid=secret.oid),
            confidence=Confidence.CERTAIN if secret.blocks else Confidence.LIKELY,
            identity=f"{rule.id}:{secret.identity}:{secret.path or secret.what}",
        )


def _rule(secret: FoundSecret) -> Rule:
    if secret.rule == UNSCANNED:
        return D04
    return D01 if secret.blocks else D02
