"""Texts without their secrets, and otherwise as they were."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.adapters.secrets.redactor import KingfisherRedactor
from tests.rule_cache import RULE_CACHE
from tests.secrets.corpus import BLOCKING, LIKELY, letters, private_key

TOKEN = BLOCKING["github personal token"]()
MARK = "[redacted: betterleaks.github-pat]"


def redactor() -> KingfisherRedactor:
    return KingfisherRedactor(RULE_CACHE)


def test_a_secret_is_replaced_and_what_is_around_it_stays() -> None:
    redacted = redactor().redact(f"héllo {TOKEN}, and on\n")

    assert (redacted.text, redacted.count) == (f"héllo {MARK}, and on\n", 1)


def test_a_text_without_secrets_is_the_same_text() -> None:
    text = "nothing\0 \ud800 \x1b[31mred\x1b[0m ünïcode"

    assert redactor().redact(text).text == text


def test_terminal_escapes_hide_no_secret_and_stay_where_they_were() -> None:
    hidden = f"\x1b[32m{TOKEN[:10]}\x1b[1m{TOKEN[10:]}\x1b[0m!"

    assert redactor().redact(f"a {hidden}").text == f"a \x1b[32m{MARK}\x1b[0m!"


def test_a_whole_private_key_is_taken_out() -> None:
    key = private_key()

    text = redactor().redact(f"before\n{key}after\n").text

    assert "before\n[redacted: " in text
    assert not any(line in text for line in key.split("\n")[1:-2])


@pytest.mark.parametrize("kind", [*BLOCKING, *LIKELY])
def test_every_kind_is_taken_out(kind: str) -> None:
    secret = BLOCKING[kind]() if kind in BLOCKING else LIKELY[kind]

    assert redactor().redact(f"$ echo {secret}\n").count >= 1


def test_a_value_once_seen_is_known_without_its_context() -> None:
    value = letters("hunter", 16) + "7b"
    one = redactor()
    assert one.redact(f"is it {value}?").count == 0

    one.learn([f"DB_PASSWORD={value}\n".encode()])

    forms = [value, base64.b64encode(value.encode()).decode(), json.dumps({"v": value})]
    assert all(value not in one.redact(f"is it {form}?").text for form in forms)
    assert all(one.redact(f"is it {form}?").count == 1 for form in forms)


def test_what_is_learnt_in_pieces_is_one_content() -> None:
    value = letters("pieces", 16) + "7b"
    content = f"a\nDB_PASSWORD={value}\nb\n".encode()
    one = redactor()

    one.learn(content[start : start + 5] for start in range(0, len(content), 5))

    assert one.redact(f"x{value}x").count == 1


def test_two_collections_know_nothing_of_each_other() -> None:
    value = letters("other", 16) + "7b"
    redactor().learn([f"DB_PASSWORD={value}\n".encode()])

    assert redactor().redact(value).count == 0


@settings(max_examples=60)
@given(
    st.lists(st.one_of(st.sampled_from([TOKEN, "\x1b[0m", "\n", " "]), st.text(max_size=8)), max_size=8),
)
def test_no_token_survives_and_nothing_else_is_lost(parts: list[str]) -> None:
    text = " ".join(parts)

    redacted = redactor().redact(text).text

    assert TOKEN not in redacted
    assert redacted.count(MARK) <= text.count(TOKEN)
    if TOKEN not in text:
        assert redacted == text or "[redacted: " in redacted
