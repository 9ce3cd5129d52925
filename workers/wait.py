"""Wait for Redis: the Procfile starts its server at the same moment, and another machine's may be away."""

from __future__ import annotations

import time

from redis import Redis
from redis.exceptions import BusyLoadingError, ConnectionError

from gate.adapters.logs import report_fault

_REPORT_EVERY_SECONDS = 30.0
_PAUSE_SECONDS = 0.1


def wait_for_redis(redis: Redis) -> Redis:
    """The same client, once its server answers. Says on the log every 30 seconds what it waits for."""
    report_at = time.monotonic() + _REPORT_EVERY_SECONDS
    while True:
        try:
            redis.ping()
        except (ConnectionError, BusyLoadingError) as fault:
            if time.monotonic() > report_at:
                report_fault("redis:unavailable", fault)
                report_at += _REPORT_EVERY_SECONDS
            time.sleep(_PAUSE_SECONDS)
        else:
            return redis
