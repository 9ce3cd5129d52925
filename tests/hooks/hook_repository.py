"""A gate repository with the real hooks, a working copy that pushes into it, and what came of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOOKS = Path(__file__).parents[2] / "hooks"
GUARD = "5f1d7c0e9a8b4c6d"
ZERO = "0" * 40
URL = "https://gate.example"

_GATE_SETTINGS = {
    "receive.procReceiveRefs": "refs/",
    "receive.fsckObjects": "true",
    "receive.advertiseAtomic": "true",
    "receive.advertisePushOptions": "true",
    "receive.autogc": "false",
    "transfer.hideRefs": "refs/quarantine",
    "pushgate.repository": "app",
    "pushgate.url": URL,
    "pushgateAgent.codex-1.allowRef": "refs/**",
}


def clean_environment(home: Path) -> dict[str, str]:
    """git's environment for a test: one author, one date, nobody's configuration."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "codex-1",
        "GIT_AUTHOR_EMAIL": "codex-1@agents.example",
        "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
        "GIT_COMMITTER_NAME": "codex-1",
        "GIT_COMMITTER_EMAIL": "codex-1@agents.example",
        "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
    }


@dataclass(frozen=True)
class Result:
    """How a git command ended. `text` is its standard error without the spaces git pads lines with."""

    status: int
    output: str
    text: str


@dataclass(frozen=True)
class Gate:
    """The bare repository behind the gate."""

    path: Path
    environment: dict[str, str]

    def git(self, *arguments: str, guard: bool = True, check: bool = True) -> Result:
        environment = self.environment | ({"PUSHGATE_GUARD": GUARD} if guard else {})
        return run(("git", *arguments), self.path, environment, check=check)

    def configure(self, key: str, *values: str) -> None:
        self.git("config", "--unset-all", key, check=False)
        for value in values:
            self.git("config", "--add", key, value)

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        listing = self.git("for-each-ref", "--format=%(refname) %(objectname)", prefix).output
        return dict(line.split(" ") for line in listing.splitlines())

    def held(self) -> dict[str, str]:
        """Held refs by `<push>/<index>`, without the receipts."""
        prefix = "refs/quarantine/"
        return {
            name.removeprefix(prefix): oid
            for name, oid in self.refs(prefix).items()
            if not name.endswith("/receipt")
        }

    def receipts(self) -> list[dict[str, Any]]:
        """Every receipt, oldest push first."""
        refs = self.refs("refs/quarantine/")
        names = sorted(name for name in refs if name.endswith("/receipt"))
        return [json.loads(self.git("cat-file", "blob", refs[name]).output) for name in names]

    def refusals(self) -> list[dict[str, Any]]:
        folder = self.path / "pushgate/refusals"
        return [json.loads(path.read_text()) for path in sorted(folder.glob("*"))]

    def standing_path(self, ref: str, agent: str = "codex-1") -> Path:
        return self.path / "pushgate/standing" / agent / f"{ref}~"

    def standing(self, ref: str, agent: str = "codex-1") -> list[str]:
        return self.standing_path(ref, agent).read_text().splitlines()

    def move(self, ref: str, state: str, *more: str) -> None:
        """Write a standing as the gate does after a change of state."""
        lines = [line for line in self.standing(ref) if not line.startswith(("state ", "ask ", "reason "))]
        self.standing_path(ref).write_text("\n".join([*lines, f"state {state}", *more, ""]))

    def reject(self, oid: str, *, hold: int, by: str, reason: str) -> None:
        folder = self.path / "pushgate/rejected"
        folder.mkdir(exist_ok=True)
        (folder / oid).write_text(f"hold {hold}\nby {by}\nreason {reason}\n")

    def objects(self) -> set[str]:
        """Every object that the repository stores, whether or not a ref leads to it."""
        arguments = ("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
        return set(self.git(*arguments).output.split())


@dataclass
class Clone:
    """A working copy that pushes to the gate as an agent."""

    path: Path
    gate: Gate
    environment: dict[str, str]
    identity: dict[str, str] = field(
        default_factory=lambda: {"PUSHGATE_AGENT": "codex-1", "PUSHGATE_TRANSPORT": "http"}
    )

    def git(self, *arguments: str | bytes, check: bool = True) -> Result:
        return run(("git", *arguments), self.path, self.environment, check=check)

    def commit(self, message: str = "Change the greeting", **files: str) -> str:
        """Commit the given files (or one of the message's name) and return the commit."""
        for name, content in (files or {"greeting": message}).items():
            (self.path / name).write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.oid("HEAD")

    def oid(self, revision: str) -> str:
        return self.git("rev-parse", revision).output.strip()

    def push(self, *arguments: str | bytes, **environment: str) -> Result:
        """Push to the gate; an empty value takes a variable of the identity away."""
        identity = {name: value for name, value in (self.identity | environment).items() if value}
        command = ("git", "push", "gate", *arguments)
        return run(command, self.path, self.environment | identity, check=False)


def run(
    command: tuple[str | bytes, ...], folder: Path, environment: dict[str, str], *, check: bool
) -> Result:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=60)
    text = "\n".join(line.rstrip() for line in done.stderr.decode(errors="backslashreplace").split("\n"))
    if check and done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}: {text}")
    return Result(done.returncode, done.stdout.decode(errors="backslashreplace"), text)


def raw_push(gate: Gate, *commands: bytes, agent: str = "codex-1") -> str:
    """Send commands that git's own client would not send, without objects; the answer with its framing."""
    packets = [commands[0] + b"\0report-status", *commands[1:]]
    stream = b"".join(b"%04x%s" % (len(packet) + 4, packet) for packet in packets) + b"0000"
    done = subprocess.run(
        ("git", "receive-pack", str(gate.path)),
        input=stream,
        env=gate.environment | {"PUSHGATE_AGENT": agent},
        capture_output=True,
        timeout=60,
    )
    return (done.stdout + done.stderr).decode(errors="backslashreplace")


def install_hooks(repository: Path) -> None:
    """Do what the gate's installer does: copy the folder, and run it with this interpreter's flags."""
    target = repository / "hooks"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(HOOKS, target, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pre-receive", "proc-receive"):
        script = target / name
        _, _, rest = script.read_text().partition("\n")
        script.write_text(f"#!{os.path.realpath(sys.executable)} -IS\n{rest}")


def make_gate(path: Path) -> Gate:
    """Set a bare repository up as the gate does."""
    environment = clean_environment(path.parent)
    command = ("git", "init", "--quiet", "--bare", "-b", "main", str(path))
    run(command, path.parent, environment, check=True)
    gate = Gate(path, environment)
    for key, value in _GATE_SETTINGS.items():
        gate.git("config", key, value)
    (path / "pushgate").mkdir(mode=0o700)
    (path / "pushgate/guard").write_text(f"{GUARD}\n")
    install_hooks(path)
    return gate


def make_clone(gate: Gate, path: Path) -> Clone:
    run(("git", "clone", "-qo", "gate", str(gate.path), str(path)), path.parent, gate.environment, check=True)
    return Clone(path, gate, gate.environment)
