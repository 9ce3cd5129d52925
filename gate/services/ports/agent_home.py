"""The port to an agent's home folder, which belongs to the agent's system user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HomeSetup:
    """What is written into an agent's home: `token` for the gate at `url`, and git's way to it."""

    agent: str
    home: str
    url: str
    token: str = field(repr=False)


class AgentHomes(Protocol):
    """Sets homes up, with the rights of the user who owns them and no others."""

    def faults(self, home: str, folders: Sequence[str]) -> list[str]:
        """Why this home cannot be set up, and which of the folders are not absolute or not there."""

    def script(self, setup: HomeSetup) -> str:
        """The shell script that sets the home up, for people to read or to run on another host."""

    def install(self, setup: HomeSetup) -> None:
        """Set the home up; the same again changes nothing. Raises Failed."""
