"""Reading a webhook's payload: its sender is GitHub, but nothing in it is taken for granted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from gate.domain.audit import writable
from gate.domain.review import Account

LONGEST_BODY = 10_000
_LARGEST = 2**63
_LONGEST = 1024
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FULL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}/[A-Za-z0-9._-]{1,100}")
_YEARS = range(2000, 2200)


class Malformed(Exception):
    """A payload that is not of the form that GitHub documents; the message names what is wrong."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Typed access by path. What is absent or of another type raises Malformed."""

    content: Mapping[str, Any]

    def at(self, *path: str) -> Any:
        """Whatever is there, None where nothing is."""
        value: Any = self.content
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def has(self, *path: str) -> bool:
        return self.at(*path) is not None

    def number(self, *path: str) -> int:
        """A number by which GitHub names something, small enough for any database."""
        value = self.at(*path)
        if type(value) is not int or not 0 < value < _LARGEST:
            raise _no(path, "a number")
        return value

    def text(self, *path: str) -> str:
        """Text of bounded length, in a form that any database can hold."""
        value = self.at(*path)
        if not isinstance(value, str) or not value or len(value) > _LONGEST:
            raise _no(path, "text")
        return writable(value)

    def prose(self, *path: str) -> str:
        """What a person wrote, cut at a bound; empty where there is nothing."""
        value = self.at(*path)
        return writable(value[:LONGEST_BODY]) if isinstance(value, str) else ""

    def oid(self, *path: str) -> str:
        value = self.at(*path)
        if not isinstance(value, str) or not _OID.fullmatch(value):
            raise _no(path, "a commit")
        return value

    def full_name(self, *path: str) -> str:
        value = self.at(*path)
        if not isinstance(value, str) or not _FULL_NAME.fullmatch(value):
            raise _no(path, "a repository's name")
        return value

    def time(self, *path: str) -> datetime:
        try:
            value = datetime.fromisoformat(self.text(*path))
        except ValueError:
            raise _no(path, "a time") from None
        if value.tzinfo is None or value.year not in _YEARS:
            raise _no(path, "a time")
        return value

    def account(self, *path: str) -> Account:
        return Account(self.number(*path, "id"), self.text(*path, "login"))

    def account_or_none(self, *path: str) -> Account | None:
        """None where an account is gone, or the payload names none."""
        try:
            return self.account(*path)
        except Malformed:
            return None

    def numbers(self, *path: str) -> frozenset[int]:
        """The `id` of every entry of a list; none where there is no list."""
        entries = self.at(*path)
        if not isinstance(entries, list):
            return frozenset()
        return frozenset(Payload({"one": entry}).number("one", "id") for entry in entries)


def payload_in(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object in a body, by itself or as the form field `payload`; None where there is none."""
    try:
        text = body.decode()
        if text.startswith("payload="):
            text = parse_qs(text, max_num_fields=2, strict_parsing=True)["payload"][0]
        content = json.loads(text)
    except (ValueError, KeyError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _no(path: tuple[str, ...], kind: str) -> Malformed:
    return Malformed(f"{'.'.join(path)} is not {kind}")
