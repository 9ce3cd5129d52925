"""The audit trail as files: JSONL to verify elsewhere, CSV to look at in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gate.domain.audit_chain import Row

CSV_COLUMNS = (
    "seq",
    "at",
    "actor",
    "action",
    "outcome",
    "repository",
    "ref",
    "hold",
    "push",
    "details",
    "link",
)

# A spreadsheet takes a cell that begins so for a formula, and runs it: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def jsonl(rows: Iterable[Row], notes: Iterable[str] = ()) -> Iterator[str]:
    """One line an event, with its exact text in `body`; then one line for each signed tree head.

    With the tree heads in it, the export is all that `tools/verify_audit.py` needs beside the public key.
    """
    for seq, prev, link, body in rows:
        yield json.dumps({"seq": seq, "prev": prev.hex(), "link": link.hex(), "body": body.decode()}) + "\n"
    for note in notes:
        yield json.dumps({"tree_head": note}) + "\n"


def csv_lines(rows: Iterable[Row]) -> Iterator[str]:
    """A header and one line an event. A cell that a spreadsheet would run gets an apostrophe in front."""
    yield _csv_line(CSV_COLUMNS)
    for seq, _, link, body in rows:
        yield _csv_line([seq, *_cells(json.loads(body)), link.hex()])


def _cells(event: dict[str, Any]) -> list[Any]:
    details = json.dumps(event["details"], ensure_ascii=False, sort_keys=True)
    return [details if name == "details" else event[name] for name in CSV_COLUMNS[1:-1]]


def _csv_line(cells: Sequence[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_inert(cell) for cell in cells])
    return line.getvalue()


def _inert(cell: Any) -> str:
    value = "" if cell is None else str(cell)
    return f"'{value}" if value.startswith(_FORMULA) else value
