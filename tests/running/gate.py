"""A whole installation in a folder of its own, whose processes a test starts, kills and starts again."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from shutil import rmtree

from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from gate.adapters.rq_queue import QUEUE_NAME
from gate.bootstrap import Container, build, build_inline
from gate.config import load
from gate.domain.hold import Hold, HoldState
from gate.domain.review import ReviewState, Role
from gate.services.ports.store import HoldFilter
from tests.rule_cache import RULE_CACHE
from tests.running.processes import CHECKOUT, Process, module
from tests.running.waiting import eventually

CLIENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "codex-1",
    "GIT_AUTHOR_EMAIL": "codex-1@example.org",
    "GIT_COMMITTER_NAME": "codex-1",
    "GIT_COMMITTER_EMAIL": "codex-1@example.org",
}


def git(*words: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run git as an agent would, with nobody's configuration."""
    done = subprocess.run(("git", *words), cwd=cwd, env=CLIENT, capture_output=True, text=True, timeout=120)
    assert not check or done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done


def tip(folder: Path, ref: str = "refs/heads/main") -> str:
    return git("rev-parse", ref, cwd=folder).stdout.strip()


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder with a short path: pytest's own are too long for the socket that the gate makes below."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        yield folder
    finally:
        rmtree(folder)


@dataclass(frozen=True)
class Behind:
    """One repository behind a running gate: its upstream, and the clone of the agent codex-1."""

    name: str
    upstream: Path
    clone: Path

    def commit(self, text: str) -> str:
        (self.clone / "README.md").write_text(f"{text}\n")
        git("commit", "-qam", text, cwd=self.clone)
        return tip(self.clone, "HEAD")

    def push(self, *words: str) -> str:
        """Push, and return everything that the terminal showed."""
        done = git("push", *(words or ("origin", "HEAD:main")), cwd=self.clone, check=False)
        return done.stdout + done.stderr

    def upstream_moves(self) -> list[str]:
        """Where upstream's main has been, oldest first: every move, also one to the same place."""
        log = (self.upstream / "logs/refs/heads/main").read_text().splitlines()
        return [line.split(" ")[1] for line in log]


