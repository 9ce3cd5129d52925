"""How the queue is doing, for the health page and the readiness check."""

from __future__ import annotations

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from gate.adapters.rq_queue import QUEUE_NAME
from gate.domain.errors import Unavailable
from gate.services.ports.measures import FailedJob, QueueStanding

_MOST_FAILED = 20


class RqProbe:
    """Implements `ports.measures.QueueProbe`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queue = Queue(QUEUE_NAME, connection=redis, serializer=JSONSerializer)

    def standing(self) -> QueueStanding:
        try:
            return QueueStanding(
                waiting=self._queue.count,
                running=self._queue.started_job_registry.count,
                workers=Worker.count(queue=self._queue),
                failed=tuple(self._failed()),
            )
        except RedisError as fault:
            raise Unavailable(f"queue: Redis does not answer ({fault}). Is the redis process up?") from fault

    def _failed(self) -> list[FailedJob]:
        ids = self._queue.failed_job_registry.get_job_ids(-_MOST_FAILED, -1)
        jobs = Job.fetch_many(ids, connection=self._redis, serializer=JSONSerializer)
        return [_failed_job(job) for job in reversed(jobs) if job is not None]


def _failed_job(job: Job) -> FailedJob:
    result = job.latest_result()
    words = (result.exc_string if result is not None else None) or ""
    last_line = next((line for line in reversed(words.splitlines()) if line.strip()), "unknown")
    return FailedJob(job.id, job.description or "", last_line, job.ended_at)
