from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gate.adapters.github.access import GitHubAccess
from gate.adapters.github.address import Address
from gate.adapters.github.client import GitHub
from gate.adapters.github.errors import GitHubDenied, GitHubRefused, clean, told
from gate.domain.errors import (
    Failed,
    GateError,
    IllegalMove,
    Invalid,
    NotFound,
    Paused,
    RateLimited,
    Unavailable,
)
from tests.github.loopback import START, Answer, Loopback, World, make_world, secret, serving

DATE = "Fri, 02 Jan 2026 03:04:05 GMT"
PATH = "/repos/acme/shop/pulls"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving(Loopback()) as server:
        yield make_world(server, tmp_path)


def refused(world: World, answer: Answer) -> GateError:
    world.server.answers["POST", PATH] = answer
    with pytest.raises(GateError) as raised, told("open a pull request"):
        world.by_token().api("acme/shop").requester.requestJsonAndCheck("POST", PATH, input={})
    return raised.value


def test_what_does_not_exist_is_not_found(world: World) -> None:
    fault = refused(world, Answer({"message": "Not Found"}, 404))

    assert type(fault) is NotFound
    assert str(fault).startswith("could not open a pull request: Not Found (HTTP 404).")


@pytest.mark.parametrize("status", [400, 405, 409, 410, 422])
def test_a_refusal_keeps_githubs_words_and_errors(world: World, status: int) -> None:
    errors = [
        {"resource": "PullRequest", "code": "custom", "message": "No commits between main and x"},
        "plain words",
    ]

    fault = refused(world, Answer({"message": "Validation Failed", "errors": errors}, status))

    assert type(fault) is GitHubRefused
    assert (fault.status, fault.words) == (status, "Validation Failed")
    assert fault.errors == ("PullRequest custom: No commits between main and x", "plain words")
    assert "No commits between main and x" in str(fault)
    assert not fault.retryable


@pytest.mark.parametrize(
    ("status", "words", "step"),
    [
        (403, "Resource not accessible by integration", "github setup --repository"),
        (451, "Repository access blocked", "github setup --repository"),
    ],
)
def test_a_denial_says_the_next_step(world: World, status: int, words: str, step: str) -> None:
    fault = refused(world, Answer({"message": words}, status))

    assert type(fault) is GitHubDenied
    assert isinstance(fault, GitHubRefused)
    assert words in str(fault)
    assert step in str(fault)


@pytest.mark.parametrize(
    ("status", "words", "step"),
    [
        (401, "Bad credentials", "private key, or the token"),
        (403, "This installation has been suspended", "unsuspend"),
    ],
)
def test_who_is_not_let_in_at_all_waits_and_says_the_next_step(
    world: World, status: int, words: str, step: str
) -> None:
    fault = refused(world, Answer({"message": words}, status))

    assert type(fault) is Paused
    assert fault.retryable
    assert words in str(fault)
    assert step in str(fault)


SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Answer({"message": SECONDARY}, 403, {"Retry-After": "17"}), 17),
        (Answer({"message": SECONDARY}, 403), 60),
        (Answer({"message": "x"}, 429, {"Retry-After": "0"}), 1),
        (Answer({"message": "x"}, 429, {"Retry-After": "999999"}), 7200),
        (Answer({"message": "x"}, 429, {"Retry-After": "Fri, 02 Jan 2026 03:05:05 GMT"}), 60),
        (Answer(None, 429), 60),
        (Answer({"message": "API rate limit exceeded for installation"}, 403), 60),
        (Answer({"message": "x"}, 403, {"x-ratelimit-remaining": "0"}), 60),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(world: World, answer: Answer, seconds: int) -> None:
    fault = refused(world, answer)

    assert isinstance(fault, RateLimited)
    assert fault.retry_after == timedelta(seconds=seconds)
    assert fault.retryable


def test_the_reset_of_the_primary_limit_is_counted_on_githubs_clock() -> None:
    from github import GithubException

    reset = str(int((START + timedelta(minutes=20)).timestamp()))
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset, "date": DATE}

    with pytest.raises(RateLimited) as raised, told("read"):
        raise GithubException(403, {"message": "API rate limit exceeded"}, headers)

    assert raised.value.retry_after == timedelta(minutes=20, seconds=1)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_of_githubs_may_have_done_the_work(world: World, status: int) -> None:
    fault = refused(world, Answer(b"<html>bad gateway</html>", status))

    assert type(fault) is Unavailable
    assert str(status) in str(fault)


