"""Who gets which bytes of the evidence, and how."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest

from gate.domain.audit import AuditEvent
from tests.pull_request.sampled import AT
from tests.web.conftest import SignedIn
from tests.web.evidence_world import LOG_RAW, LOG_TEXT, PNG, evident
from tests.web.web_world import World

HOLD = "/holds/demo/1"
EVERYBODY = ("alice", "bob", "carol")
# Each way to bytes of the store, with what an admin, a reviewer and an auditor get.
WAYS = {
    "evidence/{raw}/raw": (200, 403, 403),
    "evidence/{rollout}/raw": (200, 403, 403),
    "evidence/{png}/raw": (200, 403, 403),
    "evidence/{svg}/raw": (200, 403, 403),
    # A text is no raw file, and raw bytes are no text, whoever asks.
    "evidence/{text}/raw": (404, 403, 403),
    "evidence/{raw}/text": (404, 404, 404),
    "evidence/{rollout}/text": (404, 404, 404),
    "evidence/{text}/text": (200, 200, 200),
    "evidence/{cast}/text": (200, 200, 200),
    "evidence/{png}/image": (200, 200, 200),
    "evidence/{svg}/image": (404, 404, 404),
    "evidence/{raw}/image": (404, 404, 404),
    "evidence.sarif": (200, 200, 200),
    "log": (200, 200, 200),
    "log/3": (200, 200, 200),
    "recording": (200, 200, 200),
    "recording.cast": (200, 200, 200),
}


def test_every_way_to_bytes_is_in_this_table(gate: World) -> None:
    rules = [rule for rule in gate.app().url_map.iter_rules() if "GET" in (rule.methods or ())]
    ways = {one.rule.rpartition(":number>/")[2] for one in rules if one.endpoint[:4] in ("evid", "logs")}

    named = {
        re.sub(r"\{\w+\}", "<sha256>", way).replace("log/3", "log/<int(max=2147483647):n>") for way in WAYS
    }

    assert {way.rpartition(":number>/")[2] for way in ways} == named


@pytest.mark.parametrize("way", WAYS)
def test_each_role_gets_what_it_may_have(gate: World, signed_in: SignedIn, way: str) -> None:
    address = f"{HOLD}/{way.format(**evident(gate).sha256)}"

    answers = tuple(signed_in(login).get(address).status_code for login in EVERYBODY)

    assert answers == WAYS[way]


@pytest.mark.parametrize("login", EVERYBODY)
def test_no_page_but_the_raw_one_has_what_was_taken_out(gate: World, signed_in: SignedIn, login: str) -> None:
    sha256, browser = evident(gate).sha256, signed_in(login)

    answers = [browser.get(f"{HOLD}/{way.format(**sha256)}") for way in WAYS if not way.endswith("/raw")]

    assert not [answer.request.path for answer in answers if b"hunter2" in answer.data]


def test_raw_bytes_come_whole_and_as_nothing_that_a_browser_opens(gate: World, signed_in: SignedIn) -> None:
    sha256 = evident(gate).sha256["raw"]

    answer = signed_in("alice").get(f"{HOLD}/evidence/{sha256}/raw")

    assert answer.data == LOG_RAW
    assert hashlib.sha256(answer.data).hexdigest() == sha256
    wanted = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename={sha256}.bin",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "no-store",
    }
    assert {name: answer.headers[name] for name in wanted} == wanted


def test_every_raw_read_is_on_the_trail_and_no_refused_one(gate: World, signed_in: SignedIn) -> None:
    sha256 = evident(gate).sha256["raw"]
    for login in EVERYBODY:
        signed_in(login).get(f"{HOLD}/evidence/{sha256}/raw")

    reads = [event for event in _events(gate) if event.action == "evidence:read"]

    assert [(one.actor, one.hold, one.details["sha256"], one.details["name"]) for one in reads] == [
        ("user:alice", "demo/1", sha256, "/srv/agent/run.log")
    ]


def test_what_is_no_longer_kept_is_gone_and_not_read(gate: World, signed_in: SignedIn) -> None:
    sha256 = evident(gate).sha256["raw"]
    gate.contents.drop(sha256, kept_before=AT + timedelta(days=1))

    answer = signed_in("alice").get(f"{HOLD}/evidence/{sha256}/raw")

    assert answer.status_code == 404
    assert "evidence:read" not in [event.action for event in _events(gate)]


def test_the_contents_of_one_hold_are_not_those_of_another(gate: World, signed_in: SignedIn) -> None:
    sha256 = evident(gate).sha256
    gate.push("refs/heads/other")
    alice = signed_in("alice")

    answers = [alice.get(f"/holds/demo/2/{way.format(**sha256)}").status_code for way in WAYS]

    assert answers == [404] * len(WAYS)


def test_an_image_is_shown_as_an_image_and_nothing_else(gate: World, signed_in: SignedIn) -> None:
    sha256 = evident(gate).sha256["png"]

    answer = signed_in("bob").get(f"{HOLD}/evidence/{sha256}/image")

    assert (answer.data, answer.headers["Content-Type"]) == (PNG, "image/png")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_text_is_shown_redacted_with_both_hashes(gate: World, signed_in: SignedIn) -> None:
    sha256 = evident(gate).sha256

    page = signed_in("bob").get(f"{HOLD}/evidence/{sha256['text']}/text").text

    assert LOG_TEXT.decode().strip() in page
    assert sha256["raw"] in page
    assert sha256["text"] in page


def test_the_findings_go_out_as_sarif(gate: World, signed_in: SignedIn) -> None:
    evident(gate)

    answer = signed_in("carol").get(f"{HOLD}/evidence.sarif")

    assert answer.headers["Content-Disposition"] == "attachment; filename=demo-1-1.sarif"
    assert answer.get_json(force=True)["version"] == "2.1.0"


def _events(gate: World) -> list[AuditEvent]:
    with gate.store.snapshot() as tx:
        return [stored.event for stored in tx.audit.events(limit=100)]  # type: ignore[attr-defined]
