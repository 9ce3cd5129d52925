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
_STEPS = 1_000
_LONGEST_VALUE = 1 << 20
# Names change between releases of Codex: another shape is no answer, and no fault.
_QUERY = """
    select substr(id, 1, 64), substr(cwd, 1, 4096), substr(coalesce(git_origin_url, ''), 1, 4096),
        coalesce(updated_at_ms, updated_at * 1000)
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
                # The agent's user can write what it likes here: what is computed may never end, and one step
                # of SQLite may make a value of 1 GB.
                give_up = time.monotonic() + _MOST_SECONDS
                connection.set_progress_handler(lambda: time.monotonic() > give_up, _STEPS)
                connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
                connection.execute("pragma trusted_schema = off")
                connection.execute("pragma query_only = on")
                kind = connection.execute("select type from sqlite_master where name = 'threads'").fetchone()
                columns = connection.execute("pragma table_xinfo(threads)").fetchall()
                if kind != ("table",) or any(column[-1] for column in columns):
                    return ()
                rows = connection.execute(_QUERY, (_MOST,)).fetchall()
            return tuple(_thread(*row) for row in rows)
        except (sqlite3.Error, TypeError, ValueError, OverflowError, MemoryError, OSError):
            return ()


def _thread(thread_id: str, cwd: str, origin: str, updated_at: int) -> KnownThread:
    return KnownThread(str(thread_id), str(cwd), str(origin), datetime.fromtimestamp(updated_at / 1000, UTC))
