from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gate.adapters.github.access import GitHubAccess
from gate.adapters.github.client import GitHub
from gate.adapters.github.errors import GitHubDenied, GitHubRefused, told
from gate.domain.errors import Invalid, Paused, RateLimited, Unavailable
from gate.domain.review import Account
from tests.github.loopback import (
    INSTALLATION,
    MINT,
    START,
    Answer,
    Loopback,
    Request,
    World,
    make_world,
    repository,
    secret,
    serving,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving(Loopback()) as server:
        yield make_world(server, tmp_path)


def test_nothing_is_sent_before_the_first_use(world: World) -> None:
    github = world.app()
    github.repository("acme/shop")
    github.api("acme/shop")
    github.app()

    assert world.server.requests == []


def test_an_app_reads_with_a_token_for_that_repository_alone(world: World) -> None:
    number = world.app().repository("acme/shop").id

    assert number == 42
    assert world.server.asked() == [("GET", INSTALLATION), ("POST", MINT), ("GET", "/repos/acme/shop")]
    assert world.server.requests[1].body == {"repositories": ["shop"]}
    assert world.server.requests[1].authorization.startswith("Bearer eyJ")
    assert world.server.requests[2].authorization == "token ghs_1"
    assert {one.agent for one in world.server.requests} == {"Pushgate"}


def test_a_token_outlives_its_process_in_a_file_of_the_gates_user(world: World) -> None:
    world.app().token("acme/shop")

    assert world.app().token("ACME/Shop") == "ghs_1"
    file = world.home / "secrets" / "github" / "acme+shop.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(("passed", "token"), [(55, "ghs_1"), (56, "ghs_2"), (70, "ghs_2")])
def test_a_token_is_renewed_when_less_than_five_minutes_are_left(
    world: World, passed: int, token: str
) -> None:
    world.app().token("acme/shop")
    world.now = START + timedelta(minutes=passed)

    assert world.app().token("acme/shop") == token


def test_a_token_of_another_app_is_not_used(world: World) -> None:
    world.app().token("acme/shop")
    other = GitHubAccess(world.server.url, world.access.cache, 124, world.access.private_key_file)

    assert GitHub(other, lambda: world.now).token("acme/shop") == "ghs_2"


def test_a_file_that_cannot_be_read_is_renewed(world: World) -> None:
    world.app().token("acme/shop")
    (world.access.cache / "acme+shop.json").write_text('{"token": "ghs_')

    assert world.app().token("acme/shop") == "ghs_2"


def test_many_renew_at_once_and_all_get_a_good_token(world: World) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(world.app().token("acme/shop"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(found) <= set(world.minted)
    assert len(found) == 8
    assert json.loads((world.access.cache / "acme+shop.json").read_text())["token"] in found


def test_threads_do_not_share_a_connection(world: World) -> None:
    github = world.app()
    seen = [github.api("acme/shop")]
    thread = threading.Thread(target=lambda: seen.append(github.api("acme/shop")))
    thread.start()
    thread.join()

    assert github.api("acme/shop") is seen[0]
    assert seen[1] is not seen[0]


def test_a_fork_does_not_share_a_connection(world: World) -> None:
    github = world.app()
    before = github.api("acme/shop")
    read, write = os.pipe()
    if not (child := os.fork()):
        os.write(write, b"other" if github.api("acme/shop") is not before else b"same")
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(read, 9) == b"other"
    os.close(read)
    os.close(write)


def test_a_revoked_token_is_replaced_and_the_request_sent_once_more(world: World) -> None:
    def answer(request: Request) -> Answer:
        if request.authorization == "token ghs_1":
            return Answer({"message": "Bad credentials"}, 401)
        return Answer(repository())

    world.server.answers["GET", "/repos/acme/shop"] = answer
    world.app().token("acme/shop")
    world.now += timedelta(minutes=2)

    assert world.app().repository("acme/shop").id == 42
    assert world.minted == ["ghs_1", "ghs_2"]


def test_a_permission_granted_since_is_used_at_once(world: World) -> None:
    def answer(request: Request) -> Answer:
        if request.authorization == "token ghs_1":
            return Answer({"message": "Resource not accessible by integration"}, 403)
        return Answer({"id": 1, "url": "x"}, 201)

    world.server.answers["POST", "/repos/acme/shop/statuses/abc"] = answer
    world.app().token("acme/shop")
    world.now += timedelta(minutes=2)

    requester = world.app().api("acme/shop").requester
    requester.requestJsonAndCheck("POST", "/repos/acme/shop/statuses/abc", input={"state": "success"})

    assert world.minted == ["ghs_1", "ghs_2"]


def test_a_new_token_that_is_refused_is_not_blamed(world: World) -> None:
    world.server.get("/repos/acme/shop", {"message": "Resource not accessible by integration"}, 403)

    with pytest.raises(GitHubDenied), told("read it"):
        world.app().repository("acme/shop").complete()

    assert world.minted == ["ghs_1"]


def test_a_renamed_repository_is_found_by_its_number(world: World) -> None:
    def mint(request: Request) -> Answer:
        if "repositories" in request.body:
            return Answer({"message": "There is at least one repository that does not exist"}, 422)
        return world.mint(request)

    world.server.answers["POST", MINT] = mint
    world.server.get("/repos/acme/shop", repository(full_name="acme/store"))

    token = world.app().token("acme/shop")

    bodies = [one.body for one in world.server.requests if one.method == "POST"]
    assert token == "ghs_2"
    assert bodies[1:] == [{"permissions": {"metadata": "read"}}, {"repository_ids": [42]}]


def test_an_app_that_is_not_installed_says_what_to_do(world: World) -> None:
    world.server.get(INSTALLATION, {"message": "Not Found"}, 404)

    with pytest.raises(Paused, match=r"App 123 is not installed for acme/shop.*Install the App"):
        world.app().token("acme/shop")


def test_a_suspended_installation_says_what_to_do(world: World) -> None:
    words = "This installation has been suspended"
    world.server.answers["POST", MINT] = Answer({"message": words}, 403)

    with pytest.raises(Paused, match=f"{words}.*unsuspend"):
        world.app().token("acme/shop")


def test_the_account_is_the_apps_bot_and_kept_for_a_day(world: World) -> None:
    world.server.get("/app", {"id": 123, "slug": "pushgate"})
    world.server.get("/users/pushgate%5Bbot%5D", {"id": 900, "login": "pushgate[bot]"})

    found = [world.app().account("acme/shop") for _ in range(3)]

    assert found == [Account(900, "pushgate[bot]")] * 3
    assert world.server.asked().count(("GET", "/app")) == 1
    world.now += timedelta(days=2)
    world.app().account("acme/shop")
    assert world.server.asked().count(("GET", "/app")) == 2


def test_the_account_of_a_token_is_its_owner(world: World) -> None:
    world.server.get("/user", {"id": 5, "login": "alice"})

    assert world.by_token().account("acme/shop") == Account(5, "alice")
    world.server.get("/user", {"id": 6, "login": "bob"})
    assert world.by_token().account("acme/shop") == Account(5, "alice")
    assert world.by_token("github_pat_bob").account("acme/shop") == Account(6, "bob")


def test_a_plain_token_is_used_as_it_is(world: World) -> None:
    github = world.by_token()

    github.repository("acme/shop").complete()

    assert github.app() is None
    assert [one.authorization for one in world.server.requests] == ["token github_pat_alice"]


def test_a_token_that_others_can_read_is_not_used(world: World) -> None:
    github = world.by_token()
    (world.home / "token").chmod(0o644)

    with pytest.raises(Invalid, match="chmod 600"):
        github.token("acme/shop")


@pytest.mark.parametrize(
    "text", ["hunter2", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"]
)
def test_a_key_that_is_none_is_said_to_be_none(world: World, text: str) -> None:
    github = world.app()
    secret(world.home / "key.pem", text)

    with pytest.raises(Invalid, match=r"no private key of a GitHub App") as raised:
        GitHub(github.access, lambda: world.now).token("acme/shop")

    assert text not in str(raised.value)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("answer", [Answer({}, 502), Answer({"a": "b" * 999}, 200, cut=True)])
def test_what_changes_something_is_never_sent_twice(world: World, method: str, answer: Answer) -> None:
    world.server.answers[method, "/repos/acme/shop/x"] = answer
    requester = world.app().api("acme/shop").requester

    with pytest.raises(Unavailable), told("do it"):
        requester.requestJsonAndCheck(method, "/repos/acme/shop/x", input={})

    assert world.server.asked().count((method, "/repos/acme/shop/x")) == 1


def test_reading_is_tried_again_twice(world: World) -> None:
    answers = iter([Answer({}, 502), Answer({}, 503), Answer(repository())])
    world.server.answers["GET", "/repos/acme/shop"] = lambda _: next(answers)

    assert world.app().repository("acme/shop").id == 42


def test_a_read_is_not_tried_again_where_github_asks_to_wait(world: World) -> None:
    world.server.get("/repos/acme/shop", {"message": "later"}, 429, Retry_After="30")

    with pytest.raises(RateLimited) as raised, told("read it"):
        world.app().repository("acme/shop").complete()

    assert raised.value.retry_after == timedelta(seconds=30)
    assert world.server.asked().count(("GET", "/repos/acme/shop")) == 1


def test_a_refusal_of_the_installation_is_not_taken_for_a_rename(world: World) -> None:
    world.server.answers["POST", MINT] = Answer({"message": "no"}, 409)

    with pytest.raises(GitHubRefused, match="no"):
        world.app().token("acme/shop")

    assert world.server.asked().count(("POST", MINT)) == 1


def test_nothing_secret_is_in_how_it_looks(world: World) -> None:
    github = world.app()
    github.token("acme/shop")
    github.api("acme/shop")

    shown = repr([github.access, vars(github), github._tokens._kept("acme/shop")])

    assert "ghs_1" not in shown
    assert "PRIVATE KEY" not in shown
    assert "key.pem" not in shown
