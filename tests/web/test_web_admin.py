"""People and the lock-down, by the admin's pages; and what machines ask."""

from __future__ import annotations

import re

from gate.domain.review import Account, Role
from tests.web.conftest import SignedIn
from tests.web.web_world import World, csrf_token


def _post(client, address: str, **form: str):  # type: ignore[no-untyped-def]
    return client.post(address, data={**form, "csrf_token": csrf_token(client, "/admin/users")})


def test_an_admin_adds_a_person_whose_link_is_shown_once(gate: World, signed_in: SignedIn) -> None:
    alice = signed_in("alice")

    answer = _post(alice, "/admin/users", login="dora", role="auditor")

    link = re.search(r"http://localhost(/link/secret-\d+)", answer.text)
    assert answer.status_code == 201
    assert link is not None
    assert link[1] not in alice.get("/admin/users").text
    newcomer = gate.app().test_client()
    form = {"password": "words for the newcomer", "csrf_token": csrf_token(newcomer, link[1])}
    assert newcomer.post(link[1], data=form).location == "/"
    assert newcomer.get("/").status_code == 200


def test_a_name_that_is_none_or_taken_is_refused_in_words(signed_in: SignedIn) -> None:
    alice = signed_in("alice")

    bad = _post(alice, "/admin/users", login="Not A Name", role="auditor")
    taken = _post(alice, "/admin/users", login="bob", role="auditor")
    no_role = _post(alice, "/admin/users", login="dora", role="king")

    assert (bad.status_code, taken.status_code, no_role.status_code) == (400, 400, 400)
    assert "a-z, 0-9" in bad.text
    assert "bob" in taken.text


def test_an_admin_changes_roles_and_disables(gate: World, signed_in: SignedIn) -> None:
    alice = signed_in("alice")

    _post(alice, "/admin/users/bob/role", role="auditor")
    _post(alice, "/admin/users/carol/disable")

    assert [(user.login, user.role, user.is_disabled) for user in gate.people.all()] == [
        ("alice", Role.ADMIN, False),
        ("bob", Role.AUDITOR, False),
        ("carol", Role.AUDITOR, True),
    ]
    assert _post(alice, "/admin/users/alice/disable").status_code == 400
    assert _post(alice, "/admin/users/nobody/disable").status_code == 404
    assert _post(alice, "/admin/users/bob/explode").status_code == 404


def test_everybody_sees_who_is_who_at_github(gate: World, signed_in: SignedIn) -> None:
    with gate.store.transaction() as tx:
        tx.users.set_github(tx.users.get("alice").id, Account(4_100_000_001, "al\u202eice"))
        tx.agents.set_github("codex-1", Account(7, "app[bot]"))
    bob = signed_in("bob")

    users, agents = bob.get("/admin/users").text, bob.get("/admin/agents").text

    assert re.findall(r"<td>(?:al.*?ice) <span class=\"quiet\">(\d+)</span>", users) == ["4100000001"]
    assert ("\u202e" in users, users.count('<span class="quiet">nobody</span>')) == (False, 2)
    assert '<td>app[bot] <span class="quiet">7</span></td>' in agents


def test_a_lost_password_is_replaced_by_a_link(gate: World, signed_in: SignedIn) -> None:
    answer = _post(signed_in("alice"), "/admin/users/bob/link")

    assert answer.status_code == 201
    assert re.search(r"http://localhost/link/secret-\d+", answer.text)


def test_a_lock_down_needs_a_reason(signed_in: SignedIn) -> None:
    alice = signed_in("alice")

    assert _post(alice, "/admin/lockdown", reason=" ").status_code == 400
    assert _post(alice, "/admin/lockdown", reason="a drill").location == "/admin"


def test_who_cannot_act_sees_no_buttons(signed_in: SignedIn) -> None:
    bob = signed_in("bob")

    pages = bob.get("/admin").text + bob.get("/admin/users").text

    forms = re.findall(r'<form[^>]*action="([^"]*)"', pages)
    assert set(forms) == {"/sign-out"}


def test_health_shows_the_queue_and_says_when_it_is_away(gate: World, signed_in: SignedIn) -> None:
    alice = signed_in("alice")

    up = alice.get("/admin").text
    gate.queue.is_down = True
    down = alice.get("/admin")

    assert '<div class="figure">2</div>' in up
    assert down.status_code == 200
    assert "The queue at localhost:6379 does not answer." in down.text


def test_alive_asks_nobody_and_ready_asks_everybody(gate: World) -> None:
    client = gate.app().test_client()

    ready = client.get("/readyz").status_code
    gate.queue.is_down = True

    assert (ready, client.get("/readyz").status_code, client.get("/healthz").status_code) == (200, 503, 200)


def test_metrics_are_for_who_has_the_token(gate: World) -> None:
    gate.push()
    client = gate.app(metrics_token="m" * 20).test_client()

    def ask(**headers: str) -> int:
        return client.get("/metrics", headers=headers).status_code

    assert ask() == 404
    assert ask(Authorization="Bearer wrong") == 404
    assert ask(Authorization="Bearer ä") == 404
    assert ask(Authorization="Bearer " + "m" * 20) == 200
    assert (
        gate.app().test_client().get("/metrics", headers={"Authorization": "Bearer None"}).status_code == 404
    )


def test_metrics_count_what_the_store_and_the_tally_hold(gate: World) -> None:
    gate.push()
    gate.totals.add("pushgate_jobs", {"job": "collect", "outcome": "ok"}, 3)
    client = gate.app(metrics_token="m").test_client()
    client.get("/healthz")

    text = client.get("/metrics", headers={"Authorization": "Bearer m"}).text

    assert "pushgate_pushes_total 1.0" in text
    assert 'pushgate_holds{state="in_review"} 1.0' in text
    assert 'pushgate_jobs_total{job="collect",outcome="ok"} 3.0' in text
    assert 'pushgate_http_requests_total{endpoint="health.alive",method="GET",status="2xx"} 1.0' in text


def test_a_made_up_method_makes_no_series_of_its_own(gate: World) -> None:
    gate.app().test_client().open("/healthz", method="BREW")

    assert [dict(total.labels)["method"] for total in gate.totals.read()] == ["other"]
