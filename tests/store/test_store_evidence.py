"""Evidence, what belongs to it in the evidence store, and allowed secrets, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.adapters.sql.store import SqlStore
from gate.domain.agent_place import AgentPlace
from gate.domain.errors import NotFound
from gate.domain.evidence import Evidence, EvidenceFile, FileKind
from gate.domain.hold import HoldState, Push
from gate.domain.risk.model import Assessment, RiskLevel
from gate.services.ports.store import AllowedSecret
from tests.store.world import NOON, add_hold

RAW, TEXT, BOTH = "a" * 64, "b" * 64, "c" * 64
ASSESSMENT = Assessment(RiskLevel.HIGH, 58, "D05 sets the level.", ())
EVIDENCE = Evidence(
    collected_at=NOON,
    assessment=ASSESSMENT,
    files=(
        EvidenceFile(FileKind.ROLLOUT, "rollout.jsonl", sha256=RAW, size=10, text_sha256=TEXT, text_size=9),
        EvidenceFile(FileKind.PLAN, "PLAN.md", sha256=BOTH, size=3, text_sha256=BOTH, text_size=3),
    ),
)


def test_a_push_keeps_what_was_claimed(ready: SqlStore) -> None:
    with ready.transaction() as tx:
        repository, agent = tx.repositories.get("demo"), tx.agents.get("codex-1")
        push = Push("p", repository.id, agent.id, NOON, "http", claim="t", claim_by="credential")
        tx.holds.add_push(push)

    with ready.snapshot() as tx:
        assert tx.holds.push("p") == push


def test_evidence_reads_back_as_it_was_put_last(ready: SqlStore) -> None:
    hold = add_hold(ready).id
    again = replace(EVIDENCE, assessment=replace(ASSESSMENT, level=RiskLevel.LOW, score=3))

    with ready.transaction() as tx:
        tx.evidence.put(hold, 1, EVIDENCE)
        tx.evidence.put(hold, 1, again)

    with ready.snapshot() as tx:
        assert tx.evidence.get(hold, 1) == again
        assert tx.evidence.assessment(hold, 1) == again.assessment
        assert tx.evidence.get(hold, 2) is None
        assert tx.evidence.assessment(hold, 2) is None


def test_levels_are_those_of_current_revisions(ready: SqlStore) -> None:
    first, second = add_hold(ready).id, add_hold(ready, 2, "refs/heads/topic").id
    with ready.transaction() as tx:
        tx.evidence.put(first, 1, EVIDENCE)
        tx.evidence.put(second, 1, EVIDENCE)
        hold = tx.holds.get(second)
        tx.holds.add_revision(hold, hold.revision.again(), None, NOON)

    with ready.snapshot() as tx:
        assert tx.evidence.levels([first, second]) == {first: RiskLevel.HIGH}


def test_contents_are_needed_until_their_hold_ended_long_ago(ready: SqlStore) -> None:
    live, ended = add_hold(ready).id, add_hold(ready, 2, "refs/heads/topic").id
    other = replace(EVIDENCE, files=(EvidenceFile(FileKind.STATUS, "S", sha256="d" * 64),))
    with ready.transaction() as tx:
        tx.evidence.put(ended, 1, EVIDENCE)
        tx.evidence.put(live, 1, other)
        tx.holds.move(tx.holds.get(ended), HoldState.WITHDRAWN, NOON, None, "")
    later = NOON + timedelta(days=1)

    with ready.transaction() as tx:
        assert tx.evidence.forget_contents(closed_before=NOON, is_raw=False) == 0
        assert tx.evidence.contents() == {RAW, TEXT, BOTH, "d" * 64}
        assert tx.evidence.forget_contents(closed_before=later, is_raw=True) == 1
        assert tx.evidence.contents() == {TEXT, BOTH, "d" * 64}
        assert tx.evidence.forget_contents(closed_before=later, is_raw=False) == 1
        assert tx.evidence.contents() == {"d" * 64}
        assert tx.evidence.get(ended, 1) == EVIDENCE


def test_an_allowed_secret_is_allowed_in_its_repository(ready: SqlStore) -> None:
    allowed = AllowedSecret("e" * 64, "alice", "It is a test key.", NOON)

    with ready.transaction() as tx:
        tx.repositories.add("other", "/srv/other.git", "local", NOON)
        tx.evidence.allow("demo", replace(allowed, reason="Because."))
        tx.evidence.allow("demo", allowed)

    with ready.snapshot() as tx:
        assert tx.evidence.allowed("demo") == {"e" * 64: allowed}
        assert tx.evidence.allowed("other") == {}


def test_an_agents_place_is_where_it_was_noted_last(ready: SqlStore) -> None:
    place = AgentPlace(
        "codex-1", "/home/codex/.codex", ("/home/codex/work", "/srv/work"), ("/var/log/codex",)
    )

    with ready.transaction() as tx:
        tx.places.put(replace(place, work=()))
        tx.places.put(place)
        with pytest.raises(NotFound, match="agent codex-2: there is none of this name"):
            tx.places.put(replace(place, agent="codex-2"))

    with ready.snapshot() as tx:
        assert tx.places.get("codex-1") == place
        assert tx.places.get("codex-2") is None
        assert tx.places.all() == [place]
