"""Secrets that the gate makes for itself, one in a file that only its user can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from gate.domain.errors import Invalid


def secret_in(path: Path) -> str:
    """The secret in this file, made on first use. Raises Invalid where it is empty or others can read it."""
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise Invalid(str(path), [f"others can read this secret; run: chmod 600 {path}"])
    secret = path.read_text(encoding="ascii").strip()
    if not secret:
        raise Invalid(str(path), [f"this secret is empty; run: rm {path} (the gate then makes a new one)"])
    return secret


def _create(path: Path) -> None:
    """Write a new secret beside the path and link it there: nobody sees half of one, the first wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
    except FileExistsError:
        pass  # Another process made the secret in this moment; it is as good as ours.
    finally:
        unfinished.unlink()
