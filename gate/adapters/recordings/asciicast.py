"""asciicast v2, with times from the beginning, and v3, with the times between."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from gate.adapters.recordings.cast import SECOND, CastWriter, shortened, terminal_size
from gate.adapters.recordings.source import Source
from gate.services.ports.evidence import CastReading

_LONGEST_LINE = 1 << 21
_LONGEST_TIME = 10**12 * SECOND
_RESIZE = re.compile(r"(\d{1,6})x(\d{1,6})")
_EXIT_CODE = re.compile(r"\d{1,3}")


@dataclass(frozen=True, slots=True)
class CastHeader:
    """What the first line of an asciicast says."""

    version: int
    size: tuple[int, int]
    command: str
    timestamp: int | None


def cast_header(head: bytes) -> CastHeader | None:
    """The header in the first bytes of a file; None where this is no asciicast v2 or v3."""
    if not head.startswith(b"{"):
        return None
    values = _json(head.partition(b"\n")[0])
    if not isinstance(values, dict) or values.get("version") not in (2, 3):
        return None
    terminal = values.get("term") if values["version"] == 3 else values
    if not isinstance(terminal, dict):
        return None
    names = ("cols", "rows") if values["version"] == 3 else ("width", "height")
    if any(not isinstance(terminal.get(name), int) for name in names):
        return None
    size = terminal_size(*(terminal[name] for name in names))
    command, timestamp = values.get("command"), values.get("timestamp")
    return CastHeader(
        int(values["version"]),
        size,
        shortened(command) if isinstance(command, str) else "",
        timestamp if isinstance(timestamp, int) and 0 < timestamp < 10**11 else None,
    )


def read_asciicast(source: Source, header: CastHeader, cast: CastWriter) -> CastReading:
    """Play an asciicast; lines that are none are left out and counted."""
    cast.header(header.size, command=header.command, timestamp=header.timestamp)
    events = _Events(header.version, cast)
    for number, (line, is_whole) in enumerate(source.lines(_LONGEST_LINE)):
        if number:
            events.line(line, is_whole=is_whole)
    events.tell_what_is_left_out()
    return CastReading(
        *header.size,
        duration_ms=cast.elapsed // 1000,
        is_timed=True,
        command=header.command,
        exit_code=events.exit_code,
        faults=tuple(cast.faults),
    )


def _is_time(value: float) -> bool:
    """JSON has numbers that are none, and whole ones that no other kind of number can hold."""
    return -_LONGEST_TIME <= value <= _LONGEST_TIME


class _Events:
    """The events of one cast, told again as v3."""

    def __init__(self, version: int, cast: CastWriter) -> None:
        self.exit_code: int | None = None
        self._version = version
        self._cast = cast
        self._at = 0
        self._inputs = self._unread = 0
        self._is_cut = False

    def line(self, line: bytes, *, is_whole: bool) -> None:
        line = line.strip()
        if not line or (line.startswith(b"#") and self._version == 3):
            return
        match _json(line):
            case [(int() | float()) as time, str() as code, str() as data] if _is_time(time):
                self._wait(time)
                self._play(code, data)
            case _ if is_whole:
                self._unread += 1
            case _:
                self._is_cut = True

    def tell_what_is_left_out(self) -> None:
        if self._inputs:
            self._cast.fault(f"what was typed is left out ({self._inputs} times)")
        if self._unread:
            self._cast.fault(f"{self._unread} lines of the recording could not be read")
        if self._is_cut:
            self._cast.fault("the recording ends within a line, or has one that is too long")

    def _wait(self, time: float) -> None:
        # Rounded where it was written, not where it is a difference: so the sum stays what it was.
        microseconds = round(max(-_LONGEST_TIME, min(time * SECOND, _LONGEST_TIME)))
        if self._version == 3:
            self._cast.wait(microseconds)
            return
        self._cast.wait(microseconds - self._at)
        self._at = max(self._at, microseconds)

    def _play(self, code: str, data: str) -> None:
        match code:
            case "o":
                self._cast.output(data)
            case "i":
                self._inputs += 1
            case "r" if found := _RESIZE.fullmatch(data):
                self._cast.resize(terminal_size(int(found[1]), int(found[2])))
            case "m":
                self._cast.mark(data)
            case "x" if _EXIT_CODE.fullmatch(data) and data.isascii():
                self.exit_code = int(data)
                self._cast.exit(self.exit_code)
            case _:
                self._unread += 1


def _json(line: bytes) -> Any:
    """The value of a line; None where it is no JSON."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
