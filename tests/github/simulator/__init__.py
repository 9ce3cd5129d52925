"""A GitHub of our own, for tests: REST and git over loopback HTTP, webhooks, and people who act.

    simulator = Simulator(folder)
    with simulator.running():
        organization = simulator.organization("acme")
        shop = simulator.repository("acme/shop")
        alice = simulator.person("alice")
        simulator.collaborator(shop, alice, "write")
        app = simulator.app("pushgate", on=[shop])
        simulator.webhook("http://127.0.0.1:8080/webhooks/github", "a secret of the webhook")
        alice.approve(shop, shop.pulls[1])

REST is at `{url}/api/v3`, as on an Enterprise server, GraphQL at `{url}/api/graphql`, git at
`{url}/OWNER/REPO.git`. `violations` has every request and answer that GitHub's description does not know.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from werkzeug.serving import make_server

from tests.github.simulator.events import Events
from tests.github.simulator.git_http import GitOverHttp
from tests.github.simulator.outbox import Delivery, Outbox
from tests.github.simulator.people import Person
from tests.github.simulator.render import Renderer
from tests.github.simulator.rest import Asked, Fault, Rest
from tests.github.simulator.world import (
    ZERO,
    Account,
    App,
    Comment,
    Installation,
    Protection,
    Pull,
    Repository,
    Review,
    Team,
    Token,
    World,
)

EVERYTHING = {
    "metadata": "read",
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "statuses": "write",
    "checks": "read",
    "members": "read",
    "administration": "read",
    "workflows": "write",
    "repository_hooks": "write",
}
_METHODS = ["GET", "POST"]


class Simulator:
    """One GitHub, with everything that happens in it behind one lock."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.world = World(folder)
        self.outbox = Outbox()
        self.url = ""
        self._render = Renderer(self.world, "")
        self.events = Events(self.world, self._render, self.outbox)
        self.rest = Rest(self.world, self._render, self.events, self.outbox)
        self._git = GitOverHttp(self.world, self.events)

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve on a free loopback port; ends with the block."""
        app = Flask(__name__)
        self.rest.register(app)
        app.add_url_rule("/<owner>/<name>.git/<path:rest>", "git", self._git.answer, methods=_METHODS)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{server.server_port}"
        self._render.url, self._render.api = self.url, f"{self.url}/api/v3"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self.url
        finally:
            self.outbox.stop()
            server.shutdown()
            thread.join()
            server.server_close()

    # What there is

    def organization(self, login: str) -> Account:
        return self.world.account(login) or self.world.add_account(login, "Organization")

    def person(self, login: str) -> Person:
        """A new person; a login that somebody gave up may be taken."""
        return Person(self.rest, self.world.add_account(login))

    def bot(self, login: str) -> Person:
        return Person(self.rest, self.world.add_account(login, "Bot"))

    def team(self, name: str, members: list[Person]) -> Team:
        organization, _, slug = name.partition("/")
        team = Team(self.organization(organization), slug, {one.id for one in members})
        self.world.teams[name.casefold()] = team
        return team

    def repository(self, full_name: str, default_branch: str = "main") -> Repository:
        owner, _, name = full_name.partition("/")
        return self.world.add_repository(self.organization(owner), name, default_branch)

    def git_url(self, repository: Repository) -> str:
        return f"{self.url}/{repository.full_name}.git"

    def collaborator(self, repository: Repository, person: Person, role: str) -> None:
        """Give a role: read, triage, write, maintain, admin; `none` takes it away."""
        repository.collaborators[person.id] = role

    def app(self, slug: str, on: list[Repository], permissions: dict[str, str] | None = None) -> App:
        """An App with a key of its own, installed on these repositories."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        app = App(
            id=next(self.world.ids),
            slug=slug,
            owner=on[0].owner,
            bot=self.world.add_account(f"{slug}[bot]", "Bot"),
            private_key_pem=private.decode(),
            public_key_pem=public.decode(),
            permissions=dict(permissions or EVERYTHING),
        )
        self.world.apps[app.id] = app
        self.install(app, on)
        return app

    def install(self, app: App, on: list[Repository]) -> Installation:
        ids = {repository.id for repository in on}
        installation = Installation(next(self.world.ids), app, on[0].owner, ids)
        self.world.installations[installation.id] = installation
        return installation

    def token(
        self, person: Person, on: list[Repository] | None = None, permissions: dict[str, str] | None = None
    ) -> str:
        """A fine-grained token of a person."""
        text = f"github_pat_{secrets.token_hex(20)}"
        ids = None if on is None else {repository.id for repository in on}
        self.world.tokens[text] = Token(text, person.account, dict(permissions or EVERYTHING), ids)
        return text

    def protect(
        self, repository: Repository, branch: str, *required: str, allows_pushes: bool = False
    ) -> None:
        repository.protected[branch] = Protection(required, allows_pushes)

    def rename(self, repository: Repository, name: str, by: Person) -> None:
        with self.world.lock:
            before = repository.name
            self.world.old_names[repository.full_name.casefold()] = repository.id
            repository.name = name
            changes = {"repository": {"name": {"from": before}}}
            self.events.send("repository", "renamed", repository, by.account, changes=changes)

    def suspend(self, app: App, by: Person, *, suspended: bool = True) -> None:
        with self.world.lock:
            for installation in self.world.installations.values():
                if installation.app is app:
                    installation.is_suspended = suspended
                    self._tell_installation("suspend" if suspended else "unsuspend", installation, by)

    def uninstall(self, app: App, by: Person) -> None:
        with self.world.lock:
            for installation in self.world.installations.values():
                if installation.app is app:
                    installation.is_deleted = True
                    self._tell_installation("deleted", installation, by)

    def commit(self, repository: Repository, branch: str, *, by: Person | None = None, **files: str) -> str:
        """A commit with these files on top of a branch, or the first one; returns its oid."""
        old = repository.tip(branch)
        entries = repository.git("ls-tree", "-r", old).splitlines() if old else []
        kept = [line for line in entries if line.partition("\t")[2] not in files]
        added = [
            f"100644 blob {repository.git('hash-object', '-w', '--stdin', stdin=text)}\t{name}"
            for name, text in files.items()
        ]
        tree = _nested_tree(repository, [*kept, *added])
        parents = ("-p", old) if old else ()
        oid = repository.git("commit-tree", tree, *parents, stdin=f"change {', '.join(files)}\n")
        author = by.account if by is not None else repository.owner
        with self.world.lock:
            repository.git("update-ref", f"refs/heads/{branch}", oid)
            self.events.ref_moved(repository, f"refs/heads/{branch}", old or ZERO, oid, author)
        return oid

    # Webhooks, and what goes wrong

    def webhook(self, url: str, secret: str) -> None:
        self.outbox.url, self.outbox.secret = url, secret
        self.rest.app_hook = {"url": url}

    @property
    def deliveries(self) -> list[Delivery]:
        return self.outbox.deliveries

    def fault(
        self, method: str, path: str, *, status: int = 502, times: int = 1, after_work: bool = False
    ) -> None:
        """Let the next requests whose path contains `path` fail; with `after_work` they are done first."""
        self.rest.faults.append(Fault(method, path, status, times, after_work))

    def secondary_limit(self, writes: int, *, minute: float = 60.0) -> None:
        """So many writes a minute; `minute` is how many seconds that is here."""
        self.rest.limits.writes, self.rest.limits.minute = writes, minute

    @property
    def requests(self) -> list[Asked]:
        return self.rest.requests

    @property
    def violations(self) -> list[str]:
        return self.rest.violations

    def _tell_installation(self, action: str, installation: Installation, by: Person) -> None:
        repositories = [
            {
                "id": one.id,
                "name": one.name,
                "full_name": one.full_name,
                "node_id": f"R_{one.id}",
                "private": True,
            }
            for one in self.world.repositories.values()
            if one.id in installation.repositories
        ]
        about = {
            "id": installation.id,
            "app_id": installation.app.id,
            "app_slug": installation.app.slug,
            "account": self._render.account(installation.account),
        }
        self.events.send(
            "installation", action, None, by.account, installation=about, repositories=repositories
        )


def _nested_tree(repository: Repository, lines: list[str]) -> str:
    """A tree of `ls-tree -r` lines, folders and all."""
    here: list[str] = []
    below: dict[str, list[str]] = {}
    for line in lines:
        meta, _, path = line.partition("\t")
        folder, slash, rest = path.partition("/")
        if slash:
            below.setdefault(folder, []).append(f"{meta}\t{rest}")
        else:
            here.append(line)
    here += [f"040000 tree {_nested_tree(repository, inner)}\t{name}" for name, inner in below.items()]
    return repository.git("mktree", stdin="".join(f"{line}\n" for line in here))


__all__ = [
    "ZERO",
    "Account",
    "App",
    "Comment",
    "Delivery",
    "Person",
    "Pull",
    "Repository",
    "Review",
    "Simulator",
]
