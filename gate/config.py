"""Settings: from the environment and one TOML file, frozen, and complete before anything starts.

`PUSHGATE_…` variables win over `$PUSHGATE_HOME/pushgate.toml`, whose keys are the same names in lower case
without the prefix. Every fault is reported at once.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gate.domain.errors import Invalid


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an installation can choose. `docs/configuration.md` says what each is for."""

    home: Path
    port: int
    bind: str
    url: str
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    reply: str
    refresh_after: timedelta
    sweep_every: timedelta
    max_pack_size: int
    max_file_size: int
    max_changed_files: int
    credential_helper: str | None
    ssh_command: str
    origin: str
    session_lifetime: timedelta
    trusted_proxies: int
    log_level: str
    fail_point: str | None

    @property
    def repositories(self) -> Path:
        return self.home / "repositories"

    @property
    def policies(self) -> Path:
        return self.home / "policies"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def witness_file(self) -> Path:
        return self.home / "witness" / "tree-heads.txt"

    @property
    def redis_socket(self) -> Path:
        """Where the embedded server listens: a socket file, so that no agent host can reach it."""
        return self.home / "run" / "valkey.sock"

    @property
    def is_redis_embedded(self) -> bool:
        """Whether the gate runs its own Valkey server, as nobody named another."""
        return self.redis_url == f"unix://{self.redis_socket}"


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


def _text(value: str) -> str:
    return value


def _text_or_none(value: str) -> str | None:
    return value or None


