"""Commits written straight into a bare repository, in no time: a test needs many of them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zlib
from collections.abc import Mapping
from pathlib import Path

ZERO = "0" * 40
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
    "PATH": os.environ["PATH"],
}
_WHO = "codex-1 <codex-1@example.org>"


def git(folder: Path, *arguments: str, **variables: str) -> str:
    """Run git in a bare repository, with no hooks in the way, and return what it printed."""
    command = ("git", "-c", "core.hooksPath=/dev/null", f"--git-dir={folder}", *arguments)
    done = subprocess.run(command, capture_output=True, env={**ENVIRONMENT, **variables}, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="surrogateescape").strip()


class ObjectStore:
    """A bare repository whose loose objects are written by hand; no process is started for a commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run(
            ("git", "init", "-q", "--bare", "-b", "main", str(folder)), check=True, env=ENVIRONMENT
        )

    def commit(
        self, files: Mapping[str, bytes], *parents: str, message: str = "change", author: str = _WHO
    ) -> str:
        """A commit of exactly these files, none of them in a folder."""
        entries = (
            b"100644 %s\0" % name.encode() + bytes.fromhex(self._write("blob", content))
            for name, content in sorted(files.items())
        )
        lines = [f"tree {self._write('tree', b''.join(entries))}", *(f"parent {oid}" for oid in parents)]
        when = "1790000000 +0000"
        lines += [f"author {author} {when}", f"committer {author} {when}", "", message, ""]
        return self._write("commit", "\n".join(lines).encode())

    def tag(self, oid: str, name: str, message: str = "") -> str:
        """An annotated tag; its message is its name unless given."""
        lines = [
            f"object {oid}",
            "type commit",
            f"tag {name}",
            f"tagger {_WHO} 1790000000 +0000",
            "",
            message or name,
            "",
        ]
        return self._write("tag", "\n".join(lines).encode())

    def _write(self, kind: str, content: bytes) -> str:
        stored = f"{kind} {len(content)}\0".encode() + content
        oid = hashlib.sha1(stored, usedforsecurity=False).hexdigest()
        path = self.folder / "objects" / oid[:2] / oid[2:]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(zlib.compress(stored, 1))
        return oid
