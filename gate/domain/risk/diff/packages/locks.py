"""What lock files pin: each package with its version, and whether its content is pinned by a hash."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate.domain.risk.diff.packages.manifests import rows, table

_GO_SUM = re.compile(r"^(?P<name>\S+) (?P<version>v[^\s/]+)(?:/go\.mod)? h1:", re.MULTILINE)
_GEM_SPEC = re.compile(r"^ {4}(?P<name>[\w.-]+) \((?P<version>[^)]+)\)", re.MULTILINE)
# Both shapes of yarn's: `left-pad@^1.0.0:` and `"left-pad@npm:^1.0.0":`, and what is indented below.
_YARN = re.compile(r"^\"?(?P<name>@?[^@\s\",]+)@[^\n]*:\r?\n(?P<body>(?:[ \t][^\n]*\n?)*)", re.MULTILINE)
_YARN_VERSION = re.compile(r"^ +version:? \"?(?P<version>[^\"\s]+)", re.MULTILINE)
_PNPM = re.compile(
    r"^ {2}'?/?(?P<name>@?[^@\s'(]{1,214})[@/](?P<version>\d[^:'(\s]{0,100})(?=[:'(\s])[^\n]{0,300}:\r?\n"
    r"(?P<body>(?: {4}[^\n]*\n?)*)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Locked:
    """One pinned package. `runs` says that the lock file tells of a script at its installation."""

    name: str
    version: str
    has_hash: bool
    runs: bool = False


Lock = Mapping[str, Sequence[Locked]]


def is_lock(path: str) -> bool:
    """Whether this reads lock files of that name."""
    return path.rpartition("/")[2] in _READERS


def read_lock(path: str, text: str) -> Lock | None:
    """The pinned packages by name; None where the text does not parse."""
    found: dict[str, list[Locked]] = {}
    try:
        for one in _READERS[path.rpartition("/")[2]](text):
            found.setdefault(one.name, []).append(one)
    except (ValueError, RecursionError, TypeError, AttributeError):
        return None
    return found


def _npm(text: str) -> Iterator[Locked]:
    parsed = table(json.loads(text))
    for place, value in table(parsed.get("packages")).items():
        one = table(value)
        if "node_modules/" in place and not one.get("link"):
            name = str(one.get("name") or place.rpartition("node_modules/")[2])
            yield _locked(
                name, one, bool(one.get("integrity") or one.get("inBundle")), one.get("hasInstallScript")
            )
    if "packages" in parsed:
        return
    waiting = [table(parsed.get("dependencies"))]
    while waiting:
        for name, value in waiting.pop().items():
            one = table(value)
            yield _locked(name, one, bool(one.get("integrity") or one.get("bundled")))
            waiting.append(table(one.get("dependencies")))


def _toml(text: str) -> Iterator[Locked]:
    """Cargo.lock, poetry.lock, uv.lock and pdm.lock: a list of packages, each with hashes of its own kind."""
    for one in rows(tomllib.loads(text).get("package")):
        files = [*rows(one.get("files")), *rows(one.get("wheels")), table(one.get("sdist"))]
        has_hash = bool(one.get("checksum")) or any(file.get("hash") for file in files)
        yield _locked(str(one.get("name", "")), one, has_hash)


def _pipfile(text: str) -> Iterator[Locked]:
    parsed = table(json.loads(text))
    for key in ("default", "develop"):
        for name, value in table(parsed.get(key)).items():
            yield _locked(name, table(value), bool(table(value).get("hashes")))


def _composer(text: str) -> Iterator[Locked]:
    parsed = table(json.loads(text))
    for one in (*rows(parsed.get("packages")), *rows(parsed.get("packages-dev"))):
        yield _locked(str(one.get("name", "")), one, bool(table(one.get("dist")).get("shasum")))


def _go(text: str) -> Iterator[Locked]:
    return (Locked(match["name"], match["version"], True) for match in _GO_SUM.finditer(text))


def _gems(text: str) -> Iterator[Locked]:
    return (Locked(match["name"], match["version"], False) for match in _GEM_SPEC.finditer(text))


def _yarn(text: str) -> Iterator[Locked]:
    for match in _YARN.finditer(text):
        body = match["body"]
        version = _YARN_VERSION.search(body)
        has_hash = "integrity " in body or "checksum:" in body or "linkType: soft" in body
        yield Locked(match["name"], version["version"] if version else "", has_hash)


def _pnpm(text: str) -> Iterator[Locked]:
    for match in _PNPM.finditer(text):
        if "resolution:" in match["body"]:
            runs = "requiresBuild: true" in match["body"]
            yield Locked(match["name"], match["version"], "integrity:" in match["body"], runs)


def _locked(name: str, one: Mapping[str, Any], has_hash: bool, runs: Any = False) -> Locked:
    return Locked(name, str(one.get("version", "")), has_hash, bool(runs))


_READERS: dict[str, Callable[[str], Iterable[Locked]]] = {
    "package-lock.json": _npm,
    "npm-shrinkwrap.json": _npm,
    "poetry.lock": _toml,
    "uv.lock": _toml,
    "pdm.lock": _toml,
    "Cargo.lock": _toml,
    "Pipfile.lock": _pipfile,
    "composer.lock": _composer,
    "go.sum": _go,
    "Gemfile.lock": _gems,
    "yarn.lock": _yarn,
    "pnpm-lock.yaml": _pnpm,
}
