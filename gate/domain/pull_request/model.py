"""A pull request as the gate keeps it in mind, and what it is told to say there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gate.domain.evidence import Evidence
from gate.domain.facts import DiffFacts
from gate.domain.hold import Hold, Likeness
from gate.domain.policy import Asked, Verdict
from gate.domain.risk.model import RiskLevel

REVIEW_BRANCHES = "pushgate/"
"""Branches that start so belong to the gate: they are neither mirrored nor taken from agents."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """The pull request of a hold, kept over its revisions. `repository_id` and `number` name it.

    `head_repository` is `owner/name`, another than the base's in fork mode; both refs are full names.
    `author_id` is the account that opened it. `comment_id` is the one comment that carries the moving state.
    The digests are of what the gate last wrote, so that nothing is written twice and another hand's change
    is seen.
    """

    hold_id: int
    repository_id: int
    number: int
    url: str
    head_repository: str
    head_ref: str
    base_ref: str
    author_id: int
    opened_at: datetime
    comment_id: int | None = None
    body_digest: str = ""
    status_digest: str = ""


@dataclass(frozen=True, slots=True)
class Revised:
    """What a revision changed against the one before it; `range_diff` is git's text, cut at a bound."""

    n: int
    old: str
    new: str
    likeness: Likeness | None
    range_diff: str


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """Everything that goes into a pull request when a revision is published.

    Texts in `facts`, `agent_host`, `evidence` and `revised` are the agent's: data, never rendered raw.
    `hold_url` is the hold's page at the gate; `needs` says in words what the policy asks for; `tree_head`
    is the signed note of the audit trail at this moment. `blob_url` is where the forge shows files by commit
    and path, such as `https://github.com/acme/demo/blob`; None where it does not have the held commits.
    """

    hold: Hold
    facts: DiffFacts
    operator: str | None
    transport: str
    hold_url: str
    needs: tuple[str, ...]
    asked: Asked
    tree_head: str
    takes_commands: bool = False
    agent_host: str | None = None
    evidence: Evidence | None = None
    blob_url: str | None = None
    revised: Revised | None = None

    @property
    def risk(self) -> RiskLevel | None:
        """The level that a label can name; None where there is none, or nobody has looked."""
        level = None if self.evidence is None else self.evidence.assessment.level
        return None if level is RiskLevel.NONE else level


@dataclass(frozen=True, slots=True)
class ReviewStatus:
    """Where a hold stands, as its pull request shall say it: in one comment, a commit status and labels.

    `fault` is set where there is no verdict: no policy, or an invalid one. `write_request` is called only
    where another hand changed the pull request's text, to write it again; None leaves such a text alone.
    """

    hold: Hold
    verdict: Verdict | None
    fault: str
    hold_url: str
    write_request: Callable[[], ReviewRequest] | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a hold ended: its state and note say it; `landed` is the commit that upstream has now, if any."""

    hold: Hold
    words: str
    tree_head: str
    hold_url: str
    landed: str | None = None
    delete_branch: bool = True
