"""Rules about what a file is: its name, kind, mode, and what its place means."""

from __future__ import annotations

import pytest

from gate.domain.brief.model import Brief, BriefReport, BriefRule, BriefSource, Part, RuleKind
from gate.domain.risk.model import Confidence, Finding, Place, Severity
from tests.risk.diff.pushes import NEW, OLD, Blobs, File, push

INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
PIN, OTHER_PIN = "1" * 40, "2" * 40


def severities(rule: str, files: dict[str, File]) -> list[Severity]:
    return [finding.severity for finding in push(files).findings() if finding.rule.id == rule]


@pytest.mark.parametrize(
    ("rule", "path", "file", "severity"),
    [
        ("D03", "deploy/id_rsa", File(None, "-----BEGIN OPENSSH PRIVATE KEY-----\n"), HIGH),
        ("D03", "config/.env", File(None, "A=1\n"), HIGH),
        ("D03", "tests/fixtures/key.pem", File(None, "x\n"), MEDIUM),
        ("D03", "ca.pem", File(None, "-----BEGIN CERTIFICATE-----\n"), LOW),
        ("D03", ".npmrc", File(None, "save-exact=true\n"), LOW),
        ("D03", ".npmrc", File(None, "//registry.npmjs.org/:_authToken=x\n"), HIGH),
        ("D04", "src/a.py", File("", "x\n", is_cut=True), HIGH),
        ("D04", "package-lock.json", File("{}", "{}\n", is_cut=True), MEDIUM),
        ("D04", "data/a.bin", File(None, "version https://git-lfs.github.com/spec/v1\noid sha256:1\n"), HIGH),
        ("D17", "libs/x", File(None, "Subproject commit 1\n", new_mode="160000"), HIGH),
        ("D17", "libs/x", File("a", "b", "160000", "160000"), HIGH),
        ("D18", "link", File(None, "/etc/passwd", new_mode="120000"), HIGH),
        ("D18", "a/link", File(None, "../../outside", new_mode="120000"), HIGH),
        ("D18", "link", File(None, ".git/hooks/pre-commit", new_mode="120000"), HIGH),
        ("D18", "link", File(None, "C:\\Windows", new_mode="120000"), HIGH),
        ("D18", "a/link", File(None, "../b/file", new_mode="120000"), LOW),
        ("D18", "a/link", File("a file", "../../out", "100644", "120000"), HIGH),
        ("D19", "bin/run", File("#!/bin/sh\n", "#!/bin/sh\nx\n", "100644", "100755"), LOW),
        ("D19", "src/run.py", File(None, "#!/usr/bin/env python3\n", new_mode="100755"), MEDIUM),
        ("D19", "bin/run", File(None, "x\n", new_mode="100755"), MEDIUM),
        ("D22", "src/aux.c", File(None, "x\n"), HIGH),
        ("D22", "a/.GIT/config", File(None, "x\n"), HIGH),
        ("D22", "a/.g\u200cit/config", File(None, "x\n"), HIGH),
        ("D22", "a/git~1/config", File(None, "x\n"), HIGH),
        ("D22", "a\nb", File(None, "x\n"), HIGH),
        ("D22", "a/b ", File(None, "x\n"), HIGH),
        ("D22", "a./b", File(None, "x\n"), HIGH),
        ("D22", "a\\b", File(None, "x\n"), HIGH),
        ("D22", "a\u202eb", File(None, "x\n"), HIGH),
        ("D22", "a\udcff", File(None, "x\n"), HIGH),
        ("D24", "a/tool", File(None, b"\x7fELF\0\0"), HIGH),
        ("D24", "a/logo.png", File(None, b"\x7fELF\0\0"), HIGH),
        ("D24", "a/x.jar", File(None, b"PK\x03\x04\0"), HIGH),
        ("D24", "a/x.wasm", File(None, b"\0asm\1"), HIGH),
        ("D24", "src/a.py", File(None, b"import os\n\0"), HIGH),
        ("D24", "a/data.bin", File(None, b"\0\1\2"), MEDIUM),
        ("D24", "a/logo.png", File(None, b"\0\1\2"), MEDIUM),
        ("D24", "a/logo.png", File(PNG, PNG + b"\0"), LOW),
        ("D05", ".github/workflows/ci.yml", File("on: push\n", "on: pull_request_target\n"), HIGH),
        ("D05", ".github/workflows/ci.yml", File(None, "on: push\n"), HIGH),
        ("D05", ".github/workflows/ci.yml", File("on: push\n", None), HIGH),
        ("D05", "ci/Jenkinsfile", File("a\n", "b\n"), HIGH),
        ("D05", ".gitlab-ci.yml", File("a\n", "b\n"), HIGH),
        (
            "D05",
            ".github/workflows/ci.yml",
            File(f"uses: a/b@{PIN}\n", f"uses: a/b@{OTHER_PIN} # v2\n"),
            MEDIUM,
        ),
        ("D05", ".github/workflows/ci.yml", File(f"uses: a/b@{PIN}\n", f"uses: c/b@{PIN}\n"), HIGH),
        ("D05", ".github/workflows/ci.yml", File(f"uses: a/b@{PIN}\n", "uses: a/b@v2\n"), HIGH),
        ("D05", ".github/workflows/ci.yml", File("on: push\n", "# why\non: push\n"), LOW),
        ("D08", ".github/CODEOWNERS", File("* @alice\n", "* @bob\n"), HIGH),
        ("D08", ".github/dependabot.yml", File("a\n", None), HIGH),
        ("D08", ".pushgate/brief.md", File("a\n", "b\n"), HIGH),
        ("D09", "AGENTS.md", File("Be careful.\n", "Run anything.\n"), HIGH),
        ("D09", "sub/CLAUDE.md", File(None, "x\n"), HIGH),
        ("D09", ".codex/config.toml", File("a\n", "b\n"), HIGH),
        ("D16", ".gitattributes", File("", "*.py -diff\n"), HIGH),
        ("D16", ".gitattributes", File("", "src/* linguist-generated\n"), HIGH),
        ("D16", "a/.gitattributes", File("", "*.sh text eol=lf\n"), LOW),
        ("D16", ".gitmodules", File("", '[submodule "x"]\n\turl = https://example.org/x\n'), HIGH),
        ("D21", ".husky/pre-commit", File("npm test\n", "npm run lint\n"), MEDIUM),
        ("D21", ".husky/pre-commit", File("npm test\n", None), HIGH),
        ("D21", ".husky/pre-commit", File("npm test\nnpm run lint\n", "npm run lint\n"), HIGH),
        ("D21", ".pre-commit-config.yaml", File("- id: a\n- id: gitleaks\n", "- id: a\n- id: c\n"), HIGH),
        ("D21", ".pre-commit-config.yaml", File("  rev: v1\n", "  rev: v2\n"), LOW),
        ("D45", "LICENSE", File("MIT\n", "GPL\n"), MEDIUM),
        ("D45", "LICENSE", File("MIT\n", None), MEDIUM),
        ("D45", "LICENSE", File("(c) 2024 Alice\n", "(c) 2024-2026 Alice\n"), INFO),
        ("D23", "vendor/a/x.go", File("a\n", "b\n"), MEDIUM),
        ("D23", "api_pb2.py", File("a\n", "b\n"), MEDIUM),
    ],
)
def test_a_file_that_fires(rule: str, path: str, file: File, severity: Severity) -> None:
    assert severities(rule, {path: file}) == [severity]


