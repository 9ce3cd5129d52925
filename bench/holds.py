"""Does a push get slower as holds pile up? 10,000 that are closed, and 1,000 that wait, against none."""

from __future__ import annotations

import random
import subprocess
from datetime import timedelta
from pathlib import Path

from bench.pushes import interleaved
from bench.table import ratio, show, spread
from bench.world import HELD, Side, Source, World, make_source, now, world
from gate.domain.audit import Action, AuditEvent
from gate.domain.hold import ZERO_OID, HoldState, Push, Revision
from gate.transport.push_id import new_push_id
from tests.running.gate import CLIENT, git

_BATCH = 500


def main(*, quick: bool) -> None:
    rounds, closed, live = (6, 500, 100) if quick else (20, 10_000, 1_000)
    with world() as running:
        source = make_source(running.folder / "holds", {"README.md": b"# Demo\n"})
        sides = [_side(running, source, name) for name in ("none", "closed", "live")]
        for first in range(1, closed + 1, _BATCH):
            _close_many(running, source, "closed", range(first, min(first + _BATCH, closed + 1)))
        _hold_many(running, source, sides[2], live)
        times = interleaved(running, source, sides, rounds, _change)
    names = {"none": "no earlier hold", "closed": f"{closed:,} closed holds", "live": f"{live:,} live holds"}
    rows = [
        (names[name], spread(seconds), "1" if name == "none" else ratio(seconds, times["none"]))
        for name, seconds in times.items()
    ]
    show(
        "1 commit into a tiny repository behind the gate",
        ("before", "min / median / max", "÷ none: min / median / by round"),
        rows,
    )


def _change() -> dict[str, bytes]:
    return {"README.md": f"# Demo\n{random.random()}\n".encode()}


def _side(running: World, source: Source, name: str) -> Side:
    upstream = running.folder / f"{name}-upstream.git"
    git("clone", "-q", "--bare", str(source.folder), str(upstream), cwd=running.folder)
    running.add_gated(name, upstream)
    return Side(name, running.gate_url(name), HELD)


def _close_many(running: World, source: Source, name: str, numbers: range) -> None:
    """What closed holds leave once they are settled: rows, events, standings, and no ref."""
    tip = git("rev-parse", "main", cwd=source.folder).stdout.strip()
    folder = running.gate.repository(name) / "pushgate" / "standing" / "codex-1" / "refs" / "heads"
    folder.mkdir(parents=True, exist_ok=True)
    at = now() - timedelta(days=1)
    with running.gate.here.store.transaction() as tx:
        repository, agent = tx.repositories.get(name), tx.agents.get("codex-1")
        for number in numbers:
            push, ref = new_push_id(), f"refs/heads/old-{number}"
            tx.holds.add_push(Push(push, repository.id, agent.id, at, "http"))
            held_ref = f"refs/quarantine/{push}/1"
            revision = Revision(0, 1, push, ZERO_OID, tip, held_ref, at)
            hold = tx.holds.add(name, "codex-1", ref, number, revision, None)
            tx.holds.move(hold, HoldState.WITHDRAWN, at, None, "")
            tx.holds.set_settled(hold.id)
            tx.audit.append_all([_event(name, number, push, ref, action) for action in _STORY])
            (folder / f"old-{number}~").write_text(_standing(number, tip, push))
    (running.gate.repository(name) / "pushgate" / "numbers").write_text(f"{numbers[-1]}\n")


_STORY = (Action.HOLD_REGISTER, Action.HOLD_WITHDRAW)


def _event(repository: str, number: int, push: str, ref: str, action: Action) -> AuditEvent:
    return AuditEvent(
        at=now(),
        actor="agent:codex-1",
        action=action,
        repository=repository,
        ref=ref,
        hold=f"{repository}/{number}",
        push=push,
    )


def _standing(number: int, tip: str, push: str) -> str:
    return f"format 1\nhold {number}\nrevision 1\nstate withdrawn\nold {ZERO_OID}\ntip {tip}\npush {push}\n"


def _hold_many(running: World, source: Source, side: Side, count: int) -> None:
    """Real pushes of 10 new branches each, taken in and published as any others."""
    source.commit(_change())
    for first in range(0, count, 10):
        refs = [f"HEAD:refs/heads/live-{n}" for n in range(first, min(first + 10, count))]
        _push(source.folder, side.url, refs)
    running.wait_until_idle()


def _push(folder: Path, url: str, refs: list[str]) -> None:
    done = subprocess.run(("git", "push", url, *refs), cwd=folder, env=CLIENT, capture_output=True, text=True)
    if done.returncode != HELD:
        raise RuntimeError(done.stderr)
