"""The port to the forge: where people review."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gate.domain.delivery import SentDelivery
from gate.domain.hold import Hold
from gate.domain.pull_request.model import Ending, ReviewRequest, ReviewStatus
from gate.domain.release import PushRefused
from gate.domain.repository import Repository
from gate.domain.review import Account, Observation, Wants
from gate.services.ports.git import Finding


class MergeMethod(StrEnum):
    """How a forge can bring a pull request upstream by itself."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


class Forge(Protocol):
    """Where people review: GitHub, or the review page built into the gate.

    Every method raises Unavailable where the forge does not answer, RateLimited where it says for how long
    to leave it alone, and Failed where it refuses for good; all are safe to run twice.
    """

    def publish(self, hold: Hold, request: ReviewRequest) -> datetime:
        """Show the current revision to reviewers. Returns when it became visible, in the forge's time."""

    def observe(self, hold: Hold, wants: Wants) -> Observation:
        """Everything about the hold's review, read afresh."""

    def show(self, hold: Hold, status: ReviewStatus) -> None:
        """Say where the hold stands; writes nothing where it is said already."""

    def close(self, hold: Hold, ending: Ending) -> None:
        """Tell reviewers how the hold ended, and clear away what was there for the review alone."""

    def merge(self, hold: Hold, method: MergeMethod, *, timeout: float) -> PushRefused | None:
        """Bring exactly the held head upstream by the forge's own merge; None where it is done.

        Raises Unavailable where the outcome is unknown: observe before trying again.
        """

    def carries(self, hold: Hold) -> bool:
        """Whether people review this hold at the forge itself, and not on the gate's own page."""


class ForgeAdmin(Protocol):
    """What admins need of a forge: its accounts, the health of an installation, and failed deliveries."""

    def account(self, login: str) -> Account:
        """The account of this login now. Raises NotFound, Unavailable."""

    def repository_id(self, upstream: str) -> int:
        """The forge's number for the repository at this URL. Raises NotFound, Unavailable."""

    def check(self, repository: Repository) -> list[Finding]:
        """What would keep pushes from being reviewed or released; empty when all is well."""

    def deliveries(self) -> Sequence[SentDelivery]:
        """The latest deliveries as the forge has them, newest first. Raises Unavailable, Failed."""

    def redeliver(self, number: int) -> None:
        """Ask for one delivery again, by the number in `deliveries`. Raises Unavailable, Failed."""
