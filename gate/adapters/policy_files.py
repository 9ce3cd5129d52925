"""Policies as files of the installation: `<folder>/<repository>.toml`, read afresh each time."""

from __future__ import annotations

from pathlib import Path

from gate.domain.errors import Failed
from gate.domain.policy import default_policy


class FolderOfPolicies:
    """Implements `ports.outside.PolicyFiles`. The folder is the gate's own: agents cannot reach it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, repository: str) -> Path:
        return self._folder / f"{repository}.toml"

    def text(self, repository: str) -> str | None:
        try:
            return self.path(repository).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise Failed(f"{self.path(repository)} cannot be read: {fault.strerror}.") from fault
        except UnicodeDecodeError:
            # Not TOML either, so the parser says what is wrong with it, and nothing is released.
            return self.path(repository).read_text(encoding="utf-8", errors="backslashreplace")

    def write_default(self, repository: str, *, settle_seconds: int = 0) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.path(repository).exists():
            self.path(repository).write_text(default_policy(settle_seconds=settle_seconds), encoding="utf-8")
