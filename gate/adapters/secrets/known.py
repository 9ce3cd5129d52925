"""The values that were once seen as secret, found again wherever they stand."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import re2

from gate.adapters.secrets.engine import Hit
from gate.domain.errors import Failed

Span = tuple[int, int, str]

# A shorter value stands in too many places that have nothing to do with it.
_SHORTEST = 8
# A terminal or a record may show a key line by line.
_KEY_LINE = re.compile(rb"[A-Za-z0-9+/=]{24,}")
_MOST_LIKELY = 10_000
_MOST = 40_000
# Measured: many small patterns are made and searched faster than few large ones, whatever the text.
_IN_PATTERN = 250
_PATTERN_BYTES = 32 << 20


class KnownSecrets:
    """Holds the values, in the forms that they may be written in."""

    def __init__(self) -> None:
        self._rules: dict[bytes, str] = {}
        self._forms: list[bytes] = []
        self._patterns: list[Any] = []
        self._covered = 0

    def note(self, hit: Hit) -> None:
        """Know a value from now on; of those that are only likely, the first few thousand.

        Raises Failed for more secrets than anybody has: none of them goes out unnoticed.
        """
        if len(self._forms) >= (_MOST if hit.is_sure else _MOST_LIKELY):
            if hit.is_sure:
                raise Failed("redact: there are more secrets in this session than can be kept apart.")
            return
        for form in _forms(hit.value) if len(hit.value) >= _SHORTEST else ():
            if len(form) >= _SHORTEST and form not in self._rules:
                self._rules[form] = hit.rule
                self._forms.append(form)

    def spans(self, content: bytes) -> Iterator[Span]:
        """Where they stand, each with the rule that it was first seen by."""
        if self._covered < len(self._forms):
            self._compile()
        for pattern in self._patterns:
            for match in pattern.finditer(content):
                yield *match.span(), self._rules[match.group()]

    def _compile(self) -> None:
        """Only the last pattern had room for what is new."""
        last = self._covered // _IN_PATTERN
        starts = range(last * _IN_PATTERN, len(self._forms), _IN_PATTERN)
        self._patterns[last:] = [_pattern(self._forms[start : start + _IN_PATTERN]) for start in starts]
        self._covered = len(self._forms)
        # re2's own cache would hold the values for as long as this process lives.
        re2.purge()


def _pattern(values: list[bytes]) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.longest_match = True
    options.log_errors = False
    options.max_mem = _PATTERN_BYTES
    return re2.compile(b"|".join(map(re2.escape, values)), options)


def _forms(value: bytes) -> Iterator[bytes]:
    """The value as it may be written elsewhere: in JSON, in a URL, in base64, line by line."""
    text = value.decode("utf-8", "replace")
    yield value
    yield json.dumps(text)[1:-1].encode()
    yield quote(text, safe="").encode()
    yield from _in_base64(value)
    if b"\n" in value or b"\\n" in value:
        yield value.replace(b"\\r", b"\r").replace(b"\\n", b"\n")
        yield from _KEY_LINE.findall(value.replace(b"\\n", b"\n"))


def _in_base64(value: bytes) -> Iterator[bytes]:
    """The value alone, or in the middle of what was encoded: there are three ways it can fall.

    The characters at its ends also depend on what is beside it, and are left out.
    """
    yield base64.b64encode(value)
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + value)
        inner = encoded[-(-before * 8 // 6) : (before + len(value)) * 8 // 6]
        yield inner
        yield inner.translate(_URL_SAFE)


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
