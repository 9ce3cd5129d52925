"""Rate limits, as GitHub keeps them: so many writes a minute, and so many requests an hour."""

from __future__ import annotations

import time
from collections import deque

from flask import Response

from tests.github.simulator.auth import Denied

_WORDS = (
    "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "
    "Please retry your request again later."
)
_AN_HOUR = 5000


class Limits:
    """`minute` is how many seconds a minute has here, so that a test need not wait for a real one."""

    def __init__(self) -> None:
        self.writes: int | None = None
        self.minute = 60.0
        self.remaining: int | None = None
        self.resets_at = 0.0
        self._written: deque[float] = deque()

    def primary(self, remaining: int, *, reset_in: float) -> None:
        """So many requests more, until the reset; what an hour has is 5000."""
        self.remaining, self.resets_at = remaining, time.time() + reset_in

    def check(self, method: str, path: str) -> None:
        """Raises Denied where there was too much of it."""
        self._count()
        # Neither reading nor a token for an installation creates content.
        if method == "GET" or self.writes is None or path.endswith("/access_tokens"):
            return
        now = time.monotonic()
        while self._written and self._written[0] <= now - self.minute:
            self._written.popleft()
        if len(self._written) >= self.writes:
            wait = max(1, int(self._written[0] + self.minute - now) + 1)
            raise Denied(403, _WORDS, Retry_After=str(wait))
        self._written.append(now)

    def tell(self, answer: Response) -> None:
        """The headers that say how much is left."""
        remaining = _AN_HOUR - 1 if self.remaining is None else max(self.remaining, 0)
        reset = self.resets_at if self.remaining is not None else time.time() + 3600
        answer.headers["X-RateLimit-Limit"] = str(_AN_HOUR)
        answer.headers["X-RateLimit-Remaining"] = str(remaining)
        answer.headers["X-RateLimit-Reset"] = str(int(reset) + 1)
        answer.headers["X-RateLimit-Resource"] = "core"

    def _count(self) -> None:
        if self.remaining is not None and self.resets_at <= time.time():
            self.remaining = None
        if self.remaining is None:
            return
        self.remaining -= 1
        if self.remaining < 0:
            raise Denied(403, "API rate limit exceeded for installation.")
