"""Python by its syntax tree, of text that may be anything."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

# A parser's time and memory grow with the text: beyond this, rules go by patterns.
_LONGEST = 512 << 10


def parsed(text: str) -> ast.Module | None:
    """The tree; None for what is no Python, too long, or nested too deep."""
    if len(text) > _LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def called(node: ast.AST) -> str:
    """The dotted name of what a call calls, such as `os.system`; empty where it is no plain name."""
    parts: list[str] = []
    here = node.func if isinstance(node, ast.Call) else node
    while isinstance(here, ast.Attribute):
        parts.append(here.attr)
        here = here.value
    if not isinstance(here, ast.Name):
        return ""
    return ".".join((here.id, *reversed(parts)))


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Every call of a program."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def original_names(tree: ast.Module) -> dict[str, str]:
    """What names stand for that an import gave: `from os import system as s` makes `s` `os.system`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
        elif isinstance(node, ast.Import):
            names |= {one.asname: one.name for one in node.names if one.asname}
    return names


def argument(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument."""
    return next((one.value for one in call.keywords if one.arg == name), None)
