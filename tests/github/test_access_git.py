from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gate.adapters.git.repositories import GitRepositories
from gate.adapters.github import git_credential
from gate.adapters.github.credentials import GitHubCredentials
from gate.domain.errors import RateLimited, Unavailable
from tests.git.git_world import git
from tests.github.loopback import (
    INSTALLATION,
    MINT,
    Answer,
    Loopback,
    World,
    make_world,
    secret,
    serving,
)

PROGRAM = Path(git_credential.__file__)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    folder = tmp_path / "upstreams"
    shop = folder / "acme" / "shop.git"
    shop.mkdir(parents=True)
    git(shop, "init", "--bare", "--quiet", "--initial-branch=main")
    tree = git(shop, "hash-object", "-t", "tree", "-w", "/dev/null")
    commit = git(
        shop, "-c", "user.name=alice", "-c", "user.email=alice@example.org", "commit-tree", tree, "-m", "one"
    )
    git(shop, "update-ref", "refs/heads/main", commit)
    with serving(Loopback(repositories=folder)) as server:
        server.good_tokens = {"ghs_1"}
        yield make_world(server, tmp_path)


def helped(world: World, home: str = "gate", **more: str) -> GitRepositories:
    helper_for = GitHubCredentials(world.app()).helper_for
    return GitRepositories(world.home / home, helper_for=helper_for, **more)


def ask(file: Path, allowed: str, operation: str, request: str) -> str:
    command = (sys.executable, "-IS", str(PROGRAM), str(file), allowed, operation)
    done = subprocess.run(command, input=request, capture_output=True, text=True, check=True, env={})
    assert done.stderr == ""
    return done.stdout


def test_opening_a_repository_needs_no_network(world: World) -> None:
    helped(world).open("shop", f"{world.server.url}/acme/shop.git")

    assert world.server.requests == []


def test_git_uses_the_installations_token(world: World) -> None:
    upstream = helped(world).open("shop", f"{world.server.url}/acme/shop.git").upstream
    (world.home / "gate").mkdir()

    tips = upstream.tips(["refs/heads/main"])

    assert len(tips["refs/heads/main"].strip("0")) > 0
    shown = [one.authorization for one in world.server.requests if ".git" in one.path]
    assert shown == [":", "x-access-token:ghs_1"]


def test_git_gets_a_new_token_when_the_old_one_ran_out(world: World) -> None:
    upstream = helped(world).open("shop", f"{world.server.url}/acme/shop.git").upstream
    (world.home / "gate").mkdir()
    upstream.tips(["refs/heads/main"])
    world.now += timedelta(hours=1)
    world.server.good_tokens = {"ghs_2"}

    upstream.tips(["refs/heads/main"])

    assert world.minted == ["ghs_1", "ghs_2"]


def test_git_forgets_a_token_that_github_did_not_take(world: World) -> None:
    upstream = helped(world).open("shop", f"{world.server.url}/acme/shop.git").upstream
    (world.home / "gate").mkdir()
    world.server.good_tokens = {"ghs_2"}

    with pytest.raises(Unavailable):
        upstream.tips(["refs/heads/main"])

    assert upstream.tips(["refs/heads/main"])
    assert world.minted == ["ghs_1", "ghs_2"]


def test_no_token_is_an_upstream_that_cannot_be_reached(world: World) -> None:
    upstream = helped(world).open("shop", f"{world.server.url}/acme/shop.git").upstream
    world.server.get(INSTALLATION, {"message": "Not Found"}, 404)

    with pytest.raises(Unavailable, match="not installed for acme/shop"):
        upstream.tips(["refs/heads/main"])


def test_a_rate_limit_reaches_the_job(world: World) -> None:
    upstream = helped(world).open("shop", f"{world.server.url}/acme/shop.git").upstream
    world.server.answers["POST", MINT] = Answer({"message": "x"}, 429, {"Retry-After": "9"})

    with pytest.raises(RateLimited) as raised:
        upstream.tips(["refs/heads/main"])

    assert raised.value.retry_after == timedelta(seconds=9)


def test_the_token_is_in_no_argument_and_no_configuration(world: World) -> None:
    helper = GitHubCredentials(world.app()).helper_for(f"{world.server.url}/acme/shop.git")

    assert helper is not None
    assert "ghs_1" not in helper
    assert helper.startswith("!")
    assert str(world.access.cache / "acme+shop.json") in helper


