"""What the store keeps as text reads back exactly, whatever is in it."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.adapters.sql.packing import packed, unpacked
from gate.domain.evidence import Evidence
from gate.domain.review import Check, Observation, Seal

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

# Every character, lone surrogates and NUL too, and times as forges write them.
st.register_type_strategy(str, st.text(st.characters(exclude_categories=())))
st.register_type_strategy(
    datetime, st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))]))
)


@given(st.from_type(Observation))
def test_every_observation_reads_back_as_it_was(observation: Observation) -> None:
    assert unpacked(packed(observation), Observation) == observation


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.from_type(Evidence))
def test_all_evidence_reads_back_as_it_was(evidence: Evidence) -> None:
    assert unpacked(packed(evidence), Evidence) == evidence


def test_nothing_known_and_nothing_there_are_not_the_same() -> None:
    unknown = Observation(True, False, "a" * 40, NOON, ())
    none = Observation(True, False, "a" * 40, NOON, (), checks=(), seals=(), unresolved_threads=0)

    assert (unpacked(packed(unknown), Observation).checks, unpacked(packed(none), Observation).checks) == (
        None,
        (),
    )
    assert (unpacked(packed(unknown), Observation), unpacked(packed(none), Observation)) == (unknown, none)


def test_it_is_compact() -> None:
    checks = tuple(Check(f"build {n}", "success", "github-actions") for n in range(100))
    seals = tuple(Seal(f"{n:040x}", True, None, named=frozenset({"alice"})) for n in range(100))

    stored = packed(Observation(True, False, "a" * 40, NOON, (), checks=checks, seals=seals))

    assert len(stored) < 2000
    assert json.loads(zlib.decompress(stored))["head"] == "a" * 40
