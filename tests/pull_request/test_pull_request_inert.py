"""Text of others shows in a pull request, and does nothing there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.pull_request.inert import code_block, inline, link, plain, prose, row
from gate.domain.pull_request.length import cut, units
from gate.domain.pull_request.visible import visible
from tests.pull_request.github_page import ACTS, Page
from tests.pull_request.hostile import hostile


@given(hostile)
def test_a_code_span_is_the_only_element_in_its_paragraph(text: str) -> None:
    page = Page(f"before {inline(text, limit=500)} after")

    assert page.tags == (["p", "code"] if text else ["p"])
    assert page.text.strip() == ("before  after" if text else "before (empty) after")


@given(hostile, hostile)
def test_a_row_keeps_its_cells(one: str, other: str) -> None:
    table = "\n".join(
        (row("a", "b"), "|---|---|", row(inline(one, limit=500), f"x {inline(other, limit=500)}"))
    )

    page = Page(table)

    codes = ["code"] * bool(one), ["code"] * bool(other)
    assert page.tags == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", *codes[0], "td", *codes[1]]
    assert not ACTS.search(page.text)


@given(hostile)
def test_a_list_item_keeps_its_place(text: str) -> None:
    page = Page(f"- {inline(text, limit=500)}\n- {prose(text, limit=500)}\n  {prose(text, limit=500)}\n")

    assert page.structure == ["ul", "li", "li", "br"]
    assert not ACTS.search(page.text)


@given(hostile, st.integers(200, 1000))
def test_nothing_breaks_out_of_a_block(text: str, limit: int) -> None:
    block = code_block(text, limit=limit)

    page = Page(f"before\n\n{block}\nafter")

    cut_here = ["p"] * ("\u2026 cut here" in page.text)
    assert page.tags == (["p", "pre", "code", *cut_here, "p"] if text else ["p", "p", "p"])
    assert not ACTS.search(page.text)
    assert units(block) <= limit


@given(hostile)
def test_prose_has_nothing_but_words_outside_code(text: str) -> None:
    page = Page(f"{prose(text, limit=500)}\n")

    assert page.structure == ["p"]
    assert not ACTS.search(page.text)


@given(hostile)
def test_a_title_can_neither_refer_to_anything_nor_hide_anything(text: str) -> None:
    title = plain(text, limit=100)

    assert not re.search(r"[@#:`\n\r\[\]|*$\\&]|(?i:gh-\d)", title)
    assert title.replace("<U+", "").isprintable() or not title
    assert units(title) <= 100


@given(hostile)
def test_what_is_visible_is_printable(text: str) -> None:
    assert visible(text).isprintable()
    assert visible(text, keep="\n").replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a<U+202E>b"),
        ("a\x00\r\n", "a<U+0000><U+000D><U+000A>"),
        ("\udcff.txt", "<0xff>.txt"),
        ("m\u0430in", "m<U+0430>in"),
        ("src/\u0430.py", "src/<U+0430>.py"),
        ("\uff20alice", "<U+FF20>alice"),
        ("a\u3164b", "a<U+3164>b"),
        ("a" + "\u0301" * 4, "a\u0301\u0301<U+0301><U+0301>"),
    ],
)
def test_what_hides_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text", ["привет, с утра", "src/модуль.py", "naïve café 日本語 😀", "Ελληνικά", "10 µs ½"]
)
def test_what_people_read_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("Retry a failed upload", "`Retry a failed upload`"),
        ("Use `x`", "`` Use `x` ``"),
        ("", "(empty)"),
        ("  ", "`<U+0020><U+0020>`"),
        ("one\ntwo", "`one<U+000A>two`"),
        ("`" * 100_000, "`<U+0060 100 times>\u2026`"),
        ("x" * 101, f"`{'x' * 100}\u2026`"),
    ],
)
def test_code_spans_read_like_this(text: str, markdown: str) -> None:
    assert inline(text, limit=100) == markdown


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        (
            "refs/heads/main has moved: it is at 9c01f2d, and was at 1111111.",
            "`refs/heads/main` has moved: it is at `9c01f2d`, and was at `1111111`.",
        ),
        ("one co-author can't, (alice), 40 are allowed.", "one co-author can't, (alice), 40 are allowed."),
        ('An admin adds update_kind = ["rewrite"]', 'An admin adds `update_kind = ["rewrite"]`'),
        ("it is at abcdefa, a facade", "it is at `abcdefa`, a facade"),
        ("12. fixes #1, @alice and more", "`12`. fixes `#1`, `@alice` and more"),
        ("- [x] GH-12 AB12 defaced7", "`- [x] GH-12 AB12 defaced7`"),
        ("run `python3 -m unittest -q`", "run `python3 -m unittest -q`"),
        ("edit `a/**`, `B.md` (and `c d`) only", "edit `a/**`, `B.md` (and `c d`) only"),
        ("run `one two, and so on", "run `` `one two, and so on ``"),
        ("`a`b`c`", "`` `a`b`c` ``"),
        ("", "(empty)"),
    ],
)  # fmt: skip
def test_prose_reads_like_this(text: str, markdown: str) -> None:
    assert prose(text, limit=500) == markdown


def test_a_block_says_how_much_of_it_is_cut() -> None:
    block = code_block("line\n" * 1000, limit=200)

    kept = block.count("line\n")
    assert block == "```text\n" + "line\n" * kept + f"```\n\n\u2026 cut here, {1000 - kept} more lines\n"


def test_nothing_is_too_long_to_be_cut() -> None:
    for text in (
        "x" * 10_000_000,
        "`" * 100_000,
        "\U0001f600" * 100_000,
        "\u202e" * 100_000,
        "a\n" * 1_000_000,
    ):
        assert units(inline(text, limit=200)) <= 250
        assert units(prose(text, limit=200)) <= 250
        assert units(plain(text, limit=200)) <= 200
        assert units(code_block(text, limit=5000)) <= 5000


def test_a_character_is_never_cut_in_half() -> None:
    assert [cut("a\U0001f600b", limit) for limit in range(5)] == ["", "a", "a", "a\U0001f600", "a\U0001f600b"]


def test_an_address_cannot_end_its_link() -> None:
    assert Page(link("page", "https://gate.example.com/a b)(<>\"'|\\x")).links == [
        "https://gate.example.com/a%20b%29%28%3C%3E%22%27%7C%5Cx"
    ]