@pytest.mark.parametrize(
    "body", [b"<html>no</html>", {"errors": {"a": 1}}, None, {"message": None}, {"errors": [None, 3]}]
)
def test_an_odd_refusal_is_still_a_refusal(world: World, body: object) -> None:
    assert type(refused(world, Answer(body, 422))) is GitHubRefused


def test_an_answer_that_breaks_off_is_unavailable(world: World) -> None:
    assert type(refused(world, Answer({"id": "x" * 9999}, 201, cut=True))) is Unavailable


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        access = GitHubAccess(url, tmp_path, token_file=secret(tmp_path / "token", "github_pat_alice"))

        with pytest.raises(Unavailable, match="GitHub cannot be reached") as raised, told("read"):
            GitHub(access, lambda: START).repository("acme/shop").complete()

    assert "github_pat" not in str(raised.value)


def test_a_redirect_to_another_host_is_not_followed(world: World) -> None:
    world.server.get(
        "/repos/acme/shop", None, 301, Location="http://elsewhere.example.org/api/v3/repositories/42"
    )

    with pytest.raises(Failed, match="PUSHGATE_GITHUB_URL"), told("read"):
        world.by_token().repository("acme/shop").complete()


def test_our_own_errors_and_mistakes_pass_through() -> None:
    for mistake in (IllegalMove("no"), RuntimeError("ours"), ValueError("ours"), KeyError("ours")):
        with pytest.raises(type(mistake)) as raised, told("x"):
            raise mistake
        assert raised.value is mistake


@pytest.mark.parametrize(
    "secret_text",
    ["ghp_abcDEF123", "ghs_x_y", "github_pat_11AA_bb", "eyJhbGciOi.eyJpc3Mi.c2ln", "alice:hunter2@"],
)
def test_nothing_that_looks_like_a_token_is_in_a_message(world: World, secret_text: str) -> None:
    text = f"see https://{secret_text}example.org" if "@" in secret_text else f"token {secret_text} is bad"

    fault = refused(world, Answer({"message": text, "errors": [{"message": text}]}, 422))

    assert secret_text not in f"{fault} {fault.args} {vars(fault)}"


def test_words_are_of_bounded_length() -> None:
    assert len(clean("x" * 100_000)) == 500


@pytest.mark.parametrize(
    ("upstream", "full_name"),
    [
        ("https://github.com/acme/shop", "acme/shop"),
        ("https://github.com/acme/shop.git", "acme/shop"),
        ("https://github.com/acme/shop/", "acme/shop"),
        ("https://GitHub.com:443/Acme/sh.op.git", "Acme/sh.op"),
        ("https://github.com/acme/.github", "acme/.github"),
    ],
)
def test_an_address_at_github_names_its_repository(upstream: str, full_name: str) -> None:
    address = Address.of(upstream)

    assert address.full_name == full_name
    assert address.belongs_to("https://github.com/")
    assert not address.belongs_to("https://github.example.org")
    assert not address.belongs_to("http://github.com")
    assert not address.belongs_to("https://github.com:8443")


@pytest.mark.parametrize(
    "upstream",
    [
        "",
        "/srv/git/shop.git",
        "git@github.com:acme/shop.git",
        "ssh://git@github.com/acme/shop",
        "https://github.com/acme",
        "https://github.com/acme/shop/tree/main",
        "https://github.com/acme/shop?x=1",
        "https://github.com/acme/shop#x",
        "https://github.com/acme/..",
        "https://github.com/acme/sh op",
        "https://github.com/acme/shop\n",
        "https://alice@github.com/acme/shop",
        "https://github.com:port/acme/shop",
        "https://[::1/acme/shop",
        "file:///acme/shop",
    ],
)
def test_anything_else_is_no_address_at_github(upstream: str) -> None:
    with pytest.raises(Invalid, match=r"https://github.com/OWNER/REPOSITORY"):
        Address.of(upstream)


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com"),
        ("https://git.example.org", "https://git.example.org/api/v3"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/api/v3"),
    ],
)
def test_the_api_is_where_each_kind_of_github_has_it(url: str, api: str) -> None:
    assert GitHubAccess(url, Path("/nowhere")).api_url == api
