"""The audit page, as a signed-in person gets it from the web process."""

from __future__ import annotations

import time

from bench.browser import Browser
from bench.table import duration, quantile, show
from bench.world import World
from gate.domain.review import Role

_PAGES = {
    "newest events": "/audit",
    "one actor": "/audit?actor=agent:codex-1",
    "one action": "/audit?action=hold:release",
    "one repository": "/audit?repository=demo-7",
    "a day long ago": "/audit?since=2026-01-02&until=2026-01-02",
    "deep in the past": "/audit?before=10000",
    "one event": "/audit/events/5000",
}


def show_pages(running: World, events: int, *, rounds: int) -> None:
    """Print how long each page takes, on one connection."""
    carol = Browser(running.gate, "carol", Role.AUDITOR)
    rows = [_row(name, _times(carol, path, rounds)) for name, path in _PAGES.items()]
    title = f"The audit page at {events:,} events, {rounds} requests on one connection"
    show(title, ("page", "first", "p50", "p95", "slowest"), rows)


def _times(person: Browser, path: str, rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        status, text = person.get(path)
        times.append(time.perf_counter() - start)
        if status != 200:
            raise RuntimeError(f"GET {path}: {status}: {text[:2000]}")
    return times


def _row(name: str, seconds: list[float]) -> tuple[str, ...]:
    p50, p95 = (duration(quantile(seconds, share)) for share in (0.5, 0.95))
    return name, duration(seconds[0]), p50, p95, duration(max(seconds))
