"""Read a terminal recording of any kind; its content alone tells which."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gate.adapters.recordings.asciicast import cast_header, read_asciicast
from gate.adapters.recordings.cast import CastWriter
from gate.adapters.recordings.plain import read_plain
from gate.adapters.recordings.source import Source
from gate.adapters.recordings.typescript import STARTED, read_typescript
from gate.services.ports.evidence import CastReading

_HEAD = 1 << 16


def read_recording(
    content: Iterable[bytes], timing: Iterable[bytes] | None, take: Callable[[str], None]
) -> CastReading:
    """Turn a recording into asciicast v3, line by line (the port ReadRecording)."""
    source, cast = Source(content), CastWriter(take)
    header = cast_header(source.peek(_HEAD))
    if header is not None:
        return read_asciicast(source, header, cast)
    if timing is not None or source.peek(len(STARTED)) == STARTED:
        return read_typescript(source, None if timing is None else Source(timing), cast)
    return read_plain(source, cast)
