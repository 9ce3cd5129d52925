"""Each command as an admin uses it."""

from __future__ import annotations

import subprocess

import pytest

from tests.cli.command_line import CommandLine
from tests.running.processes import CHECKOUT, module


def test_it_runs_as_a_module_and_lists_its_commands() -> None:
    done = subprocess.run(module("gate", "--help"), cwd=CHECKOUT, capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: python -m gate" in done.stdout


def test_migrate_makes_the_home_and_can_be_run_again(new_home: CommandLine) -> None:
    first, second = new_home("migrate"), new_home("migrate")

    assert (
        first.out == second.out == f"The store in {new_home.home} and 0 repositories are at this release.\n"
    )
    assert (new_home.home.stat().st_mode & 0o777) == 0o700


@pytest.mark.parametrize(
    "command",
    [("repo", "list"), ("sweep",), ("audit", "verify"), ("demo",), ("agent-instructions", "demo")],
)
def test_a_store_that_was_not_migrated_is_named(new_home: CommandLine, command: tuple[str, ...]) -> None:
    ran = new_home(*command)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("is not at this release's schema. Run: python -m gate migrate\n")


def test_every_fault_of_the_settings_is_listed(new_home: CommandLine) -> None:
    new_home.monkeypatch.setenv("PORT", "http")
    new_home.monkeypatch.setenv("PUSHGATE_REPLY", "perhaps")

    ran = new_home("repo", "list")

    assert ran.code == 1
    assert ran.err.splitlines()[0] == "settings:"
    assert ["PORT" in ran.err, "PUSHGATE_REPLY" in ran.err] == [True, True]


def test_a_home_too_long_for_a_socket_is_a_fault_of_the_settings(new_home: CommandLine) -> None:
    deep = new_home.folder / ("h" * 90)
    new_home.monkeypatch.setenv("PUSHGATE_HOME", str(deep))

    ran = new_home("migrate")
    new_home.monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    elsewhere = new_home("migrate")

    assert ran.code == 1
    assert f"PUSHGATE_HOME is '{deep}'" in ran.err
    assert "Choose a shorter path, or set REDIS_URL." in ran.err
    assert elsewhere.code == 0


def test_a_repository_from_its_adding_to_its_removal(gate: CommandLine) -> None:
    listed, shown = gate("repo", "list"), gate("repo", "show", "demo")
    synced, checked = gate("repo", "sync", "demo"), gate("repo", "check", "demo")
    removed, nothing = gate("repo", "remove", "demo", "--yes"), gate("repo", "list")

    assert listed.out.splitlines()[1].startswith(f"demo  {gate.upstream}  local  ")
    assert "clone     https://gate.example.org/git/demo.git" in shown.out
    assert synced.out == "demo shows upstream as it is now.\n"
    assert checked.out == "All is well.\n"
    assert removed.out.startswith("demo is no longer behind the gate. Its folder is now ")
    assert nothing.out.startswith("No repository is behind the gate yet.")


def test_a_repository_is_mended(gate: CommandLine) -> None:
    hook = gate.repository / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\n")

    checked, mended = gate("repo", "check", "demo"), gate("repo", "check", "demo", "--mend")

    assert checked.code == 1
    assert checked.out == (
        f"FAULT  {hook}: was changed\n       mend: python -m gate repo check demo --mend\n"
    )
    assert (mended.code, mended.out) == (0, "All is well.\n")


def test_an_agents_token_is_shown_once(gate: CommandLine) -> None:
    added = gate("agent", "add", "codex-1", "--repo", "demo", "--allow-ref", "refs/heads/codex/**")
    rotated = gate("agent", "rotate", "codex-1")
    others = [
        gate("agent", "list"),
        gate("repo", "show", "demo"),
        gate("agent", "disable", "codex-1"),
        gate("agent", "enable", "codex-1"),
        gate("audit", "export"),
    ]

    first, second = added.token(), rotated.token()
    assert first != second
    assert f"https://codex-1:{first}@gate.example.org/git/demo.git" in added.out
    assert f"https://codex-1:{second}@gate.example.org/git/demo.git" in rotated.out
    stored = b"".join(path.read_bytes() for path in gate.home.glob("pushgate.sqlite*"))
    for token in (first, second):
        assert not any(token in ran.out + ran.err for ran in others)
        assert token.encode() not in stored
    assert "codex-1  -         active  -       demo (refs/heads/codex/**)" in others[0].out


def test_an_agent_is_granted_more_and_disabled(gate: CommandLine) -> None:
    gate("agent", "add", "codex-1", "--repo", "demo")

    granted = gate("agent", "grant", "codex-1", "--repo", "demo", "--allow-ref", "refs/heads/next")
    disabled, listed = gate("agent", "disable", "codex-1"), gate("agent", "list")

    assert granted.out == "codex-1 may push to demo: refs/heads/next\n"
    assert disabled.out == "codex-1 can no longer fetch or push.\n"
    assert listed.out.splitlines()[1].split() == [
        "codex-1",
        "-",
        "disabled",
        "-",
        "demo",
        "(refs/heads/next)",
    ]


@pytest.mark.parametrize(("reply", "words"), [("hold", "remote rejected"), ("accept", "refs/held/N")])
def test_the_agents_instructions_fit_the_gates_answers(gate: CommandLine, reply: str, words: str) -> None:
    gate.monkeypatch.setenv("PUSHGATE_REPLY", reply)

    ran = gate("agent-instructions", "demo")

    assert ran.code == 0
    assert words in ran.out
    assert "https://gate.example.org" in ran.out


def test_a_persons_account(gate: CommandLine) -> None:
    empty = gate("user", "list")
    added, linked = gate("user", "add", "alice", "--role", "admin"), gate("user", "link", "alice")
    gate("user", "add", "bob")
    changed = gate("user", "role", "bob", "auditor")
    disabled, listed = gate("user", "disable", "bob"), gate("user", "list")
    enabled = gate("user", "enable", "bob")

    assert empty.out.startswith("There is nobody yet.")
    assert added.token().startswith("https://gate.example.org/link/")
    assert added.token() != linked.token()
    assert changed.out == "bob is auditor now.\n"
    assert disabled.out == "bob can no longer sign in.\n"
    assert listed.out.splitlines() == [
        "login  role     state     github",
        "alice  admin    active    -",
        "bob    auditor  disabled  -",
    ]
    assert enabled.out == "bob can sign in again.\n"


def test_lockdown(gate: CommandLine) -> None:
    on, status = gate("lockdown", "on", "--why", "a stolen token"), gate("lockdown", "status")
    off, after = gate("lockdown", "off"), gate("lockdown", "status")

    assert (on.out, off.out) == ("Lock-down is on.\n", "Lock-down is off.\n")
    assert (status.out, after.out) == ("Lock-down is on: a stolen token\n", "Lock-down is off.\n")


def test_a_policy_is_checked_with_every_fault(gate: CommandLine) -> None:
    good, bad = gate.home / "policies" / "demo.toml", gate.folder / "bad.toml"
    bad.write_text('version = 1\nrelease = 3\n[hold]\nexpires_after = "soon"\n')

    fine, faulty, absent = (
        gate("policy", "check", str(good)),
        gate("policy", "check", str(bad)),
        gate("policy", "check", "/nonexistent"),
    )

    assert (fine.code, fine.out) == (0, f"{good} is a valid policy.\n")
    assert faulty.code == 1
    assert len([line for line in faulty.out.splitlines() if line.startswith("FAULT")]) >= 2
    assert (absent.code, absent.out) == (2, "")


def test_a_sweep_takes_up_a_push_and_its_hold_is_explained(gate: CommandLine) -> None:
    gate("agent", "add", "codex-1", "--repo", "demo")
    gate.push("Say hello")

    swept, again = gate("sweep"), gate("sweep")
    explained = gate("policy", "explain", "demo/1")

    assert swept.out == "1 missed pushes taken up, 1 live holds looked at, 0 closed ones settled.\n"
    assert again.out == "0 missed pushes taken up, 1 live holds looked at, 0 closed ones settled.\n"
    assert explained.out.startswith("hold demo/1: refs/heads/main, revision 1, in_review\n")
    assert "one person has approved" in explained.out


def test_maintain_keeps_every_object(gate: CommandLine) -> None:
    gate("agent", "add", "codex-1", "--repo", "demo")
    gate.push("Say hello")
    gate("sweep")

    assert (gate("maintain").code, gate("repo", "check", "demo").out) == (0, "All is well.\n")


def test_the_demo_can_be_started_twice(new_home: CommandLine) -> None:
    new_home("migrate")

    first, second = new_home("demo"), new_home("demo")

    url = next(line.split()[-1] for line in first.out.splitlines() if "Clone URL" in line)
    assert (first.code, second.code) == (0, 0)
    assert url in second.out
    assert "(once; you choose a password)" in second.out
    assert (new_home.home / "demo" / "agent-token").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("repo", "show", "nothing"), "nothing"),
        (("repo", "sync", "nothing"), "nothing"),
        (("repo", "check", "nothing"), "nothing"),
        (("repo", "remove", "nothing", "--yes"), "nothing"),
        (("repo", "add", "demo", "--upstream", "/nonexistent"), "there is one of this name"),
        (("repo", "add", "other", "--upstream", "/nonexistent"), "/nonexistent"),
        (("repo", "add", "../other", "--upstream", "/nonexistent"), "is no name for a repository"),
        (("agent", "add", "codex-1", "--repo", "nothing"), "nothing"),
        (("agent", "add", "codex/1", "--repo", "demo"), "codex/1"),
        (("agent", "rotate", "codex-9"), "codex-9"),
        (("agent", "disable", "codex-9"), "codex-9"),
        (("agent", "enable", "codex-9"), "codex-9"),
        (("agent", "grant", "codex-9", "--repo", "demo"), "codex-9"),
        (("agent-instructions", "nothing"), "nothing"),
        (("user", "link", "carol"), "carol"),
        (("user", "disable", "carol"), "carol"),
        (("user", "add", "Carol!"), "use 1 to 39 of"),
        (("policy", "explain", "demo/99"), "demo/99"),
        (("policy", "explain", "demo"), "such as demo/12"),
        (("lockdown", "on", "--why", " "), "say why"),
    ],
)
def test_what_cannot_be_done_is_one_clear_text(
    gate: CommandLine, command: tuple[str, ...], words: str
) -> None:
    ran = gate(*command)

    assert (ran.code, ran.out) == (1, "")
    assert words in ran.err
    assert "Traceback" not in ran.err


def test_a_wrong_command_says_how_it_is_used(gate: CommandLine) -> None:
    ran = gate("repo", "add", "demo")

    assert (ran.code, ran.out) == (2, "")
    assert "Missing option '--upstream'" in ran.err


def test_a_removed_repository_may_have_no_live_hold(gate: CommandLine) -> None:
    gate("agent", "add", "codex-1", "--repo", "demo")
    gate.push("Say hello")
    gate("sweep")

    ran = gate("repo", "remove", "demo", "--yes")

    assert (ran.code, ran.out) == (1, "")
    assert "holds are still live, such as demo/1" in ran.err
