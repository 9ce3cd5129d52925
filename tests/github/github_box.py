"""A whole gate in one process in front of the simulated GitHub: jobs run at once, deliveries when told to."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

from flask import Flask

from gate.adapters.sql.migrate import migrate
from gate.bootstrap import Container, build_app, build_inline
from gate.config import load
from gate.domain.hold import Hold
from gate.domain.pull_request.model import PullRequest
from gate.domain.review import Account
from tests.gate_in_a_box import Box
from tests.github.simulator import Person, Pull, Repository, Simulator
from tests.object_store import ObjectStore, git
from tests.rule_cache import RULE_CACHE

SECRET = "the webhook's secret, shared by both"

# Approvals count at once: most tests are not about the time after publishing.
POLICY = """\
version = 1
[hold]
settle_seconds = 0
[[approval_rules]]
name = "one"
[approval_rules.requires]
count = 1
permissions = ["write"]
[[approval_rules]]
name = "admin"
if = { update_kind = ["rewrite", "delete"] }
[approval_rules.requires]
count = 1
permissions = ["admin"]
[policy]
approval = ["one", "admin"]
[policy.disapproval]
requires = { permissions = ["write"] }
"""


class GitHubBox(Box):
    """`demo` is acme/shop at the simulated GitHub. alice and bob may write there, carol administers it.

    The gate works as the App `pushgate`. The same people have accounts at the gate, mapped to those there.
    Nothing that happens at GitHub reaches the gate before `deliver`.
    """

    def __init__(
        self,
        folder: Path,
        simulator: Simulator,
        *,
        operator: str | None = None,
        policy: str = POLICY,
        **settings: str,
    ) -> None:
        self.folder = folder
        self.simulator = simulator
        self.settings = settings
        self.ahead = timedelta()
        self.crash_at: str | None = None
        self.steps: list[str] = []
        self._ids = itertools.count(1)
        self.store = ObjectStore(folder / "agent.git")
        self.shop: Repository = simulator.repository("acme/shop")
        self.upstream = self.shop.path
        self.first = self.store.commit({"README": b"one\n"}, message="first")
        git(self.store.folder, "push", "-q", str(self.upstream), f"{self.first}:refs/heads/main")
        self.there: dict[str, Person] = {}
        for login, role in (("alice", "write"), ("bob", "write"), ("carol", "admin")):
            self.there[login] = simulator.person(login)
            simulator.collaborator(self.shop, self.there[login], role)
        self.app = simulator.app("pushgate", [self.shop])
        self._write_secrets()
        self.gate = self.open(folder / "home")
        migrate(self.gate.store)
        self.alice, self.bob, self.carol = self._people()
        self._map_people()
        self.write_policy(policy)
        self.enroll(operator=operator)
        simulator.outbox.hold()
        simulator.webhook("https://gate.example.org/webhooks/github", SECRET)
        simulator.outbox.carrier = self._receive

    def open(self, home: Path) -> Container:
        for name in ("repositories", "policies", "secrets"):
            (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        environment = {
            "PUSHGATE_HOME": str(home),
            "PUSHGATE_RULE_CACHE": str(RULE_CACHE),
            "PUSHGATE_URL": "https://gate.example.org",
            "PUSHGATE_GITHUB_URL": self.simulator.url,
            "PUSHGATE_GITHUB_APP_ID": str(self.app.id),
            "PUSHGATE_GITHUB_PRIVATE_KEY_FILE": str(self.folder / "app.pem"),
            "PUSHGATE_GITHUB_WEBHOOK_SECRET_FILE": str(self.folder / "webhook-secret"),
            **self.settings,
        }
        container = build_inline(load(environment), clock=self.clock, step=self.step)
        self.web: Flask = build_app(container)
        return container

    def restart(self) -> None:
        self.gate.store.close()
        self.gate = self.open(self.folder / "home")

    def enroll(self, name: str = "demo", *, operator: str | None = None) -> None:
        url = self.simulator.git_url(self.shop)
        self.gate.enroll.add(name, url, forge="github", actor="cli:carol")
        self.gate.agents.add("codex-1", operator=operator, actor="cli:carol")
        self.gate.agents.grant("codex-1", name, actor="cli:carol")

    def deliver(self, *, reverse: bool = False) -> int:
        """Let everything that happened at GitHub reach the gate, and what that causes there too."""
        return self.simulator.outbox.flush(reverse=reverse)

    def by_hand(self, ref: str, oid: str, by: str = "carol") -> None:
        """Move a ref at GitHub past the gate; the commit's objects get there first."""
        if oid != "0" * 40:
            git(self.store.folder, "push", "-q", "--force", str(self.upstream), f"{oid}:refs/fetched/{oid}")
        self.there[by].push(self.shop, ref, oid)

    # What people do at GitHub, each told to the gate at once

    def approve_there(self, number: int, by: str = "alice", *, oid: str | None = None) -> None:
        # GitHub tells times in whole seconds; nobody approves in the second of publishing.
        self.simulator.world.ahead += 1
        self.there[by].approve(self.shop, self.pull(number), oid=oid)
        self.deliver()

    def object_there(self, number: int, by: str = "alice", body: str = "please add a test") -> None:
        self.there[by].request_changes(self.shop, self.pull(number), body)
        self.deliver()

    # What there is to see

    def pull(self, number: int) -> Pull:
        """The pull request of a hold, at GitHub."""
        row = self.row(number)
        assert row is not None, f"hold {number} has no pull request"
        return self.shop.pulls[row.number]

    def row(self, number: int) -> PullRequest | None:
        """The pull request of a hold, as the gate wrote it down."""
        with self.gate.store.snapshot() as tx:
            return tx.pull_requests.get(self.hold(number).id)

    def waiting(self, **files: str) -> Hold:
        """A push to main that waits for its review at GitHub, with everything delivered."""
        self.push(f"{self.commit(**(files or {'a.txt': 'a'}))}:refs/heads/main")
        self.deliver()
        return self.holds()[-1]

    def _receive(self, body: bytes, headers: dict[str, str]) -> int:
        answer = self.web.test_client().post("/webhooks/github", data=body, headers=headers)
        status = answer.status_code
        # What is to be done after the answer happens when it is closed.
        answer.close()
        return status

    def _write_secrets(self) -> None:
        for name, text in (("app.pem", self.app.private_key_pem), ("webhook-secret", f"{SECRET}\n")):
            path = self.folder / name
            path.write_text(text)
            path.chmod(0o600)

    def _map_people(self) -> None:
        with self.gate.store.transaction() as tx:
            for user in (self.alice, self.bob, self.carol):
                tx.users.set_github(user.id, Account(self.there[user.login].id, user.login))
