"""What every process of the gate does first."""

from __future__ import annotations

import os

from gate.adapters.logs import set_up


def begin(log_level: str) -> None:
    """Keep new files from other users, whatever the process was started with, and set up the logs."""
    os.umask(0o077)
    set_up(log_level)
