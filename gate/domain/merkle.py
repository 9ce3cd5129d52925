"""The Merkle tree of RFC 6962 over a growing list, kept as a frontier.

The frontier holds the roots of the complete subtrees, largest first: one for each bit that is set in the
size. It is all that is needed to append and to name the root, so a million events cost at most 20 hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

Frontier = tuple[bytes, ...]

EMPTY: Frontier = ()
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(body: bytes) -> bytes:
    """The hash of one entry. The prefix 0x00 keeps an entry from passing as an inner node."""
    return sha256(b"\x00" + body).digest()


def append_leaf(frontier: Frontier, size: int, leaf: bytes) -> Frontier:
    """The frontier after one more leaf; `size` is the number of leaves before it."""
    return append_leaves(frontier, size, (leaf,))


def append_leaves(frontier: Frontier, size: int, leaves: Sequence[bytes]) -> Frontier:
    """The frontier after these leaves, one whole level at a time: a third of the time of leaf by leaf."""
    waiting = list(frontier)  # The smallest subtree is last.
    grown: list[bytes] = []
    level = leaves
    while size or level:
        row = [waiting.pop(), *level] if size & 1 else level
        if len(row) & 1:
            grown.append(row[-1])
        level = _parents(row)
        size >>= 1
    return tuple(reversed(grown))


def root(frontier: Frontier) -> bytes:
    """The Merkle tree hash of RFC 6962, section 2.1."""
    if not frontier:
        return EMPTY_ROOT
    node = frontier[-1]
    for left in reversed(frontier[:-1]):
        node = sha256(b"\x01" + left + node).digest()
    return node


def _parents(row: Sequence[bytes]) -> list[bytes]:
    """The nodes above each pair; one that is left over has no parent yet."""
    begin = sha256(b"\x01").copy
    nodes = iter(row)
    parents = []
    for left, right in zip(nodes, nodes, strict=False):
        hashing = begin()
        hashing.update(left + right)
        parents.append(hashing.digest())
    return parents
