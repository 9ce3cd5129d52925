"""One push of 1 GiB: time, and the most memory that the server's processes ever took for it."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

from bench.table import ratio, show, spread
from bench.world import Source, World, make_source, random_files, world
from tests.running.gate import git

_MIB = 2**20
_SAMPLE_SECONDS = 0.02
# More than `receive.unpackLimit`, so that git keeps the pack as it comes.
_FILES = 128


@dataclass
class Peak:
    """Bytes of resident memory: of the server's own processes, and with the git and hooks that they run."""

    servers: int = 0
    all: int = 0

    def take(self, processes: list[psutil.Process], servers: dict[int, list[str]]) -> None:
        own = total = 0
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                memory = process.memory_info().rss
                if process.pid in servers:
                    own += memory
                elif process.cmdline() in servers.values():
                    continue  # Not yet git: it still has its parent's memory, and none of its own.
                total += memory
        self.servers, self.all = max(self.servers, own), max(self.all, total)


def main(*, quick: bool) -> None:
    size, rounds = (64 * _MIB, 1) if quick else (1024 * _MIB, 1)
    times: dict[str, list[float]] = {}
    grown: dict[str, list[Peak]] = {}
    with world() as running:
        source = make_source(running.folder / "huge", {"README.md": b"# Demo\n"})
        # Random bytes have no deltas, and the client would look for them for longer than the push takes.
        git("config", "pack.window", "0", cwd=source.folder)
        for n in range(rounds):
            _round(running, source, n, size, times, grown)
    baseline = times["baseline"]
    rows = [
        (
            name,
            spread(seconds),
            ratio(seconds, baseline) if seconds is not baseline else "1",
            f"+{max(peak.servers for peak in grown[name]) / _MIB:.1f} MiB",
            f"+{max(peak.all for peak in grown[name]) / _MIB:.1f} MiB",
        )
        for name, seconds in times.items()
    ]
    heads = (
        "way",
        "min / median / max",
        "÷ baseline: min / median / by round",
        "server's processes",
        "with git's own",
    )
    show(f"{size // _MIB} MiB in {_FILES} files, rounds: {rounds}; memory against idle", heads, rows)


def _round(
    running: World,
    source: Source,
    n: int,
    size: int,
    times: dict[str, list[float]],
    grown: dict[str, list[Peak]],
) -> None:
    """Each side with a repository of its own, so that none has seen these bytes."""
    # Before the commit: the servers get a copy of what is there now.
    sides = [side for side in running.add(f"huge-{n}", source.folder) if side.name != "baseline, no password"]
    source.commit(random_files(size, _FILES, f"round-{n}"))
    for side in random.sample(sides, len(sides)):
        running.wait_until_idle()
        family = running.plain.family if "baseline" in side.name else running.web_family
        servers = {process.pid: process.cmdline() for process in family()}
        idle = Peak()
        idle.take(family(), servers)
        with _sampled(family, servers) as peak:
            times.setdefault(side.name, []).append(source.push(side, "huge"))
        grown.setdefault(side.name, []).append(Peak(peak.servers - idle.servers, peak.all - idle.all))
    running.wait_until_idle()
    _clear_away(running, n)


@contextmanager
def _sampled(family: Callable[[], list[psutil.Process]], servers: dict[int, list[str]]) -> Iterator[Peak]:
    peak, stopped = Peak(), threading.Event()

    def sample() -> None:
        while not stopped.wait(_SAMPLE_SECONDS):
            with suppress(psutil.NoSuchProcess):
                peak.take(family(), servers)

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield peak
    finally:
        stopped.set()
        sampler.join()


def _clear_away(running: World, n: int) -> None:
    """A round leaves gigabytes behind."""
    for folder in (running.plain.folder / "git", running.gate.home / "repositories"):
        for repository in folder.glob(f"huge-{n}*.git"):
            shutil.rmtree(repository)
