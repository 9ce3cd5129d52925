"""Text from outside, made safe to look at: nothing in it can hide, reorder or run."""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup, escape

# Letters that show as nothing: the Hangul fillers, the braille blank, and Khmer and Mongolian relatives.
_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0"
_HIDDEN = re.compile(f"[{_BLANKS}]")
_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: object, *, keep: str = "") -> Markup:
    """Escape text, and spell out each character that would be invisible or act on its neighbours.

    `keep` are control characters with a meaning in this place: a newline, a tab.
    """
    plain = str(text)
    if plain.isascii() and plain.isprintable():
        return escape(plain)
    return Markup("").join(_spelled(char) if _is_hidden(char, keep) else escape(char) for char in plain)


def visible_lines(text: object) -> Markup:
    """The same for text of several lines."""
    return visible(text, keep="\n\t")


def _is_hidden(char: str, keep: str) -> bool:
    if char in keep:
        return False
    return unicodedata.category(char) in _CATEGORIES or bool(_HIDDEN.match(char))


def _spelled(char: str) -> Markup:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        short, name = f"\\x{code - 0xDC00:02x}", "a byte that is no UTF-8"
    else:
        short = f"U+{code:04X}"
        name = f"{short} {unicodedata.name(char, 'control character')}"
    return Markup('<span class="ctl" title="{}">[{}]</span>').format(name, short)
