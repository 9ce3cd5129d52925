"""Rules about manifests and lock files."""

from __future__ import annotations

import json

import pytest

from gate.domain.risk.diff.packages.locks import Locked, read_lock
from gate.domain.risk.diff.packages.manifests import dependencies, ecosystem
from gate.domain.risk.diff.packages.popular import imitated, is_one_edit_apart
from gate.domain.risk.model import Confidence, Place, Severity
from tests.risk.diff.pushes import NEW, File, push

INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity


def severities(rule: str, path: str, old: str | None, new: str | None) -> list[Severity]:
    found = push({path: File(old, new)}).findings()
    return [finding.severity for finding in found if finding.rule.id == rule]


def npm(**dependencies: str) -> str:
    return json.dumps({"name": "demo", "dependencies": dependencies}, indent=2)


def npm_lock(**packages: dict[str, object]) -> str:
    return json.dumps({"packages": {f"node_modules/{name}": one for name, one in packages.items()}})


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("package.json", npm(react="^18.2.0"), {"react": "^18.2.0"}),
        (
            "pyproject.toml",
            "[project]\ndependencies = [\"Re_quests[x] >=2,<3; python_version > '3'\"]\n"
            '[dependency-groups]\ndev = ["pytest", {include-group = "x"}]\n'
            '[tool.poetry.dependencies]\npython = "^3.11"\nhttpx = {version = "1", extras = ["x"]}\n',
            {"re-quests": ">=2,<3", "pytest": "", "httpx": '{"extras": ["x"], "version": "1"}'},
        ),
        (
            "requirements-dev.txt",
            "-r base.txt\n# no\nflask==3.0 \\\n    --hash=sha256:1\nplain  # why\n--index-url https://x.org\n",
            {"flask": "==3.0 --hash=sha256:1", "plain": ""},
        ),
        (
            "Cargo.toml",
            '[dependencies]\nserde = "1.0"\n[target.x.dependencies]\nlibc = {git = "g"}\n',
            {"serde": "1.0", "libc": '{"git": "g"}'},
        ),
        (
            "go.mod",
            "module m\ngo 1.22\nrequire (\n\tgithub.com/a/b v1.2.3\n\tgithub.com/c/d v1.0.0 // indirect\n)\n",
            {"github.com/a/b": "v1.2.3"},
        ),
        ("Gemfile", "gem 'rails', '~> 7.0'\ngem \"pg\"\n", {"rails": "'~> 7.0'", "pg": ""}),
        ("composer.json", '{"require": {"php": "8", "a/b": "^1"}}', {"a/b": "^1"}),
        ("Pipfile", '[packages]\nflask = "*"\n', {"flask": "*"}),
    ],
)
def test_manifests_are_read(path: str, text: str, expected: dict[str, str]) -> None:
    kind = ecosystem(path)

    assert kind is not None
    assert dependencies(kind, text) == expected


@pytest.mark.parametrize("path", ["package.json", "pyproject.toml", "Cargo.toml", "composer.json", "Pipfile"])
@pytest.mark.parametrize("text", ["[" * 100_000, "\udcff", '{"dependencies": 1', "a = [" * 5_000])
def test_a_manifest_that_does_not_parse_is_none(path: str, text: str) -> None:
    kind = ecosystem(path)

    assert kind is not None
    assert dependencies(kind, text) is None


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "package-lock.json",
            npm_lock(a={"version": "1", "integrity": "sha512-x", "hasInstallScript": True}, b={"link": True}),
            Locked("a", "1", True, True),
        ),
        (
            "package-lock.json",
            '{"dependencies": {"a": {"version": "1", "resolved": "x"}}}',
            Locked("a", "1", False),
        ),
        ("Cargo.lock", '[[package]]\nname = "a"\nversion = "1"\nchecksum = "x"\n', Locked("a", "1", True)),
        ("uv.lock", '[[package]]\nname = "a"\nversion = "1"\nsdist = {hash = "x"}\n', Locked("a", "1", True)),
        ("poetry.lock", '[[package]]\nname = "a"\nversion = "1"\nfiles = []\n', Locked("a", "1", False)),
        ("go.sum", "a.org/b v1.0.0 h1:x=\n", Locked("a.org/b", "v1.0.0", True)),
        ("Gemfile.lock", "GEM\n  specs:\n    a (1.0)\n      b (>= 1)\n", Locked("a", "1.0", False)),
        (
            "yarn.lock",
            '"@s/a@^1.0.0":\n  version "1.0.1"\n  resolved "https://x/y"\n  integrity sha512-x\n',
            Locked("@s/a", "1.0.1", True),
        ),
        (
            "pnpm-lock.yaml",
            "packages:\n\n  /a@1.0.0:\n    resolution: {integrity: x}\n",
            Locked("a", "1.0.0", True),
        ),
        ("Pipfile.lock", '{"default": {"a": {"version": "==1", "hashes": ["x"]}}}', Locked("a", "==1", True)),
    ],
)
def test_lock_files_are_read(path: str, text: str, expected: Locked) -> None:
    assert read_lock(path, text) == {expected.name: [expected]}


