"""Running totals in Redis, which every process adds to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from gate.services.ports.measures import Tallied

_KEY = "pushgate:tally"


class RedisTally:
    """Implements `ports.measures.Tally`. Figures only: losing them loses nothing that anybody decided."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def add(self, name: str, labels: Mapping[str, str], amount: float = 1) -> None:
        try:
            self._redis.hincrbyfloat(_KEY, json.dumps([name, sorted(labels.items())]), amount)
        except RedisError:
            return

    def read(self) -> list[Tallied]:
        try:
            totals = cast("dict[bytes, bytes]", self._redis.hgetall(_KEY))
        except RedisError:
            return []
        return [_tallied(key, value) for key, value in sorted(totals.items())]


def _tallied(key: bytes, value: bytes) -> Tallied:
    name, labels = json.loads(key)
    return Tallied(name, tuple((label, text) for label, text in labels), float(value))
