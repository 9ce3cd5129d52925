"""A whole gate in one process: real git, hooks and store; jobs run at once, and a crash is an exception."""

from __future__ import annotations

import itertools
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gate.adapters.sql.migrate import migrate
from gate.bootstrap import Container, build_inline
from gate.config import load
from gate.domain.audit import AuditEvent, AuditFilter
from gate.domain.hold import Hold, HoldState, Revision
from gate.domain.release import Release
from gate.domain.review import ReviewState, Role
from gate.domain.user import User
from gate.services.ports.store import HoldFilter
from tests.object_store import ENVIRONMENT, ZERO, ObjectStore, git
from tests.rule_cache import RULE_CACHE

MAIN = "refs/heads/main"
TOPIC = "refs/heads/topic"

# One reviewer is enough for everything but what loses commits, which an admin approves too.
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
"""


class Crash(BaseException):
    """The process died here: no `except Exception` sees it, and nothing after it runs."""


@dataclass(frozen=True)
class Pushed:
    """How a `git push` ended, as its client saw it."""

    id: str
    status: int
    text: str


class Box:
    """A repository `demo` behind a gate, the agent codex-1, and the people alice, bob and carol.

    Its clock is the machine's, as the hooks use that one, plus what a test moves it ahead by.
    """

    def __init__(self, folder: Path, *, operator: str | None = None, policy: str = POLICY) -> None:
        self.folder = folder
        self.ahead = timedelta()
        self.crash_at: str | None = None
        self.steps: list[str] = []
        self._ids = itertools.count(1)
        self.store = ObjectStore(folder / "agent.git")
        self.upstream = folder / "upstream.git"
        self.first = self.store.commit({"README": b"one\n"}, message="first")
        subprocess.run(
            ("git", "init", "-q", "--bare", "-b", "main", str(self.upstream)), check=True, env=ENVIRONMENT
        )
        self.by_hand(MAIN, self.first)
        self.gate = self.open(folder / "home")
        migrate(self.gate.store)
        self.alice, self.bob, self.carol = self._people()
        self.write_policy(policy)
        self.enroll(operator=operator)

    # The gate

    def open(self, home: Path) -> Container:
        """A container as a new process would build it."""
        for name in ("repositories", "policies", "secrets"):
            (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        environment = {"PUSHGATE_HOME": str(home), "PUSHGATE_RULE_CACHE": str(RULE_CACHE)}
        return build_inline(load(environment), clock=self.clock, step=self.step)

    def restart(self) -> None:
        """Go on as a new process that knows nothing but what is on the disk."""
        self.gate.store.close()
        self.gate = self.open(self.folder / "home")

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def step(self, name: str) -> None:
        self.steps.append(name)
        if name == self.crash_at:
            self.crash_at = None
            raise Crash(name)

    def write_policy(self, text: str | None, repository: str = "demo") -> None:
        path = self.gate.policies.path(repository)
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text)

    def enroll(self, name: str = "demo", *, operator: str | None = None) -> None:
        self.gate.enroll.add(name, str(self.upstream), forge="local", actor="cli:carol")
        self.gate.agents.add("codex-1", operator=operator, actor="cli:carol")
        self.gate.agents.grant("codex-1", name, actor="cli:carol")

    def add_agent(self, name: str) -> None:
        self.gate.agents.add(name, actor="cli:carol")
        self.gate.agents.grant(name, "demo", actor="cli:carol")

    def _people(self) -> tuple[User, User, User]:
        with self.gate.store.transaction() as tx:
            roles = {"alice": Role.REVIEWER, "bob": Role.REVIEWER, "carol": Role.ADMIN}
            alice, bob, carol = (tx.users.add(login, role, self.clock()) for login, role in roles.items())
        return alice, bob, carol

    # What the agent does

    def commit(self, *parents: str, **files: str) -> str:
        """A commit on top of the first one, or of `parents`; its files are `files` and a README."""
        content = {"README": b"one\n"} | {name: text.encode() for name, text in files.items()}
        return self.store.commit(content, *(parents or (self.first,)), message=f"change {next(self._ids)}")

    def push(
        self,
        *specs: str,
        agent: str = "codex-1",
        repository: str = "demo",
        atomic: bool = False,
        take_in: bool = True,
        options: tuple[str, ...] = (),
    ) -> Pushed:
        """`git push --force` into the gate, as the transport would let it in: `<oid>:<ref>`, `:<ref>`."""
        push_id = f"01{next(self._ids):024d}"
        folder = self.gate.settings.repositories / f"{repository}.git"
        words = ["--atomic"] if atomic else []
        words += [word for option in options for word in ("-o", option)]
        identity = {"PUSHGATE_AGENT": agent, "PUSHGATE_PUSH": push_id, "PUSHGATE_TRANSPORT": "http"}
        command = ("git", f"--git-dir={self.store.folder}", "push", "--force", *words, str(folder), *specs)
        done = subprocess.run(command, capture_output=True, env={**ENVIRONMENT, **identity}, check=False)
        if take_in:
            self.gate.queue.intake(repository, push_id)
        return Pushed(push_id, done.returncode, done.stderr.decode(errors="replace"))

    # What people do

    def by_hand(self, ref: str, oid: str) -> None:
        """Move a ref upstream past the gate, as someone who may push there; `ZERO` deletes it."""
        source = "" if oid == ZERO else oid
        git(self.store.folder, "push", "-q", "--force", str(self.upstream), f"{source}:{ref}")

    def review(
        self,
        number: int,
        state: ReviewState,
        user: User | None = None,
        *,
        oid: str | None = None,
        body: str = "",
    ) -> None:
        hold = self.hold(number)
        n, oid = hold.revision.n, oid or hold.revision.head
        self.gate.review.submit(hold.id, oid, user or self.alice, state, body, revision=n)

    def approve(self, number: int, user: User | None = None, *, oid: str | None = None) -> None:
        self.review(number, ReviewState.APPROVED, user, oid=oid)

    def object(self, number: int, user: User | None = None, body: str = "please add a test") -> None:
        self.review(number, ReviewState.CHANGES_REQUESTED, user, body=body)

    def reject(self, number: int, user: User | None = None, body: str = "not wanted") -> None:
        hold = self.hold(number)
        self.gate.review.reject(
            hold.id, hold.revision.head, user or self.alice, body, revision=hold.revision.n
        )

    def sync(self) -> None:
        """Let the gate see where upstream is, and what that means for every hold."""
        self.gate.sweep()

    # What there is to see

    def tip(self, ref: str = MAIN, folder: Path | None = None) -> str:
        """Where a ref is upstream, or in another repository."""
        listing = git(folder or self.upstream, "for-each-ref", "--format=%(objectname)", ref)
        return listing or ZERO

    @property
    def bare(self) -> Path:
        """The gate repository's folder."""
        return self.gate.settings.repositories / "demo.git"

    def held_refs(self) -> list[str]:
        return git(self.bare, "for-each-ref", "--format=%(refname)", "refs/quarantine").splitlines()

    def standing(self, ref: str = MAIN, agent: str = "codex-1") -> dict[str, str]:
        """What the hook will read about the agent's hold on this ref."""
        lines = (self.bare / "pushgate" / "standing" / agent / f"{ref}~").read_text().splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def hold(self, number: int, repository: str = "demo") -> Hold:
        with self.gate.store.snapshot() as tx:
            return tx.holds.by_number(repository, number)

    def holds(self) -> list[Hold]:
        """Every hold, oldest first."""
        with self.gate.store.snapshot() as tx:
            return tx.holds.page(HoldFilter(), before=None, limit=10_000)[::-1]

    def states(self) -> dict[int, HoldState]:
        return {hold.number: hold.state for hold in self.holds()}

    def revisions(self, number: int) -> list[Revision]:
        with self.gate.store.snapshot() as tx:
            return tx.holds.revisions(self.hold(number).id)

    def releases(self, number: int) -> list[Release]:
        with self.gate.store.snapshot() as tx:
            return tx.releases.of(self.hold(number).id)

    def events(self, **wanted: str) -> list[AuditEvent]:
        """Audit events, oldest first."""
        with self.gate.store.snapshot() as tx:
            stored = tx.audit.events(AuditFilter(**wanted), limit=100_000)  # type: ignore[arg-type]
        return sorted((one.event for one in stored), key=lambda event: event.at)

    def story(self, number: int) -> list[str]:
        """The audit actions about a hold, in order."""
        return [event.action for event in self.events(hold=f"demo/{number}")]
