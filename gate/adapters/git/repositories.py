"""All gate repositories: folders `<name>.git` below one root that only the gate's user can enter."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gate.adapters.git.address import check_address, check_folder
from gate.adapters.git.command import Git
from gate.adapters.git.configuration import write_fixed
from gate.adapters.git.guard import write_guard
from gate.adapters.git.hook_files import HOOKS, install_hooks
from gate.adapters.git.remote_words import is_wrong_address
from gate.adapters.git.repository import GitRepository
from gate.adapters.git.upstream import Access
from gate.domain.errors import NotFound, Refused, Unavailable

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class GitRepositories:
    """Makes, opens and sets aside gate repositories.

    `credential_helper` is a program that knows the credentials of upstreams, as git-config(1) takes it;
    `helper_for` tells a better one for an upstream's address, asked when git is about to go there.
    `ssh_command` may name a key, such as `ssh -i /etc/pushgate/id_ed25519`.
    """

    def __init__(
        self,
        root: Path,
        *,
        hooks: Path = HOOKS,
        credential_helper: str | None = None,
        ssh_command: str = "ssh",
        helper_for: Callable[[str], str | None] | None = None,
    ) -> None:
        self._root = root
        self._hooks = hooks
        self._credential_helper = credential_helper
        self._ssh_command = ssh_command
        self._helper_for = helper_for

    def open(self, name: str, upstream: str) -> GitRepository:
        return self._repository(self._folder(name), name, upstream)

    def create(self, name: str, upstream: str) -> GitRepository:
        folder = self._folder(name)
        check_address(upstream)
        check_folder(upstream, self._root)
        if folder.exists():
            raise Refused(f"{folder} exists already. Choose another name, or set it aside.")
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Built under another name: nobody sees a half-made repository, and nothing is left of one.
        unfinished = self._root / f".new-{secrets.token_hex(8)}.git"
        try:
            self._build(unfinished, name, upstream)
            _put_in_place(unfinished, folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return self.open(name, upstream)

    def remove(self, name: str) -> str:
        folder = self._folder(name)
        if not folder.exists():
            raise NotFound(f"There is no repository {name} in {self._root}.")
        when = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        aside = self._root / ".removed" / f"{name}-{when}-{secrets.token_hex(2)}.git"
        aside.parent.mkdir(mode=0o700, exist_ok=True)
        folder.rename(aside)
        return str(aside)

    def bring_up_to_date(self, name: str, upstream: str) -> GitRepository:
        folder = self._folder(name)
        if not folder.is_dir():
            raise NotFound(f"There is no repository {name} in {self._root}.")
        self._furnish(folder)
        return self._repository(folder, name, upstream)

    def _build(self, folder: Path, name: str, upstream: str) -> None:
        # No template: it could bring hooks and attributes along.
        Git(folder).output("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(folder))
        folder.chmod(0o700)
        self._furnish(folder)
        try:
            self._repository(folder, name, upstream).upstream.sync()
        except Unavailable as fault:
            if is_wrong_address(str(fault)):
                raise Refused(f"{fault} Nothing was made.") from fault
            raise

    def _furnish(self, folder: Path) -> None:
        """Everything in a repository that this release decides on."""
        write_guard(folder)
        write_fixed(folder)
        install_hooks(self._hooks, folder / "hooks")

    def _repository(self, folder: Path, name: str, upstream: str) -> GitRepository:
        access = Access(upstream, self._credential_helper, self._ssh_command, self._helper_for)
        return GitRepository(folder, name, access, self._hooks)

    def _folder(self, name: str) -> Path:
        if not _NAME.fullmatch(name) or ".." in name or name.endswith((".git", ".lock")):
            raise Refused(
                f"{name!r} is no name for a repository: use up to 63 of a-z, 0-9, `.`, `_` and `-`, "
                "starting with a letter or digit, without `..` and without .git or .lock at the end."
            )
        return self._root / f"{name}.git"


def _put_in_place(unfinished: Path, folder: Path) -> None:
    try:
        unfinished.rename(folder)
    except OSError as error:
        raise Refused(f"{folder} exists already. Choose another name, or set it aside.") from error
