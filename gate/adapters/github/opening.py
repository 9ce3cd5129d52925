"""The pull request of a hold: looked for first, adopted where an earlier run made it, opened once."""

from __future__ import annotations

from dataclasses import dataclass

from github.PullRequest import PullRequest as Pull

from gate.adapters.github.errors import GitHubRefused, told
from gate.adapters.github.names import review_ref, short
from gate.adapters.github.place import Place
from gate.domain.errors import Failed, Unavailable
from gate.domain.hold import Hold
from gate.domain.pull_request.marker import marker_of_hold, read_marker
from gate.domain.pull_request.model import PullRequest
from gate.services.ports.outside import FailPoint
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class Wanted:
    """The pull request that a revision needs. `head` is the commit that the review branch shows."""

    hold: Hold
    base: str
    head: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A pull request that is open. `is_new` says that it was opened just now, as it is wanted."""

    pull: Pull
    is_new: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """Finds or opens pull requests. `is_draft`: people have to say that they are ready for a review."""

    store: Store
    is_draft: bool
    fail_point: FailPoint

    def __call__(self, place: Place, wanted: Wanted, kept: PullRequest | None) -> Opened | None:
        """The open pull request of a hold; None where GitHub finds nothing between base and head."""
        found = self._known(place, kept) if kept else None
        found = found or self._look(place, wanted)
        if found is not None:
            return Opened(found, is_new=False)
        return self._open(place, wanted)

    def _known(self, place: Place, kept: PullRequest) -> Pull | None:
        """The one that was written down, open again if it was closed; None where it cannot be opened."""
        with told(f"read pull request {kept.number} of {place.name}"):
            pull = place.api.get_pull(kept.number)
        check_repository(pull, place, kept.repository_id)
        return pull if pull.state == "open" or _reopen(pull, place) else None

    def check_free(self, place: Place, hold: Hold) -> None:
        """Raise Failed where an open pull request of another hold shows this hold's review branch."""
        for pull in _listed(place, hold):
            if pull.state == "open" and self._is_of_another(pull, hold):
                raise _belongs_to_another(pull, place, hold)

    def _look(self, place: Place, wanted: Wanted) -> Pull | None:
        """One that an earlier run opened, or that somebody opened from the review branch."""
        for pull in _listed(place, wanted.hold, base=short(wanted.base)):
            is_another = self._is_of_another(pull, wanted.hold)
            if pull.state == "open" and is_another:
                raise _belongs_to_another(pull, place, wanted.hold)
            if pull.state == "open":
                return pull
            # An older one may be of a hold that had the same number in a gate that was set up before.
            is_marked = read_marker(pull.body or "") is not None and not is_another
            is_this = is_marked and pull.head.sha == wanted.head and pull.merged_at is None
            if is_this and _reopen(pull, place):
                return pull
        return None

    def _is_of_another(self, pull: Pull, hold: Hold) -> bool:
        """By what the gate wrote down; otherwise by the marker, which another gate may have written."""
        with self.store.snapshot() as tx:
            found = tx.pull_requests.find(pull.base.repo.id, pull.number)
        if found is not None:
            return found != hold.id
        marker = read_marker(pull.body or "")
        return marker is not None and str(marker) != str(marker_of_hold(hold))

    def _open(self, place: Place, wanted: Wanted) -> Opened | None:
        try:
            pull = self._post(place, wanted, is_draft=self.is_draft)
        except GitHubRefused as refused:
            said = " ".join((refused.words, *refused.errors))
            if "already exists" in said:
                return self._adopt(place, wanted)
            if "No commits between" in said or "no history in common" in said:
                return None
            if "draft" in said.lower() and self.is_draft:
                # Some plans have none; nothing was made.
                pull = self._post(place, wanted, is_draft=False)
            elif "head invalid" in said or "base invalid" in said:
                raise Unavailable(f"{refused} It may not see the branch yet; looking again.") from refused
            else:
                raise
        self.fail_point("github:opened")
        return Opened(pull, is_new=True)

    def _post(self, place: Place, wanted: Wanted, *, is_draft: bool) -> Pull:
        """Sent once: whether an answer that got lost had done its work is what `_look` finds out."""
        branch = short(review_ref(wanted.hold))
        head = branch if place.head_name == place.name else f"{place.head_owner}:{branch}"
        with told(f"open a pull request in {place.name}"):
            return place.api.create_pull(
                short(wanted.base), head, title=wanted.title, body=wanted.body, draft=is_draft
            )

    def _adopt(self, place: Place, wanted: Wanted) -> Opened:
        found = self._look(place, wanted)
        if found is None:
            raise Unavailable(f"{place.name} says that the pull request exists, and does not show it yet.")
        return Opened(found, is_new=False)


def check_repository(pull: Pull, place: Place, repository_id: int | None) -> None:
    """Raise Failed where the name now leads to another repository than the one that was meant."""
    found = pull.base.repo.id
    for meant in (repository_id, place.forge_id):
        if meant is not None and meant != found:
            raise Failed(
                f"{place.name} is repository {found} at GitHub now, and the gate knows it as {meant}. "
                "Correct upstream's address if it was renamed or moved."
            )


def _listed(place: Place, hold: Hold, **more: str) -> list[Pull]:
    """Every pull request from this hold's review branch, newest first."""
    head = _head(place, hold)
    with told(f"look for a pull request of {place.name} from {head}"):
        return list(place.api.get_pulls(state="all", head=head, **more))


def _head(place: Place, hold: Hold) -> str:
    return f"{place.head_owner}:{short(review_ref(hold))}"


def _belongs_to_another(pull: Pull, place: Place, hold: Hold) -> Failed:
    marker = read_marker(pull.body or "")
    whose = f" and belongs to hold {marker.hold}" if marker is not None else ""
    return Failed(
        f"Pull request {pull.number} of {place.name} is open from {_head(place, hold)}{whose}. "
        "Close it, or delete its branch, and publish again."
    )


def _reopen(pull: Pull, place: Place) -> bool:
    """Open it again; GitHub refuses for one that is merged, or whose branch went another way meanwhile."""
    if pull.merged_at is not None:
        return False
    try:
        with told(f"reopen pull request {pull.number} of {place.name}"):
            pull.edit(state="open")
    except GitHubRefused as refused:
        if refused.status != 422:
            raise
        return False
    return True
