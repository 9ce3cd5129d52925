"""Reads a file of one JSON record a line into a fold, whatever its records are."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gate.adapters.codex.faults import Faults
from gate.adapters.codex.fields import Record, record_of
from gate.adapters.codex.lines import Lines
from gate.domain.session.fold import ThreadFold
from gate.domain.session.model import Thread


def read_records(
    content: Iterable[bytes], fold: ThreadFold, read: Callable[[Record, int], None], *, begins_with: str
) -> Thread:
    """Give `read` each record with its line; `begins_with` is the record that says whose the file is."""
    lines, faults = Lines(content), Faults()
    for line in lines:
        # What is no UTF-8 becomes U+FFFD: seen, and no reason to lose the rest of the line.
        record = record_of(line.decode("utf-8", "replace"))
        if record is not None:
            read(record, lines.count)
        elif not lines.is_last_whole:
            faults.half_line(lines.count, line, is_expected=fold.has_open_turn)
        elif line.strip():
            faults.add(lines.count, "is no record")
    if not fold.thread.thread_id:
        faults.say(f"the record does not say whose it is: it has no {begins_with}")
    return fold.finish(lines.count, (*lines.faults, *faults.words()))
