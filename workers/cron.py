"""`python -m workers.cron`: asks for what has to happen again and again. One is enough; two do no harm."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta

from redis import Redis

from gate.adapters.logs import report_fault
from gate.adapters.process import begin
from gate.adapters.rq_queue import RqQueue
from gate.config import load
from workers.wait import wait_for_redis

_NOTIFY_EVERY = timedelta(minutes=1)
_REDELIVER_EVERY = timedelta(minutes=5)
_LOOK_AT_FORGES_EVERY = timedelta(hours=1)
_MAINTAIN_EVERY = timedelta(hours=1)
_EXPIRE_EVERY = timedelta(hours=24)
_VERIFY_EVERY = timedelta(hours=24)


def main() -> None:
    settings = load(os.environ)
    begin(settings.log_level)
    queue = RqQueue(wait_for_redis(Redis.from_url(settings.redis_url)), report_fault)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    tick(queue, stopped, settings.sweep_every)


def tick(queue: RqQueue, stopped: threading.Event, every: timedelta) -> None:
    """Enqueue a sweep each time, and the rarer jobs when they are due, until stopped."""
    rarer = {
        queue.notify: _NOTIFY_EVERY,
        queue.redeliver: _REDELIVER_EVERY,
        queue.look_at_forges: _LOOK_AT_FORGES_EVERY,
        queue.maintain: _MAINTAIN_EVERY,
        queue.expire_evidence: _EXPIRE_EVERY,
        queue.verify_trail: _VERIFY_EVERY,
    }
    n = 0
    while not stopped.is_set():
        queue.sweep()
        for ask, interval in rarer.items():
            if n % max(1, interval // every) == 0:
                ask()
        n += 1
        stopped.wait(every.total_seconds())


if __name__ == "__main__":
    main()
