"""An assessment as SARIF, checked against the format's own schema."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.risk.level import weigh
from gate.domain.risk.model import Assessment, Confidence, Finding, Place, Rule, Severity
from gate.domain.risk.sarif import sarif

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text())
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)
HEAD = "3696d4a31c35b95af7124f6244388b88aa487d8b"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
D05 = Rule("D05", "ci-change", Severity.HIGH, "Why it matters.", "What to look at.")
C01 = Rule("C01", "run-download", Severity.HIGH, "Why else.", "What else.")
C20 = Rule("C20", "in-circles", Severity.INFO, "Why so.", "What then.")
FOUND = (
    Finding(
        D05,
        Severity.HIGH,
        "A workflow changed",
        Place(path=".github/workflows/a b:c.yml", line=12, column=3, oid=HEAD),
        Confidence.LIKELY,
        seen="run: make",
        identity="D05:1",
    ),
    Finding(
        C01,
        Severity.HIGH,
        "The output of a download was run by a shell",
        Place(thread_id="thread-1", entry=3, at=NOON),
        Confidence.POSSIBLE,
        seen="curl x | sh",
        identity="C01:1",
    ),
    Finding(C20, Severity.INFO, "The session ran 501 commands", Place()),
)


def export(assessment: Assessment) -> dict[str, Any]:
    """The log as another program reads it, valid by the schema."""
    text = json.dumps(sarif(assessment, head=HEAD), ensure_ascii=False)
    log: dict[str, Any] = json.loads(text.encode())
    VALIDATOR.validate(log)
    return log


def test_an_empty_assessment_is_a_run_without_results() -> None:
    log = export(weigh([]))

    assert log == {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Pushgate",
                        "version": "1",
                        "rules": [],
                        "properties": {"rules": "1"},
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [],
                "properties": {
                    "head": HEAD,
                    "level": "none",
                    "score": 0,
                    "reason": "NONE 0: no rule found anything that counts.",
                },
            }
        ],
    }


def test_each_rule_is_described_once_and_each_finding_is_a_result() -> None:
    (run,) = export(weigh(FOUND))["runs"]

    assert run["tool"]["driver"]["rules"][0] == {
        "id": "D05",
        "name": "ci-change",
        "shortDescription": {"text": "ci-change"},
        "fullDescription": {"text": "Why it matters."},
        "help": {"text": "What to look at."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["security"], "precision": "medium", "security-severity": "8.0"},
    }
    assert run["results"] == [
        {
            "ruleId": "D05",
            "ruleIndex": 0,
            "level": "error",
            "rank": 80.0,
            "message": {"text": "A workflow changed"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {
                            "uri": ".github/workflows/a%20b%3Ac.yml",
                            "uriBaseId": "%SRCROOT%",
                        },
                        "region": {"startLine": 12, "startColumn": 3, "snippet": {"text": "run: make"}},
                    }
                }
            ],
            "properties": {"severity": "high", "confidence": "likely"},
            "partialFingerprints": {"pushgate/v1": "D05:1"},
        },
        {
            "ruleId": "C01",
            "ruleIndex": 1,
            "level": "warning",
            "rank": 50.0,
            "message": {"text": "The output of a download was run by a shell"},
            "locations": [
                {
                    "logicalLocations": [
                        {
                            "name": "entry 3",
                            "fullyQualifiedName": "thread-1/entry 3",
                            "kind": "member",
                            "properties": {"at": "2026-11-22T12:00:00+00:00", "seen": "curl x | sh"},
                        }
                    ]
                }
            ],
            "properties": {"severity": "high", "confidence": "possible"},
            "partialFingerprints": {"pushgate/v1": "C01:1"},
        },
        {
            "ruleId": "C20",
            "ruleIndex": 2,
            "level": "note",
            "rank": 0.0,
            "message": {"text": "The session ran 501 commands"},
            "locations": [],
            "properties": {"severity": "info", "confidence": "certain"},
        },
    ]


def test_what_the_policy_silences_is_suppressed_with_its_reason() -> None:
    log = export(weigh(FOUND[:1], silence=lambda _: "It only builds the docs."))

    assert log["runs"][0]["results"][0]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "It only builds the docs."}
    ]


def test_a_path_that_is_no_utf_8_or_looks_like_an_address_is_a_relative_reference() -> None:
    def uri(path: str) -> str:
        log = export(weigh([replace(FOUND[0], place=Place(path=path))]))
        location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        return str(location["artifactLocation"]["uri"])

    assert uri("a\udcff#?.py") == "a%FF%23%3F.py"
    assert uri("javascript:x") == "javascript%3Ax"
    assert uri("//evil.example/x") == ".///evil.example/x"


@given(
    st.text(st.characters(exclude_categories=())),
    st.text(min_size=1),
    st.none() | st.integers(1, 10**9),
    st.sampled_from(Severity),
    st.sampled_from(Confidence),
    st.booleans(),
)
def test_whatever_an_agent_wrote_the_log_is_valid(
    text: str, path: str, line: int | None, severity: Severity, confidence: Confidence, in_file: bool
) -> None:
    path += "\udcff"
    place = Place(path=path, line=line) if in_file else Place(thread_id=path, entry=line)

    export(weigh([Finding(D05, severity, text, place, confidence, seen=text, identity=text)]))
