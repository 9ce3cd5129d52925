"""Packing, so that pushes stay fast as holds come and go."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from gate.adapters.git.command import Git
from gate.adapters.git.files import locked
from gate.adapters.git.guard import guarded

_SECONDS = 3600.0
_LEFT_OVER_AFTER_SECONDS = 24 * 3600.0


def maintain(git: Git) -> None:
    """Pack refs and objects; never drop an object, so that closed holds stay readable.

    A geometric repack takes in loose objects and small packs "without respect to their reachability"
    (git-repack(1)) and leaves large packs alone, so its cost follows what is new. `git gc` would prune.
    """
    with locked(git.folder / "pushgate" / "maintenance.lock"):
        _remove_leftovers(git.folder / "objects")
        guarded(git).output("pack-refs", "--all", timeout=_SECONDS)
        git.output("repack", "-d", "-l", "--quiet", "--geometric=2", timeout=_SECONDS)
        git.output("commit-graph", "write", "--reachable", "--split", "--no-progress", timeout=_SECONDS)


def _remove_leftovers(objects: Path) -> None:
    """Delete what a push was bringing when the machine went down; no push takes a day."""
    before = time.time() - _LEFT_OVER_AFTER_SECONDS
    for folder in objects.glob("tmp_objdir-*"):
        if folder.stat().st_mtime < before:
            shutil.rmtree(folder, ignore_errors=True)
