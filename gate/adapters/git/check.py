"""What is wrong with a gate repository, and how to mend it."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from gate.adapters.git.command import Git
from gate.adapters.git.configuration import FIXED
from gate.adapters.git.files import read_file
from gate.adapters.git.hook_files import hook_faults
from gate.domain.errors import Failed
from gate.services.ports.git import Finding, Upstream

# proc-receive came with 2.29. Since 2.39 git leaves out hidden refs when it looks if a push is connected,
# so that a push costs the same with 10,000 holds as with none.
_OLDEST_GIT = (2, 39)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check(git: Git, name: str, hooks: Path, upstream: Upstream) -> list[Finding]:
    """Every finding about one repository; an absent folder is the only one of its kind."""
    if not (git.folder / "objects").is_dir():
        mend = f"restore it from a backup, or: python -m gate repo remove {name} and add it again"
        return [Finding(str(git.folder), "is missing or is no git repository", mend)]
    repair = f"python -m gate repo check {name} --mend"
    return [
        *_git_version(git),
        *_folder(git.folder),
        *_hooks(git.folder, hooks, repair),
        *_configuration(git, repair),
        *_guard(git.folder, repair),
        *_upstream(upstream),
    ]


def _git_version(git: Git) -> Iterator[Finding]:
    version = git.text("version").strip()
    match = re.search(r"(\d+)\.(\d+)", version)
    if not match or (int(match[1]), int(match[2])) < _OLDEST_GIT:
        wanted = ".".join(map(str, _OLDEST_GIT))
        yield Finding("git", f"is {version}, and the gate needs {wanted}", "apt-get install git")


def _folder(folder: Path) -> Iterator[Finding]:
    """Who can write here passes the gate, and who can read here sees what is held."""
    found = folder.stat()
    path = shlex.quote(str(folder))
    if found.st_uid != os.geteuid():
        yield Finding(str(folder), "belongs to another user", f"chown -R {os.geteuid()} {path}")
    if found.st_mode & _OTHERS:
        yield Finding(str(folder), "is open to other users", f"chmod -R go-rwx {path}")
    if not os.access(folder / "pushgate", os.W_OK | os.X_OK):
        mend = f"mkdir -p -m 700 {shlex.quote(str(folder / 'pushgate'))}"
        yield Finding(str(folder / "pushgate"), "is missing or can't be written", mend)


def _hooks(folder: Path, source: Path, repair: str) -> Iterator[Finding]:
    for name, fault in hook_faults(source, folder / "hooks"):
        yield Finding(f"{folder}/hooks/{name}", fault, repair)


def _configuration(git: Git, repair: str) -> Iterator[Finding]:
    entries = git.text("config", "--local", "-z", "--list").split("\0")
    found = [(key, value) for key, _, value in (entry.partition("\n") for entry in entries if entry)]
    for key in dict.fromkeys(key for key, _ in FIXED):
        wanted = [value for name, value in FIXED if name == key]
        present = [value for name, value in found if name == key.lower()]
        if present != wanted:
            what = f"{key} is {', '.join(present) or 'not set'} and must be {', '.join(wanted)}"
            yield Finding(f"{git.folder}/config", what, repair)
    present_keys = {key for key, _ in found}
    if "core.hookspath" in present_keys:
        yield Finding(f"{git.folder}/config", "core.hooksPath leads git past the gate's hooks", repair)
    if "pushgate.repository" not in present_keys:
        what = "the rules for the hooks are missing, so every push is refused"
        yield Finding(f"{git.folder}/config", what, "python -m gate sweep")


def _guard(folder: Path, repair: str) -> Iterator[Finding]:
    guard = folder / "pushgate" / "guard"
    if not (read_file(guard) or b"").strip():
        yield Finding(str(guard), "is missing or empty, so no ref can move", repair)
    elif guard.stat().st_mode & _OTHERS:
        yield Finding(str(guard), "can be read by other users", f"chmod 600 {shlex.quote(str(guard))}")


def _upstream(upstream: Upstream) -> Iterator[Finding]:
    try:
        upstream.tips(["HEAD"])
    except Failed as fault:
        mend = "check the address, the network and the credential helper; pushes are held meanwhile"
        yield Finding("upstream", str(fault), mend, is_fatal=False)
