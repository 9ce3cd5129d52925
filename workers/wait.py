"""Wait for the other processes that the Procfile starts at the same moment."""

from __future__ import annotations

import time

from redis import Redis
from redis.exceptions import BusyLoadingError, ConnectionError

_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.1


def wait_for_redis(redis: Redis) -> Redis:
    """The same client, once its server answers. Raises redis.ConnectionError after 30 seconds."""
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            redis.ping()
        except (ConnectionError, BusyLoadingError):
            if time.monotonic() > give_up:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return redis
