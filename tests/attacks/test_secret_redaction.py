"""Secrets that stand in a record or a recording such that a part of them may stay."""

from __future__ import annotations

import base64
import json

from gate.adapters.secrets.redactor import KingfisherRedactor
from gate.domain.session.model import GitAtStart, Thread, Turn, TurnStatus
from gate.services.redacted_cast import RedactedCast
from gate.services.redacted_session import RedactedTexts
from tests.rule_cache import RULE_CACHE
from tests.secrets.corpus import BLOCKING, private_key

TOKEN = BLOCKING["github personal token"]()
HEADER = {"version": 3, "term": {"cols": 80, "rows": 24}}


def redact(text: str) -> str:
    return KingfisherRedactor(RULE_CACHE).redact(text).text


def played(*data: str) -> str:
    written: list[str] = []
    cast = RedactedCast(KingfisherRedactor(RULE_CACHE), written.append)
    for line in (HEADER, *([0.1, "o", piece] for piece in data)):
        cast.take(json.dumps(line))
    cast.close()
    return "".join(event[2] for line in written if isinstance(event := json.loads(line), list))


def test_a_key_in_base64_as_the_tool_wraps_it_is_taken_out_whole() -> None:
    lines = base64.encodebytes(private_key().encode()).decode().splitlines()

    shown = redact("$ base64 key.pem\n" + "\n".join(lines) + "\n")

    assert [line for line in lines[1:-1] if line in shown] == []


def test_a_key_that_lies_over_two_blocks_of_a_recording_is_taken_out_whole() -> None:
    key = private_key().replace("\n", "\r\n")
    begin, rest = key[:500], key[500:]
    cut = begin.rfind("\r\n") + 2
    before = "x" * 78 + "\r\n"

    shown = played(before * ((1 << 15) // len(before)), begin[:cut], begin[cut:] + rest)

    assert [line for line in key.splitlines()[1:-1] if line in shown] == []


def test_no_text_of_a_thread_is_left_as_it_was() -> None:
    turn = Turn("t", TurnStatus.COMPLETED, 1, model=TOKEN, sandbox=TOKEN, approval_policy=TOKEN)
    thread = Thread(
        "a",
        "a",
        roots=(f"/w/{TOKEN}",),
        git=GitAtStart(branch=f"fix/{TOKEN}"),
        originator=TOKEN,
        turns=(turn,),
    )

    clean = RedactedTexts(KingfisherRedactor(RULE_CACHE)).thread(thread)

    assert TOKEN not in repr(clean)
