"""Tokens of the App's installations: an hour long, for one repository each, and kept in files.

A job runs in a process of its own, so what is only in memory would be asked for again with each job. Two
processes that renew at once both get a good token, and the later one stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import github

from gate.adapters.github.access import GitHubAccess
from gate.adapters.github.cache import CacheFolder
from gate.adapters.github.errors import GitHubRefused, told
from gate.domain.errors import NotFound, Paused
from gate.services.ports.outside import Clock

# A push may be under way for a while before git shows its credentials again.
_LEAST_LEFT = timedelta(minutes=5)
# Before a token is blamed for a refusal, it is this old: a new one would be refused just the same.
_OLD_ENOUGH = timedelta(minutes=1)
_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Token:
    """One installation's token for one repository."""

    text: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Tokens:
    """The App's tokens. `connect` makes a client with the given token, to look up a renamed repository."""

    access: GitHubAccess
    app: Callable[[], github.GithubIntegration]
    connect: Callable[[str], github.Github]
    clock: Clock

    def fresh(self, full_name: str) -> str:
        """A token that is good for five minutes at least. Raises Paused, Unavailable, RateLimited."""
        kept = self._kept(full_name)
        if kept is not None and kept.expires_at - self.clock() >= _LEAST_LEFT:
            return kept.text
        minted = self._mint(full_name)
        self._cache.write(
            full_name,
            {"token": minted.text, "expires_at": minted.expires_at.isoformat(), "for": self._for},
        )
        return minted.text

    def file(self, full_name: str) -> Path:
        """Where the token of this repository is kept, once there is one."""
        return self._cache.path(full_name)

    def forget(self, full_name: str) -> None:
        """The next use gets a new token, with what the installation may do by then."""
        self._cache.drop(full_name)

    def forget_old(self, full_name: str) -> bool:
        """Forget a token that is not brand-new; whether there was one."""
        kept = self._kept(full_name)
        if kept is None or self.clock() - (kept.expires_at - _LIFETIME) < _OLD_ENOUGH:
            return False
        self.forget(full_name)
        return True

    @property
    def _cache(self) -> CacheFolder:
        return CacheFolder(self.access.cache)

    @property
    def _for(self) -> str:
        """Whose tokens these are: another App's are of no use."""
        return f"{self.access.app_id} at {self.access.url}"

    def _kept(self, full_name: str) -> Token | None:
        facts = self._cache.read(full_name)
        if facts.get("for") != self._for:
            return None
        try:
            return Token(str(facts["token"]), datetime.fromisoformat(facts["expires_at"]))
        except (KeyError, ValueError, TypeError):
            return None

    def _mint(self, full_name: str) -> Token:
        installation = self._installation(full_name)
        _, name = full_name.split("/")
        try:
            return self._minted(installation, full_name, {"repositories": [name]})
        except GitHubRefused as refused:
            if refused.status != 422:
                raise
            number = self._number(installation, full_name)
            return self._minted(installation, full_name, {"repository_ids": [number]})

    def _installation(self, full_name: str) -> int:
        owner, name = full_name.split("/")
        try:
            with told(f"find the App's installation for {full_name}"):
                return self.app().get_repo_installation(owner, name).id
        except NotFound as fault:
            raise Paused(
                f"the GitHub App {self.access.app_id} is not installed for {full_name}, or there is no such "
                "repository. Install the App for it, or check the upstream's address: docs/github.md."
            ) from fault

    def _minted(self, installation: int, full_name: str, wanted: dict[str, Any]) -> Token:
        with told(f"get a token for {full_name}"):
            # PyGithub's own method cannot ask for a token of one repository alone.
            path = f"/app/installations/{installation}/access_tokens"
            _, answer = self.app().requester.requestJsonAndCheck("POST", path, input=wanted)
        return Token(answer["token"], datetime.fromisoformat(answer["expires_at"]).astimezone(UTC))

    def _number(self, installation: int, full_name: str) -> int:
        """The number of a repository that has another name by now, to which GitHub redirects."""
        looking = self._minted(installation, full_name, {"permissions": {"metadata": "read"}})
        with told(f"look {full_name} up"):
            return self.connect(looking.text).get_repo(full_name).id
