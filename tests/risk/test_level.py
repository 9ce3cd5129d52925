"""What findings come to: level, score, the reason in one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.risk.level import RULES_VERSION, weigh
from gate.domain.risk.model import (
    Assessment,
    Confidence,
    Finding,
    Place,
    RiskLevel,
    Rule,
    Severity,
    Silenced,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BANDS = {
    RiskLevel.NONE: range(1),
    RiskLevel.LOW: range(1, 25),
    RiskLevel.MEDIUM: range(25, 50),
    RiskLevel.HIGH: range(50, 80),
    RiskLevel.CRITICAL: range(80, 101),
}
SEVERITIES = st.sampled_from(Severity)


def a_finding(
    rule: str = "D05",
    severity: Severity = Severity.HIGH,
    *,
    identity: str = "",
    confidence: Confidence = Confidence.CERTAIN,
    place: Place = Place(path="ci.yml", line=12),  # noqa: B008
    words: str = "It changed",
) -> Finding:
    made = Rule(rule, f"rule-{rule.lower()}", severity, "Why.", "Check.")
    return Finding(made, severity, words, place, confidence, identity=identity)


@st.composite
def some_findings(draw: st.DrawFn) -> Finding:
    at = NOON + timedelta(seconds=draw(st.integers(0, 2000)))
    return a_finding(
        draw(st.sampled_from(["D05", "D11", "D36", "D37", "D38", "C04", "C06", "C21", "C99"])),
        draw(SEVERITIES),
        identity=draw(st.sampled_from(["", "a", "b", "c", "d", "e"])),
        confidence=draw(st.sampled_from(Confidence)),
        place=Place(thread_id="t", entry=draw(st.integers(0, 200)), at=draw(st.none() | st.just(at))),
    )


LISTS = st.lists(some_findings(), max_size=12)


def test_nothing_found_is_no_risk() -> None:
    assert weigh([]) == Assessment(
        RiskLevel.NONE, 0, "no rule found anything that counts.", (), (), RULES_VERSION
    )


def test_the_worst_finding_sets_the_level_and_the_others_only_the_place_inside_of_it() -> None:
    first = a_finding()
    others = [
        a_finding("D38", Severity.MEDIUM, identity="1"),
        a_finding("D38", Severity.MEDIUM, identity="2"),
        a_finding("D11", Severity.LOW),
        a_finding("C20", Severity.INFO),
        a_finding("C20", Severity.INFO, identity="x"),
    ]

    assessment = weigh([*others, first])

    assert assessment.level is RiskLevel.HIGH
    assert assessment.score == 56
    assert assessment.line == (
        "HIGH 56: D05 rule-d05 ci.yml:12 sets the level; D38 (2 findings) adds 4, D11 adds 2."
        " Not counted: 2 info."
    )
    assert [one.rule.id for one in assessment.findings] == ["D05", "D38", "D38", "D11", "C20", "C20"]


def test_a_possible_finding_counts_one_severity_lower() -> None:
    assert weigh([a_finding(confidence=Confidence.POSSIBLE)]).level is RiskLevel.MEDIUM
    assert weigh([a_finding(confidence=Confidence.LIKELY)]).level is RiskLevel.HIGH


def test_the_same_thing_found_twice_counts_once_and_with_its_worst_weight() -> None:
    low, high = a_finding(severity=Severity.LOW, identity="x"), a_finding(identity="x")

    assert weigh([low, high, low]).findings == (high,)


def test_findings_without_an_identity_are_not_taken_for_one() -> None:
    assert len(weigh([a_finding(words="One"), a_finding(words="Other")]).findings) == 2


@pytest.mark.parametrize(
    ("read", "sent", "level"),
    [
        (Place(entry=10, at=NOON), Place(entry=900, at=NOON + timedelta(minutes=10)), RiskLevel.CRITICAL),
        (Place(entry=10, at=NOON), Place(entry=60, at=NOON + timedelta(hours=2)), RiskLevel.CRITICAL),
        (Place(entry=10, at=NOON), Place(entry=10, at=NOON), RiskLevel.CRITICAL),
        (Place(entry=10), Place(entry=11), RiskLevel.CRITICAL),
        (Place(), Place(), RiskLevel.CRITICAL),
        (Place(entry=10, at=NOON), Place(entry=61, at=NOON + timedelta(minutes=11)), RiskLevel.HIGH),
        (Place(entry=10, at=NOON), Place(entry=9, at=NOON - timedelta(minutes=1)), RiskLevel.HIGH),
    ],
)
def test_sending_out_soon_after_credentials_were_read_is_critical(
    read: Place, sent: Place, level: RiskLevel
) -> None:
    assessment = weigh([a_finding("C06", place=sent), a_finding("C04", place=read)])

    assert assessment.level is level
    assert (assessment.findings[0].words == "It changed, soon after credentials were read") is (
        level is RiskLevel.CRITICAL
    )


@pytest.mark.parametrize(("rule", "level"), [("D36", "critical"), ("D37", "critical"), ("D38", "high")])
def test_weaker_tests_and_a_wrong_claim_about_them_are_critical_together(rule: str, level: str) -> None:
    assert weigh([a_finding("C21"), a_finding(rule, Severity.MEDIUM)]).level == level


def test_a_listing_of_credentials_makes_nothing_critical() -> None:
    found = [a_finding("C04", Severity.LOW, place=Place(entry=1)), a_finding("C06", place=Place(entry=2))]

    assert weigh(found).level is RiskLevel.HIGH


def test_what_the_policy_silences_does_not_count_and_is_kept_with_its_reason() -> None:
    workflow, dependency = a_finding(), a_finding("D11", Severity.MEDIUM)

    assessment = weigh(
        [workflow, dependency],
        silence=lambda one: "It only builds the docs." if one.rule.id == "D05" else None,
    )

    assert assessment.level is RiskLevel.MEDIUM
    assert assessment.findings == (dependency,)
    assert assessment.silenced == (Silenced(workflow, "It only builds the docs."),)
    assert assessment.reason == "D11 rule-d11 ci.yml:12 sets the level. Not counted: 1 silenced."
    assert assessment.rules() == frozenset({"D11"})


def test_a_silenced_finding_escalates_no_other() -> None:
    found = [a_finding("C04", place=Place(entry=1)), a_finding("C06", place=Place(entry=2))]

    assert (
        weigh(found, silence=lambda one: "Test data." if one.rule.id == "C04" else None).level
        is RiskLevel.HIGH
    )


def test_a_path_cannot_break_the_reason() -> None:
    hostile = "a\n\u202eb\x1b[31m" + "c" * 200

    reason = weigh([a_finding(place=Place(path=hostile))]).reason

    assert reason == f"D05 rule-d05 a??b?[31m{'c' * 71}… sets the level."


def test_many_rules_are_summed_up_in_the_reason() -> None:
    found = [a_finding(f"D{n}", Severity.MEDIUM) for n in range(10, 20)]

    assert weigh(found).reason.endswith(", 4 more add 5.")


@given(LISTS, some_findings())
def test_one_more_finding_never_lowers_the_level(found: list[Finding], more: Finding) -> None:
    assert weigh([*found, more]).level.rank >= weigh(found).level.rank


@given(LISTS, st.randoms())
def test_the_order_does_not_matter(found: list[Finding], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert weigh(shuffled) == weigh(found)


@given(LISTS)
def test_the_score_stays_inside_of_the_level(found: list[Finding]) -> None:
    assessment = weigh(found)

    assert assessment.score in BANDS[assessment.level]


@given(LISTS, st.integers(1, 3000))
def test_medium_findings_never_come_to_high_however_many_they_are(found: list[Finding], times: int) -> None:
    medium = [one for one in found if one.severity.rank <= Severity.MEDIUM.rank]
    medium += [a_finding(f"D{n % 90}", Severity.MEDIUM, identity=str(n)) for n in range(times % 97)]

    assert weigh(medium).level.rank <= RiskLevel.MEDIUM.rank


@given(LISTS)
def test_silencing_everything_leaves_nothing_that_counts(found: list[Finding]) -> None:
    assessment = weigh(found, silence=lambda _: "Not here, as everybody knows.")

    assert (assessment.level, assessment.findings) == (RiskLevel.NONE, ())
    assert {one.finding.rule.id for one in assessment.silenced} == {one.rule.id for one in found}
