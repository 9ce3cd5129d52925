"""An assessment as SARIF 2.1.0, the format in which scanners exchange results.

docs.oasis-open.org/sarif/sarif/v2.1.0. The numbers of `security-severity` are those that GitHub's code
scanning turns back into critical, high, medium and low.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from gate.domain.risk.model import Assessment, Finding, Rule, Severity

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_NUMBERS = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.0", Severity.LOW: "2.0"}
_RANKS = {
    Severity.CRITICAL: 95.0,
    Severity.HIGH: 80.0,
    Severity.MEDIUM: 50.0,
    Severity.LOW: 20.0,
    Severity.INFO: 0.0,
}

Json = dict[str, Any]


def sarif(assessment: Assessment, *, head: str) -> Json:
    """One SARIF log with one run, ready for `json.dumps`. `head` is the commit that was assessed.

    What the log of a session shows has no file, and so a logical location only. Findings that the policy
    silenced are there, suppressed, with the reason.
    """
    every: list[tuple[Finding, str | None]] = [(finding, None) for finding in assessment.findings]
    every += [(one.finding, one.reason) for one in assessment.silenced]
    rules = tuple(dict.fromkeys(finding.rule for finding, _ in every))
    places = {rule.id: place for place, rule in enumerate(rules)}
    driver: Json = {
        "name": "Pushgate",
        "version": _text(assessment.version),
        "rules": [_rule(rule) for rule in rules],
        "properties": {"rules": _text(assessment.version)},
    }
    run: Json = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, reason, places[finding.rule.id]) for finding, reason in every],
        "properties": {
            "head": _text(head),
            "level": str(assessment.level),
            "score": assessment.score,
            "reason": _text(assessment.line),
        },
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> Json:
    properties: Json = {"tags": ["security"], "precision": "medium"}
    if rule.severity in _NUMBERS:
        properties["security-severity"] = _NUMBERS[rule.severity]
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.name},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.check},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": properties,
    }


def _result(finding: Finding, silenced: str | None, rule: int) -> Json:
    result: Json = {
        "ruleId": finding.rule.id,
        "ruleIndex": rule,
        "level": _LEVELS[finding.weight],
        "rank": _RANKS[finding.weight],
        "message": {"text": _text(finding.words)},
        "locations": _locations(finding),
        "properties": {"severity": str(finding.severity), "confidence": str(finding.confidence)},
    }
    if finding.identity:
        result["partialFingerprints"] = {"pushgate/v1": _text(finding.identity)}
    if silenced is not None:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": _text(silenced)}
        ]
    return result


def _locations(finding: Finding) -> Sequence[Json]:
    place = finding.place
    if place.path is not None:
        physical: Json = {"artifactLocation": {"uri": _uri(place.path), "uriBaseId": "%SRCROOT%"}}
        if place.line is not None:
            region: Json = {"startLine": max(1, place.line)}
            if place.column is not None:
                region["startColumn"] = max(1, place.column)
            if finding.seen:
                region["snippet"] = {"text": _text(finding.seen)}
            physical["region"] = region
        return [{"physicalLocation": physical}]
    logical = _logical(finding)
    return [{"logicalLocations": [logical]}] if logical else []


def _logical(finding: Finding) -> Json:
    """An entry of the session's log, a ref, or a commit: things that are no files."""
    place = finding.place
    if place.thread_id is not None:
        name = "session" if place.entry is None else f"entry {place.entry}"
        logical: Json = {
            "name": name,
            "fullyQualifiedName": _text(f"{place.thread_id}/{name}"),
            "kind": "member",
        }
        properties = {"at": place.at.isoformat() if place.at else "", "seen": _text(finding.seen)}
        logical["properties"] = {key: value for key, value in properties.items() if value}
        return logical
    if place.ref is not None:
        return {"name": _text(place.ref), "kind": "namespace"}
    return {} if place.oid is None else {"name": place.oid, "kind": "object"}


def _uri(path: str) -> str:
    """A path as a relative reference. Its bytes need not be UTF-8, and its first part may hold a colon."""
    uri = quote(path.encode("utf-8", "surrogateescape"))
    first = uri.partition("/")[0]
    return f"./{uri}" if ":" in first or not first else uri


def _text(text: str) -> str:
    """Text that any JSON reader takes: no half of a surrogate pair is left in it."""
    return text.encode("utf-8", "backslashreplace").decode()
