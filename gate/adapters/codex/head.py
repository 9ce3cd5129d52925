"""Whose record a rollout is: its first line alone."""

from __future__ import annotations

import json

import zstandard

from gate.adapters.codex.lines import ZSTD_MAGIC
from gate.services.ports.evidence import RecordHead

_LONGEST = 1 << 21
_MOST_WINDOW = 1 << 27


def read_head(first: bytes) -> RecordHead | None:
    """Reads `session_meta`, which every rollout begins with; older ones have no session of their own."""
    try:
        values = json.loads(_plain(first).partition(b"\n")[0])
        meta = values["payload"]
        thread, session = meta["id"], meta.get("session_id") or meta["id"]
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        MemoryError,
        zstandard.ZstdError,
    ):
        return None
    is_sound = values.get("type") == "session_meta" and isinstance(thread, str) and isinstance(session, str)
    return RecordHead(thread, session) if is_sound else None


def _plain(first: bytes) -> bytes:
    if not first.startswith(ZSTD_MAGIC):
        return first
    # Never all of it at once: a few KiB may come to gigabytes.
    with zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW).stream_reader(first) as reader:
        return reader.read(_LONGEST)
