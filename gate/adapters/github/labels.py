"""The gate's labels on a pull request; everybody else's stay as they are."""

from __future__ import annotations

from collections.abc import Sequence

from github.PullRequest import PullRequest as Pull

from gate.adapters.github.errors import told
from gate.adapters.github.names import is_ours
from gate.domain.errors import NotFound


def set_labels(pull: Pull, wanted: Sequence[str]) -> None:
    """Make `wanted` the gate's labels; writes nothing where they are."""
    present = [label.name for label in pull.labels]
    missing = [label for label in wanted if label not in present]
    if missing:
        with told(f"label {pull.html_url}"):
            # PyGithub sends a bare list, which GitHub's description does not know.
            url, labels = f"{pull.issue_url}/labels", {"labels": missing}
            pull.requester.requestJsonAndCheck("POST", url, input=labels)
    # One by one: GitHub's way to set all at once would take away what a person just added, such as a label
    # that keeps the hold from being released.
    for label in present:
        if is_ours(label) and label not in wanted:
            _remove(pull, label)


def _remove(pull: Pull, label: str) -> None:
    try:
        with told(f"take a label off {pull.html_url}"):
            pull.remove_from_labels(label)
    except NotFound:
        return  # Somebody was faster.
