"""Markers: how the gate knows its own texts again, and whether another hand changed them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from urllib.parse import quote, unquote

from gate.domain.hold import Hold


class MarkerKind(StrEnum):
    """What a marked text is: the body, the comment with the moving state, or one of those that stay."""

    HOLD = "hold"
    STATUS = "status"
    REVISION = "revision"
    CLOSING = "closing"
    TAMPER = "tamper"


@dataclass(frozen=True, slots=True)
class Marker:
    """The first line of a text of the gate, which GitHub does not show. `n` is the revision it is about.

    Anybody can write one: it tells which of the gate's own texts this is, never that it is the gate's.
    """

    kind: MarkerKind
    hold: str
    n: int | None = None

    def __str__(self) -> str:
        number = "" if self.n is None else f" {self.n}"
        return f"<!-- pushgate:{self.kind} {quote(self.hold, safe='/')}{number} -->"


_MARKER = re.compile(r"<!-- pushgate:([a-z]+) ([A-Za-z0-9_.~/%-]+)(?: ([1-9][0-9]{0,8}))? -->(?=\s|\Z)")


def marker_of_hold(hold: Hold) -> Marker:
    return Marker(MarkerKind.HOLD, hold.name)


def marker_of_status(hold: Hold) -> Marker:
    return Marker(MarkerKind.STATUS, hold.name)


def marker_of_revision(hold: Hold) -> Marker:
    return Marker(MarkerKind.REVISION, hold.name, hold.revision.n)


def marker_of_closing(hold: Hold) -> Marker:
    """Numbered, as a pull request that is opened again can be closed again."""
    return Marker(MarkerKind.CLOSING, hold.name, hold.revision.n)


def marker_of_tamper(hold: Hold) -> Marker:
    return Marker(MarkerKind.TAMPER, hold.name, hold.revision.n)


def read_marker(text: str) -> Marker | None:
    """The marker that a text begins with; None where it begins with anything else."""
    match = _MARKER.match(text)
    if match is None or match[1] not in tuple(MarkerKind):
        return None
    return Marker(MarkerKind(match[1]), unquote(match[2]), None if match[3] is None else int(match[3]))


def digest(text: str) -> str:
    """SHA-256 in hex of a text, the same whatever line ends and trailing blanks GitHub returns it with."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    normal = "\n".join(line.rstrip(" \t") for line in lines).strip("\n")
    return sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()
