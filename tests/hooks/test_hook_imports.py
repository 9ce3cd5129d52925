"""Every push waits for what the hooks import."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hook_repository import HOOKS

SCRIPTS = [HOOKS / "pre-receive", HOOKS / "proc-receive"]
SOURCES = sorted([*SCRIPTS, *HOOKS.glob("pushgate_hook/*.py")])


def imports(path: Path, *, at_start: bool) -> set[str]:
    """Top-level names of the modules that a file imports, by the time they are imported."""
    tree = ast.parse(path.read_text())
    nested = {
        id(node) for function in ast.walk(tree) if _is_function(function) for node in ast.walk(function)
    }
    names = set()
    for node in ast.walk(tree):
        if (id(node) in nested) == at_start:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def test_the_hooks_import_a_short_list_of_modules() -> None:
    at_start = set().union(*(imports(path, at_start=True) for path in SOURCES))
    later = set().union(*(imports(path, at_start=False) for path in SOURCES))

    # `json` at the start is the fallback for interpreters without `_json`.
    assert at_start == {"_json", "fcntl", "json", "posix", "pushgate_hook", "sys", "time"}
    assert later == {"_socket", "json", "os"}


@pytest.mark.parametrize("module", ["judge", "answer"])
def test_nothing_heavy_is_loaded_by_the_time_a_hook_runs(module: str) -> None:
    code = (
        "import sys; before = set(sys.modules); sys.path.append(sys.argv[1]); "
        f"import pushgate_hook.{module}; print(*sorted(set(sys.modules) - before))"
    )

    done = subprocess.run(
        (os.path.realpath(sys.executable), "-ISB", "-c", code, str(HOOKS)), capture_output=True, check=True
    )

    loaded = [name for name in done.stdout.decode().split() if not name.startswith("pushgate_hook")]
    assert set(loaded) <= {"_json", "fcntl", "time"}


@pytest.mark.parametrize("name", ["pre-receive", "proc-receive", "reference-transaction"])
def test_the_hooks_can_be_run(name: str) -> None:
    assert os.access(HOOKS / name, os.X_OK)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_starts_an_isolated_interpreter(path: Path) -> None:
    assert path.read_text().partition("\n")[0] == "#!/usr/bin/python3 -IS"
