"""`python -m workers`: the RQ worker. It imports everything once, then forks for each job."""

from __future__ import annotations

import os
import sys
import time

from redis import Redis
from redis.exceptions import ConnectionError
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

from gate.adapters.logs import report_fault
from gate.adapters.process import begin
from gate.adapters.redis_tally import RedisTally
from gate.adapters.rq_queue import QUEUE_NAME
from gate.adapters.secrets.engine import engine
from gate.config import Settings, load
from gate.domain.errors import GateError
from workers import jobs
from workers.overdue import FirmTimeout
from workers.wait import wait_for_redis


class TallyingWorker(Worker):
    """Counts jobs, and how long they took from being enqueued to their end; knows whether it shall stop."""

    death_penalty_class = FirmTimeout
    is_told_to_stop = False

    def handle_warm_shutdown_request(self) -> None:
        self.is_told_to_stop = True
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]  # RQ gives it no types

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
    begin(settings.log_level)
    assert jobs, "imported before the first fork, so that no job pays for it"
    redis = wait_for_redis(Redis.from_url(settings.redis_url))
    _warm_up(settings)
    queue = Queue(QUEUE_NAME, connection=redis, serializer=JSONSerializer)
    worker = TallyingWorker([queue], connection=redis, serializer=JSONSerializer)
    try:
        worker.work(with_scheduler=True, logging_level="WARNING")
    except ConnectionError as fault:
        report_fault("worker:redis_gone", fault)
    if not worker.is_told_to_stop:
        # RQ's worker ends where Redis goes away during a job. This one begins anew and waits for it; the
        # sweep takes up what was left.
        os.execv(sys.executable, (sys.executable, "-m", "workers"))  # noqa: S606 - no shell is wanted


def _warm_up(settings: Settings) -> None:
    """Build the engine of the scan for secrets once: every job's process then begins with it."""
    try:
        engine(settings.rule_cache)
    except GateError as fault:
        # The jobs that need it say so, each on its own hold.
        report_fault("worker:scan", fault)


if __name__ == "__main__":
    main()
