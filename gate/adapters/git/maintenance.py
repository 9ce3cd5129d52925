"""Packing, so that pushes stay fast as holds come and go."""

from __future__ import annotations

from gate.adapters.git.command import Git
from gate.adapters.git.files import locked
from gate.adapters.git.guard import guarded

_SECONDS = 3600.0


def maintain(git: Git) -> None:
    """Pack refs and objects; never drop an object, so that closed holds stay readable.

    A geometric repack takes in loose objects and small packs "without respect to their reachability"
    (git-repack(1)) and leaves large packs alone, so its cost follows what is new. `git gc` would prune.
    """
    with locked(git.folder / "pushgate" / "maintenance.lock"):
        guarded(git).output("pack-refs", "--all", timeout=_SECONDS)
        git.output("repack", "-d", "-l", "--quiet", "--geometric=2", timeout=_SECONDS)
        git.output("commit-graph", "write", "--reachable", "--split", "--no-progress", timeout=_SECONDS)
