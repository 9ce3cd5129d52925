"""The fields of a record that an agent's program wrote: what is not of its type counts as absent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from gate.domain.session.texts import first_part, visible

Record = Mapping[str, Any]

# An id, a path, a model's name: longer ones are nobody's.
_MOST_NAME = 4_096
_MOST_NUMBER = 2**53


def record_of(text: str | bytes) -> Record | None:
    """A JSON object; None for anything else, and for JSON too deep or with numbers too long to read."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def text(record: Record, name: str) -> str:
    value = record.get(name)
    return visible(value) if isinstance(value, str) else ""


def name(record: Record, field: str) -> str:
    """A text that is short by nature."""
    return text(record, field)[:_MOST_NAME]


def number(record: Record, name: str) -> int | None:
    value = record.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MOST_NUMBER:
        return None
    return value


def inner(record: Record, name: str) -> Record:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def items(record: Record, name: str) -> list[Any]:
    value = record.get(name)
    return value if isinstance(value, list) else []


def records(record: Record, name: str) -> Iterator[Record]:
    """The objects in a list."""
    return (each for each in items(record, name) if isinstance(each, dict))


def texts(record: Record, name: str) -> list[str]:
    """The texts in a list."""
    return [visible(each) for each in items(record, name) if isinstance(each, str)]


def time(record: Record, name: str) -> datetime | None:
    """A point in time with its offset, in UTC."""
    value = record.get(name)
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        return _sane(at.astimezone(UTC)) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def moment(record: Record, name: str) -> datetime | None:
    """A point in time as milliseconds since 1970."""
    value = number(record, name)
    try:
        return None if value is None else _sane(datetime.fromtimestamp(value / 1000, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _sane(at: datetime) -> datetime | None:
    """Not at the ends of the calendar, where a second more or less is no time at all."""
    return at if 1970 <= at.year < 9000 else None


def path(value: str) -> str:
    """A path, which newer records write as a file:// URL."""
    if value.startswith("file://"):
        _, slash, rest = value.removeprefix("file://").partition("/")
        value = visible(unquote(slash + rest))
    return value[:_MOST_NAME]


def below(folder: str, value: str) -> str:
    """A path as seen from a folder."""
    return str(PurePosixPath(folder or "/", value)) if value and folder else value or folder


def said(record: Record, name: str = "content") -> list[str]:
    """The parts of a message: texts, and in brackets what is none."""
    return [part for part in map(_part, records(record, name)) if part]


def _part(part: Record) -> str:
    shown = text(part, "text")
    if shown:
        return shown
    sealed = text(part, "encrypted_content")
    if sealed:
        # A sealed text is one long word; what reads as words was not sealed.
        return sealed if " " in sealed or len(sealed) < 32 else "[encrypted]"
    return f"[{first_part(name(part, 'type'), 40)}]" if "image" in name(part, "type") else ""