@pytest.mark.parametrize("path", ["package-lock.json", "Cargo.lock", "Pipfile.lock"])
@pytest.mark.parametrize("text", ["{" * 100_000, '{"a":' * 100_000, "a = " + "[" * 100_000])
def test_a_lock_file_that_does_not_parse_is_none(path: str, text: str) -> None:
    assert read_lock(path, text) is None


@pytest.mark.parametrize(
    ("rule", "path", "old", "new", "expected"),
    [
        ("D11", "package.json", npm(a="1"), npm(a="1", leftpadder="^1"), [MEDIUM]),
        ("D11", "package.json", npm(a="^1"), npm(a="^2"), [LOW]),
        ("D11", "package.json", npm(a="1"), npm(a="1").replace("demo", "other"), []),
        ("D11", "package.json", npm(a="1", b="1"), npm(a="1"), []),
        ("D11", "package.json", npm(a="1"), "{broken", [MEDIUM]),
        ("D11", "tests/fixtures/package.json", npm(), npm(a="1"), [LOW]),
        ("D11", "requirements.txt", "flask==1\n", "flask==1\nhttpx==1\n", [MEDIUM]),
        ("D11", "requirements.txt", "Flask_x==1\n", "flask-x==1\n", []),
        ("D11", "go.sum", "a.org/b v1.0.0 h1:x=\n", "a.org/b v1.0.0 h1:x=\nc.org/d v1.0.0 h1:x=\n", [LOW]),
        ("D12", "requirements.txt", "a==1\n", "a==1\nb @ git+https://github.com/evil/b\n", [HIGH]),
        (
            "D12",
            "requirements.txt",
            "a==1\n",
            "--extra-index-url https://pypi.evil.io/simple\na==1\n",
            [HIGH],
        ),
        ("D12", "requirements.txt", "a==1\n", "--index-url https://pypi.org/simple\na==1\n", []),
        ("D12", "requirements.txt", "a==1 --hash=sha256:1\n", "a==1\n", [HIGH]),
        ("D12", "package.json", npm(), npm(a="git+https://github.com/evil/a.git"), [HIGH]),
        ("D12", "package.json", npm(), npm(a="evil/a"), [HIGH]),
        ("D12", "package.json", npm(), npm(a="https://evil.io/a.tgz"), [HIGH]),
        (
            "D12",
            "package.json",
            '{"name": "x"}',
            '{\n"name": "x",\n"repository": {"url": "git+https://github.com/alice/x.git"}\n}',
            [],
        ),
        (
            "D12",
            "package.json",
            npm(a="git+https://github.com/alice/a.git"),
            npm(a="git+https://github.com/alice/a.git#v2"),
            [],
        ),
        ("D12", ".npmrc", "x=1\n", "x=1\nregistry=https://npm.evil.io/\n", [HIGH]),
        ("D12", ".npmrc", "x=1\n", "x=1\nregistry=https://registry.npmjs.org/\n", []),
        ("D12", "go.mod", "module m\n", "module m\nreplace a.org/b => evil.org/b v1.0.0\n", [HIGH]),
        ("D12", "go.mod", "module m\n", "module m\nreplace a.org/b => ../b\n", []),
        (
            "D12",
            "Cargo.toml",
            "[dependencies]\n",
            '[dependencies]\na = { git = "https://github.com/evil/a" }\n',
            [HIGH],
        ),
        (
            "D12",
            "package-lock.json",
            npm_lock(a={"version": "1", "resolved": "https://registry.npmjs.org/a", "integrity": "x"}),
            npm_lock(a={"version": "1", "resolved": "https://registry.npmjs.org/a"}),
            [HIGH],
        ),
        (
            "D12",
            "package-lock.json",
            npm_lock(a={"version": "1", "integrity": "x"}),
            npm_lock(a={"version": "1", "resolved": "https://evil.io/a.tgz", "integrity": "x"}),
            [HIGH],
        ),
        ("D13", "package.json", '{"scripts": {}}', '{"scripts": {"postinstall": "node x.js"}}', [HIGH]),
        ("D13", "package.json", '{"scripts": {}}', '{"scripts": {"test": "node x.js"}}', []),
        ("D13", "package.json", '{"scripts": {"prepare": "x"}}', '{"scripts":  {"prepare": "x"}}', []),
        ("D13", "setup.py", "setup()\n", "setup(cmdclass={'install': Evil})\n", [HIGH]),
        ("D13", "setup.py", "setup(version='1')\n", "setup(version='2')\n", []),
        ("D13", "src/adapters/setup.py", "x\n", "x\nimport base64\n", []),
        ("D13", "lib/setup.py", "import setuptools\n", "import setuptools\nos.system(x)\n", [HIGH]),
        ("D13", "build.rs", None, "fn main() {}\n", [HIGH]),
        ("D13", "conftest.py", None, "x = 1\n", [HIGH]),
        ("D13", "conftest.py", "x = 1\n", "x = 2\n", [MEDIUM]),
        ("D13", "tests/conftest.py", "x = 1\n", "x = 2\n", []),
        ("D13", "build.gradle", "a\n", "a\nid 'com.evil' version '1'\n", [HIGH]),
        ("D13", "src/evil.pth", None, "import os\n", [HIGH]),
        (
            "D13",
            "package-lock.json",
            npm_lock(a={"version": "1"}),
            npm_lock(a={"version": "1"}, b={"version": "1", "hasInstallScript": True}),
            [MEDIUM],
        ),
        ("D14", "package.json", npm(a="1.2.3"), npm(a="^1.2.3"), [MEDIUM]),
        ("D14", "package.json", npm(a="1.2.3"), npm(a="1.2.4"), []),
        ("D14", "package.json", npm(), npm(a="*"), [MEDIUM]),
        ("D14", "requirements.txt", "a==1.2\n", "a>=1.2\n", [MEDIUM]),
        ("D14", "Cargo.toml", '[dependencies]\na = "1.2.3"\n', '[dependencies]\na = "1.3"\n', []),
        ("D15", "package.json", npm(), npm(expres="^4"), [MEDIUM]),
        ("D15", "package.json", npm(), npm(express="^4"), []),
        ("D15", "package.json", npm(ourlib="1"), npm(ourlib="1", ourlibs="1"), [MEDIUM]),
        ("D15", "requirements.txt", "", "reqeusts\n", [MEDIUM]),
        ("D15", "requirements.txt", "", "python_dateutil\n", []),
        ("D10", "package.json", npm(a="1"), npm(a="2"), [MEDIUM]),
        ("D10", "package.json", npm(a="1"), npm(a="1") + "\n", []),
        ("D10", "requirements.txt", "a==1\n", "a==2\n", []),
        ("D10", "package-lock.json", npm_lock(a={"version": "1"}), npm_lock(a={"version": "2"}), [MEDIUM]),
        ("D10", "package-lock.json", npm_lock(a={"version": "1"}), npm_lock(a={"version": "1"}) + " ", []),
        ("D10", "vendor/a/package.json", npm(a="1"), npm(a="2"), []),
    ],
)
def test_a_change_of_packages(
    rule: str, path: str, old: str | None, new: str, expected: list[Severity]
) -> None:
    assert severities(rule, path, old, new) == expected