@dataclass
class RunningGate:
    """The processes of one installation. While web is down its port stays open, so that nothing takes it."""

    folder: Path
    listener: socket.socket
    running: dict[str, Process] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def repository(self, name: str) -> Path:
        return self.home / "repositories" / f"{name}.git"

    def environment(self, **more: str) -> dict[str, str]:
        ours = ("PUSHGATE_", "REDIS_URL", "DATABASE_URL", "GIT_")
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        return {
            **inherited,
            "PUSHGATE_HOME": str(self.home),
            "PUSHGATE_URL": self.url,
            "PUSHGATE_REFRESH_SECONDS": "0",
            "PUSHGATE_SWEEP_SECONDS": "3600",
            "WEB_CONCURRENCY": "1",
            # Compiling the rules of the scan takes seconds, and they are the same everywhere.
            "PUSHGATE_RULE_CACHE": str(RULE_CACHE),
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONWARNINGS": "default",
            **more,
        }

    @cached_property
    def here(self) -> Container:
        """The use cases, in the test's own process; jobs go to the workers."""
        return build(load(self.environment()))

    @cached_property
    def inline(self) -> Container:
        """The use cases as the command line's `sweep` has them: jobs are done here and now."""
        return build_inline(load(self.environment()))

    def tell_hooks(self, repository: str, **more: str) -> None:
        """Write the hooks' rules as a gate with these settings would."""
        other = build(load(self.environment(**more)))
        other.tell_hooks(repository)
        other.store.engine.dispose()

    def command(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            module("gate", *arguments),
            env=self.environment(**more),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def migrate(self) -> None:
        done = self.command("migrate")
        assert done.returncode == 0, done.stderr

    def start_redis(self) -> None:
        self._start("redis", module("workers.redis_server"))
        eventually(self._redis_answers, about=lambda: self.running["redis"].text)

    def start_web(self) -> None:
        number = self.listener.fileno()
        bind = ("--config", "gunicorn.conf.py", "--bind", f"fd://{number}", "app:app")
        self._start("web", module("gunicorn", *bind), descriptors=(number,))
        eventually(self._is_ready, about=lambda: self.running["web"].text)

    def start_worker(self, name: str = "worker", **more: str) -> None:
        """Start a worker and wait until it takes jobs."""
        self._start(name, module("workers"), **more)
        pid = self.running[name].pid
        eventually(lambda: pid in self._worker_pids(), about=lambda: self.running[name].text)

    def start_cron(self, **more: str) -> None:
        self._start("cron", module("workers.cron"), **more)

    def stop(self, name: str) -> None:
        self.running.pop(name).stop()

    def kill(self, name: str) -> None:
        self.running.pop(name).kill()

    def end(self) -> None:
        """Kill whatever runs; the server that the others use goes last."""
        for name in sorted(self.running, key=lambda name: name == "redis"):
            self.kill(name)
        for container in (self.here, self.inline):
            container.store.engine.dispose()
            container.redis.close()

    def put_behind(self, name: str) -> Behind:
        """A new repository with one commit, an agent that may push to it, and the agent's clone."""
        upstream = self.folder / f"{name}-upstream.git"
        git("init", "-q", "--bare", "-b", "main", str(upstream), cwd=self.folder)
        git("config", "core.logAllRefUpdates", "true", cwd=upstream)
        first = self.folder / f"{name}-first"
        git("init", "-q", "-b", "main", str(first), cwd=self.folder)
        (first / "README.md").write_text("# Demo\n")
        git("add", "README.md", cwd=first)
        git("commit", "-qm", "Begin", cwd=first)
        git("push", "-q", str(upstream), "main", cwd=first)
        self.here.enroll.add(name, str(upstream), forge="local", actor="cli:alice")
        token = self._agent()
        self.here.agents.grant("codex-1", name, actor="cli:alice")
        clone = self.folder / f"{name}-clone"
        netloc = self.url.removeprefix("http://")
        git("clone", "-q", f"http://codex-1:{token}@{netloc}/git/{name}.git", str(clone), cwd=self.folder)
        return Behind(name, upstream, clone)

    def holds(self, repository: str) -> list[Hold]:
        """Every hold of a repository, oldest first."""
        with self.here.store.snapshot() as tx:
            wanted = HoldFilter(repository=repository, states=frozenset(HoldState))
            return sorted(tx.holds.page(wanted, before=None, limit=50), key=lambda hold: hold.number)

    def wait_for(self, state: HoldState, repository: str, *, seconds: float = 30) -> Hold:
        """The only hold of a repository, once it is in this state."""

        def there() -> Hold | None:
            holds = self.holds(repository)
            return holds[0] if [hold.state for hold in holds] == [state] else None

        return eventually(there, seconds=seconds, about=lambda: self.describe(repository))

    def approve(self, hold: Hold) -> None:
        """Approve as alice; a worker does the rest."""
        with self.here.store.snapshot() as tx:
            alice = tx.users.get("alice")
        self.here.review.submit(
            hold.id, hold.revision.head, alice, ReviewState.APPROVED, "", revision=hold.revision.n
        )

    def describe(self, repository: str) -> str:
        outputs = "\n".join(f"--- {name}\n{process.text[-3000:]}" for name, process in self.running.items())
        return f"{self.holds(repository)}\n{outputs}"

    def _agent(self) -> str:
        file = self.folder / "token"
        if not file.exists():
            file.write_text(self.here.agents.add("codex-1", actor="cli:alice"))
            self.here.people.add("alice", Role.ADMIN, actor="cli:alice")
        return file.read_text()

    def _start(
        self, name: str, command: tuple[str, ...], descriptors: tuple[int, ...] = (), **more: str
    ) -> None:
        output = self.folder / f"{name}.out"
        self.running[name] = Process(command, self.environment(**more), output, descriptors=descriptors)

    def _redis_answers(self) -> bool:
        try:
            return bool(self.here.redis.ping())
        except RedisError:
            return False

    def _worker_pids(self) -> list[int]:
        queue = Queue(QUEUE_NAME, connection=self.here.redis, serializer=JSONSerializer)
        return [worker.pid for worker in Worker.all(queue=queue, serializer=JSONSerializer)]

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=10) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


@contextmanager
def running_gate() -> Iterator[RunningGate]:
    """An installation with its server for jobs, and no other process yet."""
    with short_folder() as folder, socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        gate = RunningGate(folder, listener)
        gate.migrate()
        try:
            gate.start_redis()
            yield gate
        finally:
            gate.end()
