"""The real Codex CLI: from its session on the agent host, by a push over HTTP, to the pull request."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.domain.brief.model import BriefSource, Kept
from gate.domain.evidence import Evidence, FileKind
from gate.domain.session.model import FoundBy
from tests.codex_cli.make_sample_repo import FILES
from tests.codex_cli.run_codex import run_codex
from tests.github.running_github import GitHubGate, running_github_gate
from tests.github.simulator import Pull
from tests.running.gate import CLIENT
from tests.running.processes import CHECKOUT
from tests.running.waiting import eventually

CODEX = CHECKOUT / ".codex-cli" / "node_modules" / ".bin" / "codex"
SCRIPT = Path(__file__).with_name("push_branch.json")
TASK = """\
Fix the totals and push.

## Goal
Invoice totals include tax.

## Allowed
- edit `billing/**`, `PLAN.md` and `STATUS.md` only
- at most 8 files

## Not allowed
- never push to main

## Before finishing
- run `python3 -m unittest -q`
"""

pytestmark = pytest.mark.codex


@dataclass(frozen=True)
class Workplace:
    """Where codex-1 works: a home of its own, with a clone by the gate's plain address."""

    home: Path

    @property
    def clone(self) -> Path:
        return self.home / "work" / "billing"

    def environment(self) -> dict[str, str]:
        # No secret of whoever runs the test is there for the agent to see.
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            **{key: value for key, value in CLIENT.items() if key.startswith(("GIT_AUTHOR", "GIT_COMM"))},
        }

    def git(self, *words: str, cwd: Path) -> None:
        subprocess.run(("git", *words), cwd=cwd, env=self.environment(), check=True, timeout=60)

    def run_codex(self, prompt: str) -> int:
        return run_codex(
            str(CODEX),
            str(SCRIPT),
            str(self.clone),
            str(self.home / ".codex"),
            prompt,
            env=self.environment(),
            timeout=120,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture
def gate() -> Iterator[GitHubGate]:
    with running_github_gate() as gate:
        bob = gate.people["bob"]
        gate.simulator.commit(gate.shop, "main", by=bob, **FILES)
        gate.put_shop_behind()
        gate.start_worker()
        yield gate
        assert gate.simulator.violations == []


@pytest.fixture
def workplace(gate: GitHubGate) -> Workplace:
    """Set up by the commands that docs/evidence.md names."""
    place = Workplace(gate.folder / "agent")
    (place.home / "work").mkdir(parents=True)
    (place.home / ".codex").mkdir()
    gate.told("agent", "setup", "codex-1", "--home", str(place.home), "--work", str(place.home / "work"))
    place.git("clone", "-q", f"{gate.url}/git/demo.git", str(place.clone), cwd=place.home)
    return place


def test_a_session_of_codex_becomes_evidence_in_its_pull_request(
    gate: GitHubGate, workplace: Workplace
) -> None:
    status = workplace.run_codex(TASK)

    pull = eventually(lambda: _pull(gate), about=lambda: gate.describe("demo"))
    evidence = _evidence(gate)
    session = evidence.session
    assert status == 0
    assert session is not None
    assert session.found_by is FoundBy.CREDENTIAL
    ran = [(one.text, one.exit_code, bool(one.tests)) for one in session.commands]
    assert ran[:2] == [("python3 -m unittest -q", 1, True), ("python3 -m unittest -q", 0, True)]
    # The gate may read the record before the push has been answered there.
    assert ran[-1] in [("git push -u origin codex/fix-tax", code, False) for code in (None, 1)]
    assert evidence.brief is not None
    assert evidence.brief.brief.source is BriefSource.PROMPT
    assert evidence.brief.kept is not Kept.BROKEN
    assert {one.kind for one in evidence.checkpoints} == {FileKind.PLAN, FileKind.STATUS}
    assert evidence.faults == ()
    for words in ("python3 -m unittest -q", "exit 1", "PLAN.md", "Invoice totals include tax"):
        assert words in pull.body


def _pull(gate: GitHubGate) -> Pull | None:
    with gate.simulator.world.lock:
        return next(iter(gate.shop.pulls.values()), None)


def _evidence(gate: GitHubGate) -> Evidence:
    hold = gate.holds("demo")[-1]
    with gate.here.store.snapshot() as tx:
        evidence = tx.evidence.get(hold.id, hold.revision.n)
    assert evidence is not None
    return evidence
