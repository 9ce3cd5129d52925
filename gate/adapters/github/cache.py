"""Small facts that outlive a job's process, as JSON files that only the gate's user can read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.adapters.git.files import read_file, write_file


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """One file for each name, written in one step: whoever reads it sees all of the old or all of the new."""

    folder: Path

    def path(self, name: str) -> Path:
        """Where this is kept. GitHub's names differ in more than case nowhere, and `+` is in none."""
        return self.folder / f"{name.casefold().replace('/', '+')}.json"

    def read(self, name: str) -> dict[str, Any]:
        """What is kept under this name; empty where nothing is, or nothing that can be read."""
        try:
            found = json.loads(read_file(self.path(name)) or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, name: str, facts: dict[str, Any]) -> None:
        write_file(self.path(name), json.dumps(facts).encode())

    def drop(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)
