"""A queue that does the work at once, in this process: for the command line and for tests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from gate.domain.errors import GateError
from gate.services.ports.outside import ReportFault

Job = tuple[str, tuple[Any, ...]]


class InlineQueue:
    """Implements `ports.outside.Queue`. A job that another job enqueues runs after it, never inside it.

    `jobs` is filled in once the use cases exist, as they need the queue first.
    """

    def __init__(self, report_fault: ReportFault) -> None:
        self.jobs: Mapping[str, Callable[..., object]] = {}
        self._report_fault = report_fault
        self._waiting: deque[Job] = deque()
        self._is_running = False

    def intake(self, repository: str, push_id: str) -> None:
        self._enqueue("intake", repository, push_id)

    def collect(self, hold_id: int) -> None:
        self._enqueue("collect", hold_id)

    def assess(self, hold_id: int) -> None:
        self._enqueue("assess", hold_id)

    def publish(self, hold_id: int) -> None:
        self._enqueue("publish", hold_id)

    def reconcile(self, hold_id: int) -> None:
        self._enqueue("reconcile", hold_id)

    def release(self, hold_id: int) -> None:
        self._enqueue("release", hold_id)

    def settle(self, hold_id: int) -> None:
        self._enqueue("settle", hold_id)

    def show(self, hold_id: int) -> None:
        self._enqueue("show", hold_id)

    def reopen(self, hold_id: int) -> None:
        self._enqueue("reopen", hold_id)

    def take_delivery(self, delivery_id: str) -> None:
        self._enqueue("take_delivery", delivery_id)

    def _enqueue(self, name: str, *arguments: Any) -> None:
        if (name, arguments) not in self._waiting:
            self._waiting.append((name, arguments))
        if not self._is_running:
            self._run()

    def _run(self) -> None:
        self._is_running = True
        try:
            while self._waiting:
                name, arguments = self._waiting.popleft()
                try:
                    self.jobs[name](*arguments)
                except GateError as fault:
                    self._report_fault(f"job:{name}", fault)
        finally:
            self._is_running = False
            self._waiting.clear()
