"""A secret that was found in a push."""

from __future__ import annotations

from dataclasses import dataclass

UNSCANNED = "unscanned"
"""The rule of what could not be looked at: it stops a push like a secret, until an admin has looked."""


@dataclass(frozen=True, slots=True)
class FoundSecret:
    """A secret in what was pushed. It holds nothing of the secret itself.

    `identity` is an HMAC of it under the gate's own key. `path` is None for a commit's or tag's message,
    `oid` the commit that brought it in where that is known. `blocks`: it stops publishing until it is gone
    or an admin allows it with a reason.
    """

    rule: str
    rule_name: str
    identity: str
    blocks: bool
    path: str | None
    line: int | None
    column: int | None
    oid: str | None
    what: str = "file"
    allowed_by: str | None = None
    reason: str = ""

    @property
    def where(self) -> str:
        """`path:line`, or what it is in: a commit message has no path."""
        if self.path is None:
            return self.what
        return self.path if self.line is None else f"{self.path}:{self.line}"
