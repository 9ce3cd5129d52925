"""The operator's brief refuses at the push; the claim of a session gets into the receipt."""

from __future__ import annotations

import pytest
from hook_repository import Clone, Gate

AGENT = "pushgateAgent.codex-1"


def rules(gate: Gate) -> list[tuple[str, str | None]]:
    """The rules of the only refusal, each with its ref."""
    [refusal] = gate.refusals()
    return [(reason["rule"], reason["ref"]) for reason in refusal["reasons"]]


def files(clone: Clone, **files: str) -> str:
    for name in files:
        (clone.path / name).parent.mkdir(parents=True, exist_ok=True)
    return clone.commit("Change files", **files)


def test_every_reason_of_a_brief_is_named_with_its_fix(gate: Gate, clone: Clone) -> None:
    gate.configure(f"{AGENT}.maxChangedFiles", "1")
    gate.configure(f"{AGENT}.maxChangedLines", "2")
    gate.configure(f"{AGENT}.forbidPath", ":(top,glob)**/migrations/**", ":(top,glob)infra")
    gate.configure(f"{AGENT}.onlyPath", ":(top,glob)src/**")
    gate.configure(f"{AGENT}.forbidRef", "refs/heads/main")
    before = gate.objects(), gate.refs()
    files(clone, **{"db/migrations/1.sql": "drop\n", "src/a": "a\nb\n", "odd \n\u202ename": "x\n"})

    result = clone.push("HEAD:main")

    assert result.status == 1
    assert rules(gate) == [
        ("brief-ref", "refs/heads/main"),
        ("brief-files", "refs/heads/main"),
        ("brief-lines", "refs/heads/main"),
        ("brief-path", "refs/heads/main"),
        ("brief-only-path", "refs/heads/main"),
    ]
    assert "it changes 3 files, and the operator's brief for codex-1 allows 1." in result.text
    assert "it changes 4 lines, and the operator's brief for codex-1 allows 2." in result.text
    assert "forbids changes of db/migrations/1.sql." in result.text
    assert "allows other files than db/migrations/1.sql, odd \\n\\u202ename." in result.text
    assert result.text.count("Fix: ") == 5
    assert (gate.objects(), gate.refs()) == before


def test_a_push_within_the_brief_is_held(gate: Gate, clone: Clone) -> None:
    gate.configure(f"{AGENT}.maxChangedFiles", "2")
    gate.configure(f"{AGENT}.maxChangedLines", "3")
    gate.configure(f"{AGENT}.forbidPath", ":(top,glob)**/migrations/**")
    gate.configure(f"{AGENT}.onlyPath", ":(top,glob)src/**", ":(top,glob)**/*.py")
    gate.configure(f"{AGENT}.onlyRef", "refs/heads/codex/*")
    files(clone, **{"src/a": "a\n", "x.py": "b\n"})

    assert "held for review" in clone.push("HEAD:refs/heads/codex/fix").text
    assert gate.refusals() == []


@pytest.mark.parametrize(
    ("ref", "is_held"),
    [("refs/heads/codex/fix", True), ("refs/heads/codex/a/b", False), ("refs/tags/v2", False)],
)
def test_a_brief_allows_some_refs_only(gate: Gate, clone: Clone, ref: str, is_held: bool) -> None:
    gate.configure(f"{AGENT}.onlyRef", "refs/heads/codex/*")
    clone.commit("Change")

    assert ("held for review" in clone.push(f"HEAD:{ref}").text) is is_held


def test_a_moved_file_counts_where_it_was_and_where_it_is(gate: Gate, clone: Clone) -> None:
    gate.configure(f"{AGENT}.forbidPath", ":(top,glob)readme")
    clone.git("mv", "readme", "elsewhere")
    clone.commit("Move", elsewhere="hello\n")

    clone.push("HEAD:main")

    assert rules(gate) == [("brief-path", "refs/heads/main")]


def test_a_delete_is_about_no_files(gate: Gate, clone: Clone) -> None:
    gate.configure(f"{AGENT}.maxChangedFiles", "0")
    gate.configure(f"{AGENT}.onlyPath", ":(top,glob)src/**")

    assert "held for review" in clone.push(":topic").text


def test_what_is_no_commit_is_refused_where_files_are_limited(gate: Gate, clone: Clone) -> None:
    gate.configure(f"{AGENT}.forbidPath", ":(top,glob)infra")
    blob = clone.git("hash-object", "-w", "readme").output.strip()

    clone.push(f"{blob}:refs/tags/blob")

    assert rules(gate) == [("brief-files", "refs/tags/blob")]


def test_a_pathspec_that_git_does_not_understand_refuses(gate: Gate, clone: Clone) -> None:
    gate.configure(f"{AGENT}.forbidPath", ":(nonsense)infra")
    clone.commit("Change")

    clone.push("HEAD:main")

    assert rules(gate) == [("failure", None)]


def test_a_brief_is_for_its_agent_alone(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgateAgent.codex-2.maxChangedFiles", "0")
    clone.commit("Change")

    assert "held for review" in clone.push("HEAD:main").text


@pytest.mark.parametrize(
    ("environment", "claim"),
    [
        ({"PUSHGATE_CLAIM": "t-1"}, ("t-1", "credential")),
        (
            {"PUSHGATE_CLAIM": "t-1.s-1.call_1", "PUSHGATE_CLAIM_BY": "environment"},
            ("t-1.s-1.call_1", "environment"),
        ),
        ({"CODEX_THREAD_ID": "t-1"}, ("t-1", "environment")),
        ({"CODEX_THREAD_ID": "t-1", "CODEX_TOOL_CALL_ID": "c"}, ("t-1..c", "environment")),
        ({"CODEX_THREAD_ID": "t", "CODEX_SESSION_ID": "s", "PUSHGATE_CLAIM": "x"}, ("x", "credential")),
        ({"CODEX_SESSION_ID": "s"}, None),
        ({"PUSHGATE_CLAIM": "t 1"}, None),
        ({"PUSHGATE_CLAIM": "../t"}, None),
        ({"PUSHGATE_CLAIM": "t" * 201}, None),
        ({"PUSHGATE_CLAIM": "t", "PUSHGATE_CLAIM_BY": "me"}, None),
        ({"CODEX_THREAD_ID": "t\n1"}, None),
        ({}, None),
    ],
)
def test_a_claim_gets_into_the_receipt_and_a_strange_one_is_dropped(
    gate: Gate, clone: Clone, environment: dict[str, str], claim: tuple[str, str] | None
) -> None:
    clone.commit("Change")

    held = clone.push("HEAD:main", **environment)

    assert "held for review" in held.text
    [receipt] = gate.receipts()
    assert (receipt.get("claim"), receipt.get("claim_by")) == (claim or (None, None))
