"""The hooks read the gate's own configuration by themselves, and ask git about any other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hook_repository import HOOKS, Clone, Gate

sys.path.append(str(HOOKS))

from pushgate_hook.settings import parse_configuration

_OURS = """\
[core]
	bare = "true"
# The gate writes all of this file.
[pushgate]
	url = "https://gate.example/a b;c#d"
[pushgate]
	refs = "refs/heads/**"
[pushgate]
	refs = "refs/tags/**"
[pushgateAgent "codex-1"]
	allowRef = "refs/heads/Codex/**"
[other]
	text = what \\" ever
"""


def as_git_reads(path: Path) -> dict[str, list[str]]:
    command = ("git", "config", "--file", str(path), "-z", "--get-regexp", "^pushgate")
    environment = {"PATH": os.environ["PATH"], "HOME": str(path.parent)}
    output = subprocess.run(command, capture_output=True, env=environment, timeout=60).stdout.decode()
    values: dict[str, list[str]] = {}
    for entry in output.split("\0")[:-1]:
        key, _, value = entry.partition("\n")
        values.setdefault(key, []).append(value)
    return values


@pytest.mark.parametrize(
    "text",
    [
        _OURS,
        "",
        "[pushgate]\n\treply = hold\n",
        '[pushGate]\n\tonPush = ""\n',
        '[pushgateagent "A.b"]\nx = 1\n',
    ],
)
def test_what_the_gate_writes_is_read_as_git_reads_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)

    assert parse_configuration(text) == as_git_reads(path)


@pytest.mark.parametrize(
    "text",
    [
        '[pushgate]\n\turl = "a\\"b"\n',
        '[pushgate]\n\turl = "a\\\\b"\n',
        "[pushgate]\n\turl = a \\\n[pushgate]\n\tlockdown = b\n",
        "[core]\n\tx = a\\\n[pushgate]\n",
        "[pushgate]\n\turl = a ; b\n",
        "[pushgate]\n\turl = a b\n",
        '[pushgate]\n\turl = "a" b"\n',
        "[pushgate]\n\turl = a\r\n",
        "[pushgate]\n\tlockdown\n",
        "[pushgate]\n\tlockdown =\n",
        "[pushgate]\n\turl=a\n",
        "[pushgate] url = a\n",
        '[pushgate "a\\"b"]\n\tx = 1\n',
        "[pushgate.a]\n\tx = 1\n",
        "[pushgate] # here\n",
        '[pushgate  "a"]\n\tx = 1\n',
        '[core "a"] # "]\n[pushgate]\n',
    ],
)
def test_what_only_git_is_sure_to_understand_is_left_to_git(text: str) -> None:
    assert parse_configuration(text) is None


def test_a_setting_that_git_has_to_read_counts_as_any_other(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgate.lockdown", 'They said "stop"; we\tstop')
    clone.commit()

    result = clone.push("HEAD:main")

    assert 'locked down: They said "stop"; we\\tstop' in result.text


@pytest.mark.parametrize(("limit", "taken"), [("2000000", False), ("3000000", True)])
def test_a_file_that_shrinks_to_almost_nothing_on_its_way_is_still_measured(
    gate: Gate, clone: Clone, limit: str, taken: bool
) -> None:
    gate.configure("pushgate.maxFileSize", limit)
    clone.commit(big="0" * 2_500_000)

    clone.push("HEAD:main")

    assert [reason["rule"] for refusal in gate.refusals() for reason in refusal["reasons"]] == (
        [] if taken else ["file-size"]
    )
