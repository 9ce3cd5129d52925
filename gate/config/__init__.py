"""Settings: from the environment and one TOML file, frozen, and complete before anything starts.

`PUSHGATE_…` variables win over `$PUSHGATE_HOME/pushgate.toml`, whose keys are the same names in lower case
without the prefix; a table `[github]` has the keys that begin with `github_`, without that. Every fault is
reported at once.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from gate.config.github import OPTIONS as GITHUB
from gate.config.github import GitHubSettings, github_settings
from gate.config.notify import OPTIONS as NOTIFY
from gate.config.notify import NotifySettings, notify_settings
from gate.config.readers import (
    Hidden,
    Option,
    base_url,
    count,
    one_of,
    port,
    seconds,
    size,
    sweep_seconds,
    text,
    text_or_none,
)
from gate.domain.errors import Invalid

__all__ = ["Settings", "GitHubSettings", "NotifySettings", "Option", "OPTIONS", "load"]


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
    evidence_url: str
    evidence_days: int
    raw_evidence_days: int
    rule_cache: Path
    trusted_proxies: int
    log_level: str
    fail_point: str | None
    github_url: str = "https://github.com"
    github: GitHubSettings | None = None
    notify: NotifySettings | None = None

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
    def scan_socket(self) -> Path:
        """Where the hooks ask what a scan for secrets says of a push."""
        return self.home / "run" / "scan.sock"

    @property
    def is_redis_embedded(self) -> bool:
        """Whether the gate runs its own Valkey server, as nobody named another."""
        return self.redis_url == f"unix://{self.redis_socket}"


OPTIONS: dict[str, Option] = {
    "home": Option("PUSHGATE_HOME", "./var", Path, "The folder of everything that the gate keeps."),
    "port": Option("PORT", "8080", port, "The port that the web process listens on."),
    "bind": Option("PUSHGATE_BIND", "127.0.0.1", text, "The address that the web process listens on."),
    "url": Option(
        "PUSHGATE_URL",
        "http://127.0.0.1:{port}",
        base_url,
        "Where people and agents reach the gate; links in messages begin with it.",
    ),
    "database_url": Option(
        "DATABASE_URL",
        "sqlite:///{home}/pushgate.sqlite",
        text,
        "The store: SQLite by default, PostgreSQL as postgresql+psycopg://…",
    ),
    "redis_url": Option(
        "REDIS_URL",
        "unix://{home}/run/valkey.sock",
        text,
        "Redis or Valkey; unset, the embedded Valkey server is started and used.",
    ),
    "reply": Option(
        "PUSHGATE_REPLY",
        "hold",
        one_of("hold", "accept"),
        "How git answers a held push: `hold` (remote rejected, exit 1) or `accept` (exit 0).",
    ),
    "refresh_after": Option(
        "PUSHGATE_REFRESH_SECONDS",
        "5",
        seconds,
        "A fetch looks at upstream first when the last look is older than this.",
    ),
    "sweep_every": Option(
        "PUSHGATE_SWEEP_SECONDS", "60", sweep_seconds, "How often everything left undone is looked for."
    ),
    "max_pack_size": Option(
        "PUSHGATE_MAX_PACK_SIZE", "2GiB", size, "The largest push, as git sends it; 0 for no bound."
    ),
    "max_file_size": Option(
        "PUSHGATE_MAX_FILE_SIZE", "100MiB", size, "The largest file in a push; 0 for no bound."
    ),
    "max_changed_files": Option(
        "PUSHGATE_MAX_CHANGED_FILES", "0", count, "The most files that a push may change; 0 for no bound."
    ),
    "credential_helper": Option(
        "PUSHGATE_CREDENTIAL_HELPER",
        "",
        text_or_none,
        "The git credential helper that knows upstream's passwords; never the passwords themselves.",
    ),
    "ssh_command": Option(
        "PUSHGATE_SSH_COMMAND",
        "ssh",
        text,
        "How upstreams over SSH are reached, such as `ssh -i /etc/pushgate/id_ed25519`.",
    ),
    "origin": Option(
        "PUSHGATE_ORIGIN",
        "pushgate.local/audit",
        text,
        "The name under which tree heads of the audit trail are signed.",
    ),
    "session_lifetime": Option(
        "PUSHGATE_SESSION_SECONDS", "43200", seconds, "How long a person stays signed in."
    ),
    "trusted_proxies": Option(
        "PUSHGATE_TRUSTED_PROXIES",
        "0",
        count,
        "How many reverse proxies stand before the gate and set X-Forwarded-* headers.",
    ),
    "evidence_url": Option(
        "PUSHGATE_EVIDENCE_URL",
        "{home}/evidence",
        text,
        "Where evidence is kept: a folder, or an S3-compatible store as s3://bucket/prefix.",
    ),
    "evidence_days": Option(
        "PUSHGATE_EVIDENCE_DAYS",
        "400",
        count,
        "How many days after a hold's end its logs and artifacts are kept; 0 for ever.",
    ),
    "raw_evidence_days": Option(
        "PUSHGATE_RAW_EVIDENCE_DAYS",
        "90",
        count,
        "How many days after a hold's end raw bytes, which may hold secrets, are kept; 0: like the rest.",
    ),
    "rule_cache": Option(
        "PUSHGATE_RULE_CACHE",
        "{home}/cache/rules",
        Path,
        "Where the compiled rules of the scan for secrets are: seconds to make, 0.3 s to load.",
    ),
    "log_level": Option(
        "PUSHGATE_LOG_LEVEL", "info", one_of("debug", "info", "warning", "error"), "What gets logged."
    ),
    "fail_point": Option(
        "PUSHGATE_FAIL_POINT",
        "",
        text_or_none,
        "For the crash test alone: the named step at which the process kills itself.",
    ),
    **GITHUB,
    **NOTIFY,
}

# A table of the file, and what its keys begin with outside it.
_TABLES = {"github": "github_", "notify": "notify_"}


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
        value = given[name] or _filled(option.default, given)
        try:
            values[name] = option.read(value)
        except Hidden as fault:
            faults.append(f"{option.variable}: {fault}")
        except ValueError as fault:
            faults.append(f"{option.variable} is {value!r}: {fault}")
    faults += _socket_faults(home, values.get("redis_url", ""))
    github, notify = github_settings(values, faults), notify_settings(values, faults)
    if faults:
        raise Invalid("settings", faults)
    grouped = {*GITHUB, *NOTIFY} - {"github_url"}
    alone = {name: value for name, value in values.items() if name not in grouped}
    return Settings(**alone, github=github, notify=notify)


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
    found = dict(_flat(table))
    for key in sorted(set(found) - known):
        faults.append(f"{path}: {key} is no setting. Known are {', '.join(sorted(known))}.")
    return {key: _as_text(value) for key, value in found.items() if key in known}


def _flat(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys and values, with those of a group's table under their long names."""
    for key, value in table.items():
        if key in _TABLES and isinstance(value, dict):
            yield from ((f"{_TABLES[key]}{short}", one) for short, one in value.items())
        else:
            yield key, value


def _as_text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
