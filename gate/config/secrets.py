"""Files with secrets that an admin made: looked at when settings are read, so that a fault shows at once."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

_SHORTEST_WEBHOOK_SECRET = 16


def secret_fault(path: Path) -> str | None:
    """What is wrong with this file, and how to mend it; None where it can be used."""
    try:
        if path.stat().st_mode & 0o077:
            return f"others can read {path}; run: chmod 600 {path}"
        if not path.read_text(encoding="utf-8").strip():
            return f"{path} is empty"
    except OSError as fault:
        return f"{path} cannot be read: {fault.strerror}"
    except UnicodeDecodeError:
        return f"{path} is no text"
    return None


def secret_lines(path: Path) -> tuple[str, ...]:
    """The secrets of a file that has no fault, one a line."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line)


def webhook_fault(path: Path) -> str | None:
    """`secret_fault`, and whether there are one or two secrets that are hard to guess."""
    if fault := secret_fault(path):
        return fault
    found = secret_lines(path)
    if len(found) > 2:
        return f"{path} has {len(found)} secrets, one a line; it has one, or two while they are changed"
    if any(len(secret) < _SHORTEST_WEBHOOK_SECRET for secret in found):
        return f"{path} has a secret of fewer than {_SHORTEST_WEBHOOK_SECRET} characters; make a longer one"
    return None


def slack_fault(path: Path) -> str | None:
    """`secret_fault`, and whether it has one https:// address."""
    if fault := secret_fault(path):
        return fault
    found = secret_lines(path)
    if len(found) != 1 or urlsplit(found[0]).scheme not in ("https", "http"):
        return f"{path} has one line, the address of the incoming webhook"
    return None
