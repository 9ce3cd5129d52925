"""With GitHub, which is the tests' simulated one: how soon, and what many holds and many deliveries do."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from rq import Queue
from rq.serializers import JSONSerializer

from bench.table import duration, quantile, show
from gate.adapters.rq_queue import QUEUE_NAME
from gate.domain.delivery import DeliveryOutcome
from gate.domain.hold import HoldState
from gate.services.ports.store import HoldFilter
from tests.github.running_github import GitHubGate, running_github_gate
from tests.github.simulator import Delivery
from tests.github.simulator.auth import Denied
from tests.github.simulator.limits import Limits
from tests.running.gate import git, tip

T = TypeVar("T")
_AS_IN_PRODUCTION = {
    "WEB_CONCURRENCY": "2",
    "PUSHGATE_REFRESH_SECONDS": "5",
    "PUSHGATE_SWEEP_SECONDS": "60",
}
_HEADS = ("what", "p50", "p95", "slowest")
_PATIENCE_SECONDS = 60
_LONG_PATIENCE_SECONDS = 1800
_REFS_A_PUSH = 10
_WRITES_A_MINUTE = 80
_MINUTE = 60


def main(*, quick: bool) -> None:
    with _gate() as gate:
        _show_way(gate, 3 if quick else 15)
        _show_deliveries(gate, 100 if quick else 1000, 6 if quick else _MINUTE)
    with _gate() as gate:
        _show_crowd(gate, 6 if quick else 50)


@contextmanager
def _gate() -> Iterator[GitHubGate]:
    """Everything that `make run` starts, with a second worker; approvals count at once."""
    with running_github_gate(**_AS_IN_PRODUCTION) as gate:
        gate.put_shop_behind()
        gate.tell_webhooks()
        for name in ("worker", "worker-2"):
            gate.start_worker(name)
        gate.start_cron()
        yield gate


# One after the other


def _show_way(gate: GitHubGate, rounds: int) -> None:
    times = [_round(gate, n) for n in range(rounds)]
    names = (
        "push answered → pull request open",
        "approved at GitHub, told by its webhook → upstream moved",
        "approved at GitHub → closing comment written, review branch deleted",
    )
    rows = [_row(name, [one[n] for one in times]) for n, name in enumerate(names)]
    show(f"GitHub, {rounds} holds one after the other", _HEADS, rows)


def _round(gate: GitHubGate, n: int) -> tuple[float, float, float]:
    _wait_until_idle(gate)
    oid, _ = gate.push(f"Round {n}")
    pushed = time.perf_counter()
    pull = _until(lambda: gate.pull_of(oid))
    opened = time.perf_counter()
    _wait_until_idle(gate)
    heads = gate.shop.path / "refs" / "heads"
    approved = time.perf_counter()
    gate.people["alice"].approve(gate.shop, pull)
    _until(lambda: (heads / "main").read_text().strip() == oid)
    upstream = time.perf_counter()
    _until(lambda: not (heads / pull.head_ref).exists())
    return opened - pushed, upstream - approved, time.perf_counter() - approved


def _row(name: str, seconds: list[float]) -> tuple[str, ...]:
    p50, p95 = (duration(quantile(seconds, share)) for share in (0.5, 0.95))
    return name, p50, p95, duration(max(seconds))


# Many holds, and a limit


class _Counted(Limits):
    """Counts what is asked for while it is too much."""

    refused = 0
    allowed = 0

    def check(self, method: str, path: str) -> None:
        try:
            super().check(method, path)
        except Denied:
            self.refused += 1
            raise
        self.allowed += method != "GET"


def _show_crowd(gate: GitHubGate, holds: int) -> None:
    limits = _Counted()
    gate.simulator.rest.limits = limits
    gate.simulator.secondary_limit(_WRITES_A_MINUTE, minute=_MINUTE)
    start = time.perf_counter()
    _push_branches(gate, holds)
    held = time.perf_counter() - start
    _until(lambda: len(gate.shop.pulls) >= holds, seconds=_LONG_PATIENCE_SECONDS)
    opened = time.perf_counter() - start
    _until(lambda: _in_review(gate) == holds, seconds=_LONG_PATIENCE_SECONDS)
    _wait_until_idle(gate, seconds=_LONG_PATIENCE_SECONDS)
    silent = time.perf_counter() - start
    pulls = list(gate.shop.pulls.values())
    doubled = len(pulls) - len({one.head_ref for one in pulls})
    comments = sum(len(one.comments) for one in pulls)
    rows = [
        ("all pushes answered", duration(held)),
        ("the last pull request is open", duration(opened)),
        ("every hold is in review, and nothing is left to say", duration(silent)),
        ("pull requests, of them opened twice", f"{len(pulls)}, {doubled}"),
        ("comments of the gate", str(comments)),
        ("writes that GitHub took", str(limits.allowed)),
        ("requests that it refused for the limit", str(limits.refused)),
    ]
    show(f"{holds} holds at once, {_WRITES_A_MINUTE} writes a minute allowed", ("what", "figure"), rows)


def _push_branches(gate: GitHubGate, count: int) -> None:
    oids = []
    for n in range(count):
        git("checkout", "-q", "--detach", "origin/main", cwd=gate.clone)
        (gate.clone / "README.md").write_text(f"Branch {n}\n")
        git("commit", "-qam", f"Branch {n}", cwd=gate.clone)
        oids.append(tip(gate.clone, "HEAD"))
    refs = [f"{oid}:refs/heads/topic-{n}" for n, oid in enumerate(oids)]
    for first in range(0, count, _REFS_A_PUSH):
        git("push", "origin", *refs[first : first + _REFS_A_PUSH], cwd=gate.clone, check=False)


def _in_review(gate: GitHubGate) -> int:
    with gate.here.store.snapshot() as tx:
        wanted = HoldFilter(repository="demo", states=frozenset({HoldState.IN_REVIEW}))
        return len(tx.holds.page(wanted, before=None, limit=1000))


# Many deliveries


def _show_deliveries(gate: GitHubGate, count: int, seconds: int) -> None:
    about = _about_holds(gate, count // 10)
    noise = _noise(gate, count - len(about))
    mixed = [delivery for n in range(len(about)) for delivery in (about[n], *noise[n * 9 : n * 9 + 9])]
    answers = _post_all(gate, mixed, seconds)
    answered = time.perf_counter()
    gate_ids = {delivery.guid for delivery in mixed}
    _until(lambda: not _outcomes(gate, gate_ids, DeliveryOutcome.STORED), seconds=_LONG_PATIENCE_SECONDS)
    behind = time.perf_counter() - answered
    _wait_until_idle(gate, seconds=_LONG_PATIENCE_SECONDS)
    taken = _outcomes(gate, gate_ids, DeliveryOutcome.TAKEN)
    ignored = _outcomes(gate, gate_ids, DeliveryOutcome.IGNORED)
    wanted = {delivery.guid for delivery in about}
    show(f"{len(mixed)} deliveries in {seconds} s, 9 of 10 of them noise", _HEADS, [_row("answer", answers)])
    rows = [
        ("about a hold, of them taken", f"{len(wanted)}, {len(taken & wanted)}"),
        ("noise, of it ignored", f"{len(noise)}, {len(ignored - wanted)}"),
        ("last answer → last one looked at", duration(behind)),
    ]
    show("What became of them", ("what", "figure"), rows)


def _about_holds(gate: GitHubGate, count: int) -> list[Delivery]:
    """Comments in the pull request of a hold that waits; they are kept back, to be sent when it is time."""
    oid, _ = gate.push("Say something about this")
    pull = _until(lambda: gate.pull_of(oid))
    _wait_until_idle(gate)
    before = len(gate.simulator.deliveries)
    gate.simulator.outbox.url = None
    for n in range(count):
        gate.people["bob"].comment(gate.shop, pull, f"remark {n}")
    return gate.simulator.deliveries[before:]


def _noise(gate: GitHubGate, count: int) -> list[Delivery]:
    """Other repositories' news, and news of commits that no hold is about."""
    simulator, bob = gate.simulator, gate.people["bob"]
    other = simulator.repository("acme/other")
    simulator.collaborator(other, bob, "write")
    first = simulator.commit(other, "main", by=bob, a="a")
    old = gate.shop.git("rev-list", "--max-parents=0", "main")
    before = len(simulator.deliveries)
    for n in range(count):
        if n % 3 == 0:
            bob.report_status(other, first, f"ci-{n}", "success")
        elif n % 3 == 1:
            bob.report_check(gate.shop, old, f"check-{n}", "ci", "success")
        else:
            bob.report_status(gate.shop, old, f"ci-{n}", "pending")
    return simulator.deliveries[before : before + count]


