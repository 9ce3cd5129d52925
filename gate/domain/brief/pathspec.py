"""gitignore patterns as git pathspecs, so that a hook can ask git itself which changed files they match.

Both are matched by the same function of git's (wildmatch.c). What differs is where a pattern begins, and that
a pathspec with a wildcard does not reach below a folder that it names (gitignore(5), gitglossary(7)).
"""

from __future__ import annotations

import re

_MAGIC = ":(top,glob)"
_LONGEST = 500
# A bracket is a set of characters in a pattern; read as a name it would be another rule without a word.
_TAKEN = re.compile(r"(?:[^\\\[\]\x00-\x1f\x7f]|\\[*?\[\]#! \\])+")


class PatternFault(ValueError):
    """The pattern has no pathspec that says exactly the same; the message says what to write instead."""


def pathspecs(pattern: str) -> tuple[str, ...]:
    """The pathspecs that together match exactly what a gitignore pattern does. Raises PatternFault."""
    fault = _fault(pattern)
    if fault is not None:
        raise PatternFault(f"the pattern {pattern[:_LONGEST]!r} cannot be checked at the push: {fault}")
    body = pattern.rstrip("/")
    # A slash anywhere but at the end ties a pattern to the top; without one it fits at every depth.
    place = body.removeprefix("/") if "/" in body else f"**/{body}"
    below = f"{_MAGIC}{place}/**"
    return (below,) if pattern.endswith("/") else (f"{_MAGIC}{place}", below)


def _fault(pattern: str) -> str | None:
    if pattern.startswith("!"):
        return "`!` takes another pattern back. Name what is forbidden or allowed instead"
    if pattern.startswith("#"):
        return "it begins with `#`, a comment. Write `\\#`"
    if len(pattern) > _LONGEST or not pattern.strip("/ "):
        return "it is empty, or too long"
    if not _TAKEN.fullmatch(pattern):
        return "it has a set such as `[ab]`, a control character or a lone `\\`. Write `*` or `?`, or `\\[`"
    if pattern != pattern.strip(" "):
        return "a space stands at its beginning or end"
    names = pattern.strip("/").split("/")
    if any(name in ("", ".", "..") for name in names):
        return "`.`, `..` and `//` are in no path of git's. Leave them out"
    if pattern.startswith("//") or pattern.endswith("//"):
        return "`//` is in no path of git's. Leave it out"
    if any("**" in name and name != "**" for name in names):
        return "`**` stands only between slashes. Write `*`"
    if pattern.endswith("/") and names[-1] == "**":
        return "`**/` at the end speaks of folders at any depth. Write `**`"
    return None
