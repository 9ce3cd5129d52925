"""PyGithub for each repository, with the credentials that reach it."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import github
from github.Auth import AppAuth, Auth
from github.Repository import Repository
from urllib3 import Retry

from gate.adapters.github.access import GitHubAccess
from gate.adapters.github.cache import CacheFolder
from gate.adapters.github.errors import told
from gate.adapters.github.tokens import Tokens
from gate.domain.review import Account
from gate.services.ports.outside import Clock

_SECONDS = 10
_ACCOUNT = "account"
_ACCOUNT_LIFETIME = timedelta(days=1)
_NOT_ACCESSIBLE = "not accessible by integration"


class GitHub:
    """GitHub's API, one client for each repository. Nothing is sent before the first use.

    Safe with threads and forks: PyGithub's connections are neither, so each thread of a process has its own.
    """

    def __init__(self, access: GitHubAccess, clock: Clock) -> None:
        self.access = access
        self._clock = clock
        self._local = threading.local()
        self._tokens = Tokens(access, self._integration, self._client_of, clock)
        self._cache = CacheFolder(access.cache)

    def repository(self, full_name: str) -> Repository:
        """The repository, unread: the first attribute that is asked for fetches it."""
        # `headers` says that it is not to be fetched now; what comes out of it is, as usual with PyGithub.
        unread = {"url": f"/repos/{quote(full_name)}", "full_name": full_name}
        return Repository(self.api(full_name).requester, headers={}, attributes=unread)

    def api(self, full_name: str) -> github.Github:
        """PyGithub with the credentials for this repository."""
        clients = self._connections().clients
        if full_name not in clients:
            clients[full_name] = self._renewing_client(full_name)
        return clients[full_name]

    def app(self) -> github.GithubIntegration | None:
        """PyGithub as the App itself; None where the gate works with a token."""
        return None if self.access.app_id is None else self._integration()

    def account(self, full_name: str) -> Account:
        """Who the gate is at this repository: the App's bot, or the token's owner. Kept for a day."""
        kept = self._cache.read(_ACCOUNT)
        credential = self._credential()
        if kept.get("of") == credential and self._clock() < datetime.fromisoformat(kept["until"]):
            return Account(kept["id"], kept["login"])
        found = self._look_up_account(full_name)
        until = (self._clock() + _ACCOUNT_LIFETIME).isoformat()
        facts = {"of": credential, "id": found.id, "login": found.login, "until": until}
        self._cache.write(_ACCOUNT, facts)
        return found

    def token(self, full_name: str) -> str:
        """What git and the API use for this repository, good for five minutes at least."""
        return self.access.token() if self.access.app_id is None else self._tokens.fresh(full_name)

    def forget_token(self, full_name: str) -> None:
        """After the installation was given other permissions: the next use gets a token that has them."""
        self._tokens.forget(full_name)

    def token_file(self, full_name: str) -> Path:
        """The file that has `token(full_name)` in it, for git."""
        self.token(full_name)
        if self.access.token_file is not None:
            return self.access.token_file
        return self._tokens.file(full_name)

    def _look_up_account(self, full_name: str) -> Account:
        with told("ask GitHub who the gate is"):
            if self.access.app_id is None:
                me = self.api(full_name).get_user()
                return Account(me.id, me.login)
            slug = self._integration().get_app().slug
            bot = self.api(full_name).get_user(f"{slug}[bot]")
            return Account(bot.id, bot.login)

    def _credential(self) -> str:
        """Which credential this is, without telling it."""
        secret = self.access.token() if self.access.app_id is None else str(self.access.app_id)
        return hashlib.sha256(f"{self.access.url} {secret}".encode()).hexdigest()

    def _integration(self) -> github.GithubIntegration:
        mine = self._connections()
        if mine.app is None:
            assert self.access.app_id is not None
            auth = AppAuth(self.access.app_id, self.access.private_key())
            mine.app = github.GithubIntegration(auth=auth, base_url=self.access.api_url, **_options())
        return mine.app

    def _client_of(self, token: str) -> github.Github:
        return github.Github(auth=_Freshest(lambda: token), base_url=self.access.api_url, **_options())

    def _renewing_client(self, full_name: str) -> github.Github:
        auth = _Freshest(lambda: self.token(full_name))
        client = github.Github(auth=auth, base_url=self.access.api_url, **_options())
        if self.access.app_id is not None:
            _renew_on_refusal(client.requester, lambda: self._tokens.forget_old(full_name))
        return client

    def _connections(self) -> _Connections:
        """Those of this thread in this process: a fork would share its parent's sockets."""
        found = getattr(self._local, "connections", None)
        if found is None or found.process != os.getpid():
            found = self._local.connections = _Connections(os.getpid())
        return found


@dataclass(slots=True)
class _Connections:
    """The clients of one thread, each made at its first use."""

    process: int
    app: github.GithubIntegration | None = None
    clients: dict[str, github.Github] = field(default_factory=dict)


class _Freshest(Auth):
    """Whatever token is good at the time of each request."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    @property
    def token_type(self) -> str:
        return "token"

    @property
    def token(self) -> str:
        return self._token()


def _options() -> dict[str, Any]:
    """Nothing that changes anything is ever sent twice, and nothing waits without need."""
    return {
        "timeout": _SECONDS,
        "user_agent": "Pushgate",
        "per_page": 100,
        "seconds_between_requests": 0,
        "seconds_between_writes": 0,
        "retry": Retry(
            total=2,
            # Faults of TLS in the middle of an answer, which urllib3 would try again whatever the method.
            other=0,
            allowed_methods=frozenset({"GET", "HEAD"}),
            status_forcelist=frozenset({500, 502, 503, 504}),
            backoff_factor=0.2,
            # The last answer is worth more than an error without one.
            raise_on_status=False,
            # A worker must not sleep through a rate limit: its job is put off instead.
            respect_retry_after_header=False,
        ),
    }


def _renew_on_refusal(requester: github.Requester.Requester, forget_old: Callable[[], bool]) -> None:
    """Send a request that was refused for its token once more, with a new one: nothing had been done.

    A token can be revoked before its time, and has only the permissions that the App had when it was made.
    """
    send = requester.requestJsonAndCheck

    def send_again(*arguments: Any, **more: Any) -> tuple[dict[str, Any], Any]:
        try:
            return send(*arguments, **more)
        except github.GithubException as refused:
            if not _is_about_the_token(refused) or not forget_old():
                raise
        return send(*arguments, **more)

    # PyGithub has no place for this but the method itself.
    requester.requestJsonAndCheck = send_again  # type: ignore[method-assign]


def _is_about_the_token(refused: github.GithubException) -> bool:
    words = refused.data.get("message") if isinstance(refused.data, dict) else None
    return refused.status == 401 or (refused.status == 403 and _NOT_ACCESSIBLE in str(words).lower())