def _count(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError("it must not be negative")
    return number


def _port(value: str) -> int:
    number = int(value)
    if not 1 <= number <= 65535:
        raise ValueError("a port is between 1 and 65535")
    return number


def _size(value: str) -> int:
    """Bytes, with an optional KiB, MiB or GiB."""
    for unit, factor in (("KiB", 2**10), ("MiB", 2**20), ("GiB", 2**30)):
        if value.endswith(unit):
            return _count(value.removesuffix(unit).strip()) * factor
    return _count(value)


def _seconds(value: str) -> timedelta:
    seconds = float(value)
    if not 0 <= seconds < 1e9:
        raise ValueError("it is a number of seconds, 0 or more")
    return timedelta(seconds=seconds)


def _sweep_seconds(value: str) -> timedelta:
    seconds = float(value)
    if not 1 <= seconds <= 3600:
        raise ValueError("a sweep comes every 1 to 3600 seconds, as what a lost job left rests on it")
    return timedelta(seconds=seconds)


def _one_of(*words: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in words:
            raise ValueError(f"it is one of {', '.join(words)}")
        return value

    return read


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("it is a URL such as https://gate.example.org, without a query")
    return value.rstrip("/")


OPTIONS: dict[str, Option] = {
    "home": Option("PUSHGATE_HOME", "./var", Path, "The folder of everything that the gate keeps."),
    "port": Option("PORT", "8080", _port, "The port that the web process listens on."),
    "bind": Option("PUSHGATE_BIND", "127.0.0.1", _text, "The address that the web process listens on."),
    "url": Option(
        "PUSHGATE_URL",
        "http://127.0.0.1:{port}",
        _base_url,
        "Where people and agents reach the gate; links in messages begin with it.",
    ),
    "database_url": Option(
        "DATABASE_URL",
        "sqlite:///{home}/pushgate.sqlite",
        _text,
        "The store: SQLite by default, PostgreSQL as postgresql+psycopg://…",
    ),
    "redis_url": Option(
        "REDIS_URL",
        "unix://{home}/run/valkey.sock",
        _text,
        "Redis or Valkey; unset, the embedded Valkey server is started and used.",
    ),
    "reply": Option(
        "PUSHGATE_REPLY",
        "hold",
        _one_of("hold", "accept"),
        "How git answers a held push: `hold` (remote rejected, exit 1) or `accept` (exit 0).",
    ),
    "refresh_after": Option(
        "PUSHGATE_REFRESH_SECONDS",
        "5",
        _seconds,
        "A fetch looks at upstream first when the last look is older than this.",
    ),
    "sweep_every": Option(
        "PUSHGATE_SWEEP_SECONDS", "60", _sweep_seconds, "How often everything left undone is looked for."
    ),
    "max_pack_size": Option(
        "PUSHGATE_MAX_PACK_SIZE", "2GiB", _size, "The largest push, as git sends it; 0 for no bound."
    ),
    "max_file_size": Option(
        "PUSHGATE_MAX_FILE_SIZE", "100MiB", _size, "The largest file in a push; 0 for no bound."
    ),
    "max_changed_files": Option(
        "PUSHGATE_MAX_CHANGED_FILES", "0", _count, "The most files that a push may change; 0 for no bound."
    ),
    "credential_helper": Option(
        "PUSHGATE_CREDENTIAL_HELPER",
        "",
        _text_or_none,
        "The git credential helper that knows upstream's passwords; never the passwords themselves.",
    ),
    "ssh_command": Option(
        "PUSHGATE_SSH_COMMAND",
        "ssh",
        _text,
        "How upstreams over SSH are reached, such as `ssh -i /etc/pushgate/id_ed25519`.",
    ),
    "origin": Option(
        "PUSHGATE_ORIGIN",
        "pushgate.local/audit",
        _text,
        "The name under which tree heads of the audit trail are signed.",
    ),
    "session_lifetime": Option(
        "PUSHGATE_SESSION_SECONDS", "43200", _seconds, "How long a person stays signed in."
    ),
    "trusted_proxies": Option(
        "PUSHGATE_TRUSTED_PROXIES",
        "0",
        _count,
        "How many reverse proxies stand before the gate and set X-Forwarded-* headers.",
    ),
    "log_level": Option(
        "PUSHGATE_LOG_LEVEL", "info", _one_of("debug", "info", "warning", "error"), "What gets logged."
    ),
    "fail_point": Option(
        "PUSHGATE_FAIL_POINT",
        "",
        _text_or_none,
        "For the crash test alone: the named step at which the process kills itself.",
    ),
}


# `sun_path` has 108 bytes on Linux and 104 on the BSDs, of which the last is a NUL.
_LONGEST_SOCKET_PATH = 103


def load(environment: Mapping[str, str]) -> Settings:
    """Read all settings. Raises Invalid with every fault, each with the variable's name and the fix."""
    faults: list[str] = []
    home = Path(environment.get("PUSHGATE_HOME") or OPTIONS["home"].default).expanduser().resolve()
    from_file = _read_file(home / "pushgate.toml", faults)
    given = {name: _given(option, environment, from_file) for name, option in OPTIONS.items()}
    given["home"] = str(home)
    values: dict[str, Any] = {}
    for name, option in OPTIONS.items():
        text = given[name] or _filled(option.default, given)
        try:
            values[name] = option.read(text)
        except ValueError as fault:
            faults.append(f"{option.variable} is {text!r}: {fault}")
    faults += _socket_faults(home, values.get("redis_url", ""))
    if faults:
        raise Invalid("settings", faults)
    return Settings(**values)


def _socket_faults(home: Path, redis_url: str) -> list[str]:
    """The embedded server's address is a path below the home, and a socket's path is short."""
    path = redis_url.removeprefix("unix://")
    over = len(os.fsencode(path)) - _LONGEST_SOCKET_PATH
    if not redis_url.startswith(f"unix://{home}/") or over <= 0:
        return []
    return [
        f"PUSHGATE_HOME is {str(home)!r}: {over} bytes too long for the socket {path}. "
        "Choose a shorter path, or set REDIS_URL."
    ]


def _given(option: Option, environment: Mapping[str, str], from_file: Mapping[str, str]) -> str | None:
    return environment.get(option.variable) or from_file.get(option.key)


def _filled(default: str, given: Mapping[str, str | None]) -> str:
    return default.format(home=given["home"], port=given["port"] or OPTIONS["port"].default)


def _read_file(path: Path, faults: list[str]) -> dict[str, str]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as fault:
        faults.append(f"{path}: {fault}")
        return {}
    known = {option.key for option in OPTIONS.values()} - {"home"}
    for key in sorted(set(table) - known):
        faults.append(f"{path}: {key} is no setting. Known are {', '.join(sorted(known))}.")
    return {key: str(value) for key, value in table.items() if key in known}
