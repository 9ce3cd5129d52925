"""Which session pushed: git asks the installed credential helper, and the claim gets into the receipt."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from gate.adapters.agent_home import LocalAgentHomes
from gate.adapters.git.repositories import GitRepositories
from gate.services.ports.agent_home import HomeSetup
from tests.transport.transport_server import CLIENT, Served, Server, commit, eventually, git

CODEX = {"CODEX_THREAD_ID": "019a-thread", "CODEX_SESSION_ID": "019a-root", "CODEX_TOOL_CALL_ID": "call_7"}


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    folder = tmp_path / "upstream"
    git("init", "-q", "-b", "main", str(folder), cwd=tmp_path)
    commit(folder, "first.txt")
    return folder


@pytest.fixture
def gated(server: Server, upstream: Path, request: pytest.FixtureRequest) -> Served:
    return server.add_gated(f"claimed-{abs(hash(request.node.name)) % 10**8}", upstream)


@pytest.fixture
def home(server: Server, tmp_path: Path) -> Path:
    """The home of an agent that was set up, in a folder with a blank in its name."""
    home = tmp_path / "agent's home"
    home.mkdir()
    setup = HomeSetup("codex-1", str(home), f"http://127.0.0.1:{server.port}", server.token)
    LocalAgentHomes().install(setup)
    return home


def as_agent(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / ".gitconfig")}


def push(gated: Served, home: Path, **environment: str) -> str:
    work = home / "work"
    url = f"http://127.0.0.1:{gated.port}/git/{gated.name}.git"
    git("clone", "-q", url, str(work), cwd=home, **as_agent(home))
    commit(work, "second.txt")
    words = git("push", "origin", "HEAD:main", cwd=work, check=False, **as_agent(home), **environment).stderr
    assert eventually(lambda: len(gated.noticed()) == 1)
    return words


def claims(gated: Served) -> list[tuple[str, str]]:
    held = GitRepositories(gated.folder.parent).open(gated.name, "").held
    return [(receipt.claim, receipt.claim_by) for receipt in held.receipts()]


def ask(home: Path, *lines: str, word: str = "get", **environment: str) -> str:
    """What the helper answers to what git would ask."""
    helper = home / ".config/pushgate/codex-1.credentials"
    done = subprocess.run(
        (helper, word),
        input="".join(f"{line}\n" for line in lines),
        env={**CLIENT, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("environment", "claim"),
    [
        ({}, ("", "")),
        ({"CODEX_THREAD_ID": "019a-thread"}, ("019a-thread", "credential")),
        (CODEX, ("019a-thread.019a-root.call_7", "credential")),
        ({"CODEX_THREAD_ID": "t", "CODEX_TOOL_CALL_ID": "c"}, ("t..c", "credential")),
        ({"CODEX_THREAD_ID": "$(id)"}, ("", "")),
        (
            {"CODEX_THREAD_ID": "t", "CODEX_SESSION_ID": "a b\n", "CODEX_TOOL_CALL_ID": "../c"},
            ("t", "credential"),
        ),
        ({"CODEX_THREAD_ID": "t" * 65}, ("", "")),
    ],
)
def test_a_push_through_the_helper_says_which_session_it_is(
    server: Server, upstream: Path, home: Path, environment: dict[str, str], claim: tuple[str, str]
) -> None:
    gated = server.add_gated(f"claim-{len(list((server.root / 'repositories').iterdir()))}", upstream)

    words = push(gated, home, **environment)

    assert "held for review" in words
    assert claims(gated) == [claim]


def test_the_helper_answers_for_the_gate_alone(home: Path, server: Server) -> None:
    here = ("protocol=http", f"host=127.0.0.1:{server.port}")
    known = f"username=codex-1\npassword={server.token}\n"

    assert ask(home, *here, "path=git/shop.git") == known
    assert ask(home, *here, "path=git/shop.git", "", "path=else") == known
    for asked in (
        (*here, "path=other/shop.git"),
        (*here, "path=git/../admin"),
        (*here, "path=git/%2e%2e/admin"),
        here,
        ("protocol=https", here[1], "path=git/shop.git"),
        (here[0], "host=127.0.0.1", "path=git/shop.git"),
        (here[0], "host=evil.example", "path=git/shop.git"),
        (),
    ):
        assert ask(home, *asked) == ""
    assert ask(home, *here, "path=git/shop.git", word="store") == ""
    assert ask(home, *here, "path=git/shop.git", word="erase") == ""


def test_the_token_is_in_one_file_that_others_cannot_read(home: Path, server: Server) -> None:
    folder = home / ".config/pushgate"
    token_file = folder / "codex-1.token"

    assert token_file.read_text() == f"{server.token}\n"
    assert token_file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    everywhere = [path for path in home.rglob("*") if path.is_file() and server.token in path.read_text()]
    assert everywhere == [token_file]


def test_a_helper_of_the_users_own_never_gets_the_token(gated: Served, home: Path) -> None:
    keeper = home / "kept"
    git("config", "--global", "credential.helper", f"store --file={keeper.name}", cwd=home, **as_agent(home))
    setup = HomeSetup("codex-1", str(home), f"http://127.0.0.1:{gated.port}", gated.token)
    LocalAgentHomes().install(setup)

    push(gated, home)

    assert [path.name for path in home.rglob("kept")] == []


def test_setting_up_twice_changes_nothing(home: Path, server: Server) -> None:
    before = {path: path.read_text() for path in home.rglob("*") if path.is_file()}

    LocalAgentHomes().install(
        HomeSetup("codex-1", str(home), f"http://127.0.0.1:{server.port}", server.token)
    )

    assert {path: path.read_text() for path in home.rglob("*") if path.is_file()} == before


def test_a_claim_in_a_url_counts_as_well(gated: Served, tmp_path: Path) -> None:
    work = tmp_path / "work"
    git("clone", "-q", gated.url(user="codex-1+t-1.s-1"), str(work), cwd=tmp_path)
    commit(work, "second.txt")

    git("push", "origin", "HEAD:main", cwd=work, check=False)

    assert claims(gated) == [("t-1.s-1", "credential")]
    raw = git(
        "for-each-ref", "--format=%(refname)", "refs/quarantine/*/receipt", cwd=gated.folder
    ).stdout.strip()
    receipt = json.loads(git("cat-file", "blob", raw, cwd=gated.folder).stdout)
    assert (receipt["claim"], receipt["claim_by"]) == ("t-1.s-1", "credential")
