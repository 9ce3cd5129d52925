"""The real forge, store and git in front of the simulated GitHub, with holds that a test puts there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from gate.adapters.forges import Forges
from gate.adapters.git.repositories import GitRepositories
from gate.adapters.github.access import GitHubAccess
from gate.adapters.github.client import GitHub
from gate.adapters.github.credentials import GitHubCredentials
from gate.adapters.github.forge import GitHubForge, GitHubForgeSettings
from gate.adapters.local_forge import LocalForge
from gate.adapters.sql.migrate import migrate
from gate.adapters.sql.schema import holds
from gate.adapters.sql.store import SqlStore
from gate.domain.hold import ZERO_OID, Hold, HoldState, Push, Revision, kind_of
from gate.domain.policy import Asked
from gate.domain.pull_request.model import Ending, PullRequest, ReviewRequest, ReviewStatus, Revised
from gate.domain.review import Observation, Wants
from tests.git.git_world import PERSON, git, make_bare
from tests.github.simulator import Pull, Simulator

MAIN = "refs/heads/main"
URL = "https://gate.example/holds/demo/1"


class Crash(BaseException):
    """The process died here: no `except Exception` sees it."""


class ForgeWorld:
    """`demo`, whose upstream is acme/shop at the simulator, the agent codex-1, and a forge that is an App.

    alice and bob may write there, and dave may only read. `agent` is a bare repository in which a test
    writes commits.
    """

    def __init__(self, folder: Path, simulator: Simulator, **settings: Any) -> None:
        self.folder = folder
        self.simulator = simulator
        self.crash_at: str | None = None
        self.ahead = timedelta()
        self.shop = simulator.repository("acme/shop")
        self.alice, self.bob, self.dave = (simulator.person(name) for name in ("alice", "bob", "dave"))
        for person, role in ((self.alice, "write"), (self.bob, "write"), (self.dave, "read")):
            simulator.collaborator(self.shop, person, role)
        self.app = simulator.app("pushgate", on=[self.shop])
        self.agent = make_bare(folder / "agent.git")
        self.first = self.agent.commit({b"readme": b"one\n"}, message=b"first\n")
        self.push_by_hand(MAIN, self.first)
        self.upstream = f"{simulator.url}/acme/shop.git"
        self.github = GitHub(_access(folder, simulator.url, self.app), self.clock)
        helper = GitHubCredentials(self.github).helper_for
        self.repositories = GitRepositories(folder / "gate", helper_for=helper)
        self.gate = self.repositories.create("demo", self.upstream)
        self.store = SqlStore(f"sqlite:///{folder}/store.sqlite")
        migrate(self.store)
        with self.store.transaction() as tx:
            tx.repositories.add("demo", self.upstream, "github", self.clock())
            tx.agents.add("codex-1", None, "x", self.clock())
        self.local = LocalForge(self.store, self.clock)
        self.forge = self._forge(GitHubForgeSettings(**settings))
        self.forges = Forges(self.store, self.local, self.forge)
        self._pushes = 0

    def _forge(self, settings: GitHubForgeSettings) -> GitHubForge:
        return GitHubForge(
            self.store, self.repositories, self.github, self.local, settings, self.clock, self._step
        )

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def _step(self, name: str) -> None:
        if name == self.crash_at:
            self.crash_at = None
            raise Crash(name)

    # What happens to git

    def commit(self, *parents: str, message: bytes = b"change\n", **files: str) -> str:
        """A commit of the agent on top of the first one, or of `parents`."""
        content: dict[bytes, bytes | tuple[str, str]] = {b"readme": b"one\n"}
        content |= {name.encode(): text.encode() for name, text in files.items()}
        return self.agent.commit(content, *(parents or (self.first,)), message=message)

    def push_by_hand(self, ref: str, oid: str) -> None:
        """Move a ref upstream past the gate, as bob; `ZERO_OID` deletes it."""
        if oid != ZERO_OID:
            self.shop.git("fetch", "-q", str(self.agent.folder), oid)
        self.bob.push(self.shop, ref, oid)

    def sync(self) -> None:
        self.gate.upstream.sync()

    def tip(self, ref: str) -> str:
        return self.shop.refs().get(ref, ZERO_OID)

    # What GitHub has

    def pull(self, number: int = 1) -> Pull:
        return self.shop.pulls[number]

    def writes(self) -> list[tuple[str, str]]:
        """What the gate asked to be changed since this was asked last, without the repository's name."""
        found = [
            (one.method, one.path.partition("/acme/shop")[2])
            for one in self.simulator.requests
            if one.method != "GET" and "access_tokens" not in one.path and "graphql" not in one.path
        ]
        self.simulator.requests.clear()
        return found

    # What the gate does

    def hold(self, ref: str, old: str, new: str) -> Hold:
        """A hold whose first revision has been collected."""
        push = self._push(new)
        with self.store.transaction() as tx:
            revision = Revision(0, 1, push, old, new, None, self.clock())
            hold = tx.holds.add("demo", "codex-1", ref, self._pushes, revision, None)
        return self._collect(hold)

    def revise(self, hold: Hold, new: str) -> Hold:
        push = self._push(new)
        with self.store.transaction() as tx:
            revision = Revision(
                hold.id, hold.revision.n + 1, push, hold.revision.old, new, None, self.clock()
            )
            hold = tx.holds.add_revision(hold, revision, None, self.clock())
        return self._collect(hold)

    def _push(self, new: str) -> str:
        self._pushes += 1
        push = f"01{self._pushes:024d}"
        if new != ZERO_OID:
            self._bring(new)
        with self.store.transaction() as tx:
            repository, agent = tx.repositories.get("demo"), tx.agents.get("codex-1")
            tx.holds.add_push(Push(push, repository.id, agent.id, self.clock(), "http"))
        return push

    def _bring(self, oid: str) -> None:
        """Bring the objects into the gate's repository as the hook leaves them, without any ref."""
        pack = subprocess.run(
            ("git", f"--git-dir={self.agent.folder}", "pack-objects", "--revs", "--stdout", "-q"),
            input=f"{oid}\n".encode(),
            capture_output=True,
            env=PERSON,
            check=True,
        ).stdout
        git(self.folder / "gate" / "demo.git", "unpack-objects", "-q", stdin=pack)

    def _collect(self, hold: Hold) -> Hold:
        facts = self.gate.history.facts(hold.revision.update(hold.ref))
        kind = kind_of(hold.revision.update(hold.ref), is_ancestor=facts.is_ancestor)
        with self.store.transaction() as tx:
            tx.holds.set_collected(hold.id, hold.revision.n, kind, facts)
        return self.read(hold)

    def request(self, hold: Hold, *, asked: Asked | None = None, **more: Any) -> ReviewRequest:
        with self.store.snapshot() as tx:
            facts = tx.holds.facts(hold.id, hold.revision.n)
            revisions = tx.holds.revisions(hold.id)
        assert facts is not None
        if hold.revision.n > 1:
            more["revised"] = Revised(hold.revision.n, revisions[-2].head, hold.revision.head, None, "")
        return ReviewRequest(
            hold=hold,
            facts=facts,
            operator="carol",
            transport="http",
            hold_url=URL,
            needs=("one more approval",),
            asked=asked or Asked(),
            tree_head="tree head\n",
            **more,
        )

    def publish(self, hold: Hold, **more: Any) -> Hold:
        at = self.forges.publish(hold, self.request(hold, **more))
        with self.store.transaction() as tx:
            tx.holds.set_published(hold.id, hold.revision.n, at)
        return self.read(hold)

    def observe(self, hold: Hold, **wants: Any) -> Observation:
        return self.forges.observe(hold, Wants(**wants))

    def show(self, hold: Hold, **more: Any) -> None:
        self.forges.show(hold, ReviewStatus(hold, None, "demo has no policy", URL, **more))

    def close(self, hold: Hold, **more: Any) -> None:
        self.forges.close(hold, Ending(hold, "", "tree head\n", URL, **more))

    def read(self, hold: Hold) -> Hold:
        with self.store.snapshot() as tx:
            return tx.holds.get(hold.id)

    def row(self, hold: Hold) -> PullRequest:
        with self.store.snapshot() as tx:
            row = tx.pull_requests.get(hold.id)
        assert row is not None
        return row

    def ended(self, hold: Hold, state: HoldState = HoldState.RELEASED) -> Hold:
        """The hold in a closed state, whatever came before."""
        with self.store.engine.begin() as connection:
            connection.execute(update(holds).where(holds.c.id == hold.id).values(state=state))
        return replace(self.read(hold), updated_at=self.clock())


def _access(folder: Path, url: str, app: Any) -> GitHubAccess:
    key = folder / "app.pem"
    key.write_text(app.private_key_pem)
    key.chmod(0o600)
    return GitHubAccess(url, folder / "secrets" / "github", app.id, key)


@contextmanager
def forge_world(folder: Path, **settings: Any) -> Iterator[ForgeWorld]:
    """A world whose every request and answer was as GitHub describes them, or the test fails."""
    simulator = Simulator(folder / "github")
    with simulator.running():
        world = ForgeWorld(folder, simulator, **settings)
        try:
            yield world
        finally:
            world.store.engine.dispose()
    violations = list(simulator.violations)
    assert violations == []
