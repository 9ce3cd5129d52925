"""The trail as JSONL and CSV."""

from __future__ import annotations

import csv
import io
import json

import pytest

from gate.adapters.audit.export import csv_lines, jsonl
from gate.adapters.audit.log import AuditLog
from gate.domain.audit import AuditFilter
from tests.audit.trails import an_event


def test_jsonl_has_the_exact_text_of_each_event(log: AuditLog) -> None:
    stored = log.append_all([an_event(1, details={"name": "caf\udce9 \u202e\n"}), an_event(2)])

    lines = list(jsonl(log.rows(), ["a note\n"]))

    assert [json.loads(line) for line in lines] == [
        *({"seq": e.seq, "prev": e.prev.hex(), "link": e.link.hex(), "body": e.body} for e in stored),
        {"tree_head": "a note\n"},
    ]
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)


def test_csv_has_one_line_for_each_event_of_a_filter(log: AuditLog) -> None:
    log.append(an_event(1))
    stored = log.append(an_event(2, actor="agent:codex-1", push=None, details={"text": 'a "quoted"\nline'}))

    rows = list(
        csv.reader(io.StringIO("".join(csv_lines(log.rows(AuditFilter(actor="agent:codex-1")))), newline=""))
    )

    assert rows == [
        ["seq", "at", "actor", "action", "outcome", "repository", "ref", "hold", "push", "details", "link"],
        [
            "2",
            "2026-11-22T18:36:02.000000Z",
            "agent:codex-1",
            "hold:approve",
            "ok",
            "demo",
            "refs/heads/main",
            "demo/2",
            "",
            '{"text": "a \\"quoted\\"\\nline"}',
            stored.link.hex(),
        ],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(log: AuditLog, start: str) -> None:
    log.append(an_event(1, ref=f"{start}HYPERLINK(1)"))

    rows = list(csv.reader(io.StringIO("".join(csv_lines(log.rows())), newline="")))

    assert rows[1][6] == f"'{start}HYPERLINK(1)"