def test_odd_folders_are_quoted_for_gits_shell(world: World, tmp_path: Path) -> None:
    odd = tmp_path / "a 'b' $(touch x);c"
    odd.mkdir()
    odd_world = make_world(world.server, odd)
    helper = GitHubCredentials(odd_world.app()).helper_for(f"{world.server.url}/acme/shop.git")
    host = world.server.url.removeprefix("http://")

    filled = subprocess.run(
        ("git", "-c", "credential.helper=", "-c", f"credential.helper={helper}", "credential", "fill"),
        input=f"protocol=http\nhost={host}\n\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=odd,
    ).stdout

    assert "password=ghs_1\n" in filled
    assert not (odd / "x").exists()


def test_other_upstreams_keep_the_installations_helper(world: World) -> None:
    helper_for = GitHubCredentials(world.app()).helper_for

    assert helper_for("https://git.example.org/acme/shop.git") is None
    assert helper_for("/srv/git/shop.git") is None
    assert helper_for("git@github.com:acme/shop.git") is None
    assert world.server.requests == []


def test_a_plain_token_reaches_git_from_its_own_file(world: World) -> None:
    helper = GitHubCredentials(world.by_token()).helper_for(f"{world.server.url}/acme/shop.git")

    assert str(world.home / "token") in (helper or "")
    assert world.server.requests == []


@pytest.mark.parametrize(
    ("allowed", "request_text"),
    [
        ("https://github.com", "protocol=https\nhost=github.com\n\n"),
        ("https://github.com", "protocol=https\nhost=GitHub.com:443\nwwwauth[]=Basic\n"),
        ("https://git.example.org:8443", "protocol=https\nhost=git.example.org:8443\n"),
        ("http://127.0.0.1:80", "protocol=http\nhost=127.0.0.1\n"),
    ],
)
def test_the_helper_answers_for_its_host(tmp_path: Path, allowed: str, request_text: str) -> None:
    file = secret(tmp_path / "token", "ghp_alice\n")

    assert ask(file, allowed, "get", request_text) == "username=x-access-token\npassword=ghp_alice\n"


@pytest.mark.parametrize(
    ("operation", "request_text"),
    [
        ("get", "protocol=https\nhost=github.com.example.org\n"),
        ("get", "protocol=https\nhost=example.org\n"),
        ("get", "protocol=http\nhost=github.com\n"),
        ("get", "protocol=https\nhost=github.com:8443\n"),
        ("get", "protocol=https\n"),
        ("get", "host=github.com\n"),
        ("get", ""),
        ("store", "protocol=https\nhost=github.com\nusername=x\npassword=y\n"),
        ("erase", "protocol=https\nhost=github.com\nusername=x-access-token\npassword=ghp_alice\n"),
        ("capability", "protocol=https\nhost=github.com\n"),
    ],
)
def test_the_helper_tells_nobody_else_anything(tmp_path: Path, operation: str, request_text: str) -> None:
    file = secret(tmp_path / "token", "ghp_alice\n")

    assert ask(file, "https://github.com", operation, request_text) == ""
    assert file.read_text() == "ghp_alice\n"


@pytest.mark.parametrize("text", ["ghp_a\nprotocol=x", "", "two words", '{"token": "a\\nb"}', "{}"])
def test_the_helper_tells_nothing_but_a_token(tmp_path: Path, text: str) -> None:
    file = secret(tmp_path / "token", text)

    assert ask(file, "https://github.com", "get", "protocol=https\nhost=github.com\n") == ""


def test_the_helper_does_not_use_a_file_that_others_can_read(tmp_path: Path) -> None:
    file = secret(tmp_path / "token", "ghp_alice", mode=0o640)

    assert ask(file, "https://github.com", "get", "protocol=https\nhost=github.com\n") == ""


@pytest.mark.parametrize(("password", "is_left"), [("ghs_1", False), ("ghs_2", True)])
def test_the_helper_deletes_the_gates_own_token_where_it_was_that_one(
    tmp_path: Path, password: str, is_left: bool
) -> None:
    file = secret(tmp_path / "token.json", json.dumps({"token": "ghs_1"}))
    request = f"protocol=https\nhost=github.com\nusername=x-access-token\npassword={password}\n"

    assert ask(file, "https://github.com", "erase", request) == ""
    assert file.exists() is is_left
