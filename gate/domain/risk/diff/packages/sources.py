"""D12: where packages come from, and whether their content is still pinned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gate.domain.risk.diff.look import FileLook, FileRule, Hit
from gate.domain.risk.diff.packages.locks import Locked, is_lock, read_lock
from gate.domain.risk.diff.packages.manifests import dependencies, ecosystem
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import Line, PathClass

D12 = Rule(
    id="D12",
    name="dependency-source",
    severity=Severity.HIGH,
    why="What is installed comes from another place, or may be swapped there without anybody noticing.",
    check="See whose place it is, and that the name is nobody else's on the public index.",
)

PACKAGE_FILES = tuple(
    "package.json pyproject.toml Pipfile Cargo.toml go.mod Gemfile composer.json *.gemspec"
    " *requirements*.txt *requirements*.in requirements/*.txt constraints*.txt setup.cfg setup.py"
    " package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml poetry.lock uv.lock pdm.lock"
    " Pipfile.lock Cargo.lock go.sum Gemfile.lock composer.lock bun.lock .npmrc .yarnrc .yarnrc.yml"
    " pip.conf pip.ini uv.toml bunfig.toml /.cargo/config* build.gradle build.gradle.kts"
    " settings.gradle settings.gradle.kts NuGet.config nuget.config .bundle/config go.work"
    " pnpm-workspace.yaml".split()
)
_HOST = r"(?P<place>[\w.-]+(?::\d+)?"
# Whose repository it is counts, so a place at a forge is its host and its owner.
_OWNER = _HOST + r"[/:][^/\s\"'#?]+)"
_URL = r"https?://(?:[^@/\s\"']{1,200}@)?"
_PATTERNS = (
    ("git", re.compile(r"\b(?:git\+)?(?:git|ssh)://(?:[^@/\s\"']{1,200}@)?" + _OWNER)),
    ("git", re.compile(r"\bgit\+" + _URL + _OWNER)),
    ("git", re.compile(r"\bgit\+(?:file|ssh):/{0,3}(?P<place>[^\s\"'#]{1,200})")),
    ("git", re.compile(r"\bgit['\"]?[ \t]*(?:=>|[:=])[ \t]*['\"]" + _URL + _OWNER)),
    ("git", re.compile(r"\bgit@" + _OWNER)),
    ("git", re.compile(r"['\"](?P<place>(?:github|gitlab|bitbucket|gist):[^/\s\"']+)")),
    ("git", re.compile(r"\bgithub['\"]?[ \t]*(?:=>|:)[ \t]*['\"](?P<place>[\w.-]+)/")),
    (
        "archive",
        re.compile(
            _URL + _HOST + r")/[^\s\"'#]{0,300}\.(?:tgz|tar\.gz|tar\.bz2|tar\.xz|zip|whl|gem|crate)\b"
        ),
    ),
    ("index", re.compile(r"--(?:extra-)?index-url[= \t]+[\"']?" + _URL + _HOST + ")")),
    ("index", re.compile(r"^[ \t]*(?:-i|-f|--find-links)[= \t]+[\"']?" + _URL + _HOST + ")", re.MULTILINE)),
    ("index", re.compile(r"(?i)\b(?:extra-)?index-url[ \t]*=[ \t]*[\"']?" + _URL + _HOST + ")")),
    ("index", re.compile(r"(?i)registry(?:server)?[\"']?[ \t]*[=:][ \t]*[\"']?" + _URL + _HOST + ")")),
    ("index", re.compile(r"\bregistry\+" + _URL + _HOST + ")")),
    ("index", re.compile(r"\burl[ \t]*[=(]?[ \t]*(?:uri\()?[\"']" + _URL + _HOST + ")")),
    ("index", re.compile(r"^[ \t]*source[ \t(]+[\"']" + _URL + _HOST + ")", re.MULTILINE)),
    ("index", re.compile(r"^[ \t]*remote: " + _URL + _HOST + ")", re.MULTILINE)),
    ("index", re.compile(r"\bresolved\"?:?[ \t]+\"?" + _URL + _HOST + ")")),
    ("index", re.compile(r"<add [^\n>]{0,200}value=\"" + _URL + _HOST + ")")),
    ("replacement", re.compile(r"=>[ \t]*(?P<place>[\w~-]+\.[\w./~-]+)")),
    ("replacement", re.compile(r"\b(?P<place>replace-with[ \t]*=[ \t]*\S+)")),
)
_HINTS = ("://", "git@", "github", "gitlab:", "bitbucket:", "gist:", "=>", "replace-with")
_USUAL = frozenset(
    "registry.npmjs.org registry.yarnpkg.com pypi.org pypi.python.org files.pythonhosted.org"
    " index.crates.io crates.io static.crates.io rubygems.org proxy.golang.org sum.golang.org"
    " repo.maven.apache.org repo1.maven.org plugins.gradle.org api.nuget.org www.nuget.org"
    " repo.packagist.org api.github.com/repos github.com/rust-lang".split()
)
_SHORT = re.compile(r"[\w.-]+/[\w.-]+(#\S+)?")
_INDEX_OPTION = re.compile(
    r"--(?:extra-)?index-url[= \t]+[\"']?(?:https?:)?//\S{1,200}|--registry[= \t]+[\"']?https?://\S{1,200}"
)


def source(look: FileLook) -> Iterator[Hit]:
    """Places that the old file did not name."""
    if not any(hint in look.folded for hint in _HINTS):
        return
    known: set[tuple[str, str]] | None = None
    told: set[int] = set()
    for kind, pattern in _PATTERNS:
        for line, match in look.finds(pattern):
            place = match["place"].lower()
            if place.partition("/")[0] in _USUAL or place in _USUAL or not _is_asked_for(look, line):
                continue
            known = _places(look.old) if known is None else known
            if (kind, place) not in known and line.number not in told:
                told.add(line.number)
                words = f"Packages come from a {kind} that the file did not name before"
                yield Hit(words, line, _in(look), key=f"{kind} {place}")


def short_source(look: FileLook) -> Iterator[Hit]:
    """npm takes `owner/name` for a repository at GitHub."""
    kind = ecosystem(look.path)
    if kind is None or kind.name != "npm" or look.is_deleted:
        return
    old, new = dependencies(kind, look.old) or {}, dependencies(kind, look.new) or {}
    for name, spec in new.items():
        if _SHORT.fullmatch(spec) and old.get(name) != spec:
            yield Hit(
                "A package comes from a repository at GitHub", severity=_in(look), seen=f"{name} {spec}"
            )


def hash_lost(look: FileLook) -> Iterator[Hit]:
    if not is_lock(look.path) or look.file.status != "M":
        return
    old, new = read_lock(look.path, look.old) or {}, read_lock(look.path, look.new) or {}
    lost = [name for name in new if name in old and _hashed(old[name]) and not _hashed(new[name])]
    if lost:
        words = f"{len(lost)} packages were pinned by a hash, and are so no more"
        yield Hit(words, seen=", ".join(sorted(lost)[:20]))


def required_hash_lost(look: FileLook) -> Iterator[Hit]:
    kind = ecosystem(look.path)
    if kind is None or kind.name != "PyPI" or not look.path.endswith((".txt", ".in")):
        return
    old, new = dependencies(kind, look.old) or {}, dependencies(kind, look.new) or {}
    lost = [name for name, spec in new.items() if "--hash=" in old.get(name, "") and "--hash=" not in spec]
    if lost:
        words = f"{len(lost)} packages were pinned by a hash, and are so no more"
        yield Hit(words, seen=", ".join(sorted(lost)[:20]))


def index_option(look: FileLook) -> Iterator[Hit]:
    """The same in scripts, workflows and Dockerfiles."""
    if look.marked("dependencies"):
        return
    for line, match in look.finds(_INDEX_OPTION, "--index-url", "--extra-index-url", "--registry"):
        if not any(f"//{host}" in match.group() for host in _USUAL) and match.group() not in look.old:
            yield Hit("Packages come from an index of its own", line, _in(look))


def _is_asked_for(look: FileLook, line: Line) -> bool:
    """Whether it is a dependency's line: a package.json also names its own repository and page."""
    kind = ecosystem(look.path)
    specs = dependencies(kind, look.new) if kind is not None and kind.name == "npm" else None
    return specs is None or any(spec and spec in line.text for spec in specs.values())


def _places(text: str) -> set[tuple[str, str]]:
    return {(kind, match["place"].lower()) for kind, one in _PATTERNS for match in one.finditer(text)}


def _hashed(locked: Sequence[Locked]) -> bool:
    return all(one.has_hash for one in locked)


def _in(look: FileLook) -> Severity:
    return look.lowered_in(D12.severity, PathClass.VENDORED, PathClass.TEST, PathClass.DOCS)


RULES = (
    FileRule(D12, source, mark="dependencies"),
    FileRule(D12, short_source, mark="dependencies"),
    FileRule(D12, hash_lost, mark="dependencies"),
    FileRule(D12, required_hash_lost, mark="dependencies"),
    FileRule(D12, index_option),
)
