"""The verifier that runs on another machine, as its user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from gate.adapters.audit.export import jsonl
from gate.adapters.audit.log import AuditLog
from gate.adapters.audit.signer import TreeHeadSigner
from gate.adapters.audit.witness_file import WitnessFile
from gate.domain.audit import AuditFilter
from tests.audit.trails import START, TABLES, an_event

VERIFIER = Path(__file__).parents[2] / "tools" / "verify_audit.py"
SIGNER = TreeHeadSigner(Ed25519PrivateKey.from_private_bytes(bytes(32)), "gate.example.com/audit")


@dataclass(frozen=True)
class Export:
    """A trail of 20 events as exported, the tree head of its first 15, and a witness file with it."""

    path: Path
    note: Path
    witness: Path

    def verify(self, *arguments: str, python: tuple[str, ...] = ("-I",)) -> tuple[int, str]:
        command = (
            sys.executable,
            *python,
            str(VERIFIER),
            str(self.path),
            "--key",
            SIGNER.verifier_key,
            *arguments,
        )
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd="/", check=False)
        return done.returncode, done.stdout + done.stderr

    def edit(self, line: int, old: str, new: str) -> None:
        lines = self.path.read_text().splitlines(keepends=True)
        assert old in lines[line]
        lines[line] = lines[line].replace(old, new)
        self.path.write_text("".join(lines))


@pytest.fixture
def export(sqlite_engine: Engine, tmp_path: Path) -> Export:
    made = Export(tmp_path / "trail.jsonl", tmp_path / "head.txt", tmp_path / "witness.txt")
    with sqlite_engine.begin() as connection:
        log = AuditLog(connection, TABLES)
        notes = []
        for first, last in ((0, 7), (7, 15), (15, 20)):
            log.append_all([an_event(n, details={"name": "caf\udce9"}) for n in range(first, last)])
            notes.append(SIGNER.sign(last, log.tree_head().root))
        made.path.write_text("".join(jsonl(log.rows(), notes[:1])))
    made.note.write_text(notes[1])
    for note in notes[:2]:
        WitnessFile(made.witness).append(note, START)
    return made


def test_a_whole_trail_with_a_kept_tree_head_is_intact(export: Export) -> None:
    code, said = export.verify("--head", str(export.note))

    assert code == 0
    assert said.startswith("INTACT: 20 events, each chained to the one before; root ")
    assert said.splitlines()[1:] == [
        "2 signed tree heads agree, the last one for 15 events.",
        "A tree head kept outside the gate vouches for the first 15 events.",
        "Nothing is signed for the last 5 events: they could have been rewritten.",
    ]


def test_a_witness_file_and_a_key_in_a_file_do_as_well(export: Export, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SIGNER.verifier_key + "\n")

    code, said = export.verify("--head", str(export.witness), "--key", str(tmp_path / "key"))

    assert code == 0
    assert "3 signed tree heads agree, the last one for 15 events." in said


def test_without_a_kept_tree_head_it_says_what_that_leaves_open(export: Export) -> None:
    code, said = export.verify()

    assert code == 0
    assert (
        "No tree head from outside was given: who has the gate's key could have rewritten all of it." in said
    )


@pytest.mark.parametrize(
    ("line", "old", "new", "message"),
    [
        (
            9,
            "user:alice",
            "user:bob",
            "CHANGED: line 10: event 10 was edited: its hash is not the one that was chained",
        ),
        (9, '"seq": 10', '"seq": 11', "CHANGED: line 10: event 11 follows event 9: events are missing"),
        (9, '"prev": "', '"prev": "00', "CHANGED: line 10: event 10 does not follow the event before it"),
        (9, '"seq": 10', '"seq": "10"', "CHANGED: line 10: it is no event as it was exported"),
        (9, "{", "", "CHANGED: line 10: it is not JSON"),
        (20, "\\n7\\n", "\\n8\\n", "CHANGED: the first 8 events are not those that the tree head in line 21"),
        (
            20,
            "\\n7\\n",
            "\\n70\\n",
            "CHANGED: the trail ends at event 20, but line 21 of the export is for 70",
        ),
        (
            20,
            "gate.example.com/audit\\n7",
            "gate.example.org/audit\\n7",
            "CHANGED: line 21 of the export: it is a tree",
        ),
    ],
)
def test_an_edited_export_is_noticed(export: Export, line: int, old: str, new: str, message: str) -> None:
    export.edit(line, old, new)

    code, said = export.verify("--head", str(export.note))

    assert code == 1
    assert said.startswith(message)


def test_a_tree_head_with_a_forged_signature_is_noticed(export: Export) -> None:
    other = TreeHeadSigner(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"1"), SIGNER.origin)
    text, _, _ = export.note.read_text().rpartition("\n\n")
    signed = SIGNER.sign(3, bytes(32)).rpartition("\n\n")[2]
    export.note.write_text(f"{text}\n\n{signed}")

    assert export.verify("--head", str(export.note)) == (
        1,
        "CHANGED: head.txt: the signature is not for this text; it was edited\n",
    )
    lines = export.path.read_text().splitlines()
    export.path.write_text(
        "\n".join([*lines[:20], json.dumps({"tree_head": other.sign(0, bytes(32))})]) + "\n"
    )
    assert export.verify()[0] == 1


def test_a_trail_that_was_cut_is_noticed_by_the_kept_tree_head(export: Export) -> None:
    export.path.write_text("".join(export.path.read_text().splitlines(keepends=True)[:12]))

    assert export.verify()[0] == 0
    assert export.verify("--head", str(export.note)) == (
        1,
        "CHANGED: the trail ends at event 12, but head.txt is for 15: its end was cut off\n",
    )


def test_an_export_of_a_filter_is_said_to_be_no_whole_trail(export: Export, sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        rows = AuditLog(connection, TABLES).rows(AuditFilter(hold="demo/7"))
        export.path.write_text("".join(jsonl(rows)))

    code, said = export.verify()

    assert code == 1
    assert "or this is an export of a filter, which cannot be verified. Export the whole trail." in said


def test_without_cryptography_it_says_what_is_open_and_how_to_close_it(export: Export) -> None:
    code, said = export.verify("--head", str(export.note), python=("-I", "-S"))

    assert code == 2
    assert said.startswith(
        "NOT VERIFIED: the chain and the roots fit, but whether the tree heads are genuine is open"
    )
    assert "pip install cryptography" in said


def test_without_cryptography_a_changed_chain_is_still_noticed(export: Export) -> None:
    export.edit(9, "user:alice", "user:bob")

    assert export.verify("--head", str(export.note), python=("-I", "-S"))[0] == 1


@pytest.mark.parametrize("key", ["nonsense", "gate.example.com/audit+00000000+AAAA"])
def test_a_wrong_key_is_no_verdict(export: Export, key: str) -> None:
    code, said = export.verify("--key", key)

    assert code == 2
    assert said.startswith("NOT VERIFIED: ")