def _post_all(gate: GitHubGate, deliveries: list[Delivery], seconds: int) -> list[float]:
    """Post them at even times; how long each answer took."""
    times: list[float] = []
    lock = threading.Lock()
    outbox, pause, start = gate.simulator.outbox, seconds / len(deliveries), time.monotonic()

    def carry(body: bytes, headers: dict[str, str]) -> int:
        connection = http.client.HTTPConnection(urlsplit(gate.url).netloc, timeout=10)
        begun = time.perf_counter()
        connection.request("POST", "/webhooks/github", body, headers)
        status = connection.getresponse().status
        with lock:
            times.append(time.perf_counter() - begun)
        connection.close()
        return status

    def post(n: int) -> int:
        time.sleep(max(0.0, start + n * pause - time.monotonic()))
        return outbox.post(deliveries[n])

    gate.tell_webhooks()
    outbox.carrier = carry
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(post, range(len(deliveries))))
    outbox.carrier = None
    if set(statuses) != {202}:
        raise RuntimeError(f"answers: {sorted(set(statuses))}")
    return times


def _outcomes(gate: GitHubGate, ids: set[str], outcome: DeliveryOutcome) -> set[str]:
    with gate.here.store.snapshot() as tx:
        return {one for one in ids if tx.deliveries.get(one)[0].outcome is outcome}


def _wait_until_idle(gate: GitHubGate, seconds: float = _PATIENCE_SECONDS) -> None:
    """Until no worker has anything to do, now or at a later time."""
    queue = Queue(QUEUE_NAME, connection=gate.here.redis, serializer=JSONSerializer)

    def is_idle() -> bool:
        return not (
            queue.count
            or queue.started_job_registry.get_job_count(cleanup=False)
            or queue.scheduled_job_registry.get_job_count(cleanup=False)
        )

    _until(is_idle, seconds=seconds)


def _until(ask: Callable[[], T | None], seconds: float = _PATIENCE_SECONDS) -> T:
    give_up = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > give_up:
            raise TimeoutError("the gate did not get there")
        time.sleep(0.005)
    return answer
