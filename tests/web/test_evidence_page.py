"""The evidence on a hold's page, and the admin's word on secrets."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import SignedIn
from tests.web.evidence_world import SECRET, evident
from tests.web.web_world import World, csrf_token

HOLD = "/holds/demo/1"
ALLOW = f"{HOLD}/secrets/allow"


def test_a_hold_without_evidence_has_no_such_part(gate: World, signed_in: SignedIn) -> None:
    gate.push()

    assert 'id="evidence"' not in signed_in("bob").get(HOLD).text


def test_the_page_says_risk_brief_tests_and_secrets_first(gate: World, signed_in: SignedIn) -> None:
    evident(gate)

    page = signed_in("bob").get(HOLD).text

    verdicts = page.partition('<dl class="verdicts">')[2].partition("</dl>")[0]
    assert re.findall(r'<dt>(\w+)</dt>\s*<dd><span class="badge (\w+)">([^<]+)<', verdicts) == [
        ("Risk", "bad", "high"),
        ("Brief", "bad", "broken"),
        ("Tests", "good", "passed"),
        ("Secrets", "good", "none"),
    ]


def test_findings_link_to_the_log_entry_and_to_the_diff(gate: World, signed_in: SignedIn) -> None:
    shown = evident(gate)

    page = signed_in("bob").get(HOLD).text

    entries = {one.place.entry for one in shown.evidence.assessment.findings if one.place.entry is not None}
    assert entries
    assert all(f'href="/holds/demo/1/log?entry={entry}#e{entry}"' in page for entry in entries)
    assert 'id="f1L2"' in page


@pytest.mark.parametrize(
    ("which", "commands"),
    [
        ("failed", ["rm -rf build dist", "python3 -m pip install --no-index example-helper"]),
        ("tests", ["python3 -m pytest -q tests/test_invoice.py"]),
    ],
)
def test_commands_can_be_filtered(gate: World, signed_in: SignedIn, which: str, commands: list[str]) -> None:
    evident(gate)

    page = signed_in("bob").get(f"{HOLD}?commands={which}").text

    table = page.partition('<table class="rows commands">')[2].partition("</table>")[0]
    assert re.findall(r'<td class="main"><code [^>]*><bdi>([^<]+)</bdi>', table) == commands


def test_a_secret_is_named_by_place_and_rule_and_only_an_admin_can_allow_it(
    gate: World, signed_in: SignedIn
) -> None:
    evident(gate, secrets=(SECRET,))

    pages = {login: signed_in(login).get(HOLD).text for login in ("alice", "bob", "carol")}

    assert all("GitHub token" in page and "config.py:3" in page for page in pages.values())
    assert {login: ALLOW in page for login, page in pages.items()} == {
        "alice": True,
        "bob": False,
        "carol": False,
    }


def test_an_admin_allows_a_secret_with_a_reason(gate: World, signed_in: SignedIn) -> None:
    hold = evident(gate, secrets=(SECRET,)).hold
    alice = signed_in("alice")
    form = {"identity": SECRET.identity, "revision": "1", "reason": "It was revoked on Friday."}

    answer = alice.post(ALLOW, data={**form, "csrf_token": csrf_token(alice, HOLD)})

    assert answer.status_code == 302
    assert ("collect", hold.id) in gate.queue.jobs
    with gate.store.snapshot() as tx:
        allowed = tx.evidence.allowed("demo")[SECRET.identity]
    assert (allowed.login, allowed.reason) == ("alice", "It was revoked on Friday.")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"reason": ""}, 400),
        ({"revision": "2"}, 409),
        ({"identity": "e" * 64}, 400),
        ({"revision": "x"}, 400),
    ],
)
def test_what_allows_nothing_is_refused(
    gate: World, signed_in: SignedIn, change: dict[str, str], status: int
) -> None:
    evident(gate, secrets=(SECRET,))
    alice = signed_in("alice")
    form = {"identity": SECRET.identity, "revision": "1", "reason": "It was revoked on Friday.", **change}

    answer = alice.post(ALLOW, data={**form, "csrf_token": csrf_token(alice, HOLD)})

    assert answer.status_code == status


@pytest.mark.parametrize("login", ["bob", "carol"])
def test_nobody_else_allows_a_secret(gate: World, signed_in: SignedIn, login: str) -> None:
    evident(gate, secrets=(SECRET,))
    browser = signed_in(login)
    form = {"identity": SECRET.identity, "revision": "1", "reason": "It was revoked on Friday."}

    answer = browser.post(ALLOW, data={**form, "csrf_token": csrf_token(browser, "/account")})

    assert answer.status_code == 403
