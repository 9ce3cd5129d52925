"""The few answers of GitHub that a test of the gate's access needs, over real HTTP.

The whole of GitHub is in the simulator; here a test says itself what is answered, word for word.
"""

from __future__ import annotations

import base64
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gate.adapters.github.access import GitHubAccess
from gate.adapters.github.client import GitHub

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
INSTALLATION = "/repos/acme/shop/installation"
MINT = "/app/installations/7/access_tokens"


@dataclass(frozen=True)
class Answer:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    authorization: str
    body: Any
    agent: str


@dataclass
class Loopback:
    """Answers by method and path (without /api/v3); a callable answers each request anew."""

    url: str = ""
    answers: dict[tuple[str, str], Answer | Callable[[Request], Answer]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    repositories: Path | None = None
    good_tokens: set[str] = field(default_factory=set)

    def get(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        self.answers["GET", path] = Answer(body, status, {k.replace("_", "-"): v for k, v in headers.items()})

    def asked(self) -> list[tuple[str, str]]:
        return [(one.method, one.path) for one in self.requests]


@contextmanager
def serving(loopback: Loopback) -> Iterator[Loopback]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            if "/api/v3" not in self.path:
                self.git()
                return
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            path = self.path.removeprefix("/api/v3")
            agent, authorization = self.headers.get("User-Agent", ""), self.headers.get("Authorization", "")
            request = Request(self.command, path, authorization, body, agent)
            loopback.requests.append(request)
            found = loopback.answers.get((self.command, path), Answer({"message": "Not Found"}, 404))
            self.send(found(request) if callable(found) else found)

        def send(self, answer: Answer) -> None:
            content = answer.body if isinstance(answer.body, bytes) else _json(answer.body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if answer.cut else content)
            self.close_connection = answer.cut

        def git(self) -> None:
            word = self.headers.get("Authorization", "").removeprefix("Basic ")
            name, _, token = base64.b64decode(word).decode().partition(":")
            loopback.requests.append(Request(self.command, self.path, f"{name}:{token}", None, ""))
            if name != "x-access-token" or token not in loopback.good_tokens:
                self.send(Answer(None, 401, {"WWW-Authenticate": 'Basic realm="GitHub"'}))
                return
            assert loopback.repositories is not None
            folder = loopback.repositories / self.path.partition("/info/refs")[0].strip("/")
            command = ("git", "upload-pack", "--stateless-rpc", "--advertise-refs", str(folder))
            refs = subprocess.run(command, check=True, capture_output=True).stdout
            self.send_response(200)
            self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
            content = b"001e# service=git-upload-pack\n0000" + refs
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    loopback.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield loopback
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class World:
    """An App with a key at a loopback GitHub, and a clock that only the test moves."""

    server: Loopback
    home: Path
    now: datetime = START
    minted: list[str] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def access(self) -> GitHubAccess:
        key = self.home / "key.pem"
        return GitHubAccess(self.server.url, self.home / "secrets" / "github", 123, key)

    def app(self) -> GitHub:
        """As another process of the gate would build it."""
        return GitHub(self.access, lambda: self.now)

    def by_token(self, token: str = "github_pat_alice") -> GitHub:
        file = secret(self.home / "token", token)
        access = GitHubAccess(self.server.url, self.home / "secrets" / "github", token_file=file)
        return GitHub(access, lambda: self.now)

    def mint(self, _: Request) -> Answer:
        with self._turn:
            token = f"ghs_{len(self.minted) + 1}"
            self.minted.append(token)
        expiry = (self.now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Answer({"token": token, "expires_at": expiry, "permissions": {}}, 201)


def make_world(server: Loopback, home: Path) -> World:
    """The App 123 is installed for acme/shop, and whatever is asked of the repository is answered."""
    world = World(server, home)
    secret(home / "key.pem", KEY)
    server.get(INSTALLATION, {"id": 7, "app_id": 123, "app_slug": "pushgate", "permissions": {}})
    server.answers["POST", MINT] = world.mint
    server.get("/repos/acme/shop", repository())
    return world


def repository(**more: Any) -> dict[str, Any]:
    return {"id": 42, "full_name": "acme/shop", "name": "shop", "default_branch": "main", **more}


def secret(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def _json(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body).encode()


def _key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


KEY = _key()
