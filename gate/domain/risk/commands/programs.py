"""Programs by what they can do."""

from __future__ import annotations

import re

from gate.domain.risk.commands.arguments import arguments
from gate.domain.risk.view import Pipeline, Simple

SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "mksh", "ash", "fish"})
FETCHERS = frozenset(
    {"curl", "wget", "fetch", "aria2c", "http", "https", "xh", "axel", "lynx", "lwp-download"}
)
NETCATS = frozenset({"nc", "ncat", "netcat", "socat", "telnet"})
_INTERPRETER = re.compile(
    r"(?:python|pypy)[\d.]*|node|nodejs|perl|ruby|php|deno|bun|pwsh|lua[\d.]*|osascript|Rscript"
)
_CODE_OPTIONS = {
    "node": "-e -p --eval --print",
    "nodejs": "-e -p --eval",
    "perl": "-e -E",
    "ruby": "-e",
    "php": "-r",
}
_CODE_OPTIONS |= {
    "lua": "-e",
    "pwsh": "-Command -c",
    "osascript": "-e",
    "Rscript": "-e",
    "deno": "",
    "bun": "-e",
}
_PYTHON_VALUES = "-c -m -W -X"
_TEST_PROGRAMS = frozenset(
    "pytest py.test tox nox jest vitest mocha ava rspec phpunit ctest bats prove nosetests"
    " nose2 karma cypress"
    " playwright busted tape tap lit".split()
)
_TEST_WORDS = {
    "go": {"test"},
    "cargo": {"test", "nextest"},
    "mvn": {"test", "verify"},
    "gradle": {"test", "check"},
    "gradlew": {"test", "check"},
    "make": {"test", "check", "tests"},
    "just": {"test", "check"},
    "rake": {"test", "spec"},
    "dotnet": {"test"},
    "swift": {"test"},
    "mix": {"test"},
    "rails": {"test"},
    "deno": {"test"},
    "bun": {"test"},
    "sbt": {"test"},
    "manage.py": {"test"},
}
_PACKAGE_RUNNERS = frozenset({"npm", "pnpm", "yarn"})


def is_python(simple: Simple) -> bool:
    return simple.name.startswith(("python", "pypy"))


def is_interpreter(simple: Simple) -> bool:
    """Anything that runs a text: a shell or another language."""
    return simple.name in SHELLS or _INTERPRETER.fullmatch(simple.name) is not None


def is_fetcher(simple: Simple) -> bool:
    return simple.name in FETCHERS


def fetches(pipeline: Pipeline) -> bool:
    """Whether a pipeline, or one that feeds it, downloads something."""
    return any(map(is_fetcher, pipeline.commands)) or any(fetches(one) for one in pipeline.fed_by)


def inline_code(simple: Simple) -> str:
    """The text of `python -c`, `node -e` and their like, or what is read from a heredoc; empty without."""
    if simple.name in SHELLS or not is_interpreter(simple):
        return ""
    words = simple.words[1:]
    if is_python(simple):
        for place, one in enumerate(words[:-1]):
            if one == "-c" or (
                one.startswith("-") and not one.startswith("--") and one.endswith("c") and len(one) < 5
            ):
                return words[place + 1]
            if one == "-m" or not one.startswith("-"):
                break
    else:
        code = arguments(words, _CODE_OPTIONS.get(simple.name, "-e"))
        found = [value for _, value in code.options if value]
        if found:
            return "\n".join(found)
    return simple.stdin or "" if runs_input(simple) else ""


def runs_input(simple: Simple) -> bool:
    """Whether it is an interpreter that runs what comes from its standard input."""
    if not is_interpreter(simple):
        return False
    words = simple.words[1:]
    if simple.name in SHELLS:
        parts = arguments(words, "-o -O --rcfile --init-file")
        if parts.has("-c"):
            return False
        return parts.has("-s") or parts.operands in ((), ("-",), ("/dev/stdin",))
    parts = arguments(words, _PYTHON_VALUES if is_python(simple) else _CODE_OPTIONS.get(simple.name, "-e"))
    runs_other = any(
        name in ("-c", "-m", "-e", "-E", "-p", "-r", "--eval", "--version", "-V") for name, _ in parts.options
    )
    return not runs_other and (not parts.operands or parts.operands[0] in ("-", "/dev/stdin"))


def script(simple: Simple) -> str:
    """The file that a command runs: `./x`, `sh x`, `python x`, `. x`; empty where it runs none."""
    if not simple.words:
        return ""
    if is_interpreter(simple):
        parts = arguments(simple.words[1:], f"{_PYTHON_VALUES} -o -e -r --rcfile")
        return "" if parts.has("-c", "-m", "-e", "-r", "-s") or not parts.operands else parts.operands[0]
    if simple.name in ("source", "."):
        return simple.words[1] if len(simple.words) > 1 else ""
    return simple.words[0] if "/" in simple.words[0] else ""


def is_test_run(simple: Simple) -> bool:
    """Whether a command runs tests."""
    name, words = simple.name, simple.words[1:]
    if name in _TEST_PROGRAMS:
        return "--version" not in words and "--help" not in words
    if is_python(simple):
        module = arguments(words, _PYTHON_VALUES).value("-m")
        return module in ("pytest", "unittest", "nose2", "tox", "nox") or _runs(words, "manage.py", "test")
    if name in _PACKAGE_RUNNERS:
        plain = [word for word in words if not word.startswith("-")]
        return (
            plain[:1] == ["test"]
            or plain[:1] == ["t"]
            or (plain[:1] == ["run"] and "".join(plain[1:2]).startswith("test"))
        )
    return bool(_TEST_WORDS.get(name, set()).intersection(words[:3]))


def _runs(words: tuple[str, ...], script_name: str, verb: str) -> bool:
    return len(words) > 1 and words[0].endswith(script_name) and words[1] == verb
