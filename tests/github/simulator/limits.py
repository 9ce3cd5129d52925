"""Rate limits, as GitHub keeps them: so many writes a minute, and so many requests an hour."""

from __future__ import annotations

import time
from collections import deque

from tests.github.simulator.auth import Denied

_WORDS = (
    "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "
    "Please retry your request again later."
)


class Limits:
    """`minute` is how many seconds a minute has here, so that a test need not wait for a real one."""

    def __init__(self) -> None:
        self.writes: int | None = None
        self.minute = 60.0
        self.is_exhausted_until: float | None = None
        self._written: deque[float] = deque()

    def check(self, method: str) -> None:
        """Raises Denied where there was too much of it."""
        if self.is_exhausted_until is not None:
            left = self.is_exhausted_until - time.time()
            if left > 0:
                reset = str(int(self.is_exhausted_until) + 1)
                raise Denied(
                    403, "API rate limit exceeded", X_RateLimit_Remaining="0", X_RateLimit_Reset=reset
                )
            self.is_exhausted_until = None
        if method == "GET" or self.writes is None:
            return
        now = time.monotonic()
        while self._written and self._written[0] <= now - self.minute:
            self._written.popleft()
        if len(self._written) >= self.writes:
            wait = max(1, int(self._written[0] + self.minute - now) + 1)
            raise Denied(403, _WORDS, Retry_After=str(wait))
        self._written.append(now)
