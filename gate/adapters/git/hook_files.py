"""The hooks in a gate repository: copied from this release, and compared with it."""

from __future__ import annotations

import importlib.util
import marshal
import os
import py_compile
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from gate.adapters.git.files import read_file, write_file
from gate.domain.errors import Failed

HOOKS = Path(__file__).parents[3] / "hooks"
# The hooks need the standard library alone, and this one does not look for a virtual environment first.
_INTERPRETER = str(getattr(sys, "_base_executable", sys.executable))
_PYTHON = b"#!/usr/bin/python3 -IS\n"
_HEADER_BYTES = 16


def install_hooks(source: Path, folder: Path) -> None:
    """Put this release's hooks into `folder`, each file in one step, and remove everything else in it.

    Modules come before the scripts that import them, so a push that runs meanwhile finds whole files.
    """
    wanted = _wanted(source)
    for name in sorted(wanted, key=lambda name: "/" not in name):
        mode = 0o700 if _is_script(name) else 0o600
        write_file(folder / name, wanted[name], mode=mode)
        if name.endswith(".py"):
            # Compiled now, because hooks that run as another user may not write here.
            py_compile.compile(str(folder / name), doraise=True)
            _compiled(folder / name).chmod(0o600)
    for name in _present(folder) - _expected(wanted):
        (folder / name).unlink()


def hook_faults(source: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Each hook file that is not as `install_hooks` leaves it, with what is wrong with it."""
    wanted = _wanted(source)
    for name, content in sorted(wanted.items()):
        fault = _fault(folder, name, content)
        if fault:
            yield name, fault
    for name in sorted(_present(folder) - _expected(wanted)):
        yield name, "is no file of this release"


def _wanted(source: Path) -> dict[str, bytes]:
    """Every file to install, by its path below the hooks folder."""
    names = [name for name in _present(source) if "__pycache__" not in name and not name.endswith(".pyc")]
    if not {"pre-receive", "proc-receive", "reference-transaction"} <= set(names):
        raise Failed(f"{source} does not hold the gate's hooks. Install the gate again.")
    return {name: _with_interpreter((source / name).read_bytes()) for name in names}


def _with_interpreter(content: bytes) -> bytes:
    if content.startswith(_PYTHON):
        return f"#!{_INTERPRETER} -IS\n".encode() + content.removeprefix(_PYTHON)
    return content


def _fault(folder: Path, name: str, content: bytes) -> str | None:
    path = folder / name
    found = read_file(path)
    if found is None:
        return "is missing"
    if found != content:
        return "was changed"
    mode = path.stat().st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written by others"
    if _is_script(name) and not mode & stat.S_IXUSR:
        return "is not executable"
    if path.suffix == ".py" and not _is_compiled_from(path, content):
        return "has a compiled form that is missing or was changed"
    return None


def _is_compiled_from(path: Path, content: bytes) -> bool:
    # Python runs the compiled form without a look at the source's text. Its bytes can differ between two
    # compilations of the same source, its code objects cannot.
    compiled = read_file(_compiled(path))
    if compiled is None:
        return False
    try:
        # Only the gate's own user can write here, and the hooks load the same bytes.
        found = marshal.loads(compiled[_HEADER_BYTES:])  # noqa: S302
        return bool(found == compile(content, str(path), "exec", dont_inherit=True))
    except (EOFError, ValueError, TypeError):
        return False


def _compiled(path: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(path)))


def _expected(wanted: dict[str, bytes]) -> set[str]:
    compiled = {str(_compiled(Path(name))) for name in wanted if name.endswith(".py")}
    return set(wanted) | compiled


def _present(folder: Path) -> set[str]:
    found = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return {str(path.relative_to(folder)) for path in found}


def _is_script(name: str) -> bool:
    return "/" not in name and "." not in name
