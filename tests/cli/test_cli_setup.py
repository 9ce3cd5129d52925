"""`python -m gate agent setup`: an agent's home, as its own user."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gate.adapters.sql.store import SqlStore
from gate.domain.agent_place import AgentPlace
from gate.domain.audit import AuditFilter
from tests.cli.command_line import CommandLine

NOBODY = 65534
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ00 codex@host"


@pytest.fixture
def home(gate: CommandLine) -> Path:
    """A home of another user where this is root, as agents have."""
    gate("agent", "add", "codex-1", "--repo", "demo")
    gate.folder.chmod(0o711)
    home = gate.folder / "home of codex"
    for folder in (home, home / ".codex", home / "work"):
        folder.mkdir(mode=0o755)
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
    return home


def answer(home: Path) -> str:
    """What git says the name and token for the gate are."""
    done = subprocess.run(
        ("git", "credential", "fill"),
        input="protocol=https\nhost=gate.example.org\npath=git/demo.git\n\n",
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "CODEX_THREAD_ID": "t-1",
            "GIT_CONFIG_NOSYSTEM": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_home_is_set_up_with_a_new_token_and_noted(gate: CommandLine, home: Path) -> None:
    old = gate("agent", "rotate", "codex-1").token()
    arguments = ("agent", "setup", "codex-1", "--home", str(home), "--work", str(home / "work"))

    done = gate(*arguments)

    assert (done.code, done.err) == (0, "")
    assert "git clone https://gate.example.org/git/demo.git" in done.out
    token = (home / ".config/pushgate/codex-1.token").read_text().strip()
    assert token.startswith("pgt_")
    assert token != old
    assert token not in done.out
    assert f"username=codex-1+t-1\npassword={token}\n" in answer(home)
    written = [path for path in home.rglob("*") if path.is_file()]
    assert {path.stat().st_uid for path in written} == {home.stat().st_uid}
    store = SqlStore(f"sqlite:///{gate.home / 'pushgate.sqlite'}")
    with store.snapshot() as tx:
        assert tx.places.all() == [AgentPlace("codex-1", f"{home}/.codex", (f"{home}/work",))]
        [stored] = tx.audit.events(AuditFilter(action="agent:set_up"), limit=9)
    store.engine.dispose()
    assert stored.event.details == {
        "agent": "codex-1",
        "codex_home": f"{home}/.codex",
        "work": [f"{home}/work"],
        "recordings": [],
        "new_token": True,
    }


def test_a_link_in_the_home_is_followed_with_the_agents_own_rights_alone(
    gate: CommandLine, home: Path
) -> None:
    target = gate.folder / "of the gate"
    target.mkdir(mode=0o700)
    (home / ".config").symlink_to(target)

    done = gate("agent", "setup", "codex-1", "--home", str(home))

    is_other = os.geteuid() == 0
    assert done.code == (1 if is_other else 0)
    assert list(target.iterdir()) == [] or not is_other


def test_a_token_that_is_given_is_installed_and_stays_valid(gate: CommandLine, home: Path) -> None:
    token = gate("agent", "rotate", "codex-1").token()
    token_file = gate.folder / "token"
    token_file.write_text(f"{token}\n")

    done = gate("agent", "setup", "codex-1", "--home", str(home), "--token-file", str(token_file))
    token_file.write_text("pgt_another\n")
    wrong = gate("agent", "setup", "codex-1", "--home", str(home), "--token-file", str(token_file))

    assert done.code == 0
    assert f"password={token}\n" in answer(home)
    assert (wrong.code, wrong.err) == (
        1,
        "agent codex-1: this is not its token. Leave --token-file out for a new one.\n",
    )


def test_print_shows_a_script_and_changes_nothing(gate: CommandLine, home: Path) -> None:
    token = gate("agent", "rotate", "codex-1").token()

    shown = gate("agent", "setup", "codex-1", "--home", str(home), "--print")

    assert shown.code == 0
    assert "<the agent's token>" in shown.out
    assert token not in shown.out
    assert not (home / ".config").exists()
    assert subprocess.run(("sh", "-n"), input=shown.out, text=True, check=False).returncode == 0


def test_every_path_that_is_wrong_is_named(gate: CommandLine, home: Path) -> None:
    done = gate(
        "agent", "setup", "codex-1", "--home", str(home), "--work", "relative", "--recordings", "/nowhere"
    )

    assert (done.code, done.err.splitlines()) == (
        1,
        [
            "setup of codex-1:",
            "  - 'relative' is not absolute. Write the whole path, from /",
            "  - /nowhere is not there, or is no folder, or cannot be seen from here",
        ],
    )
    assert not (home / ".config").exists()


def test_a_repository_without_a_grant_is_named(gate: CommandLine, home: Path) -> None:
    done = gate("agent", "setup", "codex-1", "--home", str(home), "--repo", "other")

    assert done.code == 1
    assert "Run first: python -m gate agent grant codex-1 --repo other" in done.err


def test_an_ssh_key_gets_a_line_that_can_do_nothing_but_git(gate: CommandLine, home: Path) -> None:
    key = gate.folder / "key.pub"
    key.write_text(f"{KEY}\n")

    done = gate("agent", "setup", "codex-1", "--home", str(home), "--ssh-key", str(key))

    [line] = [line.strip() for line in done.out.splitlines() if "restrict," in line]
    assert line.startswith('restrict,command="cd ')
    assert line.endswith(f'-m gate ssh-serve codex-1" {KEY}')
    assert f"PUSHGATE_HOME={gate.home.resolve()} exec " in line or f"PUSHGATE_HOME={gate.home} exec " in line
    assert "AcceptEnv GIT_PROTOCOL CODEX_THREAD_ID CODEX_SESSION_ID CODEX_TOOL_CALL_ID" in done.out


@pytest.mark.parametrize(
    "content",
    ["", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", 'command="sh" ssh-ed25519 AAAA', "ssh-ed25519 !!"],
)
def test_what_is_no_public_key_is_refused(gate: CommandLine, home: Path, content: str) -> None:
    key = gate.folder / "key"
    key.write_text(content)

    done = gate("agent", "setup", "codex-1", "--home", str(home), "--ssh-key", str(key))

    assert (done.code, "it holds no public key" in done.err) == (1, True)
    assert not (home / ".config").exists()


def test_ssh_serve_runs_git_for_an_agent_and_nothing_else(
    gate: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", "rm -r /")

    done = gate("ssh-serve", "codex-1")

    assert (done.code, done.out) == (1, "")
    assert "This key serves git and nothing else" in done.err
