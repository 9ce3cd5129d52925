"""100 agents pushing at the same moment: is every push held, and how long does the slowest wait?"""

from __future__ import annotations

import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from bench.table import duration, quantile, show
from bench.world import HELD, TAKEN, World, make_source, world
from gate.domain.hold import HoldState
from gate.services.ports.store import HoldFilter
from tests.running.gate import CLIENT, git


def main(*, quick: bool) -> None:
    agents = 20 if quick else 100
    rounds = 1 if quick else 3
    rows = []
    with world() as running:
        source = make_source(running.folder / "crowd", {"README.md": b"# Demo\n"})
        commits = []
        for n in range(agents * rounds):
            source.commit({"README.md": f"# Demo {n}\n".encode()})
            commits.append(git("rev-parse", "HEAD", cwd=source.folder).stdout.strip())
        running.add("crowd", source.folder)
        tokens = [_new_agent(running, n) for n in range(agents)]
        plain: list[float] = []
        gated: list[float] = []
        for n in range(rounds):
            batch = commits[n * agents : (n + 1) * agents]
            running.wait_until_idle()
            plain += _all_at_once(source.folder, [running.plain.url("crowd")] * agents, batch, TAKEN)
            urls = [
                running.gate_url("crowd", f"codex-{index + 100}", token) for index, token in enumerate(tokens)
            ]
            gated += _all_at_once(source.folder, urls, batch, HELD)
        running.wait_until_idle()
        held = _held(running)
        rows = [_row("baseline", plain, "-"), _row("gated", gated, f"{held} of {agents * rounds}")]
    show(
        f"{agents} agents at once, {rounds} rounds; seconds from the start of all to the end of each push",
        ("way", "p50", "p95", "slowest", "held and in review"),
        rows,
    )


def _row(name: str, seconds: list[float], held: str) -> tuple[str, ...]:
    p50, p95 = (duration(quantile(seconds, share)) for share in (0.5, 0.95))
    return name, p50, p95, duration(max(seconds)), held


def _new_agent(running: World, n: int) -> str:
    name = f"codex-{n + 100}"
    token = running.gate.here.agents.add(name, actor="cli:alice")
    running.gate.here.agents.grant(name, "crowd", actor="cli:alice")
    return token


def _all_at_once(folder: object, urls: list[str], commits: list[str], status: int) -> list[float]:
    together = threading.Barrier(len(urls))

    def push(url: str, commit: str) -> float:
        command = ("git", "push", url, f"{commit}:refs/heads/topic-{commit[:12]}")
        together.wait()
        start = time.perf_counter()
        done = subprocess.run(command, cwd=str(folder), env=CLIENT, capture_output=True, text=True)
        if done.returncode != status:
            raise RuntimeError(done.stderr)
        return time.perf_counter() - start

    with ThreadPoolExecutor(len(urls)) as pool:
        return list(pool.map(push, urls, commits))


def _held(running: World) -> int:
    with running.gate.here.store.snapshot() as tx:
        wanted = HoldFilter(repository="crowd", states=frozenset({HoldState.IN_REVIEW}))
        return len(tx.holds.page(wanted, before=None, limit=10_000))
