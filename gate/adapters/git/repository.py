"""One bare repository behind the gate."""

from __future__ import annotations

from pathlib import Path

from gate.adapters.git.check import check
from gate.adapters.git.command import Git
from gate.adapters.git.held_pushes import GitHeldPushes
from gate.adapters.git.history import GitHistory
from gate.adapters.git.maintenance import maintain
from gate.adapters.git.upstream import Access, GitUpstream
from gate.services.ports.git import Finding


class GitRepository:
    """A folder `name.git` with the gate's hooks, as `GitRepositories` made it."""

    def __init__(self, folder: Path, name: str, access: Access, hooks: Path) -> None:
        self._git = Git(folder)
        self._name = name
        self._hooks = hooks
        self.held = GitHeldPushes(self._git)
        self.history = GitHistory(self._git)
        self.upstream = GitUpstream(self._git, access)

    def check(self) -> list[Finding]:
        return check(self._git, self._name, self._hooks, self.upstream)

    def maintain(self) -> None:
        maintain(self._git)
