"""The witness file keeps tree heads, and an edited one is noticed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.adapters.audit.signer import TreeHeadSigner
from gate.adapters.audit.witness_file import WitnessFile, WitnessRecord
from gate.domain.errors import Tampered
from tests.audit.trails import START

SIGNER = TreeHeadSigner(Ed25519PrivateKey.from_private_bytes(bytes(32)), "gate.example.com/audit")
NOTES = [SIGNER.sign(size, bytes([size]) * 32) for size in (1, 2, 3)]


@pytest.fixture
def witness(tmp_path: Path) -> WitnessFile:
    witness = WitnessFile(tmp_path / "witness" / "heads.txt")
    for n, note in enumerate(NOTES):
        witness.append(note, START + timedelta(seconds=n))
    return witness


def test_tree_heads_are_read_back_as_they_were_written(witness: WitnessFile) -> None:
    records = [WitnessRecord(START + timedelta(seconds=n), n + 1, note) for n, note in enumerate(NOTES)]

    assert witness.records() == records
    assert witness.last() == records[-1]
    assert witness.path.read_text().startswith("@ 2026-11-22T18:36:00.000000Z\ngate.example.com/audit\n1\n")


def test_a_file_that_is_not_there_has_no_tree_heads(tmp_path: Path) -> None:
    assert WitnessFile(tmp_path / "none").last() is None


@pytest.mark.parametrize("cut", [1, 2, 3, 40])
def test_a_file_that_was_cut_within_a_record_is_noticed(witness: WitnessFile, cut: int) -> None:
    content = witness.path.read_bytes()
    witness.path.write_bytes(content[:-cut])

    with pytest.raises(Tampered, match=r"line 15: this record was cut or edited"):
        witness.records()


@pytest.mark.parametrize(
    ("old", "new"),
    [("@ 2026", "@ yesterday"), ("\n2\n", "\ntwo\n"), ("\n\n\u2014", "\n\u2014"), ("@ 2026", "2026")],
)
def test_a_record_that_is_no_longer_one_is_noticed(witness: WitnessFile, old: str, new: str) -> None:
    witness.path.write_text(witness.path.read_text().replace(old, new))

    with pytest.raises(Tampered, match="witness file"):
        witness.records()


def test_a_tree_head_that_was_edited_no_longer_has_its_signature(witness: WitnessFile) -> None:
    witness.path.write_text(witness.path.read_text().replace("\n3\n", "\n4\n"))
    record = witness.last()
    assert record is not None

    with pytest.raises(Tampered, match="It was edited"):
        SIGNER.open(record.note)


def test_a_trail_that_got_shorter_between_two_tree_heads_is_noticed(witness: WitnessFile) -> None:
    witness.append(NOTES[0], START + timedelta(seconds=9))

    with pytest.raises(Tampered, match="a tree head for 1 events follows one for 3"):
        witness.records()
