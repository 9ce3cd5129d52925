"""What there is at the simulated GitHub: accounts, repositories, pull requests and what is said in them."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ZERO = "0" * 40
# What each role may do includes what those before it may.
ROLES = ("none", "read", "triage", "write", "maintain", "admin")
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "GitHub",
    "GIT_AUTHOR_EMAIL": "noreply@example.org",
    "GIT_COMMITTER_NAME": "GitHub",
    "GIT_COMMITTER_EMAIL": "noreply@example.org",
}
# What an App hears of, if it does not choose.
EVENTS = (
    "check_run",
    "create",
    "delete",
    "issue_comment",
    "member",
    "membership",
    "merge_group",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "repository",
    "status",
    "team",
)
_CONFIG = """
[http]
\treceivepack = true
[uploadpack]
\tallowAnySHA1InWant = true
[receive]
\tdenyDeleteCurrent = ignore
\tprocReceiveRefs = refs
[gc]
\tauto = 0
"""


@dataclass
class Account:
    """A person, a bot or an organization. `id` stays; `login` can change and be taken by another."""

    id: int
    login: str
    type: str = "User"
    email: str = ""


@dataclass
class Team:
    organization: Account
    slug: str
    members: set[int] = field(default_factory=set)
    invited: set[int] = field(default_factory=set)


@dataclass
class App:
    id: int
    slug: str
    owner: Account
    bot: Account
    private_key_pem: str
    public_key_pem: str
    permissions: dict[str, str]
    events: set[str] = field(default_factory=lambda: set(EVENTS))


@dataclass
class Installation:
    id: int
    app: App
    account: Account
    repositories: set[int] = field(default_factory=set)
    is_suspended: bool = False
    is_deleted: bool = False


@dataclass
class Token:
    """Whose token it is, and what it may do where; `repositories` None means everywhere."""

    text: str
    account: Account
    permissions: dict[str, str]
    repositories: set[int] | None
    expires_at: datetime | None = None
    installation: Installation | None = None


@dataclass
class Review:
    id: int
    author: Account
    state: str
    body: str
    commit_id: str
    submitted_at: datetime


@dataclass
class Comment:
    id: int
    author: Account
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass
class Status:
    id: int
    creator: Account
    state: str
    context: str
    description: str | None
    target_url: str | None
    at: datetime


@dataclass
class CheckRun:
    id: int
    name: str
    app_slug: str
    conclusion: str | None
    at: datetime
    state: str = "completed"
    output: dict[str, Any] = field(default_factory=dict)
    details_url: str | None = None
    external_id: str = ""
    annotations: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Remark:
    """A comment on a line of a pull request's diff, in a thread of its own or of another's."""

    id: int
    author: Account
    body: str
    path: str
    commit_id: str
    thread: int
    created_at: datetime
    updated_at: datetime


@dataclass
class Protection:
    """What a protected branch asks for: nobody may delete it, rewrite it, or push to it without that.

    With `allows_pushes` no pull request is needed; without, a push is taken when it has the required checks,
    and where none is required only the merge of a pull request moves the branch.
    """

    required: tuple[str, ...] = ()
    allows_pushes: bool = False

    @property
    def needs_pull_request(self) -> bool:
        return not self.allows_pushes and not self.required


@dataclass
class Pull:
    """A pull request. `shown_head` is what the API says while GitHub has not caught up yet."""

    id: int
    number: int
    author: Account
    head_repo: Repository
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    title: str
    body: str
    draft: bool
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    closed_at: datetime | None = None
    closed_by: Account | None = None
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    can_reopen: bool = True
    is_mergeable: bool | None = None
    labels: list[str] = field(default_factory=list)
    asked: list[Account] = field(default_factory=list)
    asked_teams: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    threads: dict[int, bool] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)


@dataclass
class Repository:
    id: int
    owner: Account
    name: str
    path: Path
    default_branch: str = "main"
    collaborators: dict[int, str] = field(default_factory=dict)
    protected: dict[str, Protection] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    checks: dict[str, list[CheckRun]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    fork_of: Repository | None = None
    is_archived: bool = False
    verified: set[str] = field(default_factory=set)
    rules: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    hooks: list[dict[str, object]] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def git(self, *arguments: str, stdin: str = "", **environment: str) -> str:
        """What git says, without the white space around it; what is no UTF-8 as GitHub shows it."""
        said = self.git_bytes(*arguments, stdin=stdin.encode(), **environment)
        return said.decode(errors="replace").strip()

    def git_bytes(self, *arguments: str, stdin: bytes = b"", **environment: str) -> bytes:
        done = subprocess.run(
            ("git", f"--git-dir={self.path}", *arguments),
            input=stdin,
            capture_output=True,
            env=_ENVIRONMENT | environment,
            check=False,
        )
        if done.returncode:
            raise GitFailed(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def refs(self) -> dict[str, str]:
        """Branches and tags; not `refs/pull/`, which GitHub keeps for itself."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines)
        return {ref: oid for ref, oid in pairs if not ref.startswith("refs/pull/")}

    def tip(self, branch: str) -> str | None:
        try:
            return self.git("rev-parse", "--verify", "-q", f"refs/heads/{branch}^{{commit}}")
        except GitFailed:
            return None

    def has(self, oid: str) -> bool:
        try:
            self.git("cat-file", "-e", f"{oid}^{{commit}}")
        except GitFailed:
            return False
        return True

    def is_ancestor(self, old: str, new: str) -> bool:
        try:
            self.git("merge-base", "--is-ancestor", old, new)
        except GitFailed:
            return False
        return True

    def has_succeeded(self, oid: str, context: str) -> bool:
        """Whether a status or a check run of this name is green on a commit; the latest of each counts."""
        said = [one.state for one in self.statuses.get(oid, []) if one.context == context][-1:]
        said += [one.conclusion or "" for one in self.checks.get(oid, []) if one.name == context]
        return bool(said) and all(one in ("success", "neutral", "skipped") for one in said)

    def between(self, base: str, head: str) -> list[str]:
        """Commits of `head` that `base` has not, oldest first."""
        return self.git("rev-list", "--reverse", f"{base}..{head}").split()


