"""The hooks alone: `git receive-pack` on a gate repository and on a plain one, with no server before it."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

from bench.table import ratio, show, spread
from bench.world import make_source, scratch
from gate.adapters.git.repositories import GitRepositories
from gate.domain.repository import Grant, Limits, RepositoryRules
from tests.running.gate import CLIENT, git

_LIMITS = Limits(max_pack_size=2 * 2**30, max_file_size=100 * 2**20, max_changed_files=0)


def main(*, quick: bool) -> None:
    rounds = 10 if quick else 100
    with scratch() as folder:
        times = _measure(folder, rounds)
    plain = times["plain"]
    rows = [
        (name, spread(seconds), ratio(seconds, plain) if seconds is not plain else "1")
        for name, seconds in times.items()
    ]
    title = f"Hooks alone, {rounds} pushes of 1 commit to a path"
    show(title, ("repository", "min / median / max", "÷ plain: min / median / by round"), rows)
    show("Starting a program", ("program", "min / median / max"), _starts(rounds))


def _measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    source = make_source(folder / "source", {"README.md": b"# Demo\n"})
    upstream = folder / "upstream.git"
    git("clone", "-q", "--bare", str(source.folder), str(upstream), cwd=folder)
    plain, gated = folder / "plain.git", folder / "repositories" / "demo.git"
    git("clone", "-q", "--bare", str(upstream), str(plain), cwd=folder)
    _make_gated(folder, upstream)
    times: dict[str, list[float]] = {"plain": [], "gated": []}
    for n in range(rounds):
        source.commit({"README.md": f"# Demo {n}\n".encode()})
        for name, target in random.sample([("plain", plain), ("gated", gated)], 2):
            times[name].append(_push(source.folder, target, f"refs/heads/topic-{n}"))
    return times


def _make_gated(folder: Path, upstream: Path) -> None:
    repository = GitRepositories(folder / "repositories").create("demo", str(upstream))
    rules = RepositoryRules(
        "demo", "http://127.0.0.1:8080", "hold", _LIMITS, refs=(), grants=(Grant("codex-1", "demo"),)
    )
    repository.held.write_rules(rules)


def _push(source: Path, target: Path, ref: str) -> float:
    environment = {**CLIENT, "PUSHGATE_AGENT": "codex-1", "PUSHGATE_TRANSPORT": "http"}
    return _seconds(("git", "push", "-q", str(target), f"HEAD:{ref}"), cwd=source, env=environment)


def _starts(rounds: int) -> list[tuple[str, str]]:
    """What any hook would pay before its first line, and what asking git once more costs."""
    programs = {
        "`git version`": ("git", "version"),
        "`/usr/bin/python3 -IS -c pass`": ("/usr/bin/python3", "-IS", "-c", "pass"),
    }
    return [(name, spread([_seconds(command) for _ in range(rounds)])) for name, command in programs.items()]


def _seconds(command: tuple[str, ...], **where: object) -> float:
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, **where)  # type: ignore[call-overload]
    return time.perf_counter() - start
