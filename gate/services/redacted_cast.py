"""A terminal recording without its secrets: asciicast v3 lines in, asciicast v3 lines out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gate.services.ports.evidence import Redactor

# A program writes a secret in as many pieces as it likes, so many pieces are looked at as one text.
_BLOCK = 1 << 15
_LARGEST_BLOCK = 1 << 18
_KEY_BEGINS, _KEY_ENDS = "-----BEGIN", "-----END"


@dataclass(slots=True)
class RedactedCast:
    """Takes lines in order, and writes them without what is secret in them; `close` writes the rest.

    Where something is taken out of a block of output, all of that block is shown at its first moment, as
    nothing tells any more which piece came when.
    """

    redactor: Redactor
    write: Callable[[str], None]
    count: int = 0
    _block: list[list[Any]] = field(default_factory=list)
    _size: int = 0
    _is_in_key: bool = False

    def take(self, line: str) -> None:
        value = json.loads(line)
        if isinstance(value, dict):
            self._put({key: self._clean(one) if isinstance(one, str) else one for key, one in value.items()})
            return
        if value[1] != "o":
            value[2] = self._clean(value[2])
        self._block.append(value)
        self._size += len(value[2]) + 1
        if _KEY_BEGINS in value[2] or _KEY_ENDS in value[2]:
            self._is_in_key = value[2].rfind(_KEY_BEGINS) > value[2].rfind(_KEY_ENDS)
        is_end = value[2].endswith("\n") and not self._is_in_key
        if self._size >= _LARGEST_BLOCK or (self._size >= _BLOCK and is_end):
            self.close()

    def close(self) -> None:
        """Write what was held back."""
        block, self._block, self._size = self._block, [], 0
        output = [event for event in block if event[1] == "o"]
        redacted = self.redactor.redact("".join(event[2] for event in output))
        self.count += redacted.count
        if redacted.count:
            for event in output:
                event[2] = ""
            output[0][2] = redacted.text
        for event in block:
            self._put(event)

    def _put(self, value: dict[str, Any] | list[Any]) -> None:
        self.write(json.dumps(value, ensure_ascii=False))

    def _clean(self, text: str) -> str:
        redacted = self.redactor.redact(text)
        self.count += redacted.count
        return redacted.text
