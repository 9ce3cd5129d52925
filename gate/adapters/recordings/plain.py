"""Output of which nobody wrote down when it came: a line at a time, at an even pace."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from gate.adapters.recordings.cast import DEFAULT_SIZE, SECOND, CastWriter
from gate.adapters.recordings.source import Source
from gate.services.ports.evidence import CastReading

NO_TIMING = "no timing"
_INTERVAL = SECOND // 20
_PIECE = 1 << 16
_LINE_FEED = re.compile(r"(?<!\r)\n")


def read_plain(source: Source, cast: CastWriter) -> CastReading:
    """A log that is no recording at all."""
    cast.header(DEFAULT_SIZE, title=NO_TIMING)
    play_lines(iter(lambda: source.read(_PIECE), b""), cast, add_returns=True)
    return CastReading(*DEFAULT_SIZE, duration_ms=0, is_timed=False, faults=tuple(cast.faults))


def play_lines(
    pieces: Iterable[bytes],
    cast: CastWriter,
    *,
    add_returns: bool = False,
    decoder: codecs.IncrementalDecoder | None = None,
) -> None:
    """Play bytes line by line; `decoder` may hold the beginning of a character.

    A log's lines end in a line feed alone: without `add_returns`, a terminal would begin each line below
    the end of the one before.
    """
    decoder = decoder or codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    for piece in pieces:
        *lines, rest = (rest + decoder.decode(piece)).split("\n")
        for line in lines:
            _play(line + "\n", cast, add_returns=add_returns)
        if len(rest) > _PIECE:  # But its last character, which may be half of a line's end.
            _play(rest[:-1], cast, add_returns=add_returns)
            rest = rest[-1]
    _play(rest + decoder.decode(b"", final=True), cast, add_returns=add_returns)


def _play(text: str, cast: CastWriter, *, add_returns: bool) -> None:
    if text:
        cast.wait(_INTERVAL)
        cast.output(_LINE_FEED.sub("\r\n", text) if add_returns else text)