@pytest.mark.parametrize(
    ("rule", "path", "file"),
    [
        ("D03", ".env.example", File(None, "A=\n")),
        ("D03", "config/.env", File("A=1\n", "A=2\n")),
        ("D03", "src/environment.py", File(None, "x\n")),
        ("D04", "docs/lfs.md", File("", "text\nversion https://git-lfs.github.com/spec/v1\n")),
        ("D17", "libs/x", File("Subproject commit 1\n", None, old_mode="160000")),
        ("D18", "link", File("/etc/passwd", None, old_mode="120000")),
        ("D19", "bin/run", File("a\n", "b\n", "100755", "100755")),
        ("D22", "src/auxiliary.c", File(None, "x\n")),
        ("D22", "a/.github/x", File(None, "x\n")),
        ("D22", "a/.gitignore", File(None, "x\n")),
        ("D22", "\xe9t\xe9/\u65e5\u672c.txt", File(None, "x\n")),
        ("D22", "src/aux.c", File("x\n", None)),
        ("D24", "a/x.jar", File(b"PK\x03\x04\0", None)),
        ("D05", "docs/workflows/ci.yml", File("a\n", "b\n")),
        ("D05", "src/.github/workflows/ci.yml", File("a\n", "b\n")),
        ("D08", "src/codeowners.py", File("a\n", "b\n")),
        ("D09", "docs/agents.md", File("a\n", "b\n")),
        ("D16", "src/gitattributes.py", File("", "*.py -diff\n")),
        ("D21", "src/hooks/use-state.ts", File("a\n", "b\n")),
        ("D45", "src/license.py", File("a\n", "b\n")),
        ("D23", "src/vendor.go", File("a\n", "b\n")),
    ],
)
def test_a_file_that_only_looks_alike(rule: str, path: str, file: File) -> None:
    assert severities(rule, {path: file}) == []


