"""Terminal output on a page: colours come through, and nothing is hidden, linked or run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from gate.web.terminal_text import ATTRIBUTES, BACKS, CUT, FRONTS, terminal_text

CLASSES = {*FRONTS, *BACKS, *ATTRIBUTES}


class Page(HTMLParser):
    """What a browser would make of the markup; anything but the allowed spans is an error."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.open = 0
        self.feed(str(markup))
        self.close()
        assert self.open == 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open += 1
        values = dict(attrs)
        names = set((values.get("class") or "").split())
        assert tag == "span"
        assert names <= CLASSES or (names == {"ctl"}) or names == {CUT}
        assert set(values) <= ({"class", "title"} if names == {"ctl"} else {"class"})

    def handle_endtag(self, tag: str) -> None:
        assert tag == "span"
        self.open -= 1

    def handle_data(self, data: str) -> None:
        self.text += data

    def unexpected(self, data: str) -> None:
        raise AssertionError(data)

    handle_comment = handle_decl = handle_pi = unknown_decl = unexpected


def seen(text: str) -> str:
    return Page(terminal_text(text)).text


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("a\x1b[31mb\x1b[0mc", 'a<span class="t-f1">b</span>c'),
        ("\x1b[1;3;4;92mx", '<span class="t-bold t-italic t-underline t-f10">x</span>'),
        ("\x1b[2mx\x1b[22my\x1b[mz", '<span class="t-dim">x</span>yz'),
        ("\x1b[31ma\nb\x1b[39m\n", '<span class="t-f1">a</span>\n<span class="t-f1">b</span>\n'),
        ("\x1b[7mx", '<span class="t-inverse">x</span>'),
        ("\x1b[7;32mx", '<span class="t-b2">x</span>'),
        ("\x1b[38;5;9mx", '<span class="t-f9">x</span>'),
        ("\x1b[38;5;196mx", '<span class="t-f9">x</span>'),
        ("\x1b[38;2;0;200;10mx", '<span class="t-f2">x</span>'),
        ("\x1b[48:2::255:255:250mx", '<span class="t-b15">x</span>'),
        ("\x1b[48;5;232;1mx", '<span class="t-bold t-b0">x</span>'),
        ("\x1b[58;5;3;5;9mx", "x"),
        ("<b>&\"'\x1b[31m<", '&lt;b&gt;&amp;&#34;&#39;<span class="t-f1">&lt;</span>'),
    ],
)
def test_styles_are_classes(text: str, markup: str) -> None:
    assert terminal_text(text) == markup


@pytest.mark.parametrize("text", ["\x1b[31;41mx", "\x1b[30;40mx", "\x1b[37;47mx", "\x1b[48;5;1;38;5;1mx"])
def test_text_in_the_colour_of_its_back_is_shown_in_another(text: str) -> None:
    assert re.fullmatch(r'<span class="t-b\d+">x</span>', terminal_text(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[8msecret\x1b[28m", "[ESC][8msecret"),
        ("\x1b[31;8mx", "[ESC][31;8mx"),
        ("a\x1b[2Jb\x1b[1;1Hc\x1b[?1049h", "a[ESC][2Jb[ESC][1;1Hc[ESC][?1049h"),
        (
            "\x1b]8;;javascript:alert(1)\x1b\\x\x1b]8;;\x07",
            "[ESC]]8;;javascript:alert(1)[ESC]\\x[ESC]]8;;[U+0007]",
        ),
        ("\x1b]52;c;cm0gLXJm\x07", "[ESC]]52;c;cm0gLXJm[U+0007]"),
        ("rm -rf /\x08\x08ok", "rm -rf /[U+0008][U+0008]ok"),
        ("a\x00b\x7f\x9b31mc", "a[U+0000]b[U+007F][U+009B]31mc"),
        ("a\u202eb\u200b\u3164\u00ad", "a[U+202E]b[U+200B][U+3164][U+00AD]"),
        ("a\U000e0041\U000e0101\ufe01b", "a[U+E0041][U+E0101][U+FE01]b"),
        ("e\u0301\u0302\u0303\u0304", "e\u0301\u0302[U+0303][U+0304]"),
        ("✔\ufe0f ▸ 世界 é", "✔\ufe0f ▸ 世界 é"),
        ("a\u3164b\u2800", "a[U+3164]b[U+2800]"),
        ("\x1b[<bx>\x1b[>4;0m", "[ESC][<bx>[ESC][>4;0m"),
        ("\udce9", "[\\xe9]"),
        ("a\r\nb\r\r\nc\r", "a\nb\nc"),
        ("10%\r20%\r100%\r\n", "10%[CR]\n20%[CR]\n100%\n"),
        ("a\r\r\rb", "a[CR x 3]\nb"),
        ("\x1b", "[ESC]"),
        ("\x1b[", "[ESC]["),
        ("\x1b[999999999999999999999m", "[ESC][999999999999999999999m"),
        ("\x1b[38;5m\x1b[38;5;256m\x1b[38m", "[ESC][38;5m[ESC][38;5;256m[ESC][38m"),
    ],
)
def test_what_a_terminal_would_obey_is_text(text: str, shown: str) -> None:
    assert seen(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '\x1b[31"onmouseover=alert(1)m',
        "\x1b]0;</span><img src=x onerror=alert(1)>\x07",
        "\x1b[31m</span></pre><iframe src=//x>",
        "<!--\x1b[31m--><![CDATA[x]]><?x?>",
        Markup("<b>bold</b>"),
    ],
)
def test_no_markup_comes_out_of_text(text: str) -> None:
    plain = re.sub(r"\x1b\[31m", "", str(text)).replace("\x1b", "[ESC]").replace("\x07", "[U+0007]")

    assert seen(text) == plain


PIECES = st.sampled_from(
    [
        "\x1b[",
        "\x1b]",
        "m",
        "31",
        ";",
        "38;5;",
        "\r",
        "\n",
        "<",
        ">",
        '"',
        "&",
        "\u202e",
        "\0",
        "é",
        "\ufe0f",
        "\u0301",
        "x",
    ]
)


@given(st.one_of(st.text(st.characters(codec=None)), st.lists(PIECES, max_size=40).map("".join)))
@example("\x1b[31m\x1b[\r\n\r")
def test_any_text_is_shown_whole_and_nothing_else(text: str) -> None:
    markup = terminal_text(text)

    shown = Page(markup).text
    markup.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", shown)
    letters = re.findall('[é<>&"]', text)
    assert [one for one in shown if one in 'é<>&"'] == letters


@given(st.lists(PIECES, max_size=40).map("".join))
def test_markup_can_be_cut_into_lines(text: str) -> None:
    for line in terminal_text(text).split("\n"):
        Page(line)


@pytest.mark.parametrize(
    "unit", ["x", "\0", "\r", "\x1b", "\x1b[1m", "\u202e", "\u0301", "\x1b[", "\x1b[38;5;9ma", "é\n"]
)
def test_a_megabyte_of_anything_is_bounded_and_says_what_is_missing(unit: str) -> None:
    markup = terminal_text(unit * (3_000_000 // len(unit)))

    assert len(markup) < 12_000_000
    assert re.search(r'<span class="t-cut">\d+ more characters are not shown here</span>$', markup)
