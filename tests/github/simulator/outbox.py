"""Webhooks: what is sent when something happens, signed, and all the ways in which it can go wrong."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

_SECONDS = 10


@dataclass
class Delivery:
    """One delivery. `status` is what the receiver answered, 0 where it was lost or nothing answered."""

    number: int
    guid: str
    event: str
    payload: dict[str, Any]
    status: int = 0
    is_redelivery: bool = False
    is_sent: bool = False
    delivered_at: datetime = datetime.min

    @property
    def words(self) -> str:
        """The outcome, as GitHub's list of deliveries says it."""
        if 200 <= self.status < 300:
            return "OK"
        return "failed to connect to host" if self.status == 0 else f"Invalid HTTP Response: {self.status}"

    @property
    def action(self) -> str:
        return str(self.payload.get("action", ""))


class Outbox:
    """Sends deliveries to one address from a thread of its own, or when told to."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.url: str | None = None
        self.secret = ""
        self.deliveries: list[Delivery] = []
        # What GitHub cannot deliver, and notes as failed; and what gets lost where GitHub hears OK.
        self.loses: Callable[[Delivery], bool] = lambda _: False
        self.swallows: Callable[[Delivery], bool] = lambda _: False
        self.times = 1
        # How a delivery gets there, where not over HTTP: its body and headers in, the answer's status out.
        self.carrier: Callable[[bytes, dict[str, str]], int] | None = None
        self._waiting: deque[Delivery] = deque()
        self._is_held = False
        self._changed = threading.Condition()
        self._is_busy = False
        self._stopped = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def put(self, event: str, payload: dict[str, Any]) -> None:
        with self._changed:
            number = len(self.deliveries) + 1
            delivery = Delivery(number, str(uuid.uuid4()), event, json.loads(json.dumps(payload)))
            self.deliveries.append(delivery)
            if self.url is not None:
                self._waiting.append(delivery)
                self._changed.notify_all()

    def hold(self) -> None:
        """Keep what happens from now on, until `flush`."""
        with self._changed:
            self._is_held = True

    def release(self) -> None:
        """Send what happens at once again."""
        with self._changed:
            self._is_held = False
            self._changed.notify_all()

    def flush(self, *, reverse: bool = False) -> int:
        """Send everything that waits, in this thread; returns how many."""
        sent = 0
        while True:
            with self._changed:
                batch = list(self._waiting)
                self._waiting.clear()
            if not batch:
                return sent
            for delivery in reversed(batch) if reverse else batch:
                self.send(delivery)
                sent += 1

    def wait(self, seconds: float = 30) -> None:
        """Until everything has been sent."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._is_busy, timeout=seconds)

    def send(self, delivery: Delivery) -> None:
        delivery.delivered_at, delivery.is_sent = self.clock(), True
        for _ in range(self.times):
            if self.loses(delivery):
                delivery.status = 0
            elif self.swallows(delivery):
                delivery.status = 200
            else:
                delivery.status = self.post(delivery)

    def redeliver(self, number: int) -> None:
        with self._changed:
            delivery = next(one for one in self.deliveries if one.number == number)
            again = Delivery(
                len(self.deliveries) + 1, delivery.guid, delivery.event, delivery.payload, is_redelivery=True
            )
            self.deliveries.append(again)
            self._waiting.append(again)
            self._changed.notify_all()

    def post(
        self,
        delivery: Delivery,
        *,
        secret: str | None = None,
        body: bytes | None = None,
        guid: str | None = None,
        cut: int | None = None,
    ) -> int:
        """Post it now, as it is or changed; returns the answer's status, 0 where there was none."""
        if self.url is None:
            return 0
        content = json.dumps(delivery.payload).encode() if body is None else body
        key = (self.secret if secret is None else secret).encode()
        signature = hmac.new(key, content, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/044aadd",
            "X-GitHub-Delivery": guid or delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": "1",
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        if self.carrier is not None:
            return self.carrier(content[:cut], headers)
        try:
            return requests.post(self.url, data=content[:cut], headers=headers, timeout=_SECONDS).status_code
        except requests.RequestException:
            return 0

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or (self._waiting and not self._is_held))
                if self._stopped:
                    return
                delivery = self._waiting.popleft()
                self._is_busy = True
            try:
                self.send(delivery)
            finally:
                with self._changed:
                    self._is_busy = False
                    self._changed.notify_all()
