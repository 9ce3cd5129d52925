"""Show: keep what the pull request says of a hold up to date."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from gate.domain.hold import REVIEWABLE_STATES
from gate.domain.pull_request.model import ReviewStatus
from gate.services.judge import Judge
from gate.services.ports.forge import Forge
from gate.services.ports.store import Store
from gate.services.review_request import WriteRequest, hold_url


@dataclass(frozen=True, slots=True)
class Show:
    """Tell the forge where a hold stands, from the last look at it. Safe to run at any time.

    `judge_last_look` evaluates what the forge said last: saying it needs no new look. A hold that is on its
    way from state to state says nothing, as the next state comes soon.
    """

    store: Store
    judge_last_look: Judge
    forge: Forge
    write_request: WriteRequest
    url: str

    def __call__(self, hold_id: int) -> None:
        with self.store.snapshot() as tx:
            hold = tx.holds.get(hold_id)
            is_seen = tx.pull_requests.observation(hold_id) is not None
        if hold.state not in REVIEWABLE_STATES or not is_seen:
            return
        judgement = self.judge_last_look(hold)
        status = ReviewStatus(
            hold,
            judgement.verdict,
            judgement.fault,
            hold_url(self.url, hold),
            write_request=partial(self.write_request, hold),
        )
        self.forge.show(hold, status)
