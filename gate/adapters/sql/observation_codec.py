"""What a forge said at one moment, as bytes for the store, and back."""

from __future__ import annotations

import json
import zlib

from cattrs.preconf.json import make_converter

from gate.domain.review import Observation

_converter = make_converter()


def encode(observation: Observation) -> bytes:
    """Compressed ASCII JSON; text that is no UTF-8 survives as escaped surrogates."""
    fields = _converter.unstructure(observation)
    return zlib.compress(json.dumps(fields, separators=(",", ":"), sort_keys=True).encode("ascii"))


def decode(stored: bytes) -> Observation:
    """The observation as it was encoded."""
    return _converter.structure(json.loads(zlib.decompress(stored)), Observation)
