"""The port to the signed tree heads of the audit trail."""

from __future__ import annotations

from typing import Protocol


class TreeHeads(Protocol):
    """Signs where the trail stands, and puts it before the witnesses."""

    def witness(self) -> str:
        """Sign the trail as it is now, record the head outside the database, and return the signed note.

        The last note again where nothing was appended since.
        """
