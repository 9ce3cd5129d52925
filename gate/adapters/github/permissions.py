"""What the gate asks GitHub for, and why: the least that lets every part of it work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_RISING = ("read", "write", "admin")


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission of a GitHub App. Without an `is_needed` one no push can be reviewed and released."""

    name: str
    level: str
    why: str
    is_needed: bool = True

    def is_in(self, granted: Mapping[str, str]) -> bool:
        """Whether these permissions have this one, at its level or above."""
        level = granted.get(self.name)
        return level in _RISING and _RISING.index(level) >= _RISING.index(self.level)


@dataclass(frozen=True, slots=True)
class Event:
    """A kind of delivery that the gate wants to hear of."""

    name: str
    why: str


PERMISSIONS = (
    Permission("metadata", "read", "GitHub demands it; people's permissions and rulesets are read with it."),
    Permission("contents", "write", "Review branches and releases are pushed, and the mirror is fetched."),
    Permission("pull_requests", "write", "Pull requests are opened, kept up to date and closed."),
    Permission("issues", "write", "Labels are made, and comments are written and heard of."),
    Permission("statuses", "write", "The commit status `pushgate` shows the verdict; others' are read."),
    Permission(
        "checks",
        "write",
        "Findings are shown on the lines of the diff; policies may ask for check runs (`has_status`).",
        is_needed=False,
    ),
    Permission(
        "members",
        "read",
        "Policies and CODEOWNERS may name teams of the organization.",
        is_needed=False,
    ),
    Permission(
        "administration",
        "read",
        "`github setup` looks for branch protection that would refuse a release.",
        is_needed=False,
    ),
)

WORKFLOWS = Permission(
    "workflows",
    "write",
    "Pushes that change `.github/workflows` can be put up for review and released. Without it GitHub refuses "
    "them. With it, and with review branches in the same repository, a workflow that nobody has reviewed yet "
    "runs as soon as it is held: use a fork for review branches then.",
    is_needed=False,
)

EVENTS = (
    Event("pull_request", "It was closed, reopened, merged, labelled, or its branch moved."),
    Event("pull_request_review", "Somebody approved, objected, or took a review back."),
    Event("pull_request_review_thread", "A conversation was resolved."),
    Event("issue_comment", "A command was written, or a comment was changed by another hand."),
    Event("push", "A branch moved upstream."),
    Event("create", "A branch or tag came to be upstream."),
    Event("delete", "A review branch or a base branch was deleted."),
    Event("status", "A commit status changed that a policy may ask for."),
    Event("check_run", "A check run ended that a policy may ask for."),
    Event("check_suite", "All check runs of an app ended."),
    Event("repository", "It was renamed, transferred or archived."),
    Event("member", "A person's permission changed."),
    Event("membership", "Somebody joined or left a team."),
    Event("team", "A team's access changed."),
    Event("organization", "Somebody left the organization."),
)
