"""A small world of real repositories: an upstream, a gate in front of it, and a hand that writes commits."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gate.adapters.git.repositories import GitRepositories
from gate.adapters.git.repository import GitRepository
from gate.domain.hold import ZERO_OID, RefUpdate

PERSON = {
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0100",
    "GIT_COMMITTER_NAME": "Bob",
    "GIT_COMMITTER_EMAIL": "bob@example.org",
    "GIT_COMMITTER_DATE": "1700000000 +0100",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": os.environ["PATH"],
}
WHEN = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
PUSH = "01hfzzzzzzzzzzzzzzzzzzzzzz"


def git(folder: Path, *arguments: str | bytes, stdin: bytes = b"", **variables: str) -> str:
    """Run git in a bare repository as a person would, and return what it printed."""
    command = ("git", f"--git-dir={folder}", *arguments)
    done = subprocess.run(command, input=stdin, capture_output=True, env={**PERSON, **variables}, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="surrogateescape").strip()


@dataclass(frozen=True)
class Bare:
    """A bare repository that a test writes commits into."""

    folder: Path

    def blob(self, content: bytes) -> str:
        return git(self.folder, "hash-object", "-w", "--stdin", stdin=content)

    def tree(self, files: Mapping[bytes, bytes | tuple[str, str]]) -> str:
        """A tree of paths, each with its content or with (mode, oid)."""
        lines = []
        for path, value in files.items():
            mode, oid = value if isinstance(value, tuple) else ("100644", self.blob(value))
            lines.append(f"{mode} {oid}\t".encode() + path)
        index = str(self.folder / "test-index")
        stdin = b"".join(line + b"\0" for line in lines)
        git(self.folder, "update-index", "-z", "--index-info", stdin=stdin, GIT_INDEX_FILE=index)
        oid = git(self.folder, "write-tree", "--missing-ok", GIT_INDEX_FILE=index)
        Path(index).unlink()
        return oid

    def commit(
        self,
        files: Mapping[bytes, bytes | tuple[str, str]],
        *parents: str,
        message: bytes = b"change\n",
        **variables: str,
    ) -> str:
        tree = self.tree(files) if files else git(self.folder, "mktree")
        words = [word for parent in parents for word in ("-p", parent)]
        return git(self.folder, "commit-tree", *words, tree, stdin=message, **variables)

    def set(self, ref: str, oid: str) -> None:
        if oid == ZERO_OID:
            git(self.folder, "update-ref", "-d", ref)
        else:
            git(self.folder, "update-ref", ref, oid)

    def refs(self, *patterns: str) -> dict[str, str]:
        lines = git(self.folder, "for-each-ref", "--format=%(objectname) %(refname)", *patterns).splitlines()
        return {ref: oid for oid, ref in (line.split(" ") for line in lines)}


@dataclass(frozen=True)
class World:
    """An upstream with one commit on `main`, and a gate in front of it."""

    upstream: Bare
    gate: Bare
    first: str
    repositories: GitRepositories
    repository: GitRepository

    def bring(self, oid: str, *others: str) -> None:
        """Bring objects from upstream's object store into the gate's, without any ref."""
        pack = subprocess.run(
            ("git", f"--git-dir={self.upstream.folder}", "pack-objects", "--revs", "--stdout", "-q"),
            input="".join(f"{one}\n" for one in (oid, *others)).encode(),
            capture_output=True,
            env=PERSON,
            check=True,
        ).stdout
        git(self.gate.folder, "unpack-objects", "-q", stdin=pack)

    def hold(self, receipt: Mapping[str, object], *, push: str = PUSH) -> None:
        """Write held refs and a receipt as the hook does."""
        oid = self.gate.blob(json.dumps(receipt).encode())
        lines = [f"create refs/quarantine/{push}/receipt {oid}"]
        for update in receipt["updates"]:  # type: ignore[attr-defined]
            if update["held_ref"]:
                lines.append(f"create {update['held_ref']} {update['new']}")
        stdin = "".join(f"{line}\n" for line in lines).encode()
        git(self.gate.folder, "update-ref", "--stdin", stdin=stdin, PUSHGATE_GUARD=self.guard())

    def guard(self) -> str:
        return (self.gate.folder / "pushgate" / "guard").read_text().strip()


def receipt(*updates: tuple[RefUpdate, int], push: str = PUSH) -> dict[str, object]:
    """A receipt of updates with their hold numbers, in the hook's format."""
    return {
        "format": 1,
        "push": push,
        "agent": "codex-1",
        "transport": "http",
        "received_at": "2023-11-14T22:13:20Z",
        "atomic": False,
        "options": [],
        "reply": "hold",
        "updates": [
            {
                "ref": update.ref,
                "old": update.old,
                "new": update.new,
                "held_ref": None if update.is_delete else f"refs/quarantine/{push}/{n}",
                "hold": number,
                "revision": 1,
            }
            for n, (update, number) in enumerate(updates, start=1)
        ],
    }


def make_bare(folder: Path) -> Bare:
    subprocess.run(
        ("git", "init", "-q", "--bare", "--initial-branch=main", str(folder)), check=True, env=PERSON
    )
    return Bare(folder)


def make_world(folder: Path) -> World:
    upstream = make_bare(folder / "upstream.git")
    first = upstream.commit({b"readme": b"one\n"}, message=b"first\n")
    upstream.set("refs/heads/main", first)
    repositories = GitRepositories(folder / "gate")
    repository = repositories.create("demo", str(upstream.folder))
    return World(upstream, Bare(folder / "gate" / "demo.git"), first, repositories, repository)
