"""gunicorn's settings: `gunicorn app:app` reads this file from where it is started."""

import os
from pathlib import Path

from gate.config import load

_settings = load(os.environ)
bind = f"{_settings.bind}:{_settings.port}"

# Each request in progress has a thread, which waits for git most of the time.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "32"))

# Each worker opens its own connections to the store and the queue; none may come through a fork.
preload_app = False

# A worker that is told to stop lets pushes end first; what it cuts off is held or gone, never half of it.
graceful_timeout = 60
timeout = 120
keepalive = 5

# The gate logs its requests itself, with the agent and the push. Nothing else is to speak for the server.
accesslog = None
control_socket_disable = True

# Workers show that they live by touching a file: not one on a disk that is busy with a large push.
_memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes its files there by mkstemp
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
