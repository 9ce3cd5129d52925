"""What the worker process does with jobs that fail, die, or are not ours."""

from __future__ import annotations

import os
from pathlib import Path

from rq import Queue
from rq.serializers import PickleSerializer

from gate.adapters.rq_probe import RqProbe
from gate.adapters.rq_queue import QUEUE_NAME
from gate.domain.hold import HoldState
from gate.services.ports.measures import FailedJob
from tests.running.gate import Behind, RunningGate
from tests.running.waiting import eventually


class Touch:
    """Makes a file at the moment in which it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mknod, (str(self.path),))


def test_a_release_is_tried_again_until_upstream_is_back(gate: RunningGate, behind: Behind) -> None:
    behind.commit("Upstream is away")
    behind.push()
    gate.inline.sweep()
    gate.here.redis.flushall()
    away = behind.upstream.with_name("away")
    behind.upstream.rename(away)
    gate.start_worker()
    gate.approve(gate.wait_for(HoldState.IN_REVIEW, behind.name))
    eventually(lambda: '"job:retry"' in gate.running["worker"].text, about=lambda: gate.describe(behind.name))

    away.rename(behind.upstream)

    gate.wait_for(HoldState.RELEASED, behind.name)
    assert _failed(gate) == []


def test_a_job_that_cannot_succeed_fails_at_once_and_visibly(gate: RunningGate) -> None:
    gate.here.redis.flushall()
    gate.start_worker()

    gate.here.queue.collect(999_999)

    [job] = eventually(lambda: _failed(gate, "collect"), about=lambda: gate.running["worker"].text)
    assert (job.name, job.fault) == (
        "collect",
        "gate.domain.errors.NotFound: hold 999999: there is no such hold.",
    )


def test_a_job_whose_process_died_is_visible(gate: RunningGate, behind: Behind) -> None:
    gate.here.redis.flushall()
    gate.start_worker(PUSHGATE_FAIL_POINT="intake:before-store")
    behind.commit("Its process dies")

    behind.push()

    [job] = eventually(lambda: _failed(gate, "intake"), about=lambda: gate.running["worker"].text)
    assert job.fault.startswith("Work-horse terminated unexpectedly")


def test_a_pickled_job_is_never_loaded(gate: RunningGate, tmp_path: Path) -> None:
    gate.here.redis.flushall()
    trap = tmp_path / "unpickled"
    theirs = Queue(QUEUE_NAME, connection=gate.here.redis, serializer=PickleSerializer)
    theirs.enqueue("workers.jobs.collect", Touch(trap))
    gate.start_worker()

    gate.here.queue.collect(999_999)

    eventually(
        lambda: len(_failed(gate)) > 1,
        about=lambda: gate.running["worker"].text + str(_failed(gate)),
        seconds=5,
    )
    assert not trap.exists()


def _failed(gate: RunningGate, name: str | None = None) -> list[FailedJob]:
    """Failed jobs of this name; one of an earlier test may have been cut off by the flush before this one."""
    return [job for job in RqProbe(gate.here.redis).standing().failed if name in (None, job.name)]
