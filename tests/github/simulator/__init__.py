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

A `Person` does what people do with the ordinary buttons (`open`, `approve`, `comment`, `merge`, `push` …),
whatever their role: only requests with a token are held to it. What goes wrong is arranged beforehand:
`fault`, `secondary_limit`, `primary_limit`, `stale_heads`, `move_commit_ids`, and for webhooks
`hold_deliveries`, `flush`, `lose_deliveries`, `double`, `forge`, `truncate`. `world.ahead` moves the clock.
With `outbox.carrier` deliveries go to a function instead of over HTTP.

REST is at `{url}/api/v3`, as on an Enterprise server, GraphQL at `{url}/api/graphql`, git at
`{url}/OWNER/REPO.git`. `violations` has every request and answer that GitHub's description does not know.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.github.simulator import installations
from tests.github.simulator.events import Events
from tests.github.simulator.faults import Fault
from tests.github.simulator.git_http import GitOverHttp
from tests.github.simulator.installations import EVERYTHING
from tests.github.simulator.outbox import Delivery, Outbox
from tests.github.simulator.people import Person
from tests.github.simulator.render import Renderer, time_text
from tests.github.simulator.rest import Asked, Rest
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

_METHODS = ["GET", "POST"]


class _Quiet(WSGIRequestHandler):
    """`requests` has what was asked."""

    protocol_version = "HTTP/1.1"

    def send_response(self, code: int, message: str | None = None) -> None:
        """Without the server's own Date beside the simulated one."""
        self.send_response_only(code, message)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class Simulator:
    """One GitHub, with everything that happens in it behind one lock."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.world = World(folder)
        self.outbox = Outbox(self.world.now)
        self.url = ""
        self._render = Renderer(self.world, "")
        self.events = Events(self.world, self._render, self.outbox)
        self.rest = Rest(self.world, self._render, self.events, self.outbox)
        self._git = GitOverHttp(self.world, self.events, self.rest.faults)

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve on a free loopback port; ends with the block."""
        app = Flask(__name__)
        self.rest.register(app)
        app.add_url_rule("/<owner>/<name>.git/<path:rest>", "git", self._git.answer, methods=_METHODS)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{server.server_port}"
        self._render.url, self._render.api = self.url, f"{self.url}/api/v3"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
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

    def collaborator(
        self, repository: Repository, person: Person, role: str, *, by: Person | None = None
    ) -> None:
        """Give a role: read, triage, write, maintain, admin; `none` takes it away."""
        with self.world.lock:
            before = repository.collaborators.get(person.id, "none")
            repository.collaborators[person.id] = role
            if by is not None:
                self._tell_member(repository, person, before, role, by)

    def app(self, slug: str, on: list[Repository], permissions: dict[str, str] | None = None) -> App:
        """An App with a key of its own, installed on these repositories."""
        app = installations.create_app(self.rest, slug, on[0].owner, permissions)
        self.install(app, on)
        return app

    def install(self, app: App, on: list[Repository]) -> Installation:
        """Nobody is told."""
        return installations.install(self.rest, app, on)

    def token(
        self, person: Person, on: list[Repository] | None = None, permissions: dict[str, str] | None = None
    ) -> str:
        """A fine-grained token of a person."""
        text = f"github_pat_{secrets.token_hex(20)}"
        ids = None if on is None else {repository.id for repository in on}
        self.world.tokens[text] = Token(
            text, person.account, dict(EVERYTHING if permissions is None else permissions), ids
        )
        return text

    def protect(
        self, repository: Repository, branch: str, *required: str, allows_pushes: bool = False
    ) -> None:
        repository.protected[branch] = Protection(required, allows_pushes)

    def verify(self, repository: Repository, oid: str) -> None:
        """Let GitHub find a commit's signature valid."""
        repository.verified.add(oid)

    def rename(self, repository: Repository, name: str, by: Person) -> None:
        with self.world.lock:
            before = repository.name
            self.world.old_names[repository.full_name.casefold()] = repository.id
            repository.name = name
            changes = {"repository": {"name": {"from": before}}}
            self.events.send("repository", "renamed", repository, by.account, changes=changes)

    def transfer(self, repository: Repository, owner: Account, by: Person) -> None:
        """Hand a repository over; addresses with the old owner lead to it."""
        with self.world.lock:
            before = self._render.account(repository.owner)
            self.world.old_names[repository.full_name.casefold()] = repository.id
            repository.owner = owner
            changes = {"owner": {"from": {"user": before}}}
            self.events.send("repository", "transferred", repository, by.account, changes=changes)

    def archive(self, repository: Repository, by: Person, *, archived: bool = True) -> None:
        with self.world.lock:
            repository.is_archived = archived
            action = "archived" if archived else "unarchived"
            self.events.send("repository", action, repository, by.account)

    def set_members(self, team: Team, members: list[Person], by: Person) -> None:
        """Let these be in a team, and no others."""
        with self.world.lock:
            wanted = {one.id for one in members}
            before, team.members = team.members, wanted
            for action, ids in (("added", wanted - before), ("removed", before - wanted)):
                for one in sorted(ids):
                    self._tell_membership(action, team, self.world.accounts[one], by)

    def suspend(self, app: App, by: Person, *, suspended: bool = True) -> None:
        with self.world.lock:
            installations.suspend(self.rest, app, by.account, suspended=suspended)

    def uninstall(self, app: App, by: Person) -> None:
        with self.world.lock:
            installations.uninstall(self.rest, app, by.account)

    def set_permissions(self, app: App, permissions: dict[str, str], by: Person) -> None:
        """Let an App have other permissions, accepted where it is installed."""
        with self.world.lock:
            installations.accept(self.rest, app, permissions, by.account)

    def set_repositories(self, app: App, on: list[Repository], by: Person) -> None:
        """Let an App have these repositories, and no others."""
        with self.world.lock:
            installations.set_repositories(self.rest, app, on, by.account)

    def queue_merge(self, repository: Repository, pull: Pull, by: Person) -> str:
        """Put a pull request into the merge queue; returns the temporary commit that GitHub asks to check."""
        with self.world.lock:
            return self._queue_merge(repository, pull, by)

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
        author = by.account if by is not None else repository.owner
        person = {
            f"GIT_{role}_{field}": value
            for role in ("AUTHOR", "COMMITTER")
            for field, value in (("NAME", author.login), ("EMAIL", author.email))
        }
        message = f"change {', '.join(files)}\n"
        oid = repository.git("commit-tree", tree, *parents, stdin=message, **person)
        with self.world.lock:
            repository.git("update-ref", f"refs/heads/{branch}", oid)
            self.events.ref_moved(repository, f"refs/heads/{branch}", old or ZERO, oid, author)
        return oid

    # Webhooks, and what goes wrong

    def webhook(self, url: str, secret: str) -> None:
        """Send everything that happens from now on to this address, signed with this secret."""
        self.outbox.url, self.outbox.secret = url, secret

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything that was told or waits to be."""
        return self.outbox.deliveries

    def ping(self, by: Person) -> None:
        """What GitHub sends first to a new webhook."""
        config = {"content_type": "json", "insecure_ssl": "0", "url": self.outbox.url or ""}
        hook = {"type": "App", "id": 1, "name": "web", "active": True, "events": ["push"], "config": config}
        times = dict.fromkeys(("created_at", "updated_at"), time_text(self.world.began_at))
        about = {"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {**hook, **times}}
        self.events.send("ping", None, None, by.account, **about)

    def hold_deliveries(self) -> None:
        """Keep deliveries until `flush`."""
        self.outbox.hold()

    def flush(self, *, reverse: bool = False) -> int:
        """Send what waits, in this thread, oldest or newest first; returns how many."""
        return self.outbox.flush(reverse=reverse)

    def lose_deliveries(
        self, which: int | Callable[[Delivery], bool] = lambda _: True, *, noticed: bool = True
    ) -> None:
        """Lose the next so many, or all that meet a condition; not `noticed`, GitHub hears OK."""
        loses = _next(which) if isinstance(which, int) else which
        if noticed:
            self.outbox.loses = loses
        else:
            self.outbox.swallows = loses

    def double(self, times: int = 2) -> None:
        """Send each delivery so many times, with the same id."""
        self.outbox.times = times

    def forge(
        self, event: str, payload: dict[str, object], *, secret: str = "wrong", guid: str | None = None
    ) -> int:
        """Post something that GitHub never sent; returns the status of the answer."""
        made = Delivery(0, guid or secrets.token_hex(16), event, payload)
        return self.outbox.post(made, secret=secret)

    def truncate(self, delivery: Delivery, size: int) -> int:
        """Post the first bytes of a delivery, with the signature of the whole."""
        return self.outbox.post(delivery, cut=size)

    def fault(
        self,
        method: str,
        path: str,
        *,
        status: int = 502,
        times: int = 1,
        after_work: bool = False,
        words: str = "Server Error",
        **headers: str,
    ) -> None:
        """Let the next requests, git's too, whose path contains `path` fail; `after_work`: once done."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.rest.faults.append(Fault(method, path, status, times, after_work, words, named))

    def secondary_limit(self, writes: int, *, minute: float = 60.0) -> None:
        """So many writes a minute; `minute` is how many seconds that is here."""
        self.rest.limits.writes, self.rest.limits.minute = writes, minute

    def primary_limit(self, remaining: int, *, reset_in: float = 3600.0) -> None:
        """So many requests more until the reset, which is in so many seconds."""
        self.rest.limits.primary(remaining, reset_in=reset_in)

    def stale_heads(self, reads: int) -> None:
        """Show the head before at the first reads after each move, as GitHub does for some seconds."""
        self.events.stale_reads = reads

    def move_commit_ids(self, *, moves: bool = True) -> None:
        """Let `commit_id` of earlier reviews follow the head, as GitHub may."""
        self.events.moves_commit_ids = moves

    @property
    def requests(self) -> list[Asked]:
        return self.rest.requests

    @property
    def violations(self) -> list[str]:
        return self.rest.violations

    def _tell_member(
        self, repository: Repository, person: Person, before: str, role: str, by: Person
    ) -> None:
        member = self._render.account(person.account)
        action = "added" if before == "none" else "removed" if role == "none" else "edited"
        more = {} if action == "removed" else {"changes": {"permission": {"from": before, "to": role}}}
        self.events.send("member", action, repository, by.account, member=member, **more)

    def _tell_membership(self, action: str, team: Team, member: Account, by: Person) -> None:
        self.events.send(
            "membership",
            action,
            None,
            by.account,
            scope="team",
            member=self._render.account(member),
            team=self._render.team(team.slug),
            organization=self._render.organization(team.organization),
        )

    def _queue_merge(self, repository: Repository, pull: Pull, by: Person) -> str:
        base = repository.tip(pull.base_ref) or ZERO
        tree = repository.git("merge-tree", "--write-tree", base, pull.head_sha).splitlines()[0]
        message = f"Merge pull request #{pull.number}\n"
        oid = repository.git("commit-tree", tree, "-p", base, "-p", pull.head_sha, stdin=message)
        ref = f"refs/heads/gh-readonly-queue/{pull.base_ref}/pr-{pull.number}-{base}"
        by.push(repository, ref, oid)
        commit = self._render.commit(repository, oid)
        group = {
            "head_sha": oid,
            "head_ref": ref,
            "base_sha": base,
            "base_ref": f"refs/heads/{pull.base_ref}",
            "head_commit": {
                "id": oid,
                "tree_id": commit["commit"]["tree"]["sha"],
                "message": message,
                "timestamp": commit["commit"]["committer"]["date"],
                "author": commit["commit"]["author"],
                "committer": commit["commit"]["committer"],
            },
        }
        self.events.send("merge_group", "checks_requested", repository, by.account, merge_group=group)
        return oid


def _next(count: int) -> Callable[[Delivery], bool]:
    left = iter(range(count))
    return lambda _: next(left, None) is not None


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
