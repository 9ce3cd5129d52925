"""What there is at the simulated GitHub: accounts, repositories, pull requests and what is said in them."""

from __future__ import annotations

import itertools
import subprocess
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

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


@dataclass
class App:
    id: int
    slug: str
    owner: Account
    bot: Account
    private_key_pem: str
    public_key_pem: str
    permissions: dict[str, str]


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


@dataclass
class Protection:
    """What a protected branch asks for; with no required check nothing is taken by a push."""

    required: tuple[str, ...] = ()
    allows_pushes: bool = False


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
    labels: list[str] = field(default_factory=list)
    asked: list[Account] = field(default_factory=list)
    asked_teams: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    threads: dict[int, bool] = field(default_factory=dict)
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
    hooks: list[dict[str, object]] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def git(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            ("git", f"--git-dir={self.path}", *arguments),
            input=stdin,
            capture_output=True,
            text=True,
            env=_ENVIRONMENT,
            check=False,
        )
        if done.returncode:
            raise GitFailed(f"git {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def refs(self) -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split(" ") for line in lines)

    def tip(self, branch: str) -> str | None:
        return self.refs().get(f"refs/heads/{branch}")

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
        for setting in (
            ("http.receivepack", "true"),
            ("uploadpack.allowAnySHA1InWant", "true"),
            ("receive.denyDeleteCurrent", "ignore"),
        ):
            repository.git("config", *setting)
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
    for one, other in ((repository, fork_of), (fork_of, repository)):
        alternates = one.path / "objects/info/alternates"
        known = alternates.read_text() if alternates.exists() else ""
        # In a circle git gives up; so only the parent looks into forks, and forks get a copy.
        if one is fork_of:
            alternates.write_text(f"{known}{other.path / 'objects'}\n")
    for ref, oid in fork_of.refs().items():
        repository.git("fetch", "-q", str(fork_of.path), f"{oid}:{ref}")


_HOOK = """#!/bin/sh
# What GitHub refuses of a push: changes of protected branches, and of workflows without the permission.
branch="${1#refs/heads/}"
case " $SIM_PROTECTED " in
*" $branch "*)
  if [ -z "$SIM_GREEN" ] || ! grep -qx "$3" "$SIM_GREEN"; then
    echo "error: GH006: Protected branch update failed for $1." >&2
    echo "error: Changes must be made through a pull request. Required status check is expected." >&2
    exit 1
  fi ;;
esac
if [ -z "$SIM_WORKFLOWS" ] && [ "$3" != 0000000000000000000000000000000000000000 ]; then
  for commit in $(git rev-list "$3" --not --all); do
    file=$(git diff-tree --no-commit-id --name-only -r --root "$commit" -- .github/workflows | head -n 1)
    if [ -n "$file" ]; then
      echo "refusing to allow a GitHub App to create or update workflow" \\
        "\\`$file\\` without \\`workflows\\` permission" >&2
      exit 1
    fi
  done
fi
exit 0
"""


def _install_gate(repository: Repository) -> None:
    hook = repository.path / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(_HOOK)
    hook.chmod(0o755)
