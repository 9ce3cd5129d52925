"""reference-transaction: no ref moves without the gate's token, whoever asks."""

from __future__ import annotations

import pytest
from hook_repository import GUARD, Clone, Gate


@pytest.mark.parametrize(
    "command",
    [
        ("update-ref", "refs/heads/new", "HEAD"),
        ("update-ref", "-d", "refs/heads/topic"),
        ("update-ref", "refs/quarantine/x/1", "HEAD"),
        ("branch", "-D", "topic"),
        ("branch", "-f", "topic", "v1"),
        ("branch", "-m", "topic", "other"),
        ("tag", "v9"),
        ("tag", "-d", "v1"),
        ("fetch", "{clone}", "HEAD:refs/heads/fetched"),
        ("notes", "add", "-m", "seen"),
    ],
)
def test_a_ref_moves_with_the_token_only(gate: Gate, clone: Clone, command: tuple[str, ...]) -> None:
    clone.commit()
    arguments = tuple(part.format(clone=clone.path) for part in command)
    before = gate.refs()
    # `branch -f` to where the branch already is changes nothing: give it somewhere to go.
    gate.git("update-ref", "refs/tags/v1", gate.git("commit-tree", "-m", "x", "HEAD^{tree}").output.strip())
    before = gate.refs()

    refused = gate.git(*arguments, guard=False, check=False)
    after_refusal = gate.refs()
    gate.git(*arguments)

    assert refused.status != 0
    assert "pushgate: Only the gate moves refs here." in refused.text
    assert after_refusal == before
    assert gate.refs() != before


def test_the_refusal_names_every_ref_and_the_next_step(gate: Gate) -> None:
    head = gate.git("rev-parse", "HEAD").output.strip()
    zero = "0" * 40

    result = gate.git("update-ref", "refs/heads/it's;$(id)", head, guard=False, check=False)

    assert result.text.splitlines() == [
        f"pushgate: refused: refs/heads/it's;$(id) would change from {zero} to {head} without the gate.",
        "pushgate: Only the gate moves refs here. Push through the gate, and its reviewers release the push.",
        "pushgate: To take over what changed upstream, run `python -m gate repo sync`.",
        "fatal: ref updates aborted by hook",
    ]


@pytest.mark.parametrize("token", ["", "wrong", GUARD + "x", GUARD[:-1], "*"])
def test_another_token_is_no_token(gate: Gate, token: str) -> None:
    environment = gate.environment | {"PUSHGATE_GUARD": token}

    result = Gate(gate.path, environment).git(
        "update-ref", "refs/heads/new", "HEAD", guard=False, check=False
    )

    assert result.status == 128


@pytest.mark.parametrize("content", ["", "\n", None])
def test_without_the_guard_file_not_even_the_gate_moves_a_ref(gate: Gate, content: str | None) -> None:
    guard = gate.path / "pushgate/guard"
    guard.unlink() if content is None else guard.write_text(content)
    environment = gate.environment | {"PUSHGATE_GUARD": ""}

    result = Gate(gate.path, environment).git(
        "update-ref", "refs/heads/new", "HEAD", guard=False, check=False
    )

    assert result.status == 128
    assert "The file pushgate/guard of this repository is missing or empty" in result.text
    assert "refs/heads/new" not in gate.refs()


def test_the_hook_finds_its_guard_from_any_folder(gate: Gate, clone: Clone) -> None:
    arguments = ("--git-dir", str(gate.path), "update-ref", "refs/heads/new", clone.oid("HEAD"))

    refused = clone.git(*arguments, check=False)
    clone.environment["PUSHGATE_GUARD"] = GUARD
    clone.git(*arguments)

    assert refused.status == 128
    assert "refs/heads/new" in gate.refs()
