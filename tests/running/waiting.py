"""Waiting for what another process does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_PAUSE_SECONDS = 0.03


def eventually(ask: Callable[[], T], *, seconds: float = 30, about: Callable[[], str] = str) -> T:
    """Ask until the answer is true, and return it; fails with what `about` says when time is up."""
    give_up = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > give_up:
            raise AssertionError(f"not within {seconds} seconds: {about()}")
        time.sleep(_PAUSE_SECONDS)
    return answer
