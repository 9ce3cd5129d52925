"""The chain over the trail, and the walk that finds where it was changed.

    leaf = SHA-256(0x00 ‖ body)        link = SHA-256(previous link ‖ leaf)

One leaf hash serves both the chain and the Merkle tree. A chain alone notices careless edits: whoever can
write the whole table can also compute it anew. Only tree heads that are kept elsewhere notice that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise

from gate.domain import merkle
from gate.domain.tree_head import TreeHead

GENESIS = bytes(32)

# One event as it is stored: seq, prev, link and the exact bytes of the body.
Row = tuple[int, bytes, bytes, bytes]


class FaultKind(StrEnum):
    """What was done to the trail, as far as the stored rows can tell."""

    EDITED = "edited"
    MISSING = "missing"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    COLUMNS = "columns"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong; `seq` is the first event that cannot be trusted."""

    kind: FaultKind
    seq: int
    message: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a walk found. `size` events are in order; the first `vouched` of them are as a tree head says."""

    size: int
    link: bytes
    frontier: merkle.Frontier
    vouched: int = 0
    fault: Fault | None = None

    @property
    def root(self) -> bytes:
        return merkle.root(self.frontier)

    @property
    def exposed(self) -> int:
        """How many of the last events could still be removed or rewritten unnoticed."""
        return self.size - self.vouched


def next_link(prev: bytes, leaf: bytes) -> bytes:
    return sha256(prev + leaf).digest()


def check_chain(blocks: Iterable[Sequence[Row]], heads: Iterable[TreeHead] = ()) -> ChainReport:
    """Walk all events in the order of seq, and compare with every tree head given.

    The heads' signatures are the caller's to check. The walk ends at the first event that is wrong.
    """
    walk = _Walk(heads)
    for block in blocks:
        if not walk.take(block):
            break
    return walk.report()


class _Walk:
    """Where the walk stands. An event costs three hashes: its leaf, its link, a node of the tree."""

    def __init__(self, heads: Iterable[TreeHead]) -> None:
        self.size = 0
        self.link = GENESIS
        self.frontier = merkle.EMPTY
        self.vouched = 0
        self.fault: Fault | None = None
        self.heads = sorted(heads, key=lambda head: head.size, reverse=True)
        self._compare_heads()

    def take(self, block: Sequence[Row]) -> bool:
        """Add a block; False once something is wrong."""
        if self.fault is None:
            leaves, link = self._follow(block)
            if len(leaves) < len(block):
                self.fault = _first_fault(block, len(leaves), self.size, link)
            self._grow(leaves)
            self.link = link
        return self.fault is None

    def report(self) -> ChainReport:
        if self.fault is None and self.heads:
            self.fault = _truncated(self.size, self.heads[0])
        return ChainReport(self.size, self.link, self.frontier, self.vouched, self.fault)

    def _follow(self, block: Sequence[Row]) -> tuple[list[bytes], bytes]:
        """The leaves of the rows up to the first wrong one, and the link after them.

        Copying a hash that has been started takes two thirds of the time that starting one does.
        """
        begin_leaf, begin_link = sha256(b"\x00").copy, sha256().copy
        leaves: list[bytes] = []
        link = self.link
        for wanted, (seq, prev, stored, body) in enumerate(block, self.size + 1):
            hashing = begin_leaf()
            hashing.update(body)
            leaf = hashing.digest()
            hashing = begin_link()
            hashing.update(link + leaf)
            following = hashing.digest()
            if stored != following or prev != link or seq != wanted:
                break
            link = following
            leaves.append(leaf)
        return leaves, link

    def _grow(self, leaves: list[bytes]) -> None:
        """Extend the tree, stopping at each size for which there is a tree head."""
        start = self.size
        end = start + len(leaves)
        stops = sorted({head.size for head in self.heads if head.size <= end} | {start, end})
        for since, until in pairwise(stops):
            self.frontier = merkle.append_leaves(self.frontier, since, leaves[since - start : until - start])
            self.size = until
            self._compare_heads()

    def _compare_heads(self) -> None:
        while self.heads and self.heads[-1].size == self.size:
            head = self.heads.pop()
            if self.fault and self.fault.kind is FaultKind.REWRITTEN:
                continue
            if head.root == merkle.root(self.frontier):
                self.vouched = self.size
            else:
                self.fault = _rewritten(self.vouched, head)


def _first_fault(block: Sequence[Row], n: int, size: int, link: bytes) -> Fault:
    """Name what is wrong with row `n`, which should be event `size + n + 1` and follow `link`."""
    seq, prev, stored, body = block[n]
    wanted = size + n + 1
    if seq == wanted and not _is_whole(prev, stored, body):
        return Fault(
            FaultKind.EDITED, seq, f"event {seq} was edited: its hash is not the one that was chained"
        )
    if prev == link:
        return Fault(FaultKind.EDITED, wanted, f"event {wanted} was edited: it carries the number {seq}")
    if any(row[1] == link for row in block[n + 1 :]):
        message = f"event {wanted} is not in its place: events were reordered, or one was put in"
        return Fault(FaultKind.REORDERED, wanted, message)
    if seq > wanted:
        gone = f"event {wanted} is" if seq == wanted + 1 else f"events {wanted} to {seq - 1} are"
        return Fault(FaultKind.MISSING, wanted, f"{gone} missing")
    message = f"the row numbered {seq} does not follow event {wanted - 1}: what was between them is missing"
    return Fault(FaultKind.MISSING, wanted, message)


def _is_whole(prev: object, link: object, body: bytes) -> bool:
    """Whether a row agrees with itself, wherever it belongs. A database may hold values of other types."""
    return isinstance(prev, bytes) and next_link(prev, merkle.leaf_hash(body)) == link


def _rewritten(vouched: int, head: TreeHead) -> Fault:
    return Fault(
        FaultKind.REWRITTEN,
        vouched + 1,
        f"the first {head.size} events are not those that the tree head for {head.size} was signed for: "
        f"something between event {vouched + 1} and event {head.size} was rewritten",
    )


def _truncated(size: int, head: TreeHead) -> Fault:
    return Fault(
        FaultKind.TRUNCATED,
        size + 1,
        f"the trail ends at event {size}, but a tree head is for {head.size} events: its end was cut off",
    )
