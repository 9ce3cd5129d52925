"""Typescripts of script(1), with timing in either format or without.

The lines `Script started on …` and `Script done on …` are script's own, not output: no timing counts them.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from gate.adapters.recordings.cast import CastWriter, shortened, terminal_size
from gate.adapters.recordings.plain import NO_TIMING, play_lines
from gate.adapters.recordings.source import Source
from gate.adapters.recordings.timing import Timed, Timing
from gate.services.ports.evidence import CastReading

STARTED = b"Script started on "
_DONE = b"\nScript done on "
# Longer than any command line that a person would read; the last line is a short one.
_LONGEST_HEADER = 1 << 16
_LONGEST_FOOTER = 1 << 10
_PIECE = 1 << 16

_HEADER_END = re.compile(rb'(?:"|<not executed on terminal>)\]\r?\n')
# The command stands in the header as it was given: with quotes, brackets and line breaks of its own.
_HEADER = re.compile(
    r"Script started on ([^\[\n\x00-\x1f]{1,60}?)"
    r'(?: \[(?:COMMAND="(.*?)")? ?(?:TERM="[^"]*" ?)?(?:TTY="[^"]*" ?)?'
    r'(?:COLUMNS="(\d{1,6})" ?)?(?:LINES="(\d{1,6})" ?)?(?:<not executed on terminal>)?\])?\r?\n',
    re.DOTALL,
)
# Nothing but script's own words may pass for its footer, as the footer is not shown.
_FOOTER = re.compile(
    rb"\nScript done on [^\n\[\x00-\x1f]{1,60}"
    rb'(?:\[(?:COMMAND_EXIT_CODE="(\d{1,3})"|<[a-z ]{1,60}>)\])?\r?\n?'
)


@dataclass(frozen=True, slots=True)
class _Told:
    """What script itself says of a recording. `has_input`: what was typed is among the bytes."""

    columns: int | None = None
    rows: int | None = None
    command: str = ""
    started: str = ""
    has_header: bool = False
    exit_code: int | None = None
    input_log: str = ""
    output_log: str = ""

    @property
    def size(self) -> tuple[int, int]:
        return terminal_size(self.columns, self.rows)

    @property
    def has_input(self) -> bool:
        return bool(self.input_log) and self.input_log == self.output_log


def read_typescript(source: Source, timing: Source | None, cast: CastWriter) -> CastReading:
    """Play a typescript. Where its timing does not fit, what fits is timed and the rest is not."""
    told = _header(source)
    lines = Timing(timing) if timing is not None else None
    events: Iterator[Timed] = iter(lines or ())
    first: Timed | None = None
    for first in events:
        if first.kind != "H":
            events = chain((first,), events)
            break
        told = _with_field(told, first)
    is_timed = first is not None
    size, title = told.size, "" if is_timed else NO_TIMING
    # When it began says nothing of when a line of it came, where nobody wrote that down.
    timestamp = _timestamp(told.started) if is_timed else None
    cast.header(size, title=title, command=told.command, timestamp=timestamp)
    body = _Body(source)
    player = _Player(body, cast, told)
    player.play(events)
    duration = cast.elapsed // 1000
    if is_timed:
        _tell_misfits(body, player, lines, cast)
    elif timing is not None:
        cast.fault("the timing file is none: the recording is played at an even pace")
    play_lines(iter(lambda: body.read(_PIECE), b""), cast, decoder=player.decoder)
    told = player.told
    exit_code = told.exit_code if told.exit_code is not None else body.exit_code
    _tell_end(told, body, lines, cast, exit_code)
    if exit_code is not None:
        cast.exit(exit_code)
    return CastReading(
        *size,
        duration_ms=duration,
        is_timed=is_timed,
        command=shortened(told.command),
        exit_code=exit_code,
        faults=tuple(cast.faults),
    )


class _Body:
    """The bytes between script's own first and last line."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._is_cut = False
        self.has_footer = False
        self.exit_code: int | None = None

    def read(self, length: int) -> bytes:
        self._source.fill(length + _LONGEST_FOOTER)
        if self._source.has_ended and not self._is_cut:
            self._is_cut = True
            self._cut_footer()
        return self._source.read(length)

    def _cut_footer(self) -> None:
        tail = self._source.tail(_LONGEST_FOOTER)
        found = _FOOTER.fullmatch(tail[tail.rfind(_DONE) :]) if _DONE in tail else None
        if found is None:
            return
        self.has_footer = True
        self.exit_code = None if found[1] is None else int(found[1])
        self._source.drop_tail(len(found[0]))

    @property
    def has_more(self) -> bool:
        self.read(0)  # The footer is cut off once the end is in sight.
        return self._source.fill(1) > 0


