"""One push at a time, through the baseline, through our transport without hooks, and through the gate."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

from bench.table import ratio, show, spread
from bench.world import Side, Source, World, make_source, random_files, world

_MIB = 2**20
_HEADS = ("push", "way", "min / median / max", "÷ baseline: min / median / by round")
_WARM_UP = 2


def main(*, quick: bool) -> None:
    rounds = 6 if quick else 24
    with world() as running:
        rows = [
            *_row(running, "1 commit, tiny repository", "tiny", rounds, _tiny, _one_line),
            *_row(running, "1 commit, repository of 50 MiB", "large", rounds, _large, _one_line),
            *_row(running, "50 MiB in 2,000 files", "files", max(rounds // 4, 3), _tiny, _many_files),
        ]
    show("One push", _HEADS, rows)


def _row(
    running: World,
    title: str,
    name: str,
    rounds: int,
    first: Callable[[], dict[str, bytes]],
    change: Callable[[], dict[str, bytes]],
) -> list[tuple[str, ...]]:
    source = make_source(running.folder / name, first())
    sides = running.add(name, source.folder)
    times = interleaved(running, source, sides, rounds, change)
    return table_rows(title, sides, times)


def interleaved(
    running: World, source: Source, sides: list[Side], rounds: int, change: Callable[[], dict[str, bytes]]
) -> dict[str, list[float]]:
    """Push the same commit to each side, in an order that differs each round; seconds by side."""
    times: dict[str, list[float]] = {side.name: [] for side in sides}
    for n in range(-_WARM_UP, rounds):
        source.commit(change())
        for side in random.sample(sides, len(sides)):
            running.wait_until_idle()
            seconds = source.push(side, f"topic-{n + _WARM_UP}")
            if n >= 0:
                times[side.name].append(seconds)
    return times


def table_rows(title: str, sides: list[Side], times: dict[str, list[float]]) -> list[tuple[str, ...]]:
    first = times[sides[0].name]
    return [
        (title, side.name, spread(times[side.name]), ratio(times[side.name], first) if n else "1")
        for n, side in enumerate(sides)
    ]


def _tiny() -> dict[str, bytes]:
    return {"README.md": b"# Demo\n"}


def _large() -> dict[str, bytes]:
    return _tiny() | random_files(50 * _MIB, 2000)


def _one_line() -> dict[str, bytes]:
    return {"README.md": f"# Demo\n{os.urandom(8).hex()}\n".encode()}


def _many_files() -> dict[str, bytes]:
    return random_files(50 * _MIB, 2000)
