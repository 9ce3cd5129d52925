"""D13: code that runs when somebody installs, builds or tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from gate.domain.risk.diff.look import FileLook, FileRule, Hit
from gate.domain.risk.diff.packages.locks import is_lock, read_lock
from gate.domain.risk.diff.packages.manifests import table
from gate.domain.risk.diff.patterns import any_of
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import PathClass

D13 = Rule(
    id="D13",
    name="install-script",
    severity=Severity.HIGH,
    why="It runs by itself where somebody installs, builds or tests, before anybody calls the code.",
    check="Read what it runs, and whether the project can be built without it.",
)
_HOOKS = frozenset(
    "preinstall install postinstall preuninstall uninstall postuninstall prepublish preprepare"
    " prepare postprepare prepack postpack dependencies pre-install-cmd post-install-cmd"
    " pre-update-cmd post-update-cmd post-autoload-dump post-root-package-install"
    " post-create-project-cmd".split()
)
_SETUP = any_of(
    r"\bcmdclass\b",
    r"\bsubprocess\b",
    r"\bos\.(?:system|popen|exec\w*)\b",
    r"\b(?:exec|eval|__import__)[ \t]*\(",
    r"\burllib\b",
    r"\brequests\b",
    r"\bsocket\b",
    r"\bbase64\b",
)
# Below the top, `setup.py` may be a module like any other.
_PACKAGED = re.compile(r"\b(?:setuptools|distutils)\b")
_GRADLE = re.compile(
    r"\b(?:id[ \t(]+['\"]|apply[ \t]+(?:plugin|from)[ \t]*:|apply\([ \t]*from|classpath[ \t(]+['\"])"
)
_BACKEND = re.compile(r"^[ \t]*(?:build-backend|backend-path)[ \t]*=", re.MULTILINE)
_ALWAYS_RUN = frozenset({"sitecustomize.py", "usercustomize.py", "build.rs", "extconf.rb", "binding.gyp"})


def scripts(look: FileLook) -> Iterator[Hit]:
    """Scripts of package.json and composer.json that the packager runs by itself."""
    if not look.path.endswith(("package.json", "composer.json")) or look.is_deleted:
        return
    old, new = _scripts(look.old), _scripts(look.new)
    for name in sorted(new.keys() & _HOOKS):
        if old.get(name) != new[name]:
            line = next((line for line in look.added if f'"{name}"' in line.text), None)
            yield Hit(
                f"The script {name} is run by itself at an installation", line, _in(look), seen=new[name]
            )


def locked_scripts(look: FileLook) -> Iterator[Hit]:
    if not is_lock(look.path) or look.is_deleted:
        return
    old, new = read_lock(look.path, look.old) or {}, read_lock(look.path, look.new) or {}
    names = sorted(
        name for name, all_of in new.items() if name not in old and any(locked.runs for locked in all_of)
    )
    if names:
        words = f"{len(names)} new packages run a script when they are installed"
        yield Hit(words, severity=Severity.MEDIUM, seen=", ".join(names[:20]))


def build_code(look: FileLook) -> Iterator[Hit]:
    """Code that a build or a start of Python runs by itself."""
    name = look.path.rpartition("/")[2]
    if look.is_deleted or not look.added:
        return
    if name in _ALWAYS_RUN or name.endswith(".pth"):
        yield Hit(f"{_is_new(look)} is run by itself at a build or a start", look.first_line, _in(look))
    elif look.path == "conftest.py":
        severity = Severity.HIGH if look.file.status == "A" else Severity.MEDIUM
        yield Hit(f"{_is_new(look)} is run before any test", look.first_line, severity)
    elif name == "setup.py" and (look.path == name or _PACKAGED.search(look.new)):
        yield from _each(look, _SETUP, "The set-up of a Python package runs more than it needs to")
    elif name.endswith((".gradle", ".gradle.kts")):
        yield from _each(look, _GRADLE, "The build takes in a plugin or a script")
    elif name == "pyproject.toml":
        yield from _each(look, _BACKEND, "The program that builds the package is another one")


def _each(look: FileLook, pattern: re.Pattern[str], words: str) -> Iterator[Hit]:
    for line, _ in look.finds(pattern):
        if not look.is_comment(line) and not look.was_there(line):
            yield Hit(words, line, _in(look))


def _is_new(look: FileLook) -> str:
    return "A new file" if look.file.status == "A" else "A changed file"


def _scripts(text: str) -> dict[str, str]:
    try:
        parsed = table(json.loads(text))
    except (ValueError, RecursionError):
        return {}
    return {name: json.dumps(value) for name, value in table(parsed.get("scripts")).items()}


def _in(look: FileLook) -> Severity:
    return look.lowered_in(D13.severity, PathClass.TEST, PathClass.VENDORED, PathClass.DOCS)


RULES = (
    FileRule(D13, scripts, mark="dependencies"),
    FileRule(D13, locked_scripts, mark="dependencies"),
    FileRule(D13, build_code),
)