class _Player:
    """Plays the timed part of a body; a character that two events share is told with the second."""

    def __init__(self, body: _Body, cast: CastWriter, told: _Told) -> None:
        self.told = told
        self.missing = 0
        self._body = body
        self._cast = cast
        self._inputs = 0
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def play(self, events: Iterator[Timed]) -> None:
        for event in events:
            if event.kind == "H":
                self.told = _with_field(self.told, event)
                continue
            self._cast.wait(event.wait)
            if event.kind == "O":
                self._output(event.size)
            elif event.kind == "I":
                self._input(event.size)
            elif event.window is not None:
                self._cast.resize(terminal_size(*event.window))
        if self._inputs:
            self._cast.fault(f"what was typed is left out ({self._inputs} times)")

    def _output(self, size: int) -> None:
        for piece in self._pieces(size):
            self._cast.output(self.decoder.decode(piece))

    def _input(self, size: int) -> None:
        """Pass over what was typed: it may be a password, which no terminal would have shown."""
        self._inputs += 1
        if self.told.has_input:
            for _ in self._pieces(size):
                pass

    def _pieces(self, size: int) -> Iterator[bytes]:
        left = size
        while left:
            piece = self._body.read(min(left, _PIECE))
            if not piece:
                self.missing += left
                return
            left -= len(piece)
            yield piece


def _header(source: Source) -> _Told:
    """What the header says; it is taken off the source."""
    head = source.peek(_LONGEST_HEADER)
    if not head.startswith(STARTED):
        return _Told()
    line_end = head.find(b"\n") + 1 or len(head)
    whole = _HEADER_END.search(head)
    ends = [line_end] if whole is None else [line_end, whole.end()]
    for end in ends:
        if found := _HEADER.fullmatch(head[:end].decode(errors="replace")):
            source.read(end)
            columns, rows = (None if side is None else int(side) for side in (found[3], found[4]))
            return _Told(columns, rows, found[2] or "", found[1], has_header=True)
    return _Told(has_header=True)  # In no form that is known: it is shown as output.


def _with_field(told: _Told, line: Timed) -> _Told:
    name, value = line.field
    match name:
        case "START_TIME":
            return replace(told, started=value)
        case "COMMAND" if not told.command:  # The typescript's own header has all of its lines.
            return replace(told, command=value)
        case "COLUMNS" if value.isascii() and value.isdigit() and len(value) < 7:
            return replace(told, columns=int(value))
        case "LINES" if value.isascii() and value.isdigit() and len(value) < 7:
            return replace(told, rows=int(value))
        case "EXIT_CODE" if value.isascii() and value.isdigit() and len(value) < 4:
            return replace(told, exit_code=int(value))
        case "INPUT_LOG":
            return replace(told, input_log=value)
        case "OUTPUT_LOG":
            return replace(told, output_log=value)
    return told


def _tell_misfits(body: _Body, player: _Player, lines: Timing | None, cast: CastWriter) -> None:
    if lines is not None and lines.unread:
        cast.fault(f"{lines.unread} lines of the timing file could not be read")
    if player.missing:
        cast.fault("the timing file counts more bytes than the recording has")
    if body.has_more:
        cast.fault("the recording is longer than its timing: the rest is played at an even pace")


def _tell_end(
    told: _Told, body: _Body, lines: Timing | None, cast: CastWriter, exit_code: int | None
) -> None:
    is_advanced = lines is not None and lines.is_advanced
    if (is_advanced and told.exit_code is None) or (told.has_header and not body.has_footer):
        end = "" if exit_code is None else " in one of its two files"
        cast.fault(f"the recording has no end{end}: it is still being written, or its recorder was killed")


def _timestamp(started: str) -> int | None:
    """Unix seconds of script's `2026-11-22 17:14:15+00:00`."""
    try:
        at = datetime.fromisoformat(started.strip())
        return None if at.tzinfo is None else int(at.timestamp())
    except (ValueError, OverflowError):
        return None
