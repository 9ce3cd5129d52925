"""D06: what the auditor of CI workflows says of a changed workflow that it did not say of the old one."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from gate.domain.risk.model import Confidence, Finding, Place, Rule, Severity

D06 = Rule(
    id="D06",
    name="workflow-audit",
    severity=Severity.HIGH,
    why="A workflow runs with the repository's own rights and secrets, often on what strangers send in.",
    check="Read what the auditor says at its address, and whether the workflow can be had without it.",
)
D07 = Rule(
    id="D07",
    name="workflow-permission",
    severity=Severity.HIGH,
    why="The workflow gets more rights, or runs where others can reach it with what they send in.",
    check="See which job needs the right, and whether it can be given to that job and for reading only.",
)
WORKFLOW_RULES = (D06, D07)
_PERMISSIONS = frozenset(
    "excessive-permissions dangerous-triggers self-hosted-runner secrets-inherit"
    " overprovisioned-secrets".split()
)
_LONGEST_SEEN = 200
_Key = tuple[str, str]
_FAILED = "The auditor of workflows could not read it: nobody knows what it would have said"


class Audited(Protocol):
    """One thing that the auditor saw."""

    @property
    def ident(self) -> str: ...
    @property
    def words(self) -> str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def confidence(self) -> Confidence: ...
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


@dataclass(frozen=True, slots=True)
class AuditedFile:
    """A workflow as it was or is, and what the auditor saw in it."""

    content: bytes
    findings: Sequence[Audited]


NO_FILE = AuditedFile(b"", ())


def assess_workflow(
    path: str, new: AuditedFile, old: AuditedFile = NO_FILE, *, oid: str | None = None
) -> Iterator[Finding]:
    """What is new in a workflow. What only moved to another line of the same text was there before."""
    known = Counter(key for key, _ in _keyed(old))
    told: Counter[_Key] = Counter()
    for key, one in _keyed(new):
        if known[key]:
            known[key] -= 1
            continue
        told[key] += 1
        ident, text = key
        rule = D07 if ident in _PERMISSIONS else D06
        yield Finding(
            rule=rule,
            severity=one.severity,
            words=f"{one.words[:1].upper()}{one.words[1:]} (zizmor: {ident})",
            place=Place(path=path, line=one.line, column=one.column, oid=oid),
            confidence=one.confidence,
            seen=text[:_LONGEST_SEEN],
            identity=_identity(rule, path, ident, text, str(told[key])),
        )


def workflow_not_audited(path: str, *, oid: str | None = None) -> Finding:
    """Where the auditor failed: that counts like what it could have found."""
    place = Place(path=path, oid=oid)
    return Finding(D06, Severity.HIGH, _FAILED, place, identity=_identity(D06, path, "failed"))


def _keyed(file: AuditedFile) -> Iterator[tuple[_Key, Audited]]:
    """Every finding with what it is and the text of its line."""
    lines = file.content.decode("utf-8", "surrogateescape").split("\n")
    for one in sorted(file.findings, key=lambda one: (one.line, one.column)):
        text = lines[one.line - 1].strip() if 0 < one.line <= len(lines) else ""
        yield (one.ident, text), one


def _identity(rule: Rule, *parts: str) -> str:
    text = "\0".join((rule.id, *parts))
    return f"{rule.id}:{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"
