"""The witness file: signed tree heads in a text file that only grows, best kept on another disk or machine.

One record is a line `@ time`, the signed note as it is, and an empty line.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from gate.domain.audit import time_text
from gate.domain.errors import Failed, GateError, Tampered
from gate.domain.tree_head import parse_note, parse_tree_head

_RECORD = re.compile(r"^@ ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class WitnessRecord:
    """One tree head as the file holds it; its signature is not checked here."""

    at: datetime
    size: int
    note: str


class WitnessFile:
    """Appends with one write and an fsync, so that a record is there whole or is seen to be cut."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, note: str, at: datetime) -> None:
        """Add a tree head; when this returns, it is on the disk."""
        record = f"@ {time_text(at)}\n{note}\n".encode()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            if os.write(descriptor, record) != len(record):
                raise Failed(
                    f"witness file {self.path}: the disk took only a part of a tree head. Is it full?"
                )
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            _sync_directory(self.path.parent)

    def records(self) -> list[WitnessRecord]:
        """All tree heads, oldest first; raises Tampered where the file is not as it was written."""
        if not self.path.exists():
            return []
        text = self._text()
        starts = [match.start() for match in _RECORD.finditer(text)]
        if text and (not starts or starts[0] != 0):
            raise Tampered(f"witness file {self.path}, line 1: it does not begin with a tree head")
        ends = [*starts[1:], len(text)]
        records = [self._record(text, start, end) for start, end in zip(starts, ends, strict=True)]
        self._check_growth(records)
        return records

    def last(self) -> WitnessRecord | None:
        """The newest tree head; raises as `records` does."""
        records = self.records()
        return records[-1] if records else None

    def _text(self) -> str:
        try:
            return self.path.read_bytes().decode()
        except UnicodeDecodeError as error:
            raise Tampered(f"witness file {self.path}: it is not text, so it was edited") from error

    def _record(self, text: str, start: int, end: int) -> WitnessRecord:
        line = text.count("\n", 0, start) + 1
        time, _, rest = text[start + 2 : end].partition("\n")
        note = rest.removesuffix("\n") if rest.endswith("\n\n") else ""
        try:
            size = parse_tree_head(parse_note(note).text).size
            return WitnessRecord(datetime.fromisoformat(time), size, note)
        except (ValueError, GateError) as error:
            raise Tampered(
                f"witness file {self.path}, line {line}: this record was cut or edited ({error})"
            ) from error

    def _check_growth(self, records: list[WitnessRecord]) -> None:
        for before, after in pairwise(records):
            if after.size < before.size:
                raise Tampered(
                    f"witness file {self.path}: a tree head for {after.size} events follows "
                    f"one for {before.size}, but a trail never gets shorter"
                )


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