def test_vendored_code_with_its_source_weighs_less() -> None:
    files = {"vendor/a/x.go": File("a\n", "b\n"), "go.sum": File("x v1.0.0 h1:a\n", "x v1.1.0 h1:b\n")}

    assert severities("D23", files) == [LOW]


def test_a_link_says_where_it_leads() -> None:
    (finding,) = push({"a/link": File(None, "../../etc", new_mode="120000")}).findings()

    assert finding == Finding(
        rule=finding.rule,
        severity=HIGH,
        words="A symbolic link that leaves the repository",
        place=Place(path="a/link", oid=NEW),
        seen="../../etc",
        identity=finding.identity,
    )
    assert (finding.rule.id, finding.identity[:4], len(finding.identity)) == ("D18", "D18:", 20)


def test_a_change_of_ci_shows_its_first_line() -> None:
    old = "on: push\njobs:\n"
    (finding,) = push({".github/workflows/ci.yml": File(old, old + "  evil: 1\n")}).findings()

    assert finding.place == Place(path=".github/workflows/ci.yml", line=3, oid=NEW)
    assert finding.seen == "evil: 1"


def test_what_only_went_is_shown_in_the_old_file() -> None:
    files = {".pre-commit-config.yaml": File("- id: a\n- id: gitleaks\n", "- id: a\n")}
    (finding,) = [one for one in push(files).findings() if one.rule.id == "D21"]

    assert finding.place == Place(path=".pre-commit-config.yaml", line=2, oid=OLD)
    assert finding.seen == "- id: gitleaks"


def test_names_that_differ_in_case_alone_are_a_trick() -> None:
    files = {"src/Config.py": File(None, "x\n"), "src/config.py": File(None, "y\n")}

    assert severities("D22", files) == [HIGH]
    assert severities("D22", {"src/Config.py": File("x\n", None), "src/config.py": File(None, "x\n")}) == []


def test_a_file_too_large_for_its_dependencies_to_be_read_is_told() -> None:
    lock = "{" + " " * 2_000 + "}\n"
    small = Blobs(limit=100)

    found = push({"package-lock.json": File("{}\n", lock)}, blobs=small).findings()

    assert [one.words for one in found if one.rule.id == "D04"] == [
        "It is too large for its dependencies to be read"
    ]


def test_a_push_that_was_cut_is_told() -> None:
    found = push({"a.txt": File("a\n", "b\n")}, truncated=True).findings()

    assert [(one.rule.id, one.severity, one.place) for one in found] == [("D04", HIGH, Place())]


def brief(source: BriefSource, *values: str) -> BriefReport:
    rule = BriefRule(Part.ALLOWED, RuleKind.PATHS, "Change these", 3, values)
    return BriefReport(Brief(source, "here", "text", rules=(rule,)), ())


@pytest.mark.parametrize(
    ("source", "value", "severity"),
    [
        (BriefSource.OPERATOR, "AGENTS.md", LOW),
        (BriefSource.OPERATOR, "/docs/AGENTS.md", LOW),
        (BriefSource.OPERATOR, "docs/", HIGH),
        (BriefSource.OPERATOR, "*", HIGH),
        (BriefSource.OPERATOR, "src/AGENTS.md", HIGH),
        (BriefSource.COMMITTED, "AGENTS.md", HIGH),
    ],
)
def test_only_the_operator_lets_an_agent_change_its_orders(
    source: BriefSource, value: str, severity: Severity
) -> None:
    pushed = push({"docs/AGENTS.md": File("a\n", "b\n")}, brief=brief(source, value))

    assert [one.severity for one in pushed.findings() if one.rule.id == "D09"] == [severity]


def test_every_finding_says_how_sure_it_is() -> None:
    files = {"src/a.py": File("", "logger.info(password)\n")}
    (finding,) = push(files).findings()

    assert (finding.rule.id, finding.confidence) == ("D44", Confidence.LIKELY)
