"""Secrets that the gate makes for itself, one in a file that only its user can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from gate.domain.errors import Invalid


def secret_in(path: Path) -> str:
    """The secret in this file, made on first use. Raises Invalid where others can read the file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    if path.stat().st_mode & 0o077:
        raise Invalid(str(path), [f"others can read this secret; run: chmod 600 {path}"])
    return path.read_text(encoding="ascii").strip()
