"""What is recognised as a secret wherever it stands, and what is not."""

from __future__ import annotations

import base64
import gzip
import io
import json
import multiprocessing
import zipfile
from pathlib import Path

import pytest

from gate.adapters.secrets import engine as engine_module
from gate.adapters.secrets.scanner import KingfisherScanner
from gate.domain.errors import Failed, Unavailable
from gate.domain.secret import UNSCANNED
from tests.rule_cache import RULE_CACHE
from tests.secrets.corpus import BLOCKING, HARMLESS, LIKELY, letters

SCANNER = KingfisherScanner(b"the gate's own key", RULE_CACHE)
TOKEN = BLOCKING["github personal token"]()


def blocks(content: bytes | str) -> bool:
    found = SCANNER.scan(content.encode() if isinstance(content, str) else content)
    return any(one.blocks for one in found)


@pytest.mark.parametrize("kind", BLOCKING)
def test_a_secret_of_a_known_form_stops_a_push(kind: str) -> None:
    assert blocks(f"# settings\nvalue: {BLOCKING[kind]()}\n")


@pytest.mark.parametrize("kind", LIKELY)
def test_what_only_looks_secret_is_found_and_stops_nothing(kind: str) -> None:
    found = SCANNER.scan(f"first\n{LIKELY[kind]}\n".encode())

    assert [(one.blocks, one.line) for one in found] == [(False, 2)]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_looks_alike_is_left_alone(text: str) -> None:
    assert not blocks(text)


@pytest.mark.parametrize(
    "content",
    [
        f"{TOKEN} # kingfisher:ignore gitleaks:allow".encode(),
        b"\0\0binary\0" + TOKEN.encode(),
        f"a\n{TOKEN}\n".encode("utf-16"),
        f"key is {TOKEN}\r\n".encode("utf-16-le"),
        base64.b64encode(f"the token is {TOKEN} and more".encode()),
        json.dumps({"cells": [{"source": [f"token = '{TOKEN}'\n"]}]}).encode(),
        json.dumps({"payload": json.dumps({"output": f"token={TOKEN}\n"})}).encode(),
        b"x" * 500_000 + b" " + TOKEN.encode() + b" " + b"y" * 500_000,
        b"a line of a log\n" * 70_000 + TOKEN.encode() + b"\n" + b"another\n" * 9_000,
        gzip.compress(f"token {TOKEN}\n".encode()),
    ],
    ids=["ignored", "nul", "utf16", "utf16le", "base64", "notebook", "nested", "long line", "chunks", "gzip"],
)
def test_a_secret_is_found_however_it_is_put(content: bytes) -> None:
    assert blocks(content)


def test_a_secret_in_an_archive_in_an_archive_is_found() -> None:
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("prod.env", f"TOKEN={TOKEN}\n")
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())

    assert blocks(outer.getvalue())


def test_an_archive_that_unpacks_without_end_stops_a_push_as_nobody_can_look_into_it() -> None:
    (found,) = SCANNER.scan(gzip.compress(b"\0" * (80 << 20)))

    assert (found.rule, found.blocks) == (UNSCANNED, True)


def test_its_place_is_told_by_line_and_column() -> None:
    (found,) = SCANNER.scan(f"one\ntwo\n  token {TOKEN}\n".encode())

    assert (found.line, found.column, found.rule) == (3, 9, "betterleaks.github-pat")


def test_a_secret_has_the_same_identity_everywhere_under_the_gates_key_alone() -> None:
    (here,) = SCANNER.scan(f"a {TOKEN}".encode())
    (there,) = SCANNER.scan(f"\n\nb = {TOKEN}".encode())
    (other,) = KingfisherScanner(b"another key", RULE_CACHE).scan(TOKEN.encode())

    assert here.identity == there.identity
    assert here.identity != other.identity
    assert TOKEN not in repr(here)


@pytest.mark.parametrize(
    ("fault", "told"), [(RuntimeError(f"broke at {TOKEN}"), Failed), (TimeoutError(), Unavailable)]
)
def test_an_engine_that_fails_is_never_taken_for_nothing_found(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, told: type[Exception]
) -> None:
    class Broken:
        def scan(self, *_: object, **__: object) -> list[object]:
            raise fault

    monkeypatch.setattr(engine_module.engine(RULE_CACHE), "_scanner", Broken())

    with pytest.raises(told) as raised:
        SCANNER.scan(b"x")
    assert TOKEN not in str(raised.value)


def test_an_engine_that_does_not_start_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "RULES", tmp_path / "none.yml")

    with pytest.raises(Failed, match="does not start"):
        engine_module.Engine(tmp_path / "cache")


def _in_child() -> None:
    assert blocks(TOKEN)


def test_it_works_in_a_forked_process() -> None:
    assert blocks(TOKEN)
    child = multiprocessing.get_context("fork").Process(target=_in_child)

    child.start()
    child.join(30)

    assert child.exitcode == 0


def test_many_findings_of_a_hostile_file_are_bounded() -> None:
    content = "\n".join("gh" + "p_" + letters(str(number), 36) for number in range(3_000)).encode()

    found = SCANNER.scan(content)

    assert len(found) == 1_000
    assert [one.rule for one in found if one.rule == UNSCANNED] == [UNSCANNED]


def test_copies_of_one_secret_hide_no_other() -> None:
    other = BLOCKING["gitlab token"]()

    found = SCANNER.scan(f"{TOKEN}\n".encode() * 1_500 + other.encode())

    assert [(one.line, one.blocks) for one in found] == [(1, True), (1_501, True)]
