"""What each state, reason, kind and likeness is called in a pull request."""

from __future__ import annotations

from gate.domain.facts import ChangedFile
from gate.domain.hold import BlockReason, HoldState, Likeness, UpdateKind

STATE = {
    HoldState.RECEIVED: "registering",
    HoldState.COLLECTING: "collecting evidence",
    HoldState.IN_REVIEW: "waiting for review",
    HoldState.CHANGES_REQUESTED: "changes requested",
    HoldState.APPROVED: "approved",
    HoldState.RELEASING: "releasing",
    HoldState.RELEASED: "released",
    HoldState.REJECTED: "rejected",
    HoldState.WITHDRAWN: "withdrawn",
    HoldState.EXPIRED: "expired",
    HoldState.BLOCKED: "blocked",
    HoldState.RELEASED_EXTERNALLY: "merged upstream by a person",
    HoldState.RELEASED_REWRITTEN: "merged upstream as other commits",
    HoldState.BYPASSED: "bypassed the gate",
}
MEANING = {
    HoldState.RECEIVED: "The push is being registered.",
    HoldState.COLLECTING: "The gate is reading what was pushed.",
    HoldState.IN_REVIEW: "Nothing has reached upstream.",
    HoldState.CHANGES_REQUESTED: "Nothing is released while an objection stands.",
    HoldState.APPROVED: "The policy is satisfied, and the release is on its way.",
    HoldState.RELEASING: "It is being sent upstream. An objection is only recorded now.",
    HoldState.RELEASED: "Upstream was read back, and has exactly what was approved.",
    HoldState.REJECTED: "It is not released.",
    HoldState.WITHDRAWN: "It was taken back, and is not released.",
    HoldState.EXPIRED: "Nobody decided in time, and it is not released.",
    HoldState.BLOCKED: "No approval helps until this is mended.",
    HoldState.RELEASED_EXTERNALLY: "The policy was satisfied.",
    HoldState.RELEASED_REWRITTEN: "The policy was satisfied. The held commits themselves are not upstream.",
    HoldState.BYPASSED: "It did not go by the policy.",
}
REASON = {
    BlockReason.POLICY_INVALID: "the policy is not valid",
    BlockReason.POLICY_REFUSES: "the policy does not take it",
    BlockReason.BASE_MOVED: "upstream has moved on",
    BlockReason.BASE_DELETED: "its branch was deleted upstream",
    BlockReason.GROUP_BROKEN: "another part of its atomic push is no longer waiting",
    BlockReason.TAMPERED: "somebody changed what only the gate may change",
    BlockReason.UPSTREAM_REFUSED: "upstream refused it",
    BlockReason.COLLECT_FAILED: "the evidence could not be collected",
    BlockReason.PUBLISH_REFUSED: "it could not be put up for review",
    BlockReason.SECRET_FOUND: "there is a secret in what was pushed",
}
LIKENESS = {
    Likeness.NO_CHANGE: "It has the same files, parents and messages as before.",
    Likeness.NO_CODE_CHANGE: "It has the same files on the same base; only messages or commits differ.",
    Likeness.TRIVIAL_REBASE: "It has the same patches in the same order, on another base.",
    Likeness.REWORK: "It is other work than before: read it anew.",
}
VERB = {
    UpdateKind.CREATE: "create",
    UpdateKind.FAST_FORWARD: "move",
    UpdateKind.REWRITE: "rewrite",
    UpdateKind.DELETE: "delete",
    UpdateKind.TAG: "create",
}
_STATUS = {"A": "added", "M": "changed", "D": "deleted", "T": "changed in type"}
_MODE = {"100755": "executable", "120000": "symbolic link", "160000": "submodule"}


def revised_words(likeness: Likeness | None) -> str:
    """How a new revision differs from the one before it, and what that means for approvals."""
    how = "" if likeness is None else f"{LIKENESS[likeness]} "
    is_alike = likeness not in (None, Likeness.REWORK)
    unless = ", unless the policy's `copy_condition` keeps it" if is_alike else ""
    return f"{how}Every earlier approval is void{unless}."


def ref_type(ref: str) -> str:
    """`branch`, `tag`, or `ref` for anything else."""
    return {"heads": "branch", "tags": "tag"}.get(ref.split("/")[1] if "/" in ref else "", "ref")


def short_ref(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


def file_change(file: ChangedFile) -> str:
    """What became of a file, with what makes it more than a text: `added, symbolic link`."""
    parts = [_STATUS.get(file.status, file.status)]
    old, new = _MODE.get(file.old_mode, ""), _MODE.get(file.new_mode, "")
    if file.status in ("A", "D"):
        parts.append(new or old)
    elif new != old:
        parts.append(f"now {new}" if new else f"no longer {old}")
    elif new not in ("", "executable"):
        parts.append(new)
    parts.append("binary" if file.is_binary and "160000" not in (file.old_mode, file.new_mode) else "")
    return ", ".join(filter(None, parts))


def is_special(file: ChangedFile) -> bool:
    """Whether a file is, or was, more than a text without a mode: it deserves a look of its own."""
    return file.is_binary or {file.old_mode, file.new_mode} & _MODE.keys() != set()
