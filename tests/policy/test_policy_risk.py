"""Policies that rest on the risk of a push."""

from __future__ import annotations

from typing import Any

import pytest

from gate.domain.policy import Outcome, check_policy, parse_policy
from gate.domain.policy.risk_conditions import reason_to_silence
from gate.domain.risk.model import Assessment, Finding, Place, RiskLevel, Rule, Severity
from tests.policy.building import judge, subject
from tests.policy.test_policy_conditions import NEEDED, PASSING

D01 = Rule("D01", "secret", Severity.CRITICAL, "Why.", "Check.")


def finding(path: str | None = "src/app.py") -> Finding:
    return Finding(D01, Severity.HIGH, "A secret.", Place(path=path))


def risk(level: RiskLevel, *findings: Finding) -> Assessment:
    return Assessment(level, 50, "because", findings)


@pytest.mark.parametrize(
    ("condition", "assessment", "holds"),
    [
        ("has_risk = { at_least = 'high' }", risk(RiskLevel.HIGH), True),
        ("has_risk = { at_least = 'high' }", risk(RiskLevel.CRITICAL), True),
        ("has_risk = { at_least = 'high' }", risk(RiskLevel.MEDIUM), False),
        ("has_risk = { at_least = 'low' }", risk(RiskLevel.NONE), False),
        ("has_risk = { rules = ['D01', 'D02'] }", risk(RiskLevel.HIGH, finding()), True),
        ("has_risk = { rules = ['D02'] }", risk(RiskLevel.HIGH, finding()), False),
        ("has_risk = { at_least = 'critical', rules = ['D01'] }", risk(RiskLevel.HIGH, finding()), False),
    ],
)
def test_a_rule_can_ask_for_a_risk(condition: str, assessment: Assessment, holds: bool) -> None:
    outcome = judge(NEEDED.format(condition=condition), about=subject(risk=assessment)).outcome

    assert outcome is (Outcome.APPROVED if holds else Outcome.PENDING)


@pytest.mark.parametrize("text", [PASSING, NEEDED])
def test_nothing_is_approved_by_a_risk_that_nobody_assessed(text: str) -> None:
    verdict = judge(text.format(condition="has_risk = { at_least = 'high' }"), about=subject())

    assert verdict.outcome is Outcome.ERROR
    assert "the risk of this push has not been assessed" in verdict.reasons[0]


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("if = { has_risk = {} }", "holds no bound"),
        ("if = { has_risk = { at_least = 'none' } }", "which every push has"),
        ("if = { has_risk = { at_least = 'big' } }", "'big' is not known. Choose from none, low"),
        ("if = { has_risk = { rules = ['Z99'] } }", "'Z99' is no risk rule"),
        ("if = { has_risk = { rules = [] } }", "is an empty list"),
    ],
)
def test_a_condition_that_says_nothing_is_a_fault(table: str, fault: str) -> None:
    text = f"version = 1\n[[approval_rules]]\nname = 'r'\n{table}\n[policy]\napproval = ['r']\n"

    assert fault in " ".join(check_policy(text).faults)


def _policy(entry: str) -> str:
    return PASSING.format(condition="age = { older_than = '1s' }") + f"[risk]\nsilence = [{entry}]\n"


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("{}", "risk.silence[1].rule: is missing"),
        ("{ rule = 'D01' }", "risk.silence[1].reason: is missing"),
        ("{ rule = 'D01', reason = 'so' }", "risk.silence[1].reason: is too short"),
        ("{ rule = 'Z1', reason = 'long enough' }", "risk.silence[1].rule: 'Z1' is no risk rule"),
        ("{ rule = 'D01', reason = 'long enough', path = ['a'] }", "risk.silence[1].path: unknown key"),
        ("{ rule = 'D01', reason = 'long enough', paths = ['('] }", "risk.silence[1].paths[1]"),
        ("'D01'", "risk.silence[1]: must be a table"),
    ],
)
def test_what_silences_must_say_what_and_why(entry: str, fault: str) -> None:
    assert fault in " ".join(check_policy(_policy(entry)).faults)


@pytest.mark.parametrize(
    ("entry", "seen", "reason"),
    [
        ("{ rule = 'D01', reason = 'long enough' }", finding(), "long enough"),
        ("{ rule = 'D01', reason = 'long enough' }", finding(None), "long enough"),
        ("{ rule = 'D01', reason = 'long enough', paths = ['^src/'] }", finding(), "long enough"),
        ("{ rule = 'D01', reason = 'long enough', paths = ['^docs/'] }", finding(), None),
        ("{ rule = 'D01', reason = 'long enough', paths = ['.'] }", finding(None), None),
        ("{ rule = 'D02', reason = 'long enough' }", finding(), None),
    ],
)
def test_a_finding_is_silenced_by_its_rule_and_path(entry: str, seen: Any, reason: str | None) -> None:
    policy = parse_policy(_policy(entry))

    assert reason_to_silence(policy.silences, seen) == reason
