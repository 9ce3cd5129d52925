"""Named steps at which the crash test kills the process; everywhere else they do nothing."""

from __future__ import annotations

import os
import signal

from gate.services.ports.outside import FailPoint


def fail_point(name: str | None) -> FailPoint:
    """A fail point that kills this process, as `kill -9` would, at the step of that name."""

    def pass_by(step: str) -> None:
        if step == name:
            os.kill(os.getpid(), signal.SIGKILL)

    return pass_by
