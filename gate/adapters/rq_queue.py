"""Background jobs on Redis or Valkey, through RQ with its JSON serializer: a job is a name and ids."""

from __future__ import annotations

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from gate.services.ports.outside import ReportFault

QUEUE_NAME = "pushgate"
_WAITING = frozenset({JobStatus.QUEUED, JobStatus.SCHEDULED, JobStatus.DEFERRED})
# One running, one waiting for it to end, and room for a second worker that runs the same.
_SLOTS = 4
_TIMEOUT_SECONDS = 600
_KEEP_FAILED_SECONDS = 7 * 24 * 3600


class RqQueue:
    """Implements `ports.outside.Queue`. A job that waits already is not enqueued again; one that runs is,
    as it may have read too early.

    Never raises: while Redis is down the fault is reported, and the sweep enqueues what was lost.
    """

    def __init__(self, redis: Redis, report_fault: ReportFault) -> None:
        self._redis = redis
        self._queue = Queue(QUEUE_NAME, connection=redis, serializer=JSONSerializer)
        self._report_fault = report_fault

    def intake(self, repository: str, push_id: str) -> None:
        self._enqueue("intake", f"intake-{push_id}", repository, push_id)

    def collect(self, hold_id: int) -> None:
        self._enqueue("collect", f"collect-{hold_id}", hold_id)

    def assess(self, hold_id: int) -> None:
        self._enqueue("assess", f"assess-{hold_id}", hold_id)

    def publish(self, hold_id: int) -> None:
        self._enqueue("publish", f"publish-{hold_id}", hold_id)

    def reconcile(self, hold_id: int) -> None:
        self._enqueue("reconcile", f"reconcile-{hold_id}", hold_id)

    def release(self, hold_id: int) -> None:
        self._enqueue("release", f"release-{hold_id}", hold_id)

    def settle(self, hold_id: int) -> None:
        self._enqueue("settle", f"settle-{hold_id}", hold_id)

    def show(self, hold_id: int) -> None:
        self._enqueue("show", f"show-{hold_id}", hold_id)

    def reopen(self, hold_id: int) -> None:
        self._enqueue("reopen", f"reopen-{hold_id}", hold_id)

    def take_delivery(self, delivery_id: str) -> None:
        self._enqueue("take_delivery", f"delivery-{delivery_id}", delivery_id)

    def redeliver(self) -> None:
        self._enqueue("redeliver", "redeliver")

    def notify(self) -> None:
        self._enqueue("notify", "notify")

    def look_at_forges(self) -> None:
        self._enqueue("look_at_forges", "look_at_forges")

    def sweep(self) -> None:
        self._enqueue("sweep", "sweep")

    def maintain(self) -> None:
        self._enqueue("maintain", "maintain")

    def expire_evidence(self) -> None:
        self._enqueue("expire_evidence", "expire_evidence")

    def verify_trail(self) -> None:
        self._enqueue("verify_trail", "verify_trail")

    def _enqueue(self, name: str, job_id: str, *ids: str | int) -> None:
        try:
            for slot in range(_SLOTS):
                if self._take_slot(name, f"{job_id}-{slot}", ids):
                    return
        except RedisError as fault:
            self._report_fault("queue:unavailable", fault)

    def _take_slot(self, name: str, job_id: str, ids: tuple[str | int, ...]) -> bool:
        """Enqueue under this id, or find that a job of this id waits already; False while one runs."""
        try:
            self._add(name, job_id, ids)
        except DuplicateJobError:
            status = self._status(job_id)
            if status is JobStatus.STARTED:
                return False
            if status not in _WAITING:
                # A finished or failed one holds its id until it is forgotten.
                self._forget(job_id)
                self._add(name, job_id, ids)
        return True

    def _add(self, name: str, job_id: str, ids: tuple[str | int, ...]) -> None:
        self._queue.enqueue_call(
            f"workers.jobs.{name}",
            args=ids,
            job_id=job_id,
            unique=True,
            timeout=_TIMEOUT_SECONDS,
            result_ttl=0,
            failure_ttl=_KEEP_FAILED_SECONDS,
            description=name,
        )

    def _status(self, job_id: str) -> JobStatus | None:
        try:
            return self._fetch(job_id).get_status()
        except NoSuchJobError:
            return None

    def _forget(self, job_id: str) -> None:
        try:
            self._fetch(job_id).delete()
        except NoSuchJobError:
            return  # It ended in between.

    def _fetch(self, job_id: str) -> Job:
        return Job.fetch(job_id, connection=self._redis, serializer=JSONSerializer)
