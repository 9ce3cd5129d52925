"""A hold whose evidence, log and recording say one text everywhere."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from gate.domain.evidence import Evidence, EvidenceFile, FileKind
from gate.domain.hold import Hold
from gate.domain.review import Role
from gate.domain.session.transcript import Entry, EntryKind, Mark
from tests.pull_request.evidence_building import evidence_saying
from tests.web.web_world import NOON, World

_LINES = 40_000
_RECORDED = 60_000


class HostileWorld(World):
    """alice the admin, and the hold demo/1."""

    hold: Hold

    @classmethod
    def at(cls, folder: Path) -> HostileWorld:
        world = cls(folder)
        world.add_person("alice", Role.ADMIN)
        world.add_repository()
        world.add_agent()
        world.commit("demo", {"ci.yml": b"on: push\n"}, "Add a workflow")
        world.hold = world.push()
        return world

    def say(self, text: str) -> Evidence:
        """Put this text into everything that was gathered for the hold."""
        said = evidence_saying(text)
        evidence = replace(said, files=(*_texts(self, text), *said.files[:1]))
        with self.store.transaction() as tx:
            tx.evidence.put(self.hold.id, 1, evidence)
        return evidence


def _texts(world: World, text: str) -> tuple[EvidenceFile, ...]:
    kept = {
        FileKind.TRANSCRIPT: "".join(f"{entry.line_text()}\n" for entry in _entries(text[:_LINES])),
        FileKind.CAST: _cast(text[:_RECORDED]),
        FileKind.PLAIN_LOG: text[:_RECORDED],
    }
    files = []
    for kind, content in kept.items():
        found = world.contents.keep([content.encode("utf-8", "replace")])
        files.append(EvidenceFile(kind, text, None, None, found.sha256, found.size))
    return tuple(files)


def _entries(text: str) -> list[Entry]:
    """An entry of each kind, so that 3, 4 and 5 are the commands that the session has."""
    kinds = (EntryKind.PROMPT, EntryKind.MESSAGE, EntryKind.TURN, *(EntryKind.COMMAND,) * 3)
    rest = (EntryKind.EDIT, EntryKind.PLAN, EntryKind.REASONING, EntryKind.NOTE)
    return [
        Entry(n, kind, n + 1, text, text, NOON, NOON, text, text, text, marks=tuple(Mark))
        for n, kind in enumerate((*kinds, *rest))
    ]


def _cast(text: str) -> str:
    header = {
        "version": 3,
        "term": {"cols": 80, "rows": 24},
        "title": text,
        "command": text,
        "timestamp": NOON.timestamp(),
    }
    events = [[0.1, "o", text], [0.1, "m", text], [0.1, "i", text], [0.1, "r", "100x30"], [0.1, "x", "0"]]
    return "".join(json.dumps(line) + "\n" for line in (header, *events))
