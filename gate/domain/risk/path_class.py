"""What a file is for, by its path alone."""

from __future__ import annotations

import re

from gate.domain.risk.view import PathClass

LOCK_FILES = frozenset(
    "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb poetry.lock uv.lock"
    " pdm.lock pipfile.lock cargo.lock go.sum gemfile.lock composer.lock flake.lock mix.lock pubspec.lock"
    " packages.lock.json podfile.lock .terraform.lock.hcl deno.lock".split()
)
_PROSE = (".md", ".mdx", ".rst", ".adoc", ".textile", ".org")
_PROSE_NAMES = re.compile(r"(readme|license|licence|copying|notice|changelog|changes|authors|contributors)")
_CODE = re.compile(
    r"\.(py|pyi|pyx|js|jsx|ts|tsx|mjs|cjs|mts|cts|vue|svelte|go|rs|java|kt|kts|scala|groovy|gradle|c|h|cc|cpp"
    r"|cxx|hpp|hh|m|mm|cs|fs|vb|rb|php|pl|pm|lua|r|jl|swift|dart|ex|exs|erl|hs|ml|clj|sh|bash|zsh|fish|ps1"
    r"|psm1|bat|cmd|sql|tf|hcl|nix|zig|nim|sol|awk|tcl)$"
)
_VENDORED = frozenset({"vendor", "vendored", "node_modules", "third_party", "bower_components", "pods"})
_GENERATED = re.compile(
    r"(\.min\.(js|css)|\.(js|css)\.map|_pb2(_grpc)?\.pyi?|\.pb\.(go|cc|h)|\.g\.dart|\.freezed\.dart"
    r"|[._-]generated\.\w+|^dist/.*|.*/dist/.*)$"
)
_LOCALE_FOLDERS = frozenset({"i18n", "l10n", "locale", "locales", "lang", "langs", "translations"})
_LOCALE_FORMATS = (".po", ".pot", ".xlf", ".xliff", ".arb")
_MESSAGE_FORMATS = (".json", ".yml", ".yaml", ".properties", ".ftl", ".strings", ".resx", ".mo", ".toml")
_TEST_FOLDERS = frozenset(
    "test tests testing spec specs __tests__ __snapshots__ testdata test-data fixtures e2e cypress".split()
)
_TEST_NAMES = re.compile(
    r"(^test_.*\.py|_tests?\.(py|go|rb|exs|dart|cc|cpp|c)|[._-](test|spec|e2e|cy)\.[cm]?[jt]sx?|_spec\.rb"
    r"|conftest\.py|\.snap)$"
)
# Java and its relatives write `InvoiceTest.java`; `latest.java` is no test.
_TEST_CLASSES = re.compile(r"(Tests?|IT|Spec)\.(java|kt|scala|groovy|cs|php|swift)$")


def path_class(path: str) -> PathClass:
    """The class of a path. The agent chooses its paths, so a class makes a finding smaller and never none.

    Code is what its name's end says, wherever it lies: a script below `docs/` is source.
    """
    folders, name = _parts(path.lower())
    if name in LOCK_FILES:
        return PathClass.LOCK
    if not _VENDORED.isdisjoint(folders):
        return PathClass.VENDORED
    if _GENERATED.search(path.lower()):
        return PathClass.GENERATED
    if _is_locale(folders, name):
        return PathClass.LOCALE
    if not _TEST_FOLDERS.isdisjoint(folders) or _TEST_NAMES.search(name) or _TEST_CLASSES.search(path):
        return PathClass.TEST
    return PathClass.DOCS if _is_prose(folders, name) else PathClass.SOURCE


def is_code(path: str) -> bool:
    """Whether the end of the name says that it is a program in some language."""
    return _CODE.search(path.lower()) is not None


def _parts(path: str) -> tuple[list[str], str]:
    *folders, name = path.split("/")
    return folders, name


def _is_locale(folders: list[str], name: str) -> bool:
    if name.endswith(_LOCALE_FORMATS):
        return True
    return name.endswith(_MESSAGE_FORMATS) and not _LOCALE_FOLDERS.isdisjoint(folders)


def _is_prose(folders: list[str], name: str) -> bool:
    if name.endswith(_PROSE) or ("." not in name and _PROSE_NAMES.match(name)):
        return True
    # A `requirements.txt` is no prose: only what lies where documentation is kept.
    in_docs = bool({"doc", "docs", "documentation"} & {*folders})
    return (in_docs and not is_code(name) and name.endswith((".txt", ".html", ".css", ".svg", ".png"))) or (
        name in {"readme.txt", "license.txt", "licence.txt", "copying.txt", "notice.txt", "changelog.txt"}
    )
