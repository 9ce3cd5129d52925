"""A real gunicorn in front of bare repositories, and git as its client."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from gate.adapters.git.repositories import GitRepositories
from gate.adapters.sql.migrate import migrate
from gate.adapters.sql.store import SqlStore
from gate.domain.repository import Grant, Limits, RepositoryRules
from gate.services.agents import AgentAccounts

CHECKOUT = Path(__file__).parents[2]
CLIENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.com",
    "GIT_COMMITTER_NAME": "Alice",
    "GIT_COMMITTER_EMAIL": "alice@example.com",
}


def git(*words: str, cwd: Path, check: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ("git", *words), cwd=cwd, env={**CLIENT, **more}, capture_output=True, text=True, timeout=120
    )
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(words)}: {done.stderr}")
    return done


def commit(folder: Path, name: str, content: bytes = b"text\n") -> str:
    (folder / name).write_bytes(content)
    git("-c", "core.compression=0", "add", "--", name, cwd=folder)
    git("commit", "-q", "-m", f"Add {name}", cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder).stdout.strip()


@dataclass(frozen=True)
class Served:
    """One repository at the server, and the agent codex-1 that has a grant for it."""

    name: str
    folder: Path
    root: Path
    port: int
    token: str

    def url(self, *, user: str = "codex-1", token: str | None = None) -> str:
        return f"http://{user}:{token or self.token}@127.0.0.1:{self.port}/git/{self.name}.git"

    def clone(self, into: Path, *options: str) -> Path:
        git(*options, "clone", "-q", self.url(), str(into), cwd=self.root)
        return into

    def refs(self) -> dict[str, str]:
        listed = git("for-each-ref", "--format=%(refname) %(objectname)", cwd=self.folder).stdout
        return dict(line.split(" ") for line in listed.splitlines())

    def objects(self) -> set[Path]:
        return {path for path in (self.folder / "objects").rglob("*") if path.is_file()}

    def noticed(self) -> list[str]:
        log = self.root / f"{self.name}.noticed"
        return log.read_text().splitlines() if log.exists() else []

    def start_push(self, length: int) -> socket.socket:
        """A connection that has announced a push of this many bytes."""
        basic = b64encode(f"codex-1:{self.token}".encode()).decode()
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall(
            f"POST /git/{self.name}.git/git-receive-pack HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Basic {basic}\r\nContent-Length: {length}\r\n"
            "Content-Type: application/x-git-receive-pack-request\r\n\r\n".encode()
        )
        return connection

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Sequence[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """One plain HTTP request below this repository's URL, or at any path that starts with a slash."""
        place = path if path.startswith("/") else f"/git/{self.name}.git/{path}"
        basic = b64encode(f"codex-1:{token or self.token}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, place, body, {"Authorization": f"Basic {basic}", **(headers or {})})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()


def push_body(work: Path, ref: str, old: str, new: str) -> bytes:
    """What git sends to push `new` to a ref: one command, and a pack of what is not in `old`."""
    command = f"{old} {new} {ref}\0 report-status side-band-64k\n".encode()
    pack = subprocess.run(
        ("git", "pack-objects", "--stdout", "--revs", "-q"),
        cwd=work,
        env=CLIENT,
        input=f"{new}\n^{old}\n".encode(),
        capture_output=True,
        check=True,
    ).stdout
    return b"%04x" % (len(command) + 4) + command + b"0000" + pack


class Server:
    """gunicorn with one worker, its store, and its repositories."""

    def __init__(self, root: Path, port: int, process: psutil.Process) -> None:
        self.root = root
        self.port = port
        self.process = process
        self.store = SqlStore(f"sqlite:///{root / 'store.db'}")
        self.accounts = AgentAccounts(self.store, _now, lambda: os.urandom(32).hex(), lambda repository: None)
        self.token = self.accounts.add("codex-1", actor="cli:alice")

    @property
    def worker(self) -> psutil.Process:
        [worker] = [child for child in self.process.children() if "git" not in child.name()]
        return worker

    def git_processes(self) -> list[str]:
        """Every process that the server started for a request and has not cleared away."""
        return [_command_line(child) for child in self.worker.children(recursive=True)]

    def peak_memory(self) -> int:
        """The most bytes that the worker ever had in memory."""
        status = Path(f"/proc/{self.worker.pid}/status").read_text()
        [kib] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(kib) * 1024

    def add(self, name: str, *, granted: bool = True) -> Served:
        folder = self.root / "repositories" / f"{name}.git"
        git("init", "-q", "--bare", "-b", "main", str(folder), cwd=self.root)
        git("config", "receive.advertisePushOptions", "true", cwd=folder)
        git("config", "uploadpack.allowFilter", "true", cwd=folder)
        with self.store.transaction() as tx:
            tx.repositories.add(name, "/upstream", "local", _now())
        if granted:
            self.accounts.grant("codex-1", name, actor="cli:alice")
        return Served(name, folder, self.root, self.port, self.token)

    def add_gated(self, name: str, upstream: Path) -> Served:
        """A repository as the product makes it: with its hooks and its configuration."""
        held = GitRepositories(self.root / "repositories").create(name, str(upstream)).held
        with self.store.transaction() as tx:
            tx.repositories.add(name, str(upstream), "local", _now())
        self.accounts.grant("codex-1", name, actor="cli:alice")
        url = f"http://127.0.0.1:{self.port}"
        grants = (Grant("codex-1", name),)
        held.write_rules(RepositoryRules(name, url, "hold", Limits(0, 0, 0), (), grants))
        return Served(name, self.root / "repositories" / f"{name}.git", self.root, self.port, self.token)


@contextmanager
def serving(root: Path) -> Iterator[Server]:
    """Run gunicorn on a free port of the loopback. Connections wait in the socket until it is up."""
    (root / "repositories").mkdir()
    migrate(SqlStore(f"sqlite:///{root / 'store.db'}"))
    with (
        socket.create_server(("127.0.0.1", 0), backlog=128) as listener,
        (root / "server.log").open("w") as log,
    ):
        command = (sys.executable, "-m", "gunicorn", "-c", str(CHECKOUT / "gunicorn.conf.py"))
        environment = {
            **os.environ,
            "WEB_CONCURRENCY": "1",
            "TRANSPORT_TEST_ROOT": str(root),
            "PYTHONPATH": str(CHECKOUT),
        }
        process = subprocess.Popen(
            (*command, "-b", f"fd://{listener.fileno()}", "tests.transport.served_app:create_app()"),
            env=environment,
            cwd=root,
            pass_fds=(listener.fileno(),),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Server(root, listener.getsockname()[1], psutil.Process(process.pid))
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            finally:
                process.kill()


def eventually(holds: Callable[[], bool], *, seconds: float = 20) -> bool:
    """Ask until it holds; for what another process does in its own time."""
    pause = threading.Event()
    for _ in range(int(seconds * 50)):
        if holds():
            return True
        pause.wait(0.02)
    return False


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return "ended"


def _now() -> datetime:
    return datetime.now(UTC)
