"""Values of the domain as bytes for the store, and back."""

from __future__ import annotations

import json
import zlib
from typing import Any, TypeVar

from cattrs.preconf.json import make_converter

Value = TypeVar("Value")

_converter = make_converter()


def packed(value: Any) -> bytes:
    """Compressed ASCII JSON; text that is no UTF-8 survives as escaped surrogates."""
    fields = _converter.unstructure(value)
    return zlib.compress(json.dumps(fields, separators=(",", ":"), sort_keys=True).encode("ascii"))


def unpacked(stored: bytes, kind: type[Value]) -> Value:
    """The value as it was packed."""
    return _converter.structure(json.loads(zlib.decompress(stored)), kind)
