"""Who may open what, and what a session survives."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from gate.domain.review import Role
from gate.web.access import OPEN_BLUEPRINTS, OPEN_ENDPOINTS
from tests.web.conftest import SignedIn
from tests.web.web_world import PASSWORD, World, csrf_token, sign_in

_VALUES: dict[str, object] = {
    "repository": "demo", "number": 1, "index": 0, "n": 1, "oid": "0" * 40, "address": "README.md", "seq": 1,
    "push_id": "01push00000000000000000001", "form": "csv", "login": "bob", "verb": "disable", "token": "x",
    "filename": "app.css", "sha256": "0" * 64,
}  # fmt: skip


def _address(app: Flask, rule: Rule) -> str:
    values = {name: _VALUES[name] for name in rule.arguments if name not in (rule.defaults or {})}
    with app.test_request_context():
        return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def _routes(app: Flask) -> list[tuple[str, str, str]]:
    return [
        (rule.endpoint, method, _address(app, rule))
        for rule in app.url_map.iter_rules()
        # They tell by themselves who asks, and have tests of their own.
        if rule.endpoint.partition(".")[0] not in OPEN_BLUEPRINTS
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]


def test_every_route_but_the_open_ones_needs_a_login(gate: World) -> None:
    app = gate.app()
    app.config["WTF_CSRF_ENABLED"] = False
    routes = _routes(app)

    answers = {
        (endpoint, method): app.test_client().open(address, method=method).status_code
        for endpoint, method, address in routes
        if endpoint not in OPEN_ENDPOINTS
    }

    assert len(answers) > 25
    assert answers == {key: 302 if key[1] == "GET" else 401 for key in answers}


def test_the_open_ones_are_these_and_no_more(gate: World) -> None:
    assert {
        "auth.sign_in", "auth.link", "static", "health.alive", "health.ready", "health.metrics",
    } == OPEN_ENDPOINTS  # fmt: skip


def test_a_blueprint_registered_later_needs_a_login_too(gate: World) -> None:
    app = gate.app()
    app.add_url_rule("/later", "later", lambda: "secret")

    assert app.test_client().get("/later").status_code == 302


_OWN = {"auth.sign_in", "auth.sign_out", "auth.link", "auth.account"}


def test_an_auditor_changes_nothing_but_their_own_account(gate: World) -> None:
    app = gate.app()
    app.config["WTF_CSRF_ENABLED"] = False
    client = _without_token(app, "carol")

    answers = {
        endpoint: client.post(address).status_code
        for endpoint, method, address in _routes(app)
        if method == "POST" and endpoint not in _OWN
    }

    assert len(answers) == 9
    assert set(answers.values()) == {403}


def test_a_reviewer_only_reviews(gate: World) -> None:
    gate.push()
    app = gate.app()
    app.config["WTF_CSRF_ENABLED"] = False
    client = _without_token(app, "bob")

    answers = {
        endpoint: client.post(address).status_code
        for endpoint, method, address in _routes(app)
        if method == "POST" and endpoint not in _OWN
    }

    assert answers.pop("holds.review") == 400
    assert set(answers.values()) == {403}


def _without_token(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    client.post("/sign-in", data={"login": login, "password": PASSWORD})
    return client


def test_every_form_needs_its_token(gate: World, signed_in: SignedIn) -> None:
    alice = signed_in("alice")

    answers = {
        endpoint: alice.post(address).status_code
        for endpoint, method, address in _routes(gate.app())
        if method == "POST"
    }

    assert answers == dict.fromkeys(answers, 400)


@pytest.mark.parametrize("page", ["/", "/repositories", "/audit", "/admin", "/admin/users", "/admin/agents"])
@pytest.mark.parametrize("login", ["alice", "bob", "carol"])
def test_everybody_signed_in_reads_everything(signed_in: SignedIn, login: str, page: str) -> None:
    assert signed_in(login).get(page).status_code == 200


def test_signing_in_goes_on_to_the_page_that_was_asked_for(gate: World) -> None:
    client = gate.app().test_client()

    asked = client.get("/audit?actor=gate")
    token = csrf_token(client, asked.location)
    answer = client.post(asked.location, data={"login": "alice", "password": PASSWORD, "csrf_token": token})

    assert answer.location == "/audit?actor=gate"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
     "javascript:alert(1)", "/\r\nX: y", "/\t/evil.example", "http:/evil.example", "evil.example", ""],
)  # fmt: skip
def test_signing_in_never_leaves_the_site(gate: World, target: str) -> None:
    client = gate.app().test_client()
    token = csrf_token(client, "/sign-in")

    answer = client.post(
        "/sign-in",
        query_string={"next": target},
        data={"login": "alice", "password": PASSWORD, "csrf_token": token},
    )

    assert (answer.status_code, answer.location) == (302, "/")


def test_a_wrong_password_shows_the_form_again(gate: World) -> None:
    client = gate.app().test_client()
    token = csrf_token(client, "/sign-in")

    answer = client.post("/sign-in", data={"login": "alice", "password": "no", "csrf_token": token})

    assert answer.status_code == 401
    assert "The name or the password is wrong" in answer.text
    assert client.get("/").status_code == 302


def test_too_many_tries_are_stopped(gate: World) -> None:
    client = gate.app().test_client()
    token = csrf_token(client, "/sign-in")
    form = {"login": "alice", "password": "no", "csrf_token": token}

    answers = [client.post("/sign-in", data=form).status_code for _ in range(11)]

    assert answers == [401] * 10 + [429]
    assert "Too many tries" in client.post("/sign-in", data=form).text
    assert client.get("/sign-in").status_code == 200


def test_the_session_cookie_stays_out_of_reach(gate: World) -> None:
    client = gate.app().test_client()
    token = csrf_token(client, "/sign-in")

    answer = client.post("/sign-in", data={"login": "alice", "password": PASSWORD, "csrf_token": token})

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("pushgate=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_bound_to_it(gate: World) -> None:
    client = gate.app(base_url="https://gate.example", cookie_secure=True).test_client()

    answer = client.get("/sign-in", base_url="https://gate.example")

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-pushgate=")
    assert "Secure" in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_changed_role_ends_the_session(gate: World, signed_in: SignedIn) -> None:
    bob = signed_in("bob")

    gate.people.change_role("bob", Role.ADMIN, actor="user:alice")

    assert bob.get("/").status_code == 302


def test_disabling_ends_the_session(gate: World, signed_in: SignedIn) -> None:
    bob = signed_in("bob")

    gate.people.disable("bob", actor="user:alice")

    assert bob.get("/").status_code == 302


def test_a_new_password_ends_every_other_session(gate: World) -> None:
    app = gate.app()
    here, there = sign_in(app.test_client(), "bob"), sign_in(app.test_client(), "bob")

    token = csrf_token(here, "/account")
    answer = here.post(
        "/account",
        data={"current": PASSWORD, "password": "another good one", "csrf_token": token},
    )

    assert answer.status_code == 302
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302


def test_signing_out_ends_the_session(signed_in: SignedIn) -> None:
    alice = signed_in("alice")

    alice.post("/sign-out", data={"csrf_token": csrf_token(alice, "/")})

    assert alice.get("/").status_code == 302


def test_a_page_that_updates_itself_is_loaded_anew_when_the_session_has_ended(gate: World) -> None:
    answer = gate.app().test_client().get("/holds/demo/1/standing", headers={"HX-Request": "true"})

    assert (answer.headers["HX-Refresh"], answer.text) == ("true", "")


def test_a_session_made_with_another_key_is_none(gate: World) -> None:
    alice = sign_in(gate.app().test_client(), "alice")
    cookie = alice.get_cookie("pushgate")
    assert cookie is not None

    other = gate.app(secret_key="x" * 32).test_client()
    other.set_cookie("pushgate", cookie.value)

    assert other.get("/").status_code == 302


def test_a_link_sets_a_password_and_signs_in_once(gate: World) -> None:
    client = gate.app().test_client()
    link = gate.people.link("bob", actor="user:alice")
    page = f"/link/{link.token}"
    form = {"password": "my very own words", "csrf_token": csrf_token(client, page)}

    looked_twice = client.get(page).status_code
    first = client.post(page, data=form)
    second = client.post(page, data={**form, "csrf_token": csrf_token(client, page)})

    assert (looked_twice, first.status_code, second.status_code) == (200, 302, 410)
    assert client.get("/").status_code == 200


def test_a_short_password_is_asked_for_again(gate: World) -> None:
    client = gate.app().test_client()
    link = gate.people.link("bob", actor="user:alice")
    page = f"/link/{link.token}"

    answer = client.post(page, data={"password": "short", "csrf_token": csrf_token(client, page)})

    assert answer.status_code == 400
    assert "Use 12 to 256 characters" in answer.text


def test_headers_forbid_everything_that_pages_do_not_need(gate: World, signed_in: SignedIn) -> None:
    answer = signed_in("alice").get("/")

    wanted = {
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
        "style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
        "X-Frame-Options": "DENY",
    }
    assert {name: answer.headers[name] for name in wanted} == wanted


def test_static_files_may_be_kept(gate: World) -> None:
    with gate.app().test_client().get("/static/app.css") as answer:
        kept = answer.headers["Cache-Control"]

    assert "no-store" not in kept


def test_a_proxy_is_believed_only_where_there_is_one(gate: World) -> None:
    def source(proxies: int) -> object:
        client = gate.app(proxies=proxies).test_client()
        token = csrf_token(client, "/sign-in")
        form = {"login": "alice", "password": "no", "csrf_token": token}
        client.post("/sign-in", data=form, headers={"X-Forwarded-For": "203.0.113.9"})
        with gate.store.snapshot() as tx:
            return tx.audit.events(limit=1)[0].event.details["source"]

    assert (source(0), source(1)) == ("127.0.0.1", "203.0.113.9")


def test_a_silent_client_is_given_up_on_before_the_form_is_read(gate: World) -> None:
    class Socket:
        def __init__(self) -> None:
            self.waits: list[float] = []

        def settimeout(self, seconds: float) -> None:
            self.waits.append(seconds)

    socket = Socket()

    class Silent(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            assert socket.waits == [10.0], "the limit has to be set before the body is read"
            raise TimeoutError

    silence = {"gunicorn.socket": socket, "wsgi.input": Silent(), "CONTENT_LENGTH": "100"}
    form = "application/x-www-form-urlencoded"

    answer = gate.app().test_client().post("/sign-in", content_type=form, environ_overrides=silence)

    assert answer.status_code in (400, 408)
    assert socket.waits == [10.0]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/holds/demo/99999999999999999999999", 404),
        ("/audit/events/99999999999999999999999", 404),
        ("/?before=99999999999999999999999", 200),
        ("/audit?before=99999999999999999999999", 200),
        ("/audit?since=0001-01-01T00:00:00%2b23:59", 400),
    ],
)
def test_a_number_or_time_beyond_all_bounds_is_no_fault_of_ours(
    signed_in: SignedIn, address: str, status: int
) -> None:
    assert signed_in("alice").get(address).status_code == status