def test_a_manifest_and_its_lock_file_that_change_together_fit() -> None:
    manifest = File(npm(a="1"), npm(a="2"))
    lock = File(npm_lock(a={"version": "1"}), npm_lock(a={"version": "2"}))

    def mismatches(*paths: str) -> list[str | None]:
        files = {path: manifest if path.endswith("package.json") else lock for path in paths}
        return [one.place.path for one in push(files).findings() if one.rule.id == "D10"]

    assert mismatches("package.json", "package-lock.json") == []
    assert mismatches("web/package.json", "package-lock.json") == []
    assert mismatches("package.json", "web/package-lock.json") == ["web/package-lock.json", "package.json"]


def test_a_manifest_alone_is_no_more_than_possible() -> None:
    """Whether there is a lock file at all is not in a diff."""
    (finding,) = [
        one for one in push({"package.json": File(npm(a="1"), npm(a="2"))}).findings() if one.rule.id == "D10"
    ]

    assert (finding.confidence, finding.weight) == (Confidence.POSSIBLE, LOW)


def test_a_new_dependency_shows_its_name_and_line() -> None:
    files = {"requirements.txt": File("flask==3.0\n", "flask==3.0\nhttpx>=0.27\n")}
    (finding,) = push(files).findings()

    assert finding.words == "A new dependency from PyPI"
    assert finding.place == Place(path="requirements.txt", line=2, oid=NEW)
    assert finding.seen == "httpx >=0.27"


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [
        ("requests", "request", True),
        ("requests", "requestss", True),
        ("requests", "reqeusts", True),
        ("requests", "rewuests", True),
        ("date-fns", "datefns", True),
        ("requests", "requests", False),
        ("requests", "reqests2", False),
        ("flask", "black", False),
    ],
)
def test_names_one_letter_apart(one: str, other: str, is_near: bool) -> None:
    assert is_one_edit_apart(one, other) is is_near
    assert is_one_edit_apart(other, one) is is_near


def test_short_and_known_names_imitate_nothing() -> None:
    assert imitated("six", "PyPI", frozenset()) is None
    assert imitated("tomli", "PyPI", frozenset()) is None
    assert imitated("preact", "npm", frozenset()) is None
