"""How a job is ended that takes too long."""

from __future__ import annotations

from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty


class JobOverdue(BaseException):
    """The job's time is over. No `except Exception` on its way takes that for a fault of its own."""


class FirmTimeout(UnixSignalDeathPenalty):
    """RQ's own timeout raises an Exception, which code that must survive any fault would swallow."""

    def __init__(self, timeout: int, exception: type[BaseException], **more: object) -> None:
        raised = JobOverdue if exception is JobTimeoutException else exception
        super().__init__(timeout, raised, **more)  # type: ignore[no-untyped-call]  # RQ gives it no types
