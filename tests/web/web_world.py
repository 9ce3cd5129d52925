"""A gate with real repositories and a real store, and hands that push, review and look at pages."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from gate.adapters.code_owners import GitHubCodeOwners
from gate.adapters.disk import Disk
from gate.adapters.git.repositories import GitRepositories
from gate.adapters.local_forge import LocalForge
from gate.adapters.policy_files import FolderOfPolicies
from gate.adapters.sql.census import SqlCensus
from gate.adapters.sql.migrate import migrate
from gate.adapters.sql.store import SqlStore
from gate.adapters.trail.reader import StoredTrail
from gate.domain.errors import Unavailable
from gate.domain.hold import ZERO_OID, Hold, HoldState, Push, RefUpdate, Revision, kind_of
from gate.domain.review import Role
from gate.domain.user import User
from gate.services.allow_secrets import AllowSecrets
from gate.services.code_owners import ReadCodeOwners
from gate.services.judge import Judge
from gate.services.lockdown import Lockdown
from gate.services.people import People
from gate.services.ports.measures import QueueStanding, Tallied
from gate.services.ports.store import HoldFilter
from gate.services.queries.evidence_page import ReadEvidence
from gate.services.queries.health import CheckReady, ReadHealth
from gate.services.queries.hold_list import ListHolds
from gate.services.queries.hold_page import ShowHold
from gate.services.queries.log_page import ReadLog
from gate.services.queries.push_page import ShowPush
from gate.services.queries.repository_list import ListAgents, ListRepositories
from gate.services.queries.revision_files import ReadRevision
from gate.services.queries.trail import ReadTrail
from gate.services.read_raw import ReadRaw
from gate.services.review import ReviewHold
from gate.web import WebServices, WebSettings, create_app
from tests.pull_request.sampled import Contents

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_ANY = HoldFilter()
PASSWORD = "correct horse battery"
_GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "codex-1",
    "GIT_AUTHOR_EMAIL": "codex-1@example.org",
    "GIT_COMMITTER_NAME": "codex-1",
    "GIT_COMMITTER_EMAIL": "codex-1@example.org",
    "GIT_AUTHOR_DATE": "2026-11-22T11:30:00Z",
    "GIT_COMMITTER_DATE": "2026-11-22T11:30:00Z",
    "PATH": os.environ["PATH"],
}


class PlainHasher:
    """Implements the port in no time. `calls` counts how often it was at work."""

    def __init__(self) -> None:
        self.calls = 0

    def hash(self, password: str) -> str:
        self.calls += 1
        return f"hash of {password} no {self.calls}"

    def verify(self, password_hash: str, password: str) -> bool:
        self.calls += 1
        return password_hash.startswith(f"hash of {password} no ")


class QuietQueue:
    """Takes every job, and remembers it."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, object]] = []
        self.is_down = False

    def __getattr__(self, name: str) -> object:
        return lambda *arguments: self.jobs.append((name, *arguments))

    def standing(self) -> QueueStanding:
        if self.is_down:
            raise Unavailable("The queue at localhost:6379 does not answer. Start it.")
        return QueueStanding(waiting=2, running=1, workers=1)


class Totals:
    """Implements the port in memory."""

    def __init__(self) -> None:
        self.totals: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}

    def add(self, name: str, labels: Mapping[str, str], amount: float = 1) -> None:
        key = name, tuple(sorted(labels.items()))
        self.totals[key] = self.totals.get(key, 0) + amount

    def read(self) -> list[Tallied]:
        return [Tallied(name, labels, value) for (name, labels), value in sorted(self.totals.items())]


class NoHooks:
    """No hook has to be told anything here."""

    def __call__(self, name: str) -> None: ...

    def all(self) -> None: ...


