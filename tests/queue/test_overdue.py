"""A job's time is over also for code that survives any fault."""

from __future__ import annotations

import time

import pytest
from rq.timeouts import HorseMonitorTimeoutException, JobTimeoutException

from workers.overdue import FirmTimeout, JobOverdue


def test_no_handler_of_faults_holds_up_the_end_of_a_job() -> None:
    def survive() -> None:
        try:
            time.sleep(60)
        except Exception:
            pytest.fail("it was taken for a fault")

    with pytest.raises(JobOverdue), FirmTimeout(1, JobTimeoutException):
        survive()


def test_what_the_worker_waits_for_ends_as_before() -> None:
    with pytest.raises(HorseMonitorTimeoutException), FirmTimeout(1, HorseMonitorTimeoutException):
        time.sleep(60)
