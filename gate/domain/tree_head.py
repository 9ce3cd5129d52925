"""Tree heads as text: a C2SP checkpoint in a C2SP signed note, and the key that checks it.

A tree head is short enough to be kept anywhere: in a file, in a git note, in a comment, on paper. See
https://c2sp.org/tlog-checkpoint and https://c2sp.org/signed-note. No signature is made or checked here.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from gate.domain.errors import Invalid

_ED25519 = b"\x01"
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE = re.compile("\u2014 ([^ ]+) ([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The trail as it was at `size` events; `root` stands for every byte of them and their order."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The checkpoint body, which is the text that gets signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line. `key_id` is a hint to find the key, and proves nothing."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A text and the signatures on it, none of them checked yet."""

    text: str
    signatures: tuple[Signature, ...]

    def format(self) -> str:
        lines = (
            f"\u2014 {each.name} {b64encode(each.key_id + each.signature).decode('ascii')}\n"
            for each in self.signatures
        )
        return self.text + "\n" + "".join(lines)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """An Ed25519 public key with its name, in the text form `name+keyid+key`."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:4]

    def format(self) -> str:
        key = b64encode(_ED25519 + self.public_key).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{key}"


def check_origin(origin: str) -> None:
    """Raise Invalid unless this can name a trail: one word without `+`, such as `gate.example.com/audit`."""
    if not origin or "+" in origin or any(c.isspace() or not c.isprintable() for c in origin):
        raise Invalid(
            "tree head origin",
            [f"{origin!r} is not one word without '+'. Write it like gate.example.com/audit"],
        )


def parse_note(text: str) -> SignedNote:
    """Read a signed note; raises Invalid where it is not exactly one."""
    body, blank, lines = text.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise Invalid("signed note", ["it has no blank line with signature lines after it"])
    return SignedNote(body + "\n", tuple(_signature(line) for line in lines[:-1].split("\n")))


def parse_tree_head(text: str) -> TreeHead:
    """Read a checkpoint body; raises Invalid where it is not one. Extension lines are allowed and ignored."""
    lines = text.split("\n")
    if len(lines) < 4 or not text.endswith("\n"):
        raise Invalid("tree head", ["it needs three lines: origin, size and root"])
    check_origin(lines[0])
    if not _SIZE.fullmatch(lines[1]):
        raise Invalid("tree head", [f"{lines[1]!r} is not a size"])
    root = _decode("tree head", lines[2])
    if len(root) != 32:
        raise Invalid("tree head", [f"its root has {len(root)} bytes, not 32"])
    return TreeHead(lines[0], int(lines[1]), root)


def parse_verifier_key(text: str) -> VerifierKey:
    """Read `name+keyid+key`; raises Invalid where it is no Ed25519 key in that form."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise Invalid("verifier key", [f"{text.strip()!r} is not of the form name+keyid+key"])
    key = _decode("verifier key", parts[2])
    if len(key) != 33 or not key.startswith(_ED25519):
        raise Invalid("verifier key", ["it is not an Ed25519 key"])
    found = VerifierKey(parts[0], key[1:])
    if found.key_id.hex() != parts[1]:
        raise Invalid("verifier key", ["its key id does not fit its name and key: it was cut or mistyped"])
    return found


def _signature(line: str) -> Signature:
    match = _SIGNATURE.fullmatch(line)
    if match is None:
        raise Invalid("signed note", [f"{line!r} is not a signature line"])
    decoded = _decode("signed note", match[2])
    if len(decoded) < 5:
        raise Invalid("signed note", ["a signature is too short"])
    return Signature(match[1], decoded[:4], decoded[4:])


def _decode(subject: str, text: str) -> bytes:
    try:
        decoded = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(subject, [f"{text!r} is not base64"]) from error
    # Python takes some spellings that are not the one base64 text of these bytes.
    if b64encode(decoded).decode("ascii") != text:
        raise Invalid(subject, [f"{text!r} is not base64 in its one right spelling"])
    return decoded
