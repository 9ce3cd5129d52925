"""Merge: GitHub's own merge of a pull request, pinned to the head that was approved."""

from __future__ import annotations

from dataclasses import dataclass

from github.PullRequest import PullRequest as Pull

from gate.adapters.github.errors import GitHubRefused, told
from gate.adapters.github.names import short
from gate.adapters.github.opening import check_repository
from gate.adapters.github.place import Place, Places
from gate.domain.errors import Unavailable
from gate.domain.hold import Hold
from gate.domain.pull_request.model import PullRequest
from gate.domain.release import PushRefused
from gate.services.ports.forge import MergeMethod
from gate.services.ports.outside import FailPoint

_NOT_ALLOWED = 405
_MOVED = 409
# The other statuses by which GitHub says no.
_REFUSED = (403, 422)


@dataclass(frozen=True, slots=True)
class MergeThere:
    """Merges exactly the held commit, once. Raises Unavailable where nobody can tell whether it is done."""

    places: Places
    fail_point: FailPoint

    def __call__(self, hold: Hold, row: PullRequest, method: MergeMethod) -> PushRefused | None:
        place = self.places.of(hold, row)
        head = hold.revision.review_head or hold.revision.head
        pull = _read(place, row)
        if pull.merged:
            return _if_other(pull, head)
        if pull.base.ref != short(hold.ref):
            # GitHub merges into whatever the base is: only this look keeps it from being another branch.
            return PushRefused(
                f"{row.url} is against {pull.base.ref}, and {hold.ref} was approved. "
                "Withdraw the hold and push again."
            )
        try:
            with told(f"merge {row.url}"):
                pull.merge(sha=head, merge_method=str(method))
        except GitHubRefused as refused:
            return self._refusal(place, row, head, refused)
        self.fail_point("github:merged")
        return None

    def _refusal(
        self, place: Place, row: PullRequest, head: str, refused: GitHubRefused
    ) -> PushRefused | None:
        if refused.status == _MOVED:
            return PushRefused(str(refused), is_stale=True, is_final=False)
        if refused.status == _NOT_ALLOWED:
            return self._not_allowed(place, row, head, refused)
        if refused.status in _REFUSED:
            return PushRefused(f"{refused} {_next_step(refused.words)}")
        raise refused

    def _not_allowed(
        self, place: Place, row: PullRequest, head: str, refused: GitHubRefused
    ) -> PushRefused | None:
        """405 is also what GitHub says of one that is merged, or that it has not yet tried to merge."""
        if "Base branch was modified" in refused.words:
            return PushRefused(str(refused), is_stale=True, is_final=False)
        pull = _read(place, row)
        if pull.merged:
            return _if_other(pull, head)
        if "not mergeable" in refused.words and pull.mergeable is None:
            raise Unavailable(f"{refused} GitHub is still finding out whether it can be merged.")
        return PushRefused(f"{refused} {_next_step(refused.words)}")


def _read(place: Place, row: PullRequest) -> Pull:
    with told(f"read pull request {row.number} of {place.name}"):
        pull = place.api.get_pull(row.number)
    check_repository(pull, place, row.repository_id)
    return pull


def _if_other(pull: Pull, head: str) -> PushRefused | None:
    if pull.head.sha == head:
        return None
    return PushRefused(f"{pull.html_url} was merged at {pull.head.sha}, and {head} was approved.")


def _next_step(words: str) -> str:
    said = words.lower()
    if "not allowed on this repository" in said or "merge method" in said:
        return "Allow this merge method in the repository's settings, or choose another in the policy."
    if "conflict" in said or "not mergeable" in said:
        return "It conflicts with its base, or the base's protection is not satisfied. Rebase and push again."
    if "required status" in said or "approving review" in said or "protected" in said or "rule" in said:
        return "Let the gate's App past this rule of the base branch: docs/github.md, branch protection."
    return "See docs/github.md for what GitHub may ask for."
