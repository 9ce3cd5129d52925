"""What `git push --porcelain` reported."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gate.adapters.git.command import Completed
from gate.adapters.git.explanation import explain
from gate.adapters.git.remote_words import is_final
from gate.domain.errors import Unavailable
from gate.domain.release import PushRefused

# The ref is no longer where the gate saw it.
_STALE = re.compile(
    r"stale info|fetch first|non-fast-forward|already exists|cannot lock ref|failed to lock"
    r"|failed to update ref|incorrect old value|reference already exists|remote ref updated since checkout"
)
# Trouble on the other machine that says nothing about the push.
_PASSING = re.compile(
    r"unpacker error|failed to store|no space|internal server error|unable to migrate", re.IGNORECASE
)
_UNKNOWN = re.compile(r"failed to report status|remote failure")
# What the other refs of a group are told when one of them was the reason.
_COMPANION = re.compile(r"atomic push fail|atomic transaction failed|transaction aborted")


@dataclass(frozen=True, slots=True)
class _Rejection:
    ref: str
    reason: str


def push_outcome(upstream: str, pushed: Completed) -> PushRefused | None:
    """None where upstream took the push. Raises Unavailable where nobody can tell."""
    if pushed.status == 0:
        return None
    rejections = _rejections(pushed.output.decode(errors="backslashreplace"))
    if not rejections:
        return _without_report(upstream, pushed.words)
    causes = [one for one in rejections if not _COMPANION.search(one.reason)] or rejections
    reasons = "; ".join(f"{one.ref}: {one.reason}" for one in causes)
    if _UNKNOWN.search(reasons):
        raise Unavailable(f"{upstream} did not say what became of the push: {reasons}. {pushed.words}")
    is_stale = any(_STALE.search(one.reason) for one in causes)
    is_passing = is_stale or all(_PASSING.search(one.reason) for one in causes)
    words = _words(reasons, pushed.words)
    return PushRefused(words if is_passing else explain(words), is_stale=is_stale, is_final=not is_passing)


def _without_report(upstream: str, words: str) -> PushRefused:
    """git ended before any ref was decided on."""
    if is_final(words) or "does not support --atomic push" in words or "matches more than one" in words:
        return PushRefused(explain(words))
    raise Unavailable(f"{upstream} did not take the push: {words}")


def _rejections(report: str) -> list[_Rejection]:
    """The lines `!<tab><from>:<to><tab>[rejected] (<reason>)`."""
    found = []
    for line in report.split("\n"):
        flag, _, rest = line.partition("\t")
        if flag == "!":
            moved, _, reason = rest.partition("\t")
            found.append(_Rejection(moved.rpartition(":")[2], reason))
    return found


def _words(reasons: str, said: str) -> str:
    """The reasons, and what upstream's hooks said before."""
    remote = [line.removeprefix("remote:").strip() for line in said.split("\n") if line.startswith("remote:")]
    return "\n".join([reasons, *(line for line in remote if line)])
