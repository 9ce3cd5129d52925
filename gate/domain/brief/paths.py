"""Paths and words for paths in the sentences of a brief, as gitignore patterns."""

from __future__ import annotations

import re

_BARE_FILES = frozenset(
    "makefile dockerfile containerfile jenkinsfile vagrantfile procfile gemfile rakefile license licence "
    "readme changelog codeowners justfile pipfile brewfile".split()
)
_EXTENSIONS = (
    "bash c cc cfg clj conf cpp cs css csv dart ex exs go gradle graphql h hpp html ini java jinja js json "
    "jsonl jsx kt kts less lock lua m mdx md mjs cjs mts nix php pl po proto ps1 py pyi rb rs rst sass scala "
    "scss sh sql svelte svg swift tf tfvars toml ts tsx txt vue xml yaml yml zig env"
)
_FILE = re.compile(rf"[\w*?@%+~-][\w.*?@%+~-]*\.(?:{'|'.join(_EXTENSIONS.split())})|\.[a-z][\w.-]+")
_SLASHED = re.compile(r"\.{0,2}/?(?:[\w.*?@%+~\[\]-]+/)+[\w.*?@%+~\[\]-]*")
_STARRED = re.compile(r"[\w.@%+~-]*\*[\w.*?@%+~/-]*")
_PLAIN = re.compile(r"[^\s`\"'(),;:]+")
_NO_PATHS = frozenset(
    "and/or i/o ci/cd tcp/ip client/server read/write yes/no on/off true/false he/she his/her n/a w/o "
    "input/output and/ or/ his/hers pass/fail start/stop get/set e.g i.e etc".split()
)
_NOUNS: dict[str, tuple[str, ...]] = {
    "tests": (
        "tests/",
        "test/",
        "__tests__/",
        "spec/",
        "test_*",
        "*_test.*",
        "*.test.*",
        "*.spec.*",
        "*_spec.*",
    ),
    "fixtures": ("fixtures/", "__fixtures__/", "testdata/"),
    "documentation": ("docs/", "doc/", "*.md", "*.rst"),
    "migrations": ("migrations/", "migrate/"),
    "workflows": (".github/workflows/",),
}
_SAME = {
    "test": "tests",
    "specs": "tests",
    "fixture": "fixtures",
    "docs": "documentation",
    "doc": "documentation",
    "migration": "migrations",
    "workflow": "workflows",
}
_FILLING = frozenset(
    "the a an any all and or only files file code folder folders data suite suites database these those in "
    "of just existing test".split()
)
_VERB = re.compile(
    r"\b(?:edit|touch|change|modify|write|create|delete|remove|rename|move|update|add|alter|replace)"
    r"(?:s|d|ed|ing)?\b|\bwork in\b|\bchanges? (?:to|in|under|below|outside)\b",
    re.IGNORECASE,
)


def has_edit_verb(words: str) -> bool:
    """Whether the words speak of changing files."""
    return _VERB.search(words) is not None


def is_path(span: str, *, is_edited: bool) -> bool:
    """Whether words in backticks are a path or a pattern; `is_edited`: the sentence is about changes."""
    if not span or re.search(r"\s", span) or "://" in span or span.startswith(("-", "$", "@")):
        return False
    if "/" in span or "*" in span or _FILE.fullmatch(span) or span.casefold() in _BARE_FILES:
        return True
    return is_edited


def plain_paths(words: str) -> tuple[str, ...]:
    """Path-like words without backticks: `tests/**`, `migrations/`, `package.json`."""
    found = (word.rstrip(".?!") for word in _PLAIN.findall(words))
    return tuple(dict.fromkeys(word for word in found if _is_plain_path(word)))


def paths_of_nouns(words: str) -> tuple[str, ...]:
    """The patterns of a sentence that names nothing but kinds of files: `only edit tests and fixtures`.

    Nothing where it says anything more: a guess at half of a sentence would be a wrong rule.
    """
    if _VERB.search(words) is None:
        return ()
    rest = re.sub(
        r"\b(?:you|may|can|should|must|do|not|don't|never|no|please)\b", " ", _VERB.sub(" ", words.casefold())
    )
    nouns = [word for word in re.findall(r"[\w'*-]+", rest) if word not in _FILLING or word == "test"]
    known = [_SAME.get(noun, noun) for noun in nouns]
    if not known or any(noun not in _NOUNS for noun in known):
        return ()
    return tuple(dict.fromkeys(pattern for noun in known for pattern in _NOUNS[noun]))


def as_pattern(path: str) -> str:
    """A path as people write it, as a gitignore pattern: `./src/a.py` is `/src/a.py`."""
    return "/" + path.removeprefix("./") if path.startswith("./") else path


def _is_plain_path(word: str) -> bool:
    if word.casefold() in _NO_PATHS or "://" in word or word.startswith(("-", "@", "$")):
        return False
    if _SLASHED.fullmatch(word):
        return word.endswith("/") or word.count("/") > 1 or "." in word or "*" in word
    return bool(_FILE.fullmatch(word)) or (bool(_STARRED.fullmatch(word)) and len(word) > 1)
