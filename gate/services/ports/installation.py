"""The port to the installation itself: its folders, keys and schema."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from gate.services.ports.git import Finding


class Installation(Protocol):
    """What can be asked about the machine that the gate runs on."""

    def findings(self) -> Iterable[Finding]:
        """What is wrong with owners, modes and keys of the gate's files."""

    def is_store_current(self) -> bool:
        """Whether the database can be reached and has this release's schema."""

    def newest_event_at(self) -> datetime | None:
        """The time of the newest audit event."""
