"""The Merkle tree, against the vectors of Certificate Transparency and against pymerkle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from gate.domain.merkle import EMPTY, append_leaf, append_leaves, leaf_hash, root

# The entries and roots that the implementations of RFC 6962 share, from certificate-transparency-go.
_ENTRIES = [bytes.fromhex(entry) for entry in ("", "00", "10", "2021", "3031", "40414243")]
_ENTRIES += [bytes.fromhex(entry) for entry in ("5051525354555657", "606162636465666768696a6b6c6d6e6f")]
_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_rfc_6962(size: int) -> None:
    frontier = EMPTY
    for n, entry in enumerate(_ENTRIES[:size]):
        frontier = append_leaf(frontier, n, leaf_hash(entry))

    assert root(frontier).hex() == _ROOTS[size]


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=200))
def test_roots_are_those_of_pymerkle(entries: list[bytes]) -> None:
    oracle = InmemoryTree(algorithm="sha256")
    for entry in entries:
        oracle.append_entry(entry)

    frontier = append_leaves(EMPTY, 0, [leaf_hash(entry) for entry in entries])

    assert root(frontier) == oracle.get_root()


@given(st.lists(st.integers(0, 70), max_size=8))
def test_leaves_in_portions_give_the_frontier_of_leaf_by_leaf(portions: list[int]) -> None:
    in_portions, one_by_one, size = EMPTY, EMPTY, 0
    for portion in portions:
        leaves = [leaf_hash(b"%d" % n) for n in range(size, size + portion)]
        in_portions = append_leaves(in_portions, size, leaves)
        for leaf in leaves:
            one_by_one = append_leaf(one_by_one, size, leaf)
            size += 1

    assert in_portions == one_by_one
    assert len(in_portions) == size.bit_count()
