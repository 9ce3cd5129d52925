"""How text, paths and colours come to a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from gate.domain.facts import ChangedFile
from gate.domain.hold import BlockReason, HoldState, UpdateKind
from gate.web import words
from gate.web.highlight import coloured, stylesheet
from gate.web.paths import address_of, path_of
from gate.web.visible import visible, visible_lines

STATIC = Path(words.__file__).parent / "static"


def test_plain_text_stays_plain() -> None:
    assert visible("Grüße, 世界 & <b>") == "Grüße, 世界 &amp; &lt;b&gt;"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", '<span class="ctl" title="U+202E RIGHT-TO-LEFT OVERRIDE">[U+202E]</span>'),
        ("a\x00b", '<span class="ctl" title="U+0000 control character">[U+0000]</span>'),
        ("a\ufeffb", '<span class="ctl" title="U+FEFF ZERO WIDTH NO-BREAK SPACE">[U+FEFF]</span>'),
        ("a\u2028b", '<span class="ctl" title="U+2028 LINE SEPARATOR">[U+2028]</span>'),
        ("a\u3164b", '<span class="ctl" title="U+3164 HANGUL FILLER">[U+3164]</span>'),
        ("a\udce9b", '<span class="ctl" title="a byte that is no UTF-8">[\\xe9]</span>'),
        ("a\U000e0041b", '<span class="ctl" title="U+E0041 TAG LATIN CAPITAL LETTER A">[U+E0041]</span>'),
    ],
)
def test_what_hides_or_reorders_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == f"a{shown}b"


def test_lines_stay_lines_only_where_they_are_meant() -> None:
    assert visible_lines("a\n\tb") == "a\n\tb"
    assert visible("a\nb") == 'a<span class="ctl" title="U+000A control character">[U+000A]</span>b'


def test_markup_is_escaped_although_it_says_that_it_is_safe() -> None:
    assert visible(Markup("<b>")) == "&lt;b&gt;"


@given(st.text(st.characters(codec=None)))
def test_no_text_brings_a_tag_or_a_hidden_character(text: str) -> None:
    shown = visible(text)

    bare = re.sub(r'<span class="ctl" title="[^"<>]*">|</span>', "", shown)
    assert "<" not in bare
    bare.encode()  # a lone surrogate would raise: no page could carry it
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", shown)


@example(b"..")
@example(b"a/./b")
@example(b"a//b/")
@given(st.binary(min_size=1).filter(lambda raw: b"\0" not in raw))
def test_every_path_has_an_address_that_nothing_rewrites(raw: bytes) -> None:
    path = raw.decode("utf-8", "surrogateescape")

    address = address_of(path)

    assert path_of(address) == path
    assert re.fullmatch(r"[A-Za-z0-9_./~-]*", address)
    assert not {".", ".."} & set(address.split("/"))


def test_an_address_that_was_never_made_is_taken_as_it_is() -> None:
    assert path_of("a~zz~2") == "a~zz~2"


def test_code_is_coloured_line_by_line() -> None:
    assert coloured("a.py", "x = 1\n'''a\nb'''\n") == [
        [("n", "x"), ("", " "), ("o", "="), ("", " "), ("mi", "1")],
        [("sd", "'''a")],
        [("sd", "b'''")],
        [],
    ]


@pytest.mark.parametrize(
    ("path", "text"), [("a.unknown", "x = 1"), ("a.py", None), ("a.py", ""), ("a.py", "x" * 2001)]
)
def test_what_cannot_be_coloured_stays_plain(path: str, text: str | None) -> None:
    assert coloured(path, text) == []


def test_the_stylesheet_is_the_one_that_pygments_makes() -> None:
    # python -m gate.web.highlight > gate/web/static/pygments.css
    assert (STATIC / "pygments.css").read_text() == stylesheet()


def test_vendored_files_come_with_their_licences() -> None:
    assert sorted(path.relative_to(STATIC).as_posix() for path in (STATIC / "vendor").rglob("*.*")) == [
        "vendor/asciinema-player-3.18.0",
        "vendor/asciinema-player-3.18.0/asciinema-player.css",
        "vendor/asciinema-player-3.18.0/asciinema-player.min.js",
        "vendor/htmx-4.0.1",
        "vendor/htmx-4.0.1/htmx.min.js",
        "vendor/pico-2.1.1",
        "vendor/pico-2.1.1/LICENSE.md",
        "vendor/pico-2.1.1/pico.classless.min.css",
    ]
    assert (STATIC / "vendor/asciinema-player-3.18.0/LICENSE").is_file()
    assert (STATIC / "vendor/htmx-4.0.1/LICENSE").is_file()


def test_no_template_has_script_or_style_of_its_own() -> None:
    templates = (STATIC.parent / "templates").rglob("*.html")

    found = [
        (path.name, each)
        for path in templates
        for each in re.findall(
            r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|\|\s*safe\b|hx-on", path.read_text()
        )
    ]

    assert found == []


def test_every_state_kind_and_reason_has_words() -> None:
    assert set(words.STATE) == set(HoldState)
    assert set(words.KIND) == set(UpdateKind)
    assert set(words.REASON) == set(BlockReason)


@pytest.mark.parametrize(
    ("status", "old", "new", "said"),
    [
        ("A", "000000", "100644", ""),
        ("A", "000000", "100755", "new executable"),
        ("A", "000000", "160000", "new submodule"),
        ("M", "100644", "100755", "became executable"),
        ("M", "100755", "100644", "no longer executable"),
        ("T", "100644", "120000", "became symbolic link"),
        ("M", "160000", "160000", "submodule"),
        ("D", "100755", "000000", ""),
        ("M", "100644", "100644", ""),
    ],
)
def test_modes_are_said_in_words(status: str, old: str, new: str, said: str) -> None:
    assert words.mode_change(ChangedFile("x", status, old, new, "", "", 1, 1)) == said
