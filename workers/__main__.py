"""`python -m workers`: the RQ worker. It imports everything once, then forks for each job."""

from __future__ import annotations

import os
import time

from redis import Redis
from redis.exceptions import ConnectionError
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

from gate.adapters.logs import report_fault, set_up
from gate.adapters.redis_tally import RedisTally
from gate.adapters.rq_queue import QUEUE_NAME
from gate.config import load
from workers import jobs
from workers.wait import wait_for_redis


class TallyingWorker(Worker):
    """Counts jobs and how long they took from being enqueued to their end."""

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        succeeded: bool = super().perform_job(job, queue, execution)
        labels = {"job": job.description or "unknown", "outcome": "ok" if succeeded else "failed"}
        tally = RedisTally(self.connection)
        tally.add("pushgate_jobs", labels)
        if job.enqueued_at is not None:
            tally.add("pushgate_job_seconds", labels, time.time() - job.enqueued_at.timestamp())
        return succeeded


def main() -> None:
    settings = load(os.environ)
    set_up(settings.log_level)
    assert jobs, "imported before the first fork, so that no job pays for it"
    redis = wait_for_redis(Redis.from_url(settings.redis_url))
    queue = Queue(QUEUE_NAME, connection=redis, serializer=JSONSerializer)
    worker = TallyingWorker([queue], connection=redis, serializer=JSONSerializer)
    try:
        worker.work(with_scheduler=True, logging_level="WARNING")
    except ConnectionError as fault:
        # When everything is stopped at once, the server may go first. The sweep finds what was left.
        report_fault("worker:redis_gone", fault)


if __name__ == "__main__":
    main()
