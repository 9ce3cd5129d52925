"""Named places where a test stops a hook dead, to see what a crash there leaves behind."""

import posix

_SIGKILL = 9


def stop_at(name: str, wanted: str | None) -> None:
    """Kill this process if the repository's `pushgate.failPoint` names this place. Only tests set it."""
    if wanted is not None and wanted == name:
        posix.kill(posix.getpid(), _SIGKILL)