@dataclass
class World:
    """Everything on one clock that only moves by hand."""

    folder: Path
    now: datetime = NOON
    queue: QuietQueue = field(default_factory=QuietQueue)
    totals: Totals = field(default_factory=Totals)
    hasher: PlainHasher = field(default_factory=PlainHasher)
    contents: Contents = field(default_factory=Contents)

    def __post_init__(self) -> None:
        self.store = SqlStore(f"sqlite:///{self.folder}/gate.db")
        migrate(self.store)
        self.repositories = GitRepositories(self.folder / "repositories")
        self.policies = FolderOfPolicies(self.folder / "policies")
        self._numbers = itertools.count(1)
        self._secrets = itertools.count(1)
        self.people = People(self.store, self.hasher, self.clock, lambda: f"secret-{next(self._secrets)}")

    def clock(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def app(self, **settings: object) -> Flask:
        defaults = {"secret_key": "k" * 32, "base_url": "http://localhost", "cookie_secure": False}
        app = create_app(self.services(), WebSettings(**{**defaults, **settings}))  # type: ignore[arg-type]
        app.testing = True
        return app

    def services(self) -> WebServices:
        forge = LocalForge(self.store, self.clock)
        owners = ReadCodeOwners(self.store, self.repositories, GitHubCodeOwners())
        judge = Judge(self.store, forge, self.policies, owners, self.clock)
        return WebServices(
            clock=self.clock,
            people=self.people,
            list_holds=ListHolds(self.store, judge),
            show_hold=ShowHold(self.store, judge),
            read_revision=ReadRevision(self.store, self.repositories),
            show_push=ShowPush(self.store),
            list_repositories=ListRepositories(self.store, self.policies),
            list_agents=ListAgents(self.store),
            read_trail=ReadTrail(self.store, StoredTrail(self.store), self.clock),
            read_health=ReadHealth(self.store, self.queue, Disk(self.folder)),
            check_ready=CheckReady(self.store, self.queue),
            read_evidence=ReadEvidence(self.store, self.contents),
            read_log=ReadLog(self.contents),
            read_raw=ReadRaw(self.store, self.contents, self.clock),
            allow_secrets=AllowSecrets(self.store, self.queue, self.clock),  # type: ignore[arg-type]
            review=ReviewHold(self.store, self.policies, forge, self.queue, self.clock),
            lockdown=Lockdown(self.store, NoHooks(), self.queue, self.clock),
            take_census=SqlCensus(self.store),
            tally=self.totals,
        )

    # People

    def add_person(self, login: str, role: Role) -> User:
        link = self.people.add(login, role, actor="cli:root")
        return self.people.use_link(link.token, PASSWORD, source="127.0.0.1")

    # Repositories and pushes

    def add_repository(self, name: str = "demo", files: Mapping[str, bytes] | None = None) -> None:
        upstream = self.folder / f"{name}-upstream.git"
        self.git("init", "-q", "--bare", "-b", "main", str(upstream))
        work = self.work(name)
        self.git("init", "-q", "-b", "main", str(work))
        self.commit(name, files or {"README.md": b"# Demo\n"}, "Begin")
        self.git("push", "-q", str(upstream), "main", cwd=work)
        self.repositories.create(name, str(upstream))
        self.policies.write_default(name)
        with self.store.transaction() as tx:
            tx.repositories.add(name, str(upstream), "local", self.now)
            tx.repositories.set_synced(name, self.now, None)

    def add_agent(
        self, name: str = "codex-1", operator: User | None = None, repository: str = "demo"
    ) -> None:
        with self.store.transaction() as tx:
            tx.agents.add(name, operator.id if operator else None, "0" * 64, self.now)
            tx.agents.grant(name, repository, ())

    def work(self, name: str = "demo") -> Path:
        return self.folder / f"{name}-work"

    def commit(self, name: str, files: Mapping[str, bytes | None], message: str, **variables: str) -> str:
        """Write and commit files; None removes one."""
        work = self.work(name)
        for path, content in files.items():
            target = work / path
            if content is None:
                target.unlink()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        self.git("add", "--all", cwd=work)
        self.git("commit", "-q", "--allow-empty", "-F", "-", cwd=work, stdin=message, **variables)
        return self.git("rev-parse", "HEAD", cwd=work)

    def push(
        self,
        ref: str = "refs/heads/main",
        new: str | None = None,
        *,
        name: str = "demo",
        agent: str = "codex-1",
        collect: bool = True,
        options: tuple[str, ...] = (),
    ) -> Hold:
        """Hold what is checked out, or `new`, as the hooks and the jobs would."""
        work, push_id = self.work(name), f"01push{next(self._numbers):020}"
        tip = self.git("rev-parse", "HEAD", cwd=work) if new is None else new
        bare = self.folder / "repositories" / f"{name}.git"
        held = f"refs/quarantine/{push_id}/1"
        if tip != ZERO_OID:
            self.git("fetch", "-q", str(work), f"+{tip}:{held}", cwd=bare)
        history = self.repositories.open(name, str(self.folder / f"{name}-upstream.git")).history
        update = RefUpdate(ref, history.tip(ref), tip)
        hold = self._register(update, push_id, held, name, agent, options)
        return self._collect(hold, update) if collect else hold

    def _register(
        self, update: RefUpdate, push_id: str, held: str, name: str, agent: str, options: tuple[str, ...]
    ) -> Hold:
        with self.store.transaction() as tx:
            repository, who = tx.repositories.get(name), tx.agents.get(agent)
            tx.holds.add_push(Push(push_id, repository.id, who.id, self.now, "http", options=options))
            live = tx.holds.live_on(name, agent, update.ref)
            n = 1 if live is None else live.revision.n + 1
            revision = Revision(0, n, push_id, update.old, update.new, held, self.now)
            if live is not None:
                return tx.holds.add_revision(live, revision, None, self.now)
            number = len(tx.holds.page(_ANY, before=None, limit=1000)) + 1
            return tx.holds.add(name, agent, update.ref, number, revision, None)

    def _collect(self, hold: Hold, update: RefUpdate) -> Hold:
        upstream = str(self.folder / f"{hold.repository}-upstream.git")
        facts = self.repositories.open(hold.repository, upstream).history.facts(update)
        kind = kind_of(update, is_ancestor=facts.is_ancestor)
        with self.store.transaction() as tx:
            tx.holds.set_collected(hold.id, hold.revision.n, kind, facts)
            tx.holds.set_published(hold.id, hold.revision.n, self.now)
        for state in (HoldState.COLLECTING, HoldState.IN_REVIEW):
            hold = self.move(hold, state)
        return hold

    def move(self, hold: Hold, to: HoldState, **why: object) -> Hold:
        with self.store.transaction() as tx:
            current = tx.holds.get(hold.id)
            return tx.holds.move(current, to, self.now, why.get("reason"), str(why.get("note", "")))  # type: ignore[arg-type]

    def git(self, *arguments: str, cwd: Path | None = None, stdin: str = "", **variables: str) -> str:
        # Hooks off: this plays the part of the gate itself, which alone may write these refs.
        command = ("git", "-c", "core.hooksPath=/dev/null", *arguments)
        done = subprocess.run(
            command,
            cwd=cwd,
            input=stdin.encode("utf-8", "surrogateescape"),
            capture_output=True,
            env={**_GIT, **variables},
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="surrogateescape").strip()


def sign_in(client: FlaskClient, login: str, password: str = PASSWORD) -> FlaskClient:
    """Sign in through the form, token and all."""
    answer = client.post(
        "/sign-in", data={"login": login, "password": password, "csrf_token": csrf_token(client, "/sign-in")}
    )
    assert answer.status_code == 302, answer.text
    return client


def csrf_token(client: FlaskClient, page: str) -> str:
    """The token that this page's forms carry."""
    text = client.get(page).text
    marker = 'name="csrf_token" value="'
    return text.split(marker, 1)[1].split('"', 1)[0]
