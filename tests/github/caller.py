"""Somebody who asks the simulated GitHub by plain HTTP, and a shop to ask about."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from typing import Any

import jwt
import requests

from tests.github.simulator import App, Person, Pull, Repository, Simulator

_SECONDS = 30


@dataclass(frozen=True)
class Caller:
    """Every answer as it comes, without following redirects."""

    simulator: Simulator
    token: str
    kind: str = "token"

    def __call__(self, method: str, path: str, body: Any = None, **parameters: Any) -> requests.Response:
        return requests.request(
            method,
            f"{self.simulator.url}/api/v3{path}",
            json=body,
            params=parameters,
            headers={"Authorization": f"{self.kind} {self.token}"},
            allow_redirects=False,
            timeout=_SECONDS,
        )

    def refusal(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and words of an answer, the words of its first error where it has any."""
        answer = self(method, path, body)
        if answer.ok:
            return answer.status_code, ""
        said = answer.json()
        error = (said.get("errors") or [said["message"]])[0]
        return answer.status_code, error if isinstance(error, str) else error.get("message", error)


class Shop:
    """acme/shop with one commit on main; alice and bob may write there, the App `pushgate` everything."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.repository: Repository = simulator.repository("acme/shop")
        self.alice, self.bob, self.carol = (simulator.person(one) for one in ("alice", "bob", "carol"))
        for person, role in ((self.alice, "write"), (self.bob, "write"), (self.carol, "admin")):
            simulator.collaborator(self.repository, person, role)
        self.first = simulator.commit(self.repository, "main", by=self.alice, readme="one\n")
        self.app = simulator.app("pushgate", on=[self.repository])

    def branch(self, name: str = "change", *, by: Person | None = None, **files: str) -> str:
        """A branch with one commit on top of main."""
        tip = self.repository.tip("main")
        assert tip is not None
        if self.repository.tip(name) is None:
            (by or self.alice).push(self.repository, f"refs/heads/{name}", tip)
        return self.simulator.commit(self.repository, name, by=by or self.alice, **(files or {"a": "1\n"}))

    def open(self, name: str = "change") -> Pull:
        """A pull request of alice's for one commit."""
        self.branch(name)
        return self.alice.open(self.repository, name)

    def as_app(self, app: App | None = None, *, key: str | None = None, **claims: float) -> Caller:
        app, now = app or self.app, int(time.time())
        said: dict[str, Any] = {"iat": now - 60, "exp": now + 540, "iss": str(app.id), **claims}
        return Caller(self.simulator, jwt.encode(said, key or app.private_key_pem, "RS256"), "Bearer")

    def gate(self, **permissions: str) -> Caller:
        """The App in its installation, with these permissions or all that it has."""
        body = {"permissions": permissions} if permissions else {}
        return Caller(self.simulator, self.mint(body).json()["token"])

    def mint(self, body: dict[str, Any], app: App | None = None) -> requests.Response:
        as_app = self.as_app(app)
        number = as_app("GET", "/repos/acme/shop/installation").json()["id"]
        return as_app("POST", f"/app/installations/{number}/access_tokens", body)

    def gate_elsewhere(self) -> Caller:
        """The App in an installation that has another repository alone."""
        other = self.simulator.repository("acme/elsewhere")
        self.simulator.set_repositories(self.app, [self.repository, other], self.carol)
        return Caller(self.simulator, self.mint({"repositories": ["elsewhere"]}).json()["token"])

    def person(self, person: Person, **permissions: str) -> Caller:
        text = self.simulator.token(person, [self.repository], permissions or None)
        return Caller(self.simulator, text)

    def push(self, caller: Caller, *refs: str, options: tuple[str, ...] = ()) -> str:
        """What git says of a push over HTTP, straight from the repository's own objects."""
        host = self.simulator.url.removeprefix("http://")
        url = f"http://x-access-token:{caller.token}@{host}/{self.repository.full_name}.git"
        at = f"--git-dir={self.repository.path}"
        done = subprocess.run(
            ("git", at, "push", "--porcelain", *options, url, *refs),
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"},
            check=False,
        )
        return done.stdout + done.stderr

    def loose_commit(self, *parents: str, message: str = "change", **files: str) -> str:
        """A commit that is on no branch yet."""
        lines = [
            f"100644 blob {self.repository.git('hash-object', '-w', '--stdin', stdin=text)}\t{name}\n"
            for name, text in files.items()
        ]
        tree = self.repository.git("mktree", stdin="".join(sorted(lines)))
        on = [word for parent in parents for word in ("-p", parent)]
        return self.repository.git("commit-tree", tree, *on, stdin=f"{message}\n")

    def told(self) -> list[str]:
        """The events so far, each with its action, and forgets them."""
        found = [f"{one.event}.{one.action}".rstrip(".") for one in self.simulator.deliveries]
        self.simulator.deliveries.clear()
        return found
