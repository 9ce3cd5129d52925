"""How one setting is read from its text; each raises ValueError with what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: its environment variable, its default as text, how it is read, and what it is for."""

    variable: str
    default: str
    read: Callable[[str], Any]
    purpose: str

    @property
    def key(self) -> str:
        """Its name in the TOML file."""
        return self.variable.removeprefix("PUSHGATE_").lower()


def text(value: str) -> str:
    return value


def text_or_none(value: str) -> str | None:
    return value or None


def count(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError("it must not be negative")
    return number


def count_or_none(value: str) -> int | None:
    return count(value) if value else None


def port(value: str) -> int:
    number = int(value)
    if not 1 <= number <= 65535:
        raise ValueError("a port is between 1 and 65535")
    return number


def size(value: str) -> int:
    """Bytes, with an optional KiB, MiB or GiB."""
    for unit, factor in (("KiB", 2**10), ("MiB", 2**20), ("GiB", 2**30)):
        if value.endswith(unit):
            return count(value.removesuffix(unit).strip()) * factor
    return count(value)


def seconds(value: str) -> timedelta:
    number = float(value)
    if not 0 <= number < 1e9:
        raise ValueError("it is a number of seconds, 0 or more")
    return timedelta(seconds=number)


def sweep_seconds(value: str) -> timedelta:
    number = float(value)
    if not 1 <= number <= 3600:
        raise ValueError("a sweep comes every 1 to 3600 seconds, as what a lost job left rests on it")
    return timedelta(seconds=number)


def one_of(*words: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in words:
            raise ValueError(f"it is one of {', '.join(words)}")
        return value

    return read


def yes_or_no(value: str) -> bool:
    """As TOML has it, or as Python writes what TOML had."""
    if value.lower() not in ("true", "false"):
        raise ValueError("it is true or false")
    return value.lower() == "true"


def words(value: str) -> tuple[str, ...]:
    """Several values, between commas."""
    return tuple(word for part in value.split(",") if (word := part.strip()))


def path_or_none(value: str) -> Path | None:
    return Path(value).expanduser().resolve() if value else None


def base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("it is a URL such as https://gate.example.org, without a query")
    return value.rstrip("/")


def forge_url(value: str) -> str:
    """A base URL to which the gate sends tokens: encrypted, unless it is this very machine."""
    parts = urlsplit(base_url(value))
    if parts.path.strip("/") or "@" in parts.netloc:
        raise ValueError("it is the web address alone, such as https://github.com")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
        raise ValueError("it begins with https://, as tokens are sent there")
    return base_url(value)


def smtp_url(value: str) -> str | None:
    """smtp://host:port (STARTTLS) or smtps://user@host; the password is in a file of its own."""
    if not value:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("it is smtp://USER@HOST:587 or smtps://USER@HOST:465")
    if parts.password is not None:
        # Raised with the value in the message, which so must not have the password in it.
        raise Hidden("it has a password in it; put that into the file of PUSHGATE_SMTP_PASSWORD_FILE")
    return value


class Hidden(ValueError):
    """A value that must not be repeated, as it has something secret in it."""


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
