"""One request below `/repos/OWNER/NAME`, with who asks and what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.github.simulator.auth import Asker, Denied
from tests.github.simulator.world import Account, Repository

if TYPE_CHECKING:
    from tests.github.simulator.rest import Rest


@dataclass(frozen=True)
class Call:
    """`words` are the path's parts after the repository's name."""

    rest: Rest
    asker: Asker
    method: str
    repository: Repository
    words: list[str]
    body: dict[str, Any]

    @property
    def account(self) -> Account:
        return self.asker.account


def refused(resource: str, words: str, field: str | None = None) -> Denied:
    """A 422 in GitHub's words."""
    error = {"resource": resource, "code": "custom", "message": words}
    if field is not None:
        error["field"] = field
    return Denied(422, "Validation Failed", [error])


def invalid(resource: str, field: str, code: str = "invalid") -> Denied:
    """A 422 that only names the field."""
    return Denied(422, "Validation Failed", [{"resource": resource, "field": field, "code": code}])
