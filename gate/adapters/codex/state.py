"""Codex's own database of threads, `state_N.sqlite`: a copy of it, read and thrown away."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from gate.services.ports.evidence import KnownThread

_MOST = 1000
_MOST_SECONDS = 2.0
_STEPS = 10_000
# Names change between releases of Codex: another shape is no answer, and no fault.
_QUERY = """
    select id, cwd, coalesce(git_origin_url, ''), coalesce(updated_at_ms, updated_at * 1000)
    from threads order by 4 desc limit ?
"""


def read_thread_index(database: bytes, log: bytes) -> tuple[KnownThread, ...]:
    """The threads that were last worked on, newest first."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "state.sqlite"
        copy.write_bytes(database)
        if log:
            copy.with_name("state.sqlite-wal").write_bytes(log)
        try:
            with closing(sqlite3.connect(copy, timeout=1)) as connection:
                connection.execute("pragma trusted_schema = off")
                # `threads` may be a view that never ends: the agent's user can write what it likes here.
                give_up = time.monotonic() + _MOST_SECONDS
                connection.set_progress_handler(lambda: time.monotonic() > give_up, _STEPS)
                rows = connection.execute(_QUERY, (_MOST,)).fetchall()
            return tuple(_thread(*row) for row in rows)
        except (sqlite3.Error, TypeError, ValueError, OverflowError, OSError):
            return ()


def _thread(thread_id: str, cwd: str, origin: str, updated_at: int) -> KnownThread:
    return KnownThread(str(thread_id), str(cwd), str(origin), datetime.fromtimestamp(updated_at / 1000, UTC))
