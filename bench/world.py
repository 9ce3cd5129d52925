"""The installation that is measured, with the baseline beside it: one source, four ways to push to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from rq import Queue
from rq.serializers import JSONSerializer

from bench.plain_server import PlainServer, plain_server
from gate.adapters.rq_queue import QUEUE_NAME
from tests.running.gate import CLIENT, RunningGate, git, running_gate

HELD = 1
TAKEN = 0


@dataclass(frozen=True)
class Side:
    """One way to push: its address, and the exit status that a push has there."""

    name: str
    url: str
    status: int


@dataclass(frozen=True)
class World:
    """Everything that runs. Each pushed branch starts at `main`, so that each push brings the same."""

    folder: Path
    plain: PlainServer
    gate: RunningGate

    def add(self, name: str, source: Path) -> list[Side]:
        """Put a copy of `source` behind each server; returns baseline, no password, no hooks, gate."""
        upstream = self.folder / f"{name}-upstream.git"
        git("clone", "-q", "--bare", str(source), str(upstream), cwd=self.folder)
        self.plain.add(name, upstream)
        self.plain.add(f"{name}-open", upstream)
        self._add_ungated(f"{name}-ungated", upstream)
        self.add_gated(name, upstream)
        return [
            Side("baseline", self.plain.url(name), TAKEN),
            Side("baseline, no password", self.plain.open_url(f"{name}-open"), TAKEN),
            Side("our transport, no hooks", self.gate_url(f"{name}-ungated"), TAKEN),
            Side("gated", self.gate_url(name), HELD),
        ]

    def add_gated(self, name: str, upstream: Path) -> None:
        """Put a repository behind the gate, as `python -m gate repo add` does."""
        self.gate.here.enroll.add(name, str(upstream), forge="local", actor="cli:alice")
        self.gate.here.agents.grant("codex-1", name, actor="cli:alice")

    def gate_url(self, name: str, agent: str = "codex-1", token: str | None = None) -> str:
        netloc = self.gate.url.removeprefix("http://")
        return f"http://{agent}:{token or self._token()}@{netloc}/git/{name}.git"

    def wait_until_idle(self) -> None:
        """Wait until the worker has nothing left to do: what follows shall have the machine to itself."""
        queue = Queue(QUEUE_NAME, connection=self.gate.here.redis, serializer=JSONSerializer)
        while queue.count or queue.started_job_registry.get_job_count(cleanup=False):
            time.sleep(0.02)

    def web_family(self) -> list[psutil.Process]:
        """gunicorn, its workers, and every git that runs for them now."""
        return self.gate.running["web"].family()

    def _add_ungated(self, name: str, upstream: Path) -> None:
        """A plain bare repository in the gate's folder: the same web process serves it, and no hook runs."""
        self.add_gated(name, upstream)
        folder = self.gate.repository(name)
        shutil.rmtree(folder)
        git("clone", "-q", "--bare", "--no-hardlinks", str(upstream), str(folder), cwd=self.folder)

    def _token(self) -> str:
        return (self.gate.folder / "token").read_text()


@contextmanager
def world() -> Iterator[World]:
    """An installation as `make run` starts it, without cron, and the plain server."""
    with running_gate() as gate:
        folder = gate.folder / "bench"
        folder.mkdir()
        gate = _as_in_production(gate)
        gate.start_web()
        gate.start_worker()
        gate.put_behind("first")
        with plain_server(gate.folder / "plain") as plain:
            yield World(folder, plain, gate)


def _as_in_production(gate: RunningGate) -> RunningGate:
    """The tests' installation, with the number of web processes and the refresh that a user gets."""
    os.environ.pop("WEB_CONCURRENCY", None)

    class Measured(RunningGate):
        def environment(self, **more: str) -> dict[str, str]:
            return super().environment(WEB_CONCURRENCY="2", PUSHGATE_REFRESH_SECONDS="5", **more)

    return Measured(gate.folder, gate.listener, gate.running)


@dataclass(frozen=True)
class Source:
    """A clone in which commits are made, always on top of `main`, and from which they are pushed."""

    folder: Path

    def commit(self, files: dict[str, bytes], message: str = "Change") -> None:
        """Put one commit with these files on top of `main`, and nothing else."""
        git("checkout", "-q", "--detach", "main", cwd=self.folder)
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        git("add", "--all", cwd=self.folder)
        git("commit", "-q", "-m", message, cwd=self.folder)

    def push(self, side: Side, branch: str) -> float:
        """Push HEAD as a new branch; the seconds that `git push` took as a process."""
        command = ("git", "push", side.url, f"HEAD:refs/heads/{branch}")
        start = time.perf_counter()
        done = subprocess.run(command, cwd=self.folder, env=CLIENT, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        if done.returncode != side.status:
            raise RuntimeError(f"{side.name}: status {done.returncode}: {done.stderr}")
        return seconds


def make_source(folder: Path, files: dict[str, bytes]) -> Source:
    """A repository with these files in its first commit."""
    folder.mkdir()
    git("init", "-q", "-b", "main", cwd=folder)
    # Random bytes do not shrink: what is measured is not how well a client compresses.
    git("config", "core.compression", "0", cwd=folder)
    git("config", "gc.auto", "0", cwd=folder)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    git("add", "--all", cwd=folder)
    git("commit", "-q", "-m", "Begin", cwd=folder)
    return Source(folder)


def random_files(total: int, count: int, folder: str = "files") -> dict[str, bytes]:
    """`count` files of random bytes, `total` bytes together."""
    return {f"{folder}/{n:05}.bin": os.urandom(total // count) for n in range(count)}


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pg-bench-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def now() -> datetime:
    return datetime.now(UTC)
