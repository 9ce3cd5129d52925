"""The audit page: filters, pages, stories, exports, and that looking leaves a trace."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from gate.domain.audit import AuditEvent
from tests.web.conftest import SignedIn
from tests.web.web_world import World


def _append(gate: World, count: int = 1, **about: object) -> None:
    values = {"actor": "agent:codex-1", "action": "push:hold", **about}
    with gate.store.transaction() as tx:
        tx.audit.append_all([AuditEvent(at=gate.now, **values)] * count)  # type: ignore[arg-type]


def _seqs(page: str) -> list[int]:
    return [int(seq) for seq in re.findall(r'href="/audit/events/(\d+)">\d+</a></td>', page)]


def _actions(gate: World) -> list[str]:
    with gate.store.snapshot() as tx:
        return [str(stored.event.action) for stored in reversed(tx.audit.events(limit=1000))]


def test_the_trail_goes_on_on_another_page(gate: World, signed_in: SignedIn) -> None:
    _append(gate, 60, hold="demo/7")
    carol = signed_in("carol")

    first = carol.get("/audit?hold=demo/7").text
    older = re.search(r'href="([^"]*)">Older ones', first)
    assert older is not None
    second = carol.get(older[1].replace("&amp;", "&")).text

    seqs = _seqs(first) + _seqs(second)
    assert (len(_seqs(first)), len(_seqs(second))) == (50, 10)
    assert seqs == sorted(seqs, reverse=True)


def test_filters_are_in_the_address(gate: World, signed_in: SignedIn) -> None:
    _append(gate, hold="demo/7", repository="demo", ref="refs/heads/x", push="01p")
    _append(gate, action="push:refuse", outcome="refused")
    carol = signed_in("carol")

    def found(query: str) -> int:
        return len(_seqs(carol.get(f"/audit?{query}").text))

    assert found("actor=agent:codex-1") == 2
    assert found("action=push:*") == 2
    assert found("action=push:refuse") == 1
    assert found("outcome=refused") == 1
    assert found("hold=demo/7&repository=demo&ref=refs/heads/x") == 1
    assert found("actor=agent:codex-1&since=2026-11-22&until=2026-11-22") == 2
    assert found("actor=agent:codex-1&since=2026-11-22T12:00:00Z") == 2
    assert found("actor=agent:codex-1&until=2026-11-21") == 0
    assert carol.get("/audit?since=yesterday").status_code == 400
    assert "No event matches this filter." in carol.get("/audit?actor=nobody").text


def test_an_event_has_a_page_with_its_place_in_the_chain(gate: World, signed_in: SignedIn) -> None:
    with gate.store.snapshot() as tx:
        stored = tx.audit.event(2)

    page = signed_in("carol").get("/audit/events/2").text

    assert stored.link.hex() in page
    assert stored.prev.hex() in page
    assert 'href="/audit/events/1"' in page
    assert 'href="/audit/events/3"' in page


def test_an_event_that_is_not_there_is_a_404(signed_in: SignedIn) -> None:
    assert signed_in("carol").get("/audit/events/999").status_code == 404


@pytest.mark.parametrize("story", ["/audit/holds/demo/7", "/audit/pushes/01p"])
def test_a_story_is_told_from_its_beginning(gate: World, signed_in: SignedIn, story: str) -> None:
    _append(gate, hold="demo/7", push="01p")
    gate.later(minutes=1)
    _append(gate, hold="demo/7", push="01p", action="hold:register")

    page = signed_in("carol").get(story).text

    assert page.index("push:hold") < page.index("hold:register")
    assert len(_seqs(page)) == 2


def test_a_story_of_nothing_says_so(signed_in: SignedIn) -> None:
    assert "Nothing on the trail speaks of" in signed_in("carol").get("/audit/pushes/01q").text


def test_looking_is_on_the_trail_once_a_visit(gate: World, signed_in: SignedIn) -> None:
    carol, alice = signed_in("carol"), signed_in("alice")

    for _ in range(3):
        carol.get("/audit?actor=gate")
        carol.get("/audit/events/1")
        carol.get("/audit/holds/demo/1")
    alice.get("/audit")
    gate.later(minutes=11)
    carol.get("/audit")

    assert _actions(gate).count("audit:read") == 3
    with gate.store.snapshot() as tx:
        [first] = [e.event for e in tx.audit.events() if e.event.details.get("actor") == "gate"]
    assert (first.actor, first.action) == ("user:carol", "audit:read")


@pytest.mark.parametrize("page", ["/audit", "/audit/events/1", "/audit/holds/demo/1", "/audit/pushes/01p"])
def test_looking_at_any_part_is_a_visit(gate: World, signed_in: SignedIn, page: str) -> None:
    signed_in("carol").get(page)

    assert _actions(gate)[-1] == "audit:read"


def test_an_export_as_jsonl_is_what_is_stored_and_records_itself(gate: World, signed_in: SignedIn) -> None:
    answer = signed_in("carol").get("/audit/export.jsonl")

    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["Content-Disposition"] == "attachment; filename=audit.jsonl"
    assert [line["seq"] for line in lines] == list(range(1, len(_actions(gate)) + 1))
    assert json.loads(lines[-1]["body"])["action"] == "audit:export"
    assert json.loads(lines[-1]["body"])["details"] == {"format": "jsonl"}


def test_an_export_as_csv_runs_in_no_spreadsheet(gate: World, signed_in: SignedIn) -> None:
    _append(gate, actor="=cmd|' /C calc'!A0", hold="demo/7")

    answer = signed_in("carol").get("/audit/export.csv?hold=demo/7")

    header, row = csv.reader(io.StringIO(answer.text))
    assert dict(zip(header, row, strict=True))["actor"] == "'=cmd|' /C calc'!A0"


def test_every_export_is_recorded_with_its_filter(gate: World, signed_in: SignedIn) -> None:
    carol = signed_in("carol")

    carol.get("/audit/export.csv?hold=demo/7&since=2026-11-22")
    carol.get("/audit/export.csv?hold=demo/7")

    with gate.store.snapshot() as tx:
        details = [e.event.details for e in tx.audit.events() if e.event.action == "audit:export"]
    assert details == [
        {"format": "csv", "hold": "demo/7"},
        {"format": "csv", "hold": "demo/7", "since": "2026-11-22T00:00:00.000000Z"},
    ]


def test_there_are_no_other_exports(signed_in: SignedIn) -> None:
    assert signed_in("carol").get("/audit/export.xls").status_code == 404


def test_a_trail_that_nobody_verified_says_so(signed_in: SignedIn) -> None:
    assert "The trail has not been verified yet" in signed_in("carol").get("/audit").text