class GitFailed(Exception):
    """git said no."""


class World:
    """Everything, behind one lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.ids = itertools.count(1001)
        self.accounts: dict[int, Account] = {}
        self.repositories: dict[int, Repository] = {}
        self.old_names: dict[str, int] = {}
        self.teams: dict[str, Team] = {}
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}
        self.ahead = 0.0
        self.began_at = self.now()

    def now(self) -> datetime:
        """To the second, as GitHub tells times."""
        return (datetime.now(UTC) + timedelta(seconds=self.ahead)).replace(microsecond=0)

    def account(self, login: str) -> Account | None:
        wanted = login.casefold()
        return next((one for one in self.accounts.values() if one.login.casefold() == wanted), None)

    def add_account(self, login: str, kind: str = "User") -> Account:
        account = Account(next(self.ids), login, kind, email=f"{login.removesuffix('[bot]')}@example.org")
        self.accounts[account.id] = account
        return account

    def repository(self, full_name: str) -> Repository | None:
        wanted = full_name.casefold()
        return next((one for one in self.repositories.values() if one.full_name.casefold() == wanted), None)

    def add_repository(
        self, owner: Account, name: str, default_branch: str, fork_of: Repository | None = None
    ) -> Repository:
        number = next(self.ids)
        path = self.folder / f"{number}.git"
        subprocess.run(
            ("git", "init", "-q", "--bare", "-b", default_branch, str(path)), check=True, env=_ENVIRONMENT
        )
        repository = Repository(number, owner, name, path, default_branch, fork_of=fork_of)
        with (path / "config").open("a") as config:
            config.write(_CONFIG)
        _share_objects(repository, fork_of)
        _install_gate(repository)
        self.repositories[number] = repository
        return repository

    def role(self, account: Account, repository: Repository) -> str:
        if account.id == repository.owner.id:
            return "admin"
        return repository.collaborators.get(account.id, "none")

    def fork_network(self, repository: Repository) -> list[Repository]:
        root = repository.fork_of or repository
        return [one for one in self.repositories.values() if one is root or one.fork_of is root]


def _share_objects(repository: Repository, fork_of: Repository | None) -> None:
    """GitHub keeps the objects of a network of forks together."""
    if fork_of is None:
        return
    alternates = fork_of.path / "objects/info/alternates"
    known = alternates.read_text() if alternates.exists() else ""
    # In a circle git gives up; so only the parent looks into forks, and forks get a copy.
    alternates.write_text(f"{known}{repository.path / 'objects'}\n")
    for ref, oid in fork_of.refs().items():
        repository.git("fetch", "-q", str(fork_of.path), f"{oid}:{ref}")


def _install_gate(repository: Repository) -> None:
    hook = repository.path / "hooks/proc-receive"
    hook.parent.mkdir(exist_ok=True)
    source = Path(__file__).with_name("proc_receive.py").read_text()
    hook.write_text(f"#!{sys.executable} -IS\n{source}")
    hook.chmod(0o755)
