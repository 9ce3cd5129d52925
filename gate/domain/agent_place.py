"""Where an agent works: the folders of its host that the gate may read evidence from."""

from __future__ import annotations

from dataclasses import dataclass

LOCAL = "local"
"""The host is this machine."""


@dataclass(frozen=True, slots=True)
class AgentPlace:
    """The folders of one agent, as absolute paths on its host; several may stand behind one name."""

    agent: str
    codex_home: str
    work: tuple[str, ...] = ()
    recordings: tuple[str, ...] = ()
    kind: str = LOCAL
