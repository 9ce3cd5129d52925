"""A secret that was found in a push."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

UNSCANNED = "unscanned"
"""The rule of what could not be looked at: it stops a push like a secret, until an admin has looked."""

ADVICE = (
    "Take it out of every commit that has it (git rebase -i), revoke it where it is valid, and push again."
)
_MOST_NAMED = 5


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
    path: str | None = None
    line: int | None = None
    column: int | None = None
    oid: str | None = None
    what: str = "file"
    allowed_by: str | None = None
    reason: str = ""

    @property
    def where(self) -> str:
        """`path:line`, or what it is in: a commit message has no path."""
        if self.path is None:
            return self.what
        return self.path if self.line is None else f"{self.path}:{self.line}"

    @property
    def words(self) -> str:
        """`prod.env:3 (github pat), in commit 1a2b3c4`."""
        commit = "" if self.oid is None else f", in commit {self.oid[:7]}"
        return f"{self.where} ({self.rule_name}){commit}"

    @property
    def is_blocking(self) -> bool:
        """Whether it stops the push: nobody has allowed it."""
        return self.blocks and self.allowed_by is None


def first_named(secrets: Sequence[FoundSecret]) -> tuple[str, ...]:
    """The first of them in words, and how many more there are."""
    named = tuple(secret.words for secret in secrets[:_MOST_NAMED])
    more = len(secrets) - len(named)
    return (*named, f"and {more} more") if more else named
