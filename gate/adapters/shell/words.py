"""The words of a command as a shell would see them: without quotes, with expansions as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
_EXPANSIONS = SUBSTITUTIONS | {"simple_expansion", "expansion", "arithmetic_expansion", "brace_expression"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED_IN_STRING = re.compile(r"\\([$`\"\\\n])")
_ANSI_C = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|(.))", re.DOTALL
)
_ANSI_C_NAMES = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}


@dataclass(frozen=True, slots=True)
class Word:
    """`is_exact` is False where the text holds an expansion."""

    text: str
    is_exact: bool = True


def raw(node: Node) -> str:
    """The source of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def word(node: Node) -> Word:
    """One word. Nothing here recurses further than a string inside a concatenation."""
    if node.type == "command_name" and node.named_child_count == 1:
        node = node.named_children[0]
    if node.type != "concatenation":
        return _piece(node)
    pieces = [_piece(child) for child in node.children]
    text = "".join(piece.text for piece in pieces)
    return Word(text, all(piece.is_exact for piece in pieces) and not _has_braces(text))


def substitutions(node: Node) -> Iterator[Node]:
    """The outermost substitutions inside a node, itself included, in order."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here.type in SUBSTITUTIONS:
            yield here
        else:
            waiting.extend(reversed(here.named_children))


def hidden_scripts(node: Node) -> Iterator[str]:
    """Text inside a node that the grammar takes for a pattern, and a shell would run: `${x#$(curl …)}`."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here.type == "regex":
            text = raw(here)
            if "$(" in text or "`" in text:
                yield text
        elif here.type not in SUBSTITUTIONS:
            waiting.extend(reversed(here.named_children))


def unescaped(text: str) -> str:
    """Text outside of quotes without its backslashes."""
    return _ESCAPED.sub(lambda found: "" if found[1] == "\n" else found[1], text)


def _piece(node: Node) -> Word:
    match node.type:
        case "raw_string":
            return Word(raw(node)[1:-1])
        case "string" | "translated_string":
            return _string(node)
        case "ansi_c_string":
            return Word(_ANSI_C.sub(_ansi_c, raw(node)[2:-1]))
        case kind if kind in _EXPANSIONS:
            return Word(raw(node), is_exact=False)
        case _:
            return Word(unescaped(raw(node)))


def _string(node: Node) -> Word:
    """A double-quoted string. What lies between two children, such as a space, belongs to it as well."""
    source, start = node.text or b"", node.start_byte
    at, end = source.index(b'"') + 1, max(len(source) - 1, 1)
    pieces: list[str] = []
    is_exact = True
    for child in node.named_children:
        if child.type not in _EXPANSIONS:
            continue
        is_exact = False
        pieces.append(_in_string(source[at : child.start_byte - start]))
        pieces.append(raw(child))
        at = child.end_byte - start
    pieces.append(_in_string(source[at:end]))
    return Word("".join(pieces), is_exact)


def _in_string(source: bytes) -> str:
    text = source.decode("utf-8", "replace")
    return _ESCAPED_IN_STRING.sub(lambda found: "" if found[1] == "\n" else found[1], text)


def _ansi_c(found: re.Match[str]) -> str:
    byte, short, long, octal, plain = found.groups()
    if plain is not None:
        return _ANSI_C_NAMES.get(plain, plain)
    number = int(octal, 8) & 0xFF if octal else int(byte or short or long, 16)
    return chr(number) if number <= 0x10FFFF else found[0]


def _has_braces(text: str) -> bool:
    return "{" in text and "}" in text and ("," in text or ".." in text)
