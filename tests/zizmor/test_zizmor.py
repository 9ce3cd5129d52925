"""Workflows as zizmor audits them, and what of that is new."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.adapters.zizmor import Zizmor
from gate.domain.errors import Failed
from gate.domain.risk.model import Confidence, Finding, Place, Severity
from gate.domain.risk.workflow_audit import (
    D06,
    D07,
    AuditedFile,
    assess_workflow,
    workflow_not_audited,
)
from gate.services.ports.evidence import WorkflowFinding

PATH = ".github/workflows/ci.yml"
CLEAN = b"""\
name: ci
on: push
permissions: {}
jobs:
  test:
    name: Test
    runs-on: ubuntu-24.04
    steps:
      - name: Test
        run: make test
"""
VULNERABLE = CLEAN.replace(b"make test", b'echo "${{ github.event.head_commit.message }}"')
INJECTION = WorkflowFinding(
    ident="template-injection",
    words="code injection via template expansion",
    severity=Severity.HIGH,
    confidence=Confidence.CERTAIN,
    line=10,
    column=24,
)


def audited(content: bytes) -> AuditedFile:
    return AuditedFile(content, Zizmor()(PATH, content))


def test_a_clean_workflow_has_no_findings() -> None:
    assert Zizmor()(PATH, CLEAN) == ()


def test_a_vulnerable_workflow_has_them_with_their_place() -> None:
    assert Zizmor()(PATH, VULNERABLE) == (INJECTION,)


def test_neither_a_comment_nor_a_configuration_of_the_push_silences_it() -> None:
    ignored = VULNERABLE.replace(b'"\n', b'" # zizmor: ignore[template-injection]\n')

    assert [one.ident for one in Zizmor()(PATH, ignored)] == ["template-injection"]


def test_an_action_and_the_settings_of_dependabot_are_audited_for_what_they_are() -> None:
    action = (
        b"name: a\ndescription: b\nruns:\n  using: composite\n  steps:\n"
        b"    - shell: bash\n      run: echo ${{ inputs.x }}\n"
    )
    dependabot = (
        b"version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n"
        b"    schedule: {interval: daily}\n"
        b"    insecure-external-code-execution: allow\n"
    )

    assert "template-injection" in [one.ident for one in Zizmor()("tools/action.yml", action)]
    assert "dependabot-execution" in [one.ident for one in Zizmor()(".github/dependabot.yml", dependabot)]


@pytest.mark.parametrize(
    "content", [b"", b"a: [", b"a: 1\n", b"\xff\xfe", b"on: push\njobs: 1\n", b"x" * (2 << 20)]
)
def test_what_cannot_be_audited_fails(content: bytes) -> None:
    with pytest.raises(Failed):
        Zizmor()(PATH, content)


def test_a_path_leads_nowhere_but_to_its_own_folder(tmp_path: Path) -> None:
    assert Zizmor()(f"../../..{tmp_path}/--fix/.github/workflows/x.yml", CLEAN) == ()
    assert list(tmp_path.iterdir()) == []


def a_program(tmp_path: Path, script: str) -> Zizmor:
    program = tmp_path / "zizmor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return Zizmor(str(program), seconds=0.5)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exec sleep 60", "did not end within 0.5 s"),
        ("exit 1", "exit status 1"),
        ("exit 3", "exit status 3"),
        ("kill -9 $$", "exit status -9"),
        ("echo '{}'; exit 0", "not understood"),
        ("echo no json", "not understood"),
        ("echo '[{\"ident\": 1}]'", "not understood"),
    ],
)
def test_a_program_that_does_not_do_its_part_fails(tmp_path: Path, script: str, words: str) -> None:
    with pytest.raises(Failed, match=words):
        a_program(tmp_path, script)(PATH, CLEAN)


def test_a_program_that_is_not_there_fails(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="Install the package zizmor"):
        Zizmor(str(tmp_path / "none"))(PATH, CLEAN)


def test_what_a_workflow_did_not_have_before_is_a_finding() -> None:
    (finding,) = assess_workflow(PATH, audited(VULNERABLE), audited(CLEAN), oid="a" * 40)

    assert finding == Finding(
        rule=D06,
        severity=Severity.HIGH,
        words="Code injection via template expansion (zizmor: template-injection)",
        place=Place(path=PATH, line=10, column=24, oid="a" * 40),
        confidence=Confidence.CERTAIN,
        seen='run: echo "${{ github.event.head_commit.message }}"',
        identity=finding.identity,
    )


def test_what_it_had_before_is_none_even_where_it_moved() -> None:
    moved = audited(b"# One line more.\n" + VULNERABLE)

    assert list(assess_workflow(PATH, moved, audited(VULNERABLE))) == []


def test_another_fault_of_the_same_kind_in_place_of_the_old_one_is_new() -> None:
    other = audited(VULNERABLE.replace(b"head_commit.message", b"head_commit.author.name"))

    assert [one.rule.id for one in assess_workflow(PATH, other, audited(VULNERABLE))] == ["D06"]


def test_the_same_fault_once_more_is_new_and_has_its_own_identity() -> None:
    step = b'      - name: Test\n        run: echo "${{ github.event.head_commit.message }}"\n'
    thrice = audited(VULNERABLE + step + step)

    found = list(assess_workflow(PATH, thrice, audited(VULNERABLE)))

    assert len(found) == len({one.identity for one in found}) == 2


def test_rights_that_a_workflow_gets_are_a_rule_of_their_own() -> None:
    open_to_all = audited(CLEAN.replace(b"on: push", b"on: pull_request_target"))
    wide = audited(CLEAN.replace(b"permissions: {}", b"permissions: write-all"))

    assert [(one.rule, one.severity) for one in assess_workflow(PATH, open_to_all, audited(CLEAN))] == [
        (D07, Severity.HIGH)
    ]
    assert [(one.rule, one.severity) for one in assess_workflow(PATH, wide, audited(CLEAN))] == [
        (D07, Severity.HIGH)
    ]
    own_runner = audited(CLEAN.replace(b"ubuntu-24.04", b"[self-hosted, linux]"))
    assert {one.rule for one in assess_workflow(PATH, own_runner, audited(CLEAN))} == {D07}


def test_a_new_workflow_is_new_as_a_whole() -> None:
    assert [one.rule.id for one in assess_workflow(PATH, audited(VULNERABLE))] == ["D06"]


def test_a_workflow_that_could_not_be_audited_is_a_finding() -> None:
    finding = workflow_not_audited(PATH, oid="a" * 40)

    assert (finding.rule, finding.severity, finding.place) == (
        D06,
        Severity.HIGH,
        Place(path=PATH, oid="a" * 40),
    )
