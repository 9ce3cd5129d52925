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

    def take(self, line: str) -> None:
        value = json.loads(line)
        if isinstance(value, dict):
            self.write(self._clean(line))
            return
        if value[1] != "o":
            self.close()
            self.write(self._clean(line))
            return
        self._block.append(value)
        self._size += len(value[2])
        if self._size >= _LARGEST_BLOCK or (self._size >= _BLOCK and value[2].endswith("\n")):
            self.close()

    def close(self) -> None:
        """Write what was held back."""
        block, self._block, self._size = self._block, [], 0
        redacted = self.redactor.redact("".join(event[2] for event in block))
        self.count += redacted.count
        if redacted.count:
            block = [[block[0][0], "o", redacted.text], *([event[0], "o", ""] for event in block[1:])]
        for event in block:
            self.write(json.dumps(event, ensure_ascii=False))

    def _clean(self, line: str) -> str:
        redacted = self.redactor.redact(line)
        self.count += redacted.count
        return redacted.text
