"""Heads and databases of an adversary: little to read, much to unpack."""

from __future__ import annotations

import sqlite3
import tracemalloc
from pathlib import Path

import zstandard

from gate.adapters.codex.head import read_head
from gate.adapters.codex.state import read_thread_index

HUGE_VALUES = """
    create view threads as
    with recursive n(i) as (select 1 union all select i + 1 from n limit 50)
    select hex(zeroblob(200000000)) id, '' cwd, '' git_origin_url, 1 updated_at_ms, 1 updated_at from n
"""


def test_a_compressed_bomb_is_unpacked_no_further_than_a_head_is_long() -> None:
    packer = zstandard.ZstdCompressor().compressobj()
    bomb = b"".join(packer.compress(b"\0" * (1 << 24)) for _ in range(16)) + packer.flush()

    tracemalloc.start()
    try:
        head = read_head(bomb)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(bomb) < 1 << 18
    assert head is None
    assert most < 16 << 20


def test_a_view_in_the_place_of_the_threads_is_not_asked(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state") as connection:
        connection.execute(HUGE_VALUES)
    connection.close()

    assert read_thread_index((tmp_path / "state").read_bytes(), b"") == ()
