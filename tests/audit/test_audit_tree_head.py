"""Tree heads: the signed note, its key, and what happens to one that was touched."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.adapters.audit.signer import TreeHeadSigner, load_signer, open_tree_head
from gate.domain.errors import Invalid, Tampered
from gate.domain.tree_head import TreeHead, parse_note, parse_tree_head, parse_verifier_key

ORIGIN = "gate.example.com/audit"
ROOT = bytes(range(32))


@pytest.fixture
def signer() -> TreeHeadSigner:
    return TreeHeadSigner(Ed25519PrivateKey.from_private_bytes(bytes(32)), ORIGIN)


def test_a_tree_head_is_signed_as_a_c2sp_note(signer: TreeHeadSigner) -> None:
    note = signer.sign(1234, ROOT)

    lines = note.split("\n")
    assert lines[:4] == [ORIGIN, "1234", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ""]
    assert lines[4].startswith(f"\u2014 {ORIGIN} ")
    assert lines[5:] == [""]
    assert parse_note(note).format() == note
    assert signer.open(note) == TreeHead(ORIGIN, 1234, ROOT)
    assert signer.sign(1234, ROOT) == note


def test_the_example_of_the_signed_note_specification_is_read() -> None:
    """From https://pkg.go.dev/golang.org/x/mod/sumdb/note, which has a real key and signature."""
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = "If you think cryptography is the answer to your problem,\n"
    text += "then you don't know what your problem is.\n"
    line = "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
    line += "KvqfqdngotpRZb6KE6RyyBwJnAM="

    note = parse_note(f"{text}\n{line}\n")

    assert parse_verifier_key(key).format() == key
    assert (note.text, note.signatures[0].key_id.hex()) == (text, "c74f20a3")
    with pytest.raises(Invalid, match="it needs three lines"):
        open_tree_head(note.format(), key)  # Signed by that key, but no tree head.


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\n1234\n", "\n1235\n", "it was edited|It was edited"),
        (f"{ORIGIN}\n", "other.example.com/audit\n", "It was edited"),
        (f"\u2014 {ORIGIN} ", "\u2014 other.example.com/audit ", "it carries no signature by"),
    ],
)
def test_a_tree_head_that_was_edited_is_refused(
    signer: TreeHeadSigner, old: str, new: str, message: str
) -> None:
    with pytest.raises(Tampered, match=message):
        signer.open(signer.sign(1234, ROOT).replace(old, new, 1))


def test_a_tree_head_of_another_key_of_the_same_name_is_refused(signer: TreeHeadSigner) -> None:
    other = TreeHeadSigner(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"1"), ORIGIN)

    with pytest.raises(Tampered, match="it carries no signature by"):
        signer.open(other.sign(1234, ROOT))


def test_signatures_of_others_beside_ours_are_ignored(signer: TreeHeadSigner) -> None:
    note = signer.sign(1234, ROOT) + "\u2014 witness.example.com AAAAAAAAAAAA\n"

    assert signer.open(note) == TreeHead(ORIGIN, 1234, ROOT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "demo\n1\n",
        "demo\n01\nAAAA\n",
        "demo\n-1\nAAAA\n",
        "demo\n1\nAAAA\n",
        "a b\n1\nAAAA\n",
        "demo\n1\n?\n",
    ],
)
def test_what_is_no_tree_head_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_tree_head(text)


@pytest.mark.parametrize(
    "key", ["", "demo", "demo+00000000+AAAA", "demo+zz+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"]
)
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(Invalid):
        parse_verifier_key(key)


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "line\nbreak", "\u202ename"])
def test_an_origin_that_would_break_a_note_is_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(Invalid, match="is not one word"):
        load_signer(tmp_path / "key", origin)


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "tree_head.pem"

    with ThreadPoolExecutor(8) as pool:
        signers = list(pool.map(lambda _: load_signer(path, ORIGIN), range(8)))

    assert len({signer.verifier_key for signer in signers}) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["tree_head.pem"]


def test_a_key_that_others_can_read_is_refused_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "tree_head.pem"
    load_signer(path, ORIGIN)
    path.chmod(0o640)

    with pytest.raises(Invalid) as refusal:
        load_signer(path, ORIGIN)

    assert str(refusal.value) == f"key file {path}: others can read it (mode 0640). Run: chmod 600 '{path}'"


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tree_head.pem"
    path.touch(mode=0o600)

    with pytest.raises(Invalid, match="it holds no private key in PEM form"):
        load_signer(path, ORIGIN)


def test_a_key_made_under_an_open_umask_is_still_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_signer(tmp_path / "tree_head.pem", ORIGIN)
    finally:
        os.umask(before)

    assert (tmp_path / "tree_head.pem").stat().st_mode & 0o777 == 0o600
