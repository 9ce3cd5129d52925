"""Receipts and refusals as the hooks write them, in docs/receipt-format.md."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from gate.domain.errors import Tampered
from gate.domain.hold import ZERO_OID, RefUpdate
from gate.domain.repository import HeldUpdate, Receipt, Refusal, RefusalReason

_FORMAT = 1
_PUSH_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
_CLAIMED_BY = ("", "credential", "environment")
_OID = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt with the hold numbers whose held refs were dropped since; `raw` is its JSON."""

    receipt: Receipt
    dropped: frozenset[int]
    raw: dict[str, Any]

    def without(self, numbers: frozenset[int]) -> StoredReceipt:
        """The same with more numbers dropped."""
        dropped = self.dropped | numbers
        return replace(self, dropped=dropped, raw={**self.raw, "dropped": sorted(dropped)})

    @property
    def is_spent(self) -> bool:
        """Whether every update of the push was dropped."""
        return self.dropped >= {held.number for held in self.receipt.updates}


def is_push_id(text: str) -> bool:
    """Whether the text can name a push: such a text is safe as a part of a ref and of a path."""
    return _PUSH_ID.fullmatch(text) is not None


def held_folder(push_id: str) -> str:
    """The prefix of all refs of a held push."""
    return f"refs/quarantine/{push_id}/"


def parse_receipt(push_id: str, content: bytes) -> StoredReceipt:
    """Read a receipt, checking every field. Raises Tampered."""
    where = f"{held_folder(push_id)}receipt"
    try:
        raw = _mapping(json.loads(content))
        _expect(raw["format"] == _FORMAT, f"format {raw['format']!r} is unknown")
        _expect(raw["push"] == push_id, f"it is of push {raw['push']!r}")
        updates = tuple(_held_update(push_id, update) for update in _list(raw["updates"]))
        _expect(bool(updates), "it has no updates")
        receipt = Receipt(
            push_id=push_id,
            agent=_text(raw["agent"]),
            transport=_text(raw["transport"] or ""),
            received_at=_moment(raw["received_at"]),
            atomic=_flag(raw["atomic"]),
            options=tuple(_text(option) for option in _list(raw["options"])),
            updates=updates,
            claim=_text(raw.get("claim") or ""),
            claim_by=_one_of(raw.get("claim_by") or "", _CLAIMED_BY),
        )
        dropped = frozenset(_count(number) for number in _list(raw.get("dropped", [])))
    except (ValueError, KeyError, TypeError) as error:
        raise Tampered(f"{where}: the receipt is malformed: {error}") from error
    return StoredReceipt(receipt, dropped, raw)


def parse_refusal(push_id: str, content: bytes) -> Refusal:
    """Read a refusal, checking every field. Raises Tampered."""
    try:
        raw = _mapping(json.loads(content))
        _expect(raw["format"] == _FORMAT, f"format {raw['format']!r} is unknown")
        _expect(raw["push"] == push_id, f"it is of push {raw['push']!r}")
        return Refusal(
            push_id=push_id,
            agent=_text(raw["agent"] or ""),
            transport=_text(raw["transport"] or ""),
            refused_at=_moment(raw["at"]),
            updates=tuple(_update(update) for update in _list(raw["updates"])),
            reasons=tuple(_reason(reason) for reason in _list(raw["reasons"])),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Tampered(f"pushgate/refusals/{push_id}: the refusal is malformed: {error}") from error


def _held_update(push_id: str, value: object) -> HeldUpdate:
    raw = _mapping(value)
    update = _update(raw)
    _expect(update.ref.startswith("refs/"), f"{update.ref!r} is no full ref name")
    _expect(update.old != ZERO_OID or update.new != ZERO_OID, f"{update.ref!r} moves from nothing to nothing")
    held_ref = raw["held_ref"]
    if update.is_delete:
        _expect(held_ref is None, f"the delete of {update.ref!r} has a held ref")
    else:
        _expect(_text(held_ref).startswith(held_folder(push_id)), f"{held_ref!r} is no held ref of this push")
    return HeldUpdate(update, held_ref, _count(raw["hold"]), _count(raw["revision"]))


def _update(value: object) -> RefUpdate:
    raw = _mapping(value)
    return RefUpdate(_text(raw["ref"]), _oid(raw["old"]), _oid(raw["new"]))


def _reason(value: object) -> RefusalReason:
    raw = _mapping(value)
    ref = None if raw["ref"] is None else _text(raw["ref"])
    return RefusalReason(_text(raw["rule"]), ref, _text(raw["what"]), _text(raw["fix"]))


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    _expect(moment.tzinfo is not None, f"the time {value!r} has no zone")
    return moment.astimezone(UTC)


def _oid(value: object) -> str:
    _expect(_OID.fullmatch(_text(value)) is not None, f"{value!r} is no object id")
    return _text(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{value!r} is no positive number")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _one_of(value: object, known: tuple[str, ...]) -> str:
    _expect(value in known, f"{value!r} is none of {', '.join(known[1:])}")
    return _text(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is no object")
    return value


def _expect(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise ValueError(otherwise)
