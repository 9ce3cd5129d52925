"""Text of others inside GitHub's Markdown, so that it is seen and does nothing.

GitHub looks for mentions, references, closing keywords, commit ids, addresses and emoji codes in what is
left after Markdown is rendered, and never inside code: no backslash and no entity stops it, a code span
does. See https://github.github.com/gfm/#code-spans.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from gate.domain.pull_request.length import cut, units
from gate.domain.pull_request.visible import code_points, visible

EMPTY = "(empty)"

# GitHub's parser gives up on code spans beyond 80 backticks, and counts no further than 255 for a block.
_LONG_RUN = re.compile("`{17,}")
_RUN = re.compile("`+")
_QUOTED = re.compile("`([^`]+)`")
_LEAST_BLOCK = 200

# A word of prose that means nothing to GitHub: letters, a short number, lower-case words with hyphens.
# What mixes letters and digits may be an id of somebody's tracker (`AB12`, `GH-12`), or of a commit.
_LETTERS = r"[^\W\d_]+"
_PLAIN = re.compile(
    r"(?![A-Fa-f]{7,40}$)"
    rf"(?:{_LETTERS}(?:['\u2019]{_LETTERS})?|[a-z]+(?:-[a-z]+)+|\d{{1,6}}|\d{{1,3}}(?:,\d{{3}})+"
    "|[\u2013\u2014\u2026\u2192])?"
)
_OPENING = "(\"'\u201c\u2018"
_ENDING = ")\"'\u201d\u2019.,;:!?\u2026"

# Bots that take commands read comments as they were written, code or not.
_COMMAND = re.compile(r"(?m)^/(?=\w)")

# A title and a commit message can't quote anything, and GitHub reads both for references and keywords.
_ACTING = re.compile(r"[!-,:-@\[-^`{-~]|(?i:(?<=gh)-(?=\d))")
_LONGEST_NOTE = 4000
# Name, size and root, and a line for each signature, as https://c2sp.org/tlog-checkpoint has them.
_NOTE = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_.:/\-]{0,200}\n[0-9]{1,19}\n[A-Za-z0-9+/]{1,100}=*\n\n"
    r"(?:\u2014 [A-Za-z0-9_.:/\-]{1,200} [A-Za-z0-9+/]{1,300}=*\n?){1,5}"
)


def inline(text: str, *, limit: int) -> str:
    """`text` as a code span on one line, for paragraphs, list items and `row`; cut at `limit` characters."""
    if not text:
        return EMPTY
    shown = _short_runs(visible(text[:limit]))
    if len(text) > limit or units(shown) > limit:
        shown = cut(shown, limit) + "\u2026"
    if not shown.strip(" "):
        shown = code_points(shown)
    fence = _fence(shown, least=1)
    pad = " " if {shown[0], shown[-1]} & {"`", " "} else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def code_block(text: str, *, limit: int) -> str:
    """`text` as a fenced block that ends with a line of its own, at most `limit` (200 or more) characters.

    It may stand at the top level only, with an empty line before it. What is cut is said below the block.
    """
    assert limit >= _LEAST_BLOCK, "a block needs room for its fences"
    if not text:
        return f"{EMPTY}\n"
    shown = _COMMAND.sub(code_points("/"), _short_runs(visible(text[:limit], keep="\n\t")))
    fence = _fence(shown, least=3)
    room = limit - 2 * len(fence) - len("text\n\n\n")
    if len(text) <= limit and units(shown) <= room:
        return f"{fence}text\n{shown.removesuffix(chr(10))}\n{fence}\n"
    kept = _whole_lines(cut(shown, room - 80))
    missing = _lines(text) - _lines(kept)
    more = f", {missing:,} more lines" if missing else ""
    return f"{fence}text\n{kept}\n{fence}\n\n\u2026 cut here{more}\n"


def signed_note(text: str) -> str:
    """A signed note in a fenced block, to the letter, as every character of it is signed.

    Whatever is no such note is shown like any other text.
    """
    if not _NOTE.fullmatch(text):
        return code_block(text, limit=_LONGEST_NOTE)
    return f"```text\n{text.rstrip()}\n```\n"


def prose(text: str, *, limit: int) -> str:
    """Sentences with words of others in them: what is more than a plain word stands in a code span."""
    words = visible(" ".join(text[:limit].split())) or EMPTY
    if len(text) > limit or units(words) > limit:
        words = cut(words, limit) + "\u2026"
    return " ".join(_parts(words.split(" "), units(words)))


def plain(text: str, *, limit: int) -> str:
    """`text` for a title or a commit message, with whatever could act there as code points."""
    shown = visible(_ACTING.sub(lambda match: code_points(match[0]), text[:limit]))
    if len(text) > limit or units(shown) > limit:
        return cut(shown, limit - 1) + "\u2026"
    return shown


def row(*cells: str) -> str:
    """A row of a table. Pipes are escaped, which is right in code spans too: tables are split up first."""
    safe = (re.sub(r"\\(?=\|)", code_points("\\"), cell).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(safe)} |"


def link(words: str, url: str) -> str:
    """A link of the gate's own making; both are the gate's words."""
    return f"[{words}]({quote(url, safe=':/?#@!$&*+,;=%-._~')})"


def _parts(words: list[str], limit: int) -> Iterator[str]:
    """Plain words as they are, and each run of others, or what stands between backticks, in one code span."""
    run: list[str] = []
    is_code = False
    for position, word in enumerate(words):
        opening, core, ending = _split(word)
        opening, core = ("", opening + core) if is_code else (opening, core)
        was_code, is_code = is_code, is_code ^ (word.count("`") % 2 == 1)
        core, ending = (core + ending, "") if is_code else (core, ending)
        is_number = position == 0 and _is_list_number(core, ending)
        is_plain = not (was_code or is_code or is_number) and _PLAIN.fullmatch(core)
        if run and (is_plain or opening):
            yield _span(run, limit)
            run = []
        if is_plain:
            yield word
        elif ending or opening:
            yield f"{opening}{_span([*run, core], limit)}{ending}"
            run = []
        else:
            run.append(core)
    if run:
        yield _span(run, limit)


def _span(words: list[str], limit: int) -> str:
    """The words as a code span, without the backticks of who meant them as one."""
    text = " ".join(words)
    quoted = _QUOTED.fullmatch(text)
    return inline(quoted[1] if quoted else text, limit=limit)


def _split(word: str) -> tuple[str, str, str]:
    """The brackets and quotes before a word, the word, and the punctuation after it."""
    rest = word.lstrip(_OPENING)
    core = rest.rstrip(_ENDING)
    return word[: len(word) - len(rest)], core, rest[len(core) :]


def _is_list_number(core: str, ending: str) -> bool:
    """Whether a line that begins so would begin a list."""
    return core.isdigit() and ending[:1] in (".", ")")


def _fence(text: str, *, least: int) -> str:
    longest = max(map(len, _RUN.findall(text)), default=0)
    return "`" * max(least, longest + 1)


def _short_runs(text: str) -> str:
    return _LONG_RUN.sub(lambda match: f"<U+0060 {len(match[0]):,} times>", text)


def _lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n"))


def _whole_lines(text: str) -> str:
    """`text` without the line that is begun only; all of it where there is but one."""
    return text.rpartition("\n")[0] or text
