"""What Codex's editing tool did to files: changes as its records list them, or a patch that failed."""

from __future__ import annotations

import re
from itertools import islice

from gate.adapters.codex.fields import Record, below, inner, name, path, text
from gate.domain.session.exec_output import read_exec_output
from gate.domain.session.fold import ThreadFold
from gate.domain.session.texts import visible

_MOST_FILES = 2_000
_UPDATED = "Success. Updated the following files:"
_FILE = re.compile(r"^([AMD]) (.+)$", re.MULTILINE)
_KINDS = {"A": "add", "M": "update", "D": "delete"}
_PATCHED = re.compile(r"^\*\*\* (?:Add|Update|Delete) File: (.+)$", re.MULTILINE)


def tell_changes(fold: ThreadFold, call_id: str, change: Record, status: str) -> None:
    """The files of a FileChange item, or of the older `patch_apply_end`; `status` is how it ended."""
    changes = inner(change, "changes")
    if status in ("failed", "declined"):
        words = "Not applied: " + ", ".join(visible(one) for one in islice(changes, 20))
        reason = text(change, "stderr") or text(change, "stdout")
        fold.failed_edit(call_id, words, reason, is_rejected=status == "declined")
        return
    for file, how in islice(changes.items(), _MOST_FILES):
        if isinstance(how, dict):
            _tell_change(fold, call_id, path(visible(file)), how)
    if len(changes) > _MOST_FILES:
        fold.note(f"{len(changes) - _MOST_FILES} more files were changed by the same patch")


def _tell_change(fold: ThreadFold, call_id: str, file: str, how: Record) -> None:
    kind, moved = name(how, "type"), path(name(how, "move_path"))
    if kind not in ("add", "update", "delete"):
        return
    paths = [(file, "delete"), (moved, "add")] if moved and moved != file else [(file, kind)]
    fold.edit(call_id, kind, paths, text(how, "unified_diff") or _as_diff(kind, text(how, "content")))


def _as_diff(kind: str, content: str) -> str:
    sign = "-" if kind == "delete" else "+"
    return "".join(f"{sign}{line}" for line in content.splitlines(keepends=True))


def tell_patch_output(fold: ThreadFold, call_id: str, patch: str, output: str, cwd: str) -> None:
    """The answer to a patch of which no record lists the changes: they are read from it, or it failed."""
    answer = read_exec_output(output)
    _, updated, files = answer.text.partition(_UPDATED)
    if updated and not answer.exit_code:
        for kind, file in islice(_FILE.findall(files), _MOST_FILES):
            fold.edit(call_id, _KINDS[kind], [(below(cwd, file), _KINDS[kind])], patch)
        return
    words = "Not applied: " + ", ".join(islice(_PATCHED.findall(patch), 20))
    is_rejected = answer.text.startswith("patch rejected")
    fold.failed_edit(call_id, words, answer.text, is_rejected=is_rejected)
