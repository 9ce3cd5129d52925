"""Terminal output as markup for a page: colours by an allow-list, and all else visible as text.

A terminal obeys what it is sent: it clears, writes over, hides and links. A page that did the same would show
a reviewer what the agent wants to be seen. Here an escape other than a colour stands where it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from markupsafe import Markup, escape

from gate.web.visible import visible

# The stylesheet has a rule for each: `t-f1` is red text, and `t-b1` is text on red, in a colour that can be
# read on it. A front is never given together with a back: red on red is how text is hidden on a screen.
FRONTS = tuple(f"t-f{n}" for n in range(16))
BACKS = tuple(f"t-b{n}" for n in range(16))
ATTRIBUTES = ("t-bold", "t-dim", "t-italic", "t-underline", "t-inverse")
CUT = "t-cut"

_MOST_CHARACTERS = 1 << 20
_MOST_MARKUP = 8 << 20

# Each token is bounded, so that the cap on the markup is looked at often enough.
_TOKEN = re.compile(
    r"(?P<plain>[\x20-\x7e\t\n]{1,16384})"
    r"|\x1b\[(?P<sgr>[0-9;:]{0,120})m"
    r"|(?P<escape>\x1b\[[0-?]{0,120}[ -/]{0,8}[@-~]|\x1b)"
    r"|\r{1,64}(?P<line_end>\n|\Z)"
    r"|(?P<returns>\r{1,64})"
    r"|(?P<other>[^\x00-\x7f]{1,512}|.)",
    re.DOTALL,
)
_COMBINING = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
# Marks beyond two on one letter run over the lines around it; selectors, but for those that choose between
# text and emoji, have no use in output, and can carry a hidden message a byte each.
_ODD = re.compile(
    f"(?<={_COMBINING}{{2}}){_COMBINING}"
    "|(?<=[\ufe0e\ufe0f])[\ufe0e\ufe0f]"
    "|[\ufe00-\ufe0d\U000e0100-\U000e01ef]"
)
_ESCAPES = {
    **dict.fromkeys("ABCDEFGHfd`", "moves the cursor"),
    **dict.fromkeys("JKPX", "erases what was written"),
    **dict.fromkeys("LMST@r", "moves lines"),
    **dict.fromkeys("hl", "switches a mode"),
    **dict.fromkeys("cn", "asks the terminal something"),
    "m": "a style that is not shown here",
}


@dataclass(frozen=True, slots=True)
class Style:
    """How text looks: its colours as numbers of the palette of 16, and the attributes that are on."""

    front: int | None = None
    back: int | None = None
    attributes: frozenset[str] = frozenset()

    @property
    def classes(self) -> str:
        is_inverse = "t-inverse" in self.attributes
        back = self.front if is_inverse else self.back
        names = [name for name in ATTRIBUTES[:-1] if name in self.attributes]
        if back is not None:
            names.append(BACKS[back])
        elif is_inverse:
            names.append("t-inverse")
        elif self.front is not None:
            names.append(FRONTS[self.front])
        return " ".join(names)


PLAIN = Style()


def terminal_text(text: str) -> Markup:
    """Terminal output as markup of `<span>` alone, at most about a million characters of it.

    No span goes over the end of a line, so the markup can be cut at its line feeds. A carriage return that
    would let a line be written over shows as `[CR]`, and what follows begins a new line.
    """
    return Markup("".join(_parts(str(text))))  # noqa: S704 - every part below is escaped, or made of constants


def _parts(text: str) -> Iterator[str]:
    style, size = PLAIN, 0
    for token in _TOKEN.finditer(text, 0, _MOST_CHARACTERS):
        codes = token["sgr"]
        known = None if codes is None else _styled(style, codes)
        if known is not None:
            style = known
            continue
        part = _part(token, style)
        yield part
        size += len(part)
        if size > _MOST_MARKUP:
            yield _cut(len(text) - token.end())
            return
    if len(text) > _MOST_CHARACTERS:
        yield _cut(len(text) - _MOST_CHARACTERS)


def _part(token: re.Match[str], style: Style) -> str:
    match token.lastgroup:
        case "plain":
            return _in_style(str(escape(token[0])), style)
        case "line_end":
            return token["line_end"]
        case "returns":
            times = f" x {len(token[0])}" if len(token[0]) > 1 else ""
            return _control("carriage return: a terminal writes over this line", f"[CR{times}]") + "\n"
        case "escape" | "sgr":
            title = _ESCAPES.get(token[0][-1], "a control sequence of terminals")
            return _control(title, f"[ESC]{token[0][1:]}")
    return _in_style(_seen(token[0]), style)


def _in_style(markup: str, style: Style) -> str:
    if style is PLAIN or not (classes := _classes(style)):
        return markup
    return "\n".join(line and f'<span class="{classes}">{line}</span>' for line in markup.split("\n"))


@lru_cache(maxsize=256)
def _seen(run: str) -> str:
    """Characters beyond ASCII, or a single control character."""
    parts: list[str] = []
    at = 0
    for odd in _ODD.finditer(run):
        code = f"U+{ord(odd[0]):04X}"
        parts += (_visible(run[at : odd.start()]), _control(f"{code}, which does not show", f"[{code}]"))
        at = odd.end()
    return "".join((*parts, _visible(run[at:])))


def _visible(text: str) -> str:
    # `visible` looks at each character; most runs are boxes, arrows or another script, and all printable.
    return str(visible(text) if not text.isprintable() or _BLANK.search(text) else escape(text))


# What is printable by its category and shows as nothing.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0]")


def _control(title: str, shown: str) -> str:
    return f'<span class="ctl" title="{escape(title)}">{escape(shown)}</span>'


def _cut(left: int) -> str:
    return f'\n<span class="{CUT}">{left} more characters are not shown here</span>'


@lru_cache(maxsize=1024)
def _classes(style: Style) -> str:
    return style.classes


_ON = {1: "t-bold", 2: "t-dim", 3: "t-italic", 4: "t-underline", 7: "t-inverse", 21: "t-underline"}
_OFF = {22: {"t-bold", "t-dim"}, 23: {"t-italic"}, 24: {"t-underline"}, 27: {"t-inverse"}}
# Blinking, fonts, strikes, lines above: they change how text looks, and hide nothing where they are left out.
_WITHOUT_CLASS = frozenset({5, 6, 9, *range(10, 21), 25, 26, 28, 29, *range(50, 56), 59, *range(73, 76)})


@lru_cache(maxsize=1024)
def _styled(style: Style, codes: str) -> Style | None:
    """The style after `ESC [ codes m`; None where a code in it is not known, or hides text as 8 does."""
    rest = [code.split(":") for code in codes.split(";")]
    while rest:
        first, *rest = rest
        number = int(first[0] or "0") if len(first[0]) < 4 else -1
        if number in (38, 48, 58):
            values, rest = (first[1:], rest) if len(first) > 1 else _semicolons(rest)
            colour = _palette_number(values)
            if colour is None:
                return None
            if number != 58:  # The colour of an underline, which has no class.
                style = replace(style, front=colour) if number == 38 else replace(style, back=colour)
        else:
            after = _with_code(style, number, first[1:])
            if after is None:
                return None
            style = after
    return style


def _with_code(style: Style, code: int, details: list[str]) -> Style | None:
    if code == 0:
        return PLAIN
    if code == 4 and details == ["0"]:
        code = 24
    if code in _ON:
        return replace(style, attributes=style.attributes | {_ON[code]})
    if code in _OFF:
        return replace(style, attributes=style.attributes - _OFF[code])
    base, bright = divmod(code, 10)
    if bright < 8 and base in (3, 4, 9, 10):
        colour = bright + (8 if base > 4 else 0)
        return replace(style, front=colour) if base in (3, 9) else replace(style, back=colour)
    if code in (39, 49):
        return replace(style, front=None) if code == 39 else replace(style, back=None)
    return style if code in _WITHOUT_CLASS else None


def _semicolons(rest: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """The values of a colour that is written `38;5;n` or `38;2;r;g;b`, and the codes after it."""
    length = {"5": 2, "2": 4}.get(rest[0][0], 0) if rest else 0
    return [code[0] for code in rest[:length]], rest[length:]


def _palette_number(values: list[str]) -> int | None:
    """The nearest of the 16 colours. `values` are `5, n`, or `2, r, g, b`; ISO 8613-6 has one field more."""
    if len(values) == 5:
        values = [values[0], *values[2:]]
    numbers = [int(value or "0") if len(value) < 4 else 256 for value in values]
    if any(number > 255 for number in numbers):
        return None
    match numbers:
        case [5, number]:
            return number if number < 16 else _nearest(_of_256(number))
        case [2, red, green, blue]:
            return _nearest((red, green, blue))
    return None


_PALETTE = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0)),
    *((0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)),
    *((127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0)),
    *((92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255)),
)
_STEPS = (0, 95, 135, 175, 215, 255)


def _of_256(number: int) -> tuple[int, int, int]:
    """Red, green and blue of xterm's 256 colours: a cube of 6 by 6 by 6, then 24 greys."""
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return grey, grey, grey
    cube = number - 16
    return _STEPS[cube // 36], _STEPS[cube // 6 % 6], _STEPS[cube % 6]


def _nearest(colour: tuple[int, int, int]) -> int:
    return min(range(16), key=lambda n: sum((a - b) ** 2 for a, b in zip(colour, _PALETTE[n], strict=True)))
