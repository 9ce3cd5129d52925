"""The port to the ways in which people are told that reviews wait."""

from __future__ import annotations

from typing import Protocol


class Notifier(Protocol):
    """One way of telling people, such as e-mail."""

    @property
    def name(self) -> str:
        """What the trail calls it, and under which the store keeps what it still has to tell."""

    def send(self, subject: str, text: str) -> None:
        """Tell everybody who is told this way. Raises Unavailable, or Failed where nobody was told."""
