"""Reading GitHub for a check: plain answers, and a finding instead of an error where one may not look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gate.adapters.github.client import GitHub
from gate.adapters.github.errors import told


@dataclass(frozen=True, slots=True)
class Look:
    """One repository, asked for as the gate sees it."""

    github: GitHub
    full_name: str

    def repository(self, path: str = "", **parameters: str | int) -> Any:
        """Raises NotFound, GitHubDenied, Paused, Unavailable."""
        with told(f"read {path.removeprefix('/') or 'the repository'} of {self.full_name}"):
            requester = self.github.api(self.full_name).requester
            url = f"/repos/{quote(self.full_name)}{path}"
            return requester.requestJsonAndCheck("GET", url, parameters)[1]

    def pages(self, path: str, *, most: int) -> Iterator[Any]:
        """The entries of a list, page by page, up to about `most` of them."""
        for page in range(1, most // 100 + 1):
            entries = self.repository(path, per_page=100, page=page)
            yield from entries
            if len(entries) < 100:
                return

    def as_app(self, path: str, **parameters: str | int) -> Any:
        """The answer to the App itself. Raises like `repository`."""
        app = self.github.app()
        assert app is not None
        with told(f"read {path}"):
            return app.requester.requestJsonAndCheck("GET", path, parameters)[1]


def quoted(name: str) -> str:
    """A branch or file name as one part of a path."""
    return quote(name, safe="")
