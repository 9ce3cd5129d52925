"""States, kinds and modes as people say them."""

from __future__ import annotations

from gate.domain.facts import ChangedFile
from gate.domain.hold import HoldState, UpdateKind
from gate.domain.pull_request.words import REASON, STATE, ref_type, short_ref
from gate.domain.review import ReviewState

__all__ = ["REASON", "STATE", "ref_type", "short_ref"]
"""Words that pull requests use as well; the others below are this package's own."""

_TONE = {
    HoldState.IN_REVIEW: "wait",
    HoldState.CHANGES_REQUESTED: "wait",
    HoldState.APPROVED: "good",
    HoldState.RELEASING: "good",
    HoldState.RELEASED: "good",
    HoldState.RELEASED_EXTERNALLY: "good",
    HoldState.RELEASED_REWRITTEN: "good",
    HoldState.REJECTED: "bad",
    HoldState.BLOCKED: "bad",
    HoldState.BYPASSED: "bad",
}
KIND = {
    UpdateKind.CREATE: "new branch",
    UpdateKind.FAST_FORWARD: "new commits",
    UpdateKind.REWRITE: "rewrites history",
    UpdateKind.DELETE: "deletes it",
    UpdateKind.TAG: "new tag",
}
REVIEW = {
    ReviewState.APPROVED: "approved",
    ReviewState.CHANGES_REQUESTED: "requested changes",
    ReviewState.COMMENTED: "commented",
    ReviewState.DISMISSED: "was dismissed",
}
_STATUS = {"A": "added", "M": "changed", "D": "deleted", "T": "changed in type"}
_MODE = {"100644": "file", "100755": "executable", "120000": "symbolic link", "160000": "submodule"}


def tone(state: HoldState) -> str:
    """The colour of a state's badge: good, bad, wait or quiet."""
    return _TONE.get(state, "quiet")


def file_status(file: ChangedFile) -> str:
    return _STATUS.get(file.status, file.status)


def mode_change(file: ChangedFile) -> str:
    """What became of the mode, where that is worth a word: `became executable`, `new symbolic link`."""
    new, old = mode(file.new_mode), mode(file.old_mode)
    if file.status == "D" or file.old_mode == file.new_mode:
        return "" if new in ("", "file", "executable") else new
    if file.status == "A":
        return "" if new == "file" else f"new {new}"
    return "no longer executable" if (old, new) == ("executable", "file") else f"became {new}"


def mode(bits: str) -> str:
    return _MODE.get(bits, "")
