"""Direct dependencies out of manifests, each with what is asked of it. What does not parse is None."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_REQUIREMENT = re.compile(
    r"[ \t]*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)[ \t]*(?:\[[^\]]*\])?[ \t]*(?P<spec>.*)"
)
_REQUIREMENTS = re.compile(r"(.*requirements.*|constraints.*)\.(txt|in)")
_GEM = re.compile(r"^[ \t]*gem[ \t(]+['\"](?P<name>[\w.-]+)['\"](?P<spec>[^\n#]*)", re.MULTILINE)
_GO_REQUIRE = re.compile(
    r"^[ \t]*(?:require[ \t]+)?(?P<name>[\w~-]+\.[\w./~-]+)[ \t]+(?P<spec>v[^\s/]+)(?P<rest>.*)$", re.M
)
_NPM_TABLES = (
    "dependencies devDependencies optionalDependencies peerDependencies resolutions overrides".split()
)
_CARGO_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")

Dependencies = Mapping[str, str]
_Found = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """A packager with the names of its lock files. `normal` is how it compares names."""

    name: str
    locks: tuple[str, ...]
    read: Callable[[str], _Found]
    normal: Callable[[str], str] = str.lower


def ecosystem(path: str) -> Ecosystem | None:
    """The ecosystem that a file is a manifest of."""
    folders, _, name = path.rpartition("/")
    if name in _BY_NAME:
        return _BY_NAME[name]
    if _REQUIREMENTS.fullmatch(name) or (
        folders.rpartition("/")[2] == "requirements" and name.endswith(".txt")
    ):
        return _REQUIREMENTS_TXT
    return None


def dependencies(kind: Ecosystem, text: str) -> Dependencies | None:
    """Name and what is asked of it, for each direct dependency; None where the text does not parse."""
    try:
        return {kind.normal(name): " ".join(spec.split()) for name, spec in kind.read(text)}
    except (ValueError, RecursionError, TypeError, AttributeError):
        return None


def table(value: Any) -> dict[str, Any]:
    """A table of parsed text, empty where something else stands."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[dict[str, Any]]:
    """The tables in a list of parsed text."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def pypi_name(name: str) -> str:
    """PEP 503: case, and which of `-`, `_` and `.` it is, make no difference."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: Any) -> Iterator[tuple[str, str]]:
    """The name and the rest of a requirement as PEP 508 writes it."""
    if isinstance(text, str) and (match := _REQUIREMENT.fullmatch(text.split(";")[0].strip())):
        yield match["name"], match["spec"]


def _spec(value: Any) -> str:
    """What is asked of a dependency: a version, or a table with where it comes from."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _npm(text: str) -> Iterator[tuple[str, str]]:
    parsed = table(json.loads(text))
    for key in _NPM_TABLES:
        yield from ((name, _spec(value)) for name, value in table(parsed.get(key)).items())


def _composer(text: str) -> Iterator[tuple[str, str]]:
    parsed = table(json.loads(text))
    for key in ("require", "require-dev"):
        yield from ((name, _spec(value)) for name, value in table(parsed.get(key)).items() if "/" in name)


def _pyproject(text: str) -> Iterator[tuple[str, str]]:
    parsed = tomllib.loads(text)
    project, tool = table(parsed.get("project")), table(parsed.get("tool"))
    lists = [
        project.get("dependencies"),
        table(parsed.get("build-system")).get("requires"),
        table(tool.get("uv")).get("dev-dependencies"),
        *table(project.get("optional-dependencies")).values(),
        *table(parsed.get("dependency-groups")).values(),
        *table(table(tool.get("pdm")).get("dev-dependencies")).values(),
    ]
    for one in lists:
        for text_of_one in one if isinstance(one, list) else ():
            yield from requirement(text_of_one)
    poetry = table(tool.get("poetry"))
    groups = [table(group).get("dependencies") for group in table(poetry.get("group")).values()]
    for one in (poetry.get("dependencies"), poetry.get("dev-dependencies"), *groups):
        yield from ((name, _spec(value)) for name, value in table(one).items() if name != "python")


def _pipfile(text: str) -> Iterator[tuple[str, str]]:
    parsed = tomllib.loads(text)
    for key in ("packages", "dev-packages"):
        yield from ((name, _spec(value)) for name, value in table(parsed.get(key)).items())


def _requirements_txt(text: str) -> Iterator[tuple[str, str]]:
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").split("\n"):
        plain = re.sub(r"(^|[ \t])#.*", "", line).strip()
        if plain and not plain.startswith("-"):
            yield from requirement(plain)


def _cargo(text: str) -> Iterator[tuple[str, str]]:
    parsed = tomllib.loads(text)
    places = [parsed, table(parsed.get("workspace")), *table(parsed.get("target")).values()]
    for place in places:
        for key in _CARGO_TABLES:
            yield from ((name, _spec(value)) for name, value in table(table(place).get(key)).items())


def _go(text: str) -> Iterator[tuple[str, str]]:
    for match in _GO_REQUIRE.finditer(text):
        if "// indirect" not in match["rest"] and "=>" not in match["rest"]:
            yield match["name"], match["spec"]


def _gems(text: str) -> Iterator[tuple[str, str]]:
    return ((match["name"], match["spec"].strip(" ,\t\r)")) for match in _GEM.finditer(text))


_PYTHON_LOCKS = ("poetry.lock", "uv.lock", "pdm.lock")
_NPM_LOCKS = tuple(
    "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb".split()
)
_REQUIREMENTS_TXT = Ecosystem("PyPI", (), _requirements_txt, pypi_name)
_BY_NAME = {
    "package.json": Ecosystem("npm", _NPM_LOCKS, _npm),
    "pyproject.toml": Ecosystem("PyPI", _PYTHON_LOCKS, _pyproject, pypi_name),
    "Pipfile": Ecosystem("PyPI", ("Pipfile.lock",), _pipfile, pypi_name),
    "Cargo.toml": Ecosystem("crates.io", ("Cargo.lock",), _cargo, pypi_name),
    "go.mod": Ecosystem("Go", ("go.sum",), _go, str),
    "Gemfile": Ecosystem("RubyGems", ("Gemfile.lock",), _gems),
    "composer.json": Ecosystem("Packagist", ("composer.lock",), _composer),
}
MANIFEST_OF = {lock: name for name, kind in _BY_NAME.items() for lock in kind.locks}
"""The manifest that each lock file belongs to, by their names."""
