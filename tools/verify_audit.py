#!/usr/bin/env python3
"""Verify an export of Pushgate's audit trail on another machine.

    python3 verify_audit.py trail.jsonl --key KEY [--head FILE]

KEY is the public key as `name+keyid+key`, or a file that holds it. FILE holds signed tree heads that were
kept outside the gate: a single one, or a whole witness file. Those in the export itself are checked as well.

This file stands alone. It needs Python 3.9 or newer, and the package `cryptography` for signatures only.
Exit code: 0 the trail is intact, 1 it was changed, 2 it could not be verified.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

INTACT, CHANGED, UNKNOWN = 0, 1, 2


class Changed(Exception):
    """The trail or a tree head is not what was written."""


class Unknown(Exception):
    """It cannot be told; the message says what is missing."""


class Head:
    """A tree head as its note says; nothing is proven before its signature was checked."""

    def __init__(self, note: str, source: str, *, kept: bool) -> None:
        self.note, self.source, self.kept = note, source, kept
        self.text, _, self.signatures = note.rpartition("\n\n")
        self.text += "\n"
        self.origin, size, root = [*self.text.split("\n"), "", "", ""][:3]
        if not size.isdecimal():
            raise Changed(f"{source}: it is no tree head")
        self.size, self.root = int(size), _base64(root)


class Key:
    """An Ed25519 public key in its text form."""

    def __init__(self, text: str) -> None:
        parts = text.strip().split("+", 2)
        try:
            self.name, key_id, key = (
                parts[0],
                bytes.fromhex(parts[1]),
                base64.b64decode(parts[2], validate=True),
            )
        except (IndexError, ValueError) as error:
            raise Unknown(
                f"{text.strip()!r} is neither a file nor a key of the form name+keyid+key"
            ) from error
        self.id = hashlib.sha256(self.name.encode() + b"\n" + key).digest()[:4]
        if len(key) != 33 or key[:1] != b"\x01" or key_id != self.id:
            raise Unknown("the key is not a whole Ed25519 key: its key id does not fit")
        self.public = key[1:]

    def check(self, head: Head) -> None:
        """Raise Changed unless this key signed the tree head."""
        if head.origin != self.name:
            raise Changed(f"{head.source}: it is a tree head of {head.origin}, not of {self.name}")
        for line in head.signatures.splitlines():
            dash, _, rest = line.partition(" ")
            name, _, signature = rest.partition(" ")
            decoded = _base64(signature)
            if (dash, name, decoded[:4]) == ("\u2014", self.name, self.id):
                _check_signature(self.public, decoded[4:], head)
                return
        raise Changed(f"{head.source}: there is no signature by {self.name} with this key on it")


class Walk:
    """The chain and the Merkle tree over the events so far."""

    def __init__(self) -> None:
        self.size = 0
        self.link = bytes(32)
        self.subtrees: list[bytes] = []

    def add(self, event: dict[str, object], line: int) -> None:
        seq, prev, link, body = _fields(event, line)
        leaf = _sha256(b"\x00" + body)
        if seq != self.size + 1:
            raise Changed(
                f"line {line}: event {seq} follows event {self.size}: events are missing or out of order, "
                "or this is an export of a filter, which cannot be verified. Export the whole trail."
            )
        if prev != self.link:
            raise Changed(f"line {line}: event {seq} does not follow the event before it")
        if link != _sha256(prev + leaf):
            raise Changed(f"line {line}: event {seq} was edited: its hash is not the one that was chained")
        self.link = link
        self._append(leaf)

    def root(self) -> bytes:
        if not self.subtrees:
            return _sha256(b"")
        node = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            node = _sha256(b"\x01" + left + node)
        return node

    def _append(self, node: bytes) -> None:
        size = self.size
        while size & 1:
            node = _sha256(b"\x01" + self.subtrees.pop() + node)
            size >>= 1
        self.subtrees.append(node)
        self.size += 1


def main() -> int:
    arguments = _arguments()
    try:
        print(_verify(arguments.export, arguments.key, arguments.head))
    except Changed as error:
        print(f"CHANGED: {error}")
        return CHANGED
    except (Unknown, OSError) as error:
        print(f"NOT VERIFIED: {error}", file=sys.stderr)
        return UNKNOWN
    return INTACT


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Verify an export of Pushgate's audit trail.")
    parser.add_argument("export", type=Path, help="the trail, exported as JSONL")
    parser.add_argument(
        "--key", required=True, help="the public key as name+keyid+key, or a file that holds it"
    )
    parser.add_argument(
        "--head", type=Path, help="a file with signed tree heads that were kept outside the gate"
    )
    return parser.parse_args()


def _verify(export: Path, key_text: str, head_file: Path | None) -> str:
    """The verdict in words. Raises Changed or Unknown."""
    key = Key(_key_text(key_text))
    heads = [*(_kept_heads(head_file) if head_file else []), *_exported_heads(export)]
    heads.sort(key=lambda head: head.size)
    walk, roots = _walk(export, {head.size for head in heads})
    for head in heads:
        _compare(head, walk.size, roots)
    # Last, so that a missing package does not hide what can be told without it.
    for head in heads:
        key.check(head)
    return _verdict(walk, heads)


def _compare(head: Head, size: int, roots: dict[int, bytes]) -> None:
    if head.size > size:
        raise Changed(
            f"the trail ends at event {size}, but {head.source} is for {head.size}: its end was cut off"
        )
    if roots[head.size] != head.root:
        raise Changed(
            f"the first {head.size} events are not those that the tree head in {head.source} is for"
        )


def _verdict(walk: Walk, heads: list[Head]) -> str:
    lines = [f"INTACT: {walk.size} events, each chained to the one before; root {walk.root().hex()}"]
    signed = max((head.size for head in heads), default=0)
    outside = max((head.size for head in heads if head.kept), default=0)
    if heads:
        lines.append(f"{len(heads)} signed tree heads agree, the last one for {signed} events.")
    if outside:
        lines.append(f"A tree head kept outside the gate vouches for the first {outside} events.")
    else:
        lines.append(
            "No tree head from outside was given: who has the gate's key could have rewritten all of it."
        )
    if signed < walk.size:
        lines.append(
            f"Nothing is signed for the last {walk.size - signed} events: they could have been rewritten."
        )
    return "\n".join(lines)


def _walk(export: Path, sizes: set[int]) -> tuple[Walk, dict[int, bytes]]:
    """Walk the export; the roots at these sizes."""
    walk = Walk()
    roots = {0: walk.root()}
    for line, entry in _entries(export):
        if "tree_head" not in entry:
            walk.add(entry, line)
            if walk.size in sizes:
                roots[walk.size] = walk.root()
    return walk, roots


def _exported_heads(export: Path) -> Iterator[Head]:
    for line, entry in _entries(export, only="tree_head"):
        yield Head(str(entry["tree_head"]), f"line {line} of the export", kept=False)


def _entries(export: Path, only: str = "") -> Iterator[tuple[int, dict[str, object]]]:
    with export.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            if only and not line.startswith(f'{{"{only}"'):
                continue
            try:
                entry = json.loads(line)
            except ValueError as error:
                raise Changed(f"line {number}: it is not JSON; the export was cut or edited") from error
            if not isinstance(entry, dict):
                raise Changed(f"line {number}: it is no event")
            yield number, entry


def _fields(event: dict[str, object], line: int) -> tuple[int, bytes, bytes, bytes]:
    try:
        seq, body = event["seq"], event["body"]
        prev, link = bytes.fromhex(str(event["prev"])), bytes.fromhex(str(event["link"]))
    except (KeyError, ValueError) as error:
        raise Changed(f"line {line}: it is no event as it was exported ({error})") from error
    if type(seq) is not int or not isinstance(body, str):
        raise Changed(f"line {line}: it is no event as it was exported")
    return seq, prev, link, body.encode()


def _kept_heads(file: Path) -> Iterator[Head]:
    """Each tree head in a file: one alone, or the records of a witness file, `@ time`, note, empty line."""
    text = file.read_text(encoding="utf-8")
    if not text.startswith("@ "):
        yield Head(text, file.name, kept=True)
        return
    for record in re.split(r"^@ ", text, flags=re.MULTILINE)[1:]:
        time, _, note = record.partition("\n")
        if not note.endswith("\n\n"):
            raise Changed(f"{file.name}: the record of {time} was cut")
        yield Head(note[:-1], f"{file.name} of {time}", kept=True)


def _check_signature(public_key: bytes, signature: bytes, head: Head) -> None:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise Unknown(
            "the chain and the roots fit, but whether the tree heads are genuine is open: signatures need "
            "the package cryptography. Install it (pip install cryptography), then run this again."
        ) from error
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, head.text.encode())
    except InvalidSignature as error:
        raise Changed(f"{head.source}: the signature is not for this text; it was edited") from error


def _key_text(key: str) -> str:
    try:
        return Path(key).read_text(encoding="utf-8")
    except OSError:
        return key


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


if __name__ == "__main__":
    sys.exit(main())
