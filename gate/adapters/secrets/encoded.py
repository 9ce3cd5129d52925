"""Base64 in a text, on one line or wrapped over many, with what it decodes to."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Any

import re2

# What is shorter holds no credential that a rule could be sure of.
_PATTERN = rb"[A-Za-z0-9+/_-]{40,}(?:\r?\n[ \t]*[A-Za-z0-9+/_-]{4,})*={0,2}"
_SPACE = re.compile(rb"[\r\n\t ]+")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_MOST_BYTES = 64 << 20


def _compiled() -> Any:
    # Five times as fast as `re` on text without any.
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(_PATTERN, options)


_BLOCK = _compiled()


def decoded_blocks(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each block from `start` to `end`; of a text that has more than 64 MiB of them, the first."""
    left = _MOST_BYTES
    for match in _BLOCK.finditer(content):
        text = _SPACE.sub(b"", match[0]).rstrip(b"=").translate(_TO_STANDARD)
        # One character alone at the end encodes nothing.
        text = text[: len(text) - (len(text) % 4 == 1)]
        left -= len(text)
        if left < 0:
            return
        yield match.start(), match.end(), binascii.a2b_base64(text + b"=" * (-len(text) % 4))
