"""Text with nothing hidden in it: what is invisible or disguised shows as a code point."""

from __future__ import annotations

import re
import unicodedata

# Printable by their category, and blank or without a shape of their own on the screen.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
# Scripts with letters that look like Latin ones: IPA, Greek, Cyrillic, Armenian, Cherokee, Coptic, Lisu.
_OTHER = re.compile(
    "[\u0250-\u02af\u0370-\u03ff\u0400-\u052f\u0531-\u058f\u13a0-\u13ff"
    "\u2c80-\u2cff\ua4d0-\ua4ff\uab70-\uabbf]"
)
# Greek and Cyrillic letters that can't be told from Latin ones at all.
_TWINS = frozenset(
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u03bd\u03c1"
    "\u0405\u0406\u0408\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425"
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04ae\u04bb\u04c0\u04cf\u0501\u051b\u051d"
)
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z]")
_RUN = re.compile(r"\S+")
_MARKS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
# One with nothing to stand on, and those beyond two on one letter, which run over the lines around them.
_STRAY_MARKS = re.compile(f"(\\A|{_MARKS}{{2}})({_MARKS}+)")


def visible(text: str, *, keep: str = "") -> str:
    """`text` with every control, bidi and invisible character written as `<U+202E>`, except those in `keep`.

    So are letters that pass for Latin ones inside Latin words. A byte that is no UTF-8 (a surrogate escape)
    is written `<0x80>`.
    """
    if text.isascii() and text.isprintable():
        return text
    letters = "".join(char if char in keep or char == " " else _shown(char) for char in text)
    letters = _STRAY_MARKS.sub(lambda match: match[1] + code_points(match[2]), letters)
    return _RUN.sub(_with_twins_shown, letters)


def code_points(text: str) -> str:
    """`<U+202E>` for each character."""
    return "".join(f"<U+{ord(char):04X}>" for char in text)


def _shown(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return f"<0x{ord(char) - 0xDC00:02x}>"
    return (
        char if char.isprintable() and char not in _BLANK and not _is_disguised(char) else code_points(char)
    )


def _is_disguised(char: str) -> bool:
    """Whether this is another form of an ASCII character: fullwidth, mathematical, and the like."""
    if char < "\u0100":
        return False
    plain = unicodedata.normalize("NFKC", char)
    return len(plain) == 1 and plain.isascii()


def _with_twins_shown(run: re.Match[str]) -> str:
    """A run without spaces, and the words in it that could be read as Latin ones."""
    if run[0].isascii() or not _LATIN.search(run[0]):
        return run[0]
    return _WORD.sub(_twins_shown, run[0])


def _twins_shown(word: re.Match[str]) -> str:
    is_mixed = _LATIN.search(word[0]) and _OTHER.search(word[0])
    if is_mixed or _TWINS.issuperset(word[0]):
        return _OTHER.sub(lambda match: code_points(match[0]), word[0])
    return word[0]
