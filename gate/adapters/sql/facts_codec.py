"""Diff facts as bytes for the store, and back."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gate.domain.facts import ChangedFile, Commit, DiffFacts


def encode(facts: DiffFacts) -> bytes:
    """Compressed ASCII JSON; paths that are no UTF-8 survive as escaped surrogates."""
    return zlib.compress(json.dumps(asdict(facts), default=_plain, separators=(",", ":")).encode("ascii"))


def decode(stored: bytes) -> DiffFacts:
    """The facts as they were encoded."""
    fields: dict[str, Any] = json.loads(zlib.decompress(stored))
    for name in ("commits", "dropped"):
        fields[name] = tuple(_commit(commit) for commit in fields[name])
    fields["files"] = tuple(ChangedFile(**file) for file in fields["files"])
    return DiffFacts(**fields)


def _commit(fields: dict[str, Any]) -> Commit:
    fields["parents"] = tuple(fields["parents"])
    fields["committed_at"] = datetime.fromisoformat(fields["committed_at"])
    return Commit(**fields)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in diff facts")
