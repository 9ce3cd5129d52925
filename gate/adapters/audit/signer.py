"""The key that signs tree heads: an Ed25519 key in a file of its own, outside the database."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gate.domain.errors import Invalid, Tampered
from gate.domain.tree_head import (
    Signature,
    SignedNote,
    TreeHead,
    VerifierKey,
    check_origin,
    parse_note,
    parse_tree_head,
    parse_verifier_key,
)


class TreeHeadSigner:
    """Signs tree heads under one origin, which is also the name of its key."""

    def __init__(self, key: Ed25519PrivateKey, origin: str) -> None:
        check_origin(origin)
        self._key = key
        self.origin = origin
        self._verifier = VerifierKey(origin, key.public_key().public_bytes_raw())

    @property
    def verifier_key(self) -> str:
        """The public key as `name+keyid+key`: give it to everyone who verifies."""
        return self._verifier.format()

    def sign(self, size: int, root: bytes) -> str:
        """The tree head as a signed note; the same one each time for the same size and root."""
        body = TreeHead(self.origin, size, root).body()
        signature = Signature(self.origin, self._verifier.key_id, self._key.sign(body.encode()))
        return SignedNote(body, (signature,)).format()

    def open(self, note: str) -> TreeHead:
        """The tree head in a note of this signer; raises Tampered as `open_tree_head` does."""
        return open_tree_head(note, self.verifier_key)


def load_signer(path: Path, origin: str) -> TreeHeadSigner:
    """Read the key file, made on first use; raises Invalid where others can read it or it is no key."""
    check_origin(origin)
    if not path.exists():
        _create(path)
    return TreeHeadSigner(_read(path), origin)


def open_tree_head(note: str, verifier_key: str) -> TreeHead:
    """The tree head in a signed note; raises Tampered unless this key signed it, Invalid if it is none."""
    key = parse_verifier_key(verifier_key)
    parsed = parse_note(note)
    ours = [each for each in parsed.signatures if (each.name, each.key_id) == (key.name, key.key_id)]
    if not ours:
        raise Tampered(
            f"tree head: it carries no signature by {key.name}. Check that the public key is the right one."
        )
    for each in ours:
        _check(key, each, parsed.text)
    head = parse_tree_head(parsed.text)
    if head.origin != key.name:
        raise Tampered(f"tree head: it is of the trail {head.origin}, not of {key.name}.")
    return head


def _check(key: VerifierKey, signature: Signature, text: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature.signature, text.encode())
    except InvalidSignature as error:
        raise Tampered(
            f"tree head: the signature by {key.name} is not for this text. It was edited."
        ) from error


def _create(path: Path) -> None:
    """Write a new key beside the path and link it there: nobody sees half a key, and the first one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
    except FileExistsError:
        pass  # Another process made the key in this moment; it is as good as ours.
    finally:
        unfinished.unlink()


def _read(path: Path) -> Ed25519PrivateKey:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        owner = os.fstat(file.fileno()).st_uid
        pem = file.read()
    if mode & 0o077:
        raise Invalid(f"key file {path}", [f"others can read it (mode {mode:04o}). Run: chmod 600 '{path}'"])
    if owner not in (os.geteuid(), 0):
        raise Invalid(
            f"key file {path}", [f"it belongs to another user ({owner}). Run: chown {os.geteuid()} '{path}'"]
        )
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise Invalid(f"key file {path}", ["it holds no private key in PEM form"]) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Invalid(f"key file {path}", ["its key is not an Ed25519 key"])
    return key
