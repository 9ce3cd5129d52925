"""What import-linter cannot look at: single files, and the hooks, which stand outside the import graph."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOOKS = sorted(path for path in (ROOT / "hooks").rglob("*") if path.is_file() and path.suffix in ("", ".py"))
SOURCES = sorted(path for folder in ("gate", "workers") for path in (ROOT / folder).rglob("*.py"))
# What a module may call while it is imported: these make values, and reach for nothing outside.
REACHES_OUT = {"create_engine", "from_url", "connect", "basicConfig", "load", "getenv", "run", "Popen"}


def test_app_wires_settings_logs_and_the_container_and_nothing_else() -> None:
    tree = ast.parse((ROOT / "app.py").read_text())

    assert _imports(tree) == {
        "__future__",
        "os",
        "gate.adapters.process",
        "gate.bootstrap",
        "gate.config",
    }
    assert [type(node).__name__ for node in tree.body if not _is_import(node)] == [
        "Expr",  # the docstring
        "Assign",  # settings
        "Expr",  # logs
        "Assign",  # app
    ]


@pytest.mark.parametrize("path", HOOKS, ids=lambda path: path.name)
def test_a_hook_imports_the_standard_library_alone(path: Path) -> None:
    text = path.read_text()
    if text.startswith("#!/bin/sh"):
        return

    roots = {name.partition(".")[0] for name in _imports(ast.parse(text))}

    assert roots - sys.stdlib_module_names - {"pushgate_hook"} == set()


def test_nothing_reaches_out_while_it_is_imported() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno} {name}"
        for path in SOURCES
        for call, name in _calls_at_import(ast.parse(path.read_text()))
        if name in REACHES_OUT
    ]

    assert found == []


def test_the_environment_is_read_where_a_process_begins() -> None:
    readers = {str(path.relative_to(ROOT)) for path in SOURCES if _reads_the_environment(path)}

    assert readers == {
        "gate/adapters/agent_home.py",  # PATH, for git
        "gate/adapters/git/command.py",  # PATH, for git
        "gate/cli/context.py",
        "gate/cli/ssh.py",  # what sshd says of the connection
        "workers/__main__.py",
        "workers/context.py",
        "workers/cron.py",
        "workers/redis_server.py",
        "workers/scanner.py",
    }


def _reads_the_environment(path: Path) -> bool:
    return any(
        isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
        for node in ast.walk(ast.parse(path.read_text()))
    )


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _imports(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def _calls_at_import(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Calls outside every function, with the last part of their name."""
    waiting: list[ast.AST] = [node for node in tree.body if not _runs_main(node)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.Lambda, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.Call):
            yield (
                node,
                node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""),
            )
        waiting += ast.iter_child_nodes(node)


def _runs_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__main__" in ast.unparse(node.test)
