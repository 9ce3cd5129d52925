"""The installation as it lies on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from gate.adapters.sql.migrate import is_current
from gate.adapters.sql.store import SqlStore
from gate.domain.audit import AuditFilter
from gate.services.ports.git import Finding


@dataclass(frozen=True, slots=True)
class InstallationOnDisk:
    """Implements `ports.installation.Installation`.

    `private` are folders that only the gate's user may enter: the agent's user must not read a key, nor
    write a repository, a hook or the store.
    """

    home: Path
    private: tuple[Path, ...]
    store: SqlStore

    def findings(self) -> Iterator[Finding]:
        if os.geteuid() == 0:
            yield Finding(
                "user",
                "the gate runs as root",
                "run it as a system user of its own: docs/operations.md",
                is_fatal=False,
            )
        for path in (self.home, *self.private):
            yield from _folder_findings(path)
        for path in sorted((self.home / "secrets").glob("*")):
            yield from _secret_findings(path)
        for path in sorted(self.home.glob("pushgate.sqlite*")):
            yield from _owner_findings(path)

    def is_store_current(self) -> bool:
        try:
            return is_current(self.store)
        except SQLAlchemyError:
            return False

    def newest_event_at(self) -> datetime | None:
        with self.store.snapshot() as tx:
            newest = tx.audit.events(AuditFilter(), limit=1)
        return newest[0].event.at if newest else None


def _folder_findings(path: Path) -> Iterator[Finding]:
    if not path.is_dir():
        yield Finding(str(path), "it is missing", "python -m gate migrate")
        return
    if path.stat().st_mode & 0o077:
        yield Finding(str(path), "others can enter it", f"chmod 700 {path}")
    yield from _owner_findings(path)


def _secret_findings(path: Path) -> Iterator[Finding]:
    if path.stat().st_mode & 0o077:
        yield Finding(str(path), "others can read this key", f"chmod 600 {path}")
    yield from _owner_findings(path)


def _owner_findings(path: Path) -> Iterator[Finding]:
    owner = path.stat().st_uid
    if owner != os.geteuid():
        yield Finding(
            str(path),
            f"it belongs to user {owner}, and the gate runs as {os.geteuid()}",
            f"chown -R {os.geteuid()} {path}",
        )
