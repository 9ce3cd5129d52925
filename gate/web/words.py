"""States, kinds and modes as people say them."""

from __future__ import annotations

from gate.domain.facts import ChangedFile
from gate.domain.hold import BlockReason, HoldState, UpdateKind
from gate.domain.review import ReviewState

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


def ref_type(ref: str) -> str:
    """`branch`, `tag`, or `ref` for anything else."""
    return {"heads": "branch", "tags": "tag"}.get(ref.split("/")[1] if "/" in ref else "", "ref")


def short_ref(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


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
