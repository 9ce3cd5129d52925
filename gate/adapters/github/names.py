"""The names that the gate uses at GitHub: branches, labels, its commit status and its check run."""

from __future__ import annotations

from gate.domain.hold import Hold
from gate.domain.pull_request.model import REVIEW_BRANCHES

HELD_LABEL = "pushgate:held"
RISK_LABEL = "risk:"
STATUS_CONTEXT = "pushgate"
FINDINGS_CHECK = "pushgate findings"

_HEADS = "refs/heads/"


def review_ref(hold: Hold) -> str:
    """The full ref of the branch that shows this hold."""
    return f"{_HEADS}{REVIEW_BRANCHES}{hold.number}"


def is_branch(ref: str) -> bool:
    return ref.startswith(_HEADS)


def short(ref: str) -> str:
    """A branch's name as GitHub's API wants it."""
    return ref.removeprefix(_HEADS)


def labels(risk: str | None) -> tuple[str, ...]:
    """The labels of a hold that waits."""
    return (HELD_LABEL,) if risk is None else (HELD_LABEL, f"{RISK_LABEL}{risk}")


def is_ours(label: str) -> bool:
    """Whether the gate sets and removes this label."""
    return label == HELD_LABEL or label.startswith(RISK_LABEL)
