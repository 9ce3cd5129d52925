"""Secrets in a terminal recording, in however many pieces they came."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from gate.adapters.secrets.redactor import KingfisherRedactor
from gate.services.redacted_cast import RedactedCast
from tests.rule_cache import RULE_CACHE
from tests.secrets.corpus import BLOCKING

TOKEN = BLOCKING["github personal token"]()
HALF = len(TOKEN) // 2
HEADER = {"version": 3, "term": {"cols": 80, "rows": 24}}


def redacted(*lines: object) -> list[str]:
    written: list[str] = []
    cast = RedactedCast(KingfisherRedactor(RULE_CACHE), written.append)
    for line in lines:
        cast.take(json.dumps(line))
    cast.close()
    return written


def shown(lines: Sequence[str]) -> str:
    return "".join(event[2] for line in lines if isinstance(event := json.loads(line), list))


def test_a_recording_without_a_secret_stays_as_it_is() -> None:
    lines = [HEADER, [0.1, "o", "one "], [0.2, "r", "100x50"], [0.3, "o", "two\r\n"], [0, "m", "here"]]

    assert list(map(json.loads, redacted(*lines))) == lines


@pytest.mark.parametrize("between", [[0.1, "r", "100x50"], [0.1, "m", "a mark"], [0.1, "o", ""]])
def test_nothing_between_its_pieces_hides_a_secret(between: list[object]) -> None:
    lines = redacted(HEADER, [0.1, "o", f"use {TOKEN[:HALF]}"], between, [0.1, "o", f"{TOKEN[HALF:]}\r\n"])

    assert shown(lines).startswith("use [redacted: ")
    assert TOKEN[HALF:] not in "".join(lines)
    assert json.loads(lines[2]) == between


@pytest.mark.parametrize("words", ['curl -u "bob:{}" https://example.org', 'deploy --token "{}"'])
def test_quotes_in_a_header_or_a_mark_hide_nothing(words: str) -> None:
    text = words.format("q7RkT2mVx9LpZw4NbY8c")

    lines = redacted({**HEADER, "command": text}, [0.1, "m", text])

    assert "q7RkT2mVx9LpZw4NbY8c" not in "".join(lines)
    assert json.loads(lines[0])["term"] == HEADER["term"]
