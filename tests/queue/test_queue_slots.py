"""Which jobs wait in a real Valkey after a use case has asked for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from gate.adapters.rq_queue import QUEUE_NAME, RqQueue
from tests.running.gate import RunningGate

Waiting = list[tuple[str, list[object]]]


class Jobs:
    """The queue as its users see it, and what is in it as a worker sees it."""

    def __init__(self, redis: Redis) -> None:
        self.faults: list[str] = []
        self.ask = RqQueue(redis, lambda event, fault: self.faults.append(event))
        self._queue = Queue(QUEUE_NAME, connection=redis, serializer=JSONSerializer)

    def waiting(self) -> Waiting:
        return [(job.func_name, list(job.args)) for job in self._queue.get_jobs()]

    def take(self, status: JobStatus) -> Job:
        """Take the first one off the queue, as a worker does, and leave it in this status."""
        job_id = self._queue.pop_job_id()
        assert job_id is not None
        job = Job.fetch(job_id, connection=self._queue.connection, serializer=JSONSerializer)
        job.set_status(status)
        return job


@pytest.fixture
def jobs(installation: RunningGate) -> Iterator[Jobs]:
    redis = installation.here.redis
    redis.flushall()
    yield Jobs(redis)
    redis.flushall()


def test_a_job_is_a_name_and_ids(jobs: Jobs) -> None:
    jobs.ask.intake("demo", "01hfzzzzzzzzzzzzzzzzzzzzzz")
    jobs.ask.release(12)
    jobs.ask.sweep()

    assert jobs.waiting() == [
        ("workers.jobs.intake", ["demo", "01hfzzzzzzzzzzzzzzzzzzzzzz"]),
        ("workers.jobs.release", [12]),
        ("workers.jobs.sweep", []),
    ]


def test_what_waits_already_is_not_asked_for_twice(jobs: Jobs) -> None:
    for _ in range(3):
        jobs.ask.reconcile(7)

    assert jobs.waiting() == [("workers.jobs.reconcile", [7])]


@pytest.mark.parametrize("status", [JobStatus.SCHEDULED, JobStatus.DEFERRED])
def test_what_waits_for_its_next_attempt_is_not_asked_for_twice(jobs: Jobs, status: JobStatus) -> None:
    jobs.ask.reconcile(7)
    jobs.take(status)

    jobs.ask.reconcile(7)

    assert jobs.waiting() == []


def test_what_runs_already_may_have_read_too_early_and_runs_once_more(jobs: Jobs) -> None:
    jobs.ask.reconcile(7)
    running = jobs.take(JobStatus.STARTED)

    for _ in range(3):
        jobs.ask.reconcile(7)

    assert jobs.waiting() == [("workers.jobs.reconcile", [7])]
    assert running.get_status() is JobStatus.STARTED


@pytest.mark.parametrize("status", [JobStatus.FINISHED, JobStatus.FAILED, JobStatus.STOPPED])
def test_what_has_ended_can_be_asked_for_again(jobs: Jobs, status: JobStatus) -> None:
    jobs.ask.collect(7)
    jobs.take(status)

    jobs.ask.collect(7)

    assert jobs.waiting() == [("workers.jobs.collect", [7])]


def test_asking_never_fails_while_redis_is_away(jobs: Jobs) -> None:
    nowhere = RqQueue(Redis(unix_socket_path="/nonexistent/valkey.sock"), lambda event, _: seen.append(event))
    seen: list[str] = []

    nowhere.publish(7)

    assert seen == ["queue:unavailable"]
