"""The token by which the reference-transaction hook knows the gate's own git commands."""

from __future__ import annotations

import secrets
from pathlib import Path

from gate.adapters.git.command import Git
from gate.adapters.git.files import read_file, write_file
from gate.domain.errors import Failed


def write_guard(folder: Path) -> None:
    """Give a repository its token, unless it has one."""
    if not _token(folder):
        write_file(folder / "pushgate" / "guard", secrets.token_hex(32).encode() + b"\n")


def guarded(git: Git) -> Git:
    """The same git, allowed to move the repository's refs."""
    token = _token(git.folder)
    if not token:
        raise Failed(
            f"{git.folder}/pushgate/guard is missing or empty, so no ref can move. "
            "Run `python -m gate repo check` for the way to mend it."
        )
    return git.having(PUSHGATE_GUARD=token)


def _token(folder: Path) -> str:
    return (read_file(folder / "pushgate" / "guard") or b"").decode("ascii", "replace").strip()
