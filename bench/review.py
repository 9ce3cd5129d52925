"""From the agent's terminal to the reviewer's page, and from the approval to upstream."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench.browser import Browser, token_in
from bench.table import duration, quantile, show
from bench.world import Side, Source, World, make_source, world
from gate.domain.review import Role
from tests.running.gate import git

_PATIENCE_SECONDS = 30
_FORM = 'name="decision"'


def main(*, quick: bool) -> None:
    rounds = 5 if quick else 30
    to_page: list[float] = []
    to_review: list[float] = []
    to_upstream: list[float] = []
    with world() as running:
        source = make_source(running.folder / "review", {"README.md": b"# Demo\n"})
        side = running.add("review", source.folder)[-1]
        bob = Browser(running.gate, "bob", Role.REVIEWER)
        for number in range(1, rounds + 1):
            source.commit({"README.md": f"# Demo {number}\n".encode()})
            listed, reviewable = _push_until_reviewable(running, source, side, bob, number)
            to_page.append(listed)
            to_review.append(reviewable)
            running.wait_until_idle()
            to_upstream.append(_approve(running, source, bob, number))
            running.wait_until_idle()
    rows = [
        _row("push answered → hold on the page", to_page),
        _row("push answered → diff on the page, ready to approve", to_review),
        _row("approve clicked → upstream moved", to_upstream),
    ]
    show(f"Review, {rounds} holds one after the other", ("what", "p50", "p95", "slowest"), rows)


def _row(name: str, seconds: list[float]) -> tuple[str, ...]:
    p50, p95 = (duration(quantile(seconds, share)) for share in (0.5, 0.95))
    return name, p50, p95, duration(max(seconds))


def _push_until_reviewable(
    running: World, source: Source, side: Side, person: Browser, number: int
) -> tuple[float, float]:
    source.push(side, f"topic-{number}")
    start = time.perf_counter()
    path = f"/holds/review/{number}"
    _until(lambda: person.get(path)[0] == 200)
    listed = time.perf_counter() - start
    _until(lambda: _is_reviewable(person.get(path)[1]))
    return listed, time.perf_counter() - start


def _is_reviewable(page: str) -> bool:
    return _FORM in page and "README.md" in page


def _approve(running: World, source: Source, person: Browser, number: int) -> float:
    """Send the form that the page shows; the time starts with the click."""
    path = f"/holds/review/{number}"
    token = token_in(person.get(path)[1])
    oid = git("rev-parse", "HEAD", cwd=source.folder).stdout.strip()
    ref = running.folder / "review-upstream.git" / "refs" / "heads" / f"topic-{number}"
    start = time.perf_counter()
    person.post(f"{path}/reviews", csrf_token=token, oid=oid, decision="approve", comment="")
    _until(lambda: _content(ref) == oid)
    return time.perf_counter() - start


def _content(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""


def _until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > give_up:
            raise TimeoutError("the gate did not get there")
        time.sleep(0.005)
