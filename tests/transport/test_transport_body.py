"""A request's body in blocks: whole or an error, and never large in memory."""

from __future__ import annotations

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.transport.request_body import READ_SIZE, BodyBroken, blocks


@given(size=st.integers(0, 4 * READ_SIZE), filler=st.binary(min_size=1, max_size=64), level=st.integers(0, 9))
def test_gzip_comes_out_as_it_went_in_and_never_in_large_blocks(size: int, filler: bytes, level: int) -> None:
    content = (filler * (size // len(filler) + 1))[:size]
    packed = gzip.compress(content, level)

    unpacked = list(blocks(io.BytesIO(packed), length=len(packed), encoding="gzip"))

    assert b"".join(unpacked) == content
    assert all(len(block) <= READ_SIZE for block in unpacked)


@given(content=st.binary(min_size=1, max_size=2000), cut=st.integers(0, 10_000))
def test_gzip_that_was_cut_anywhere_is_an_error(content: bytes, cut: int) -> None:
    packed = gzip.compress(content)
    sent = packed[: cut % len(packed)]

    with pytest.raises(BodyBroken):
        list(blocks(io.BytesIO(sent), length=None, encoding="gzip"))


def test_a_body_shorter_than_announced_is_an_error_after_what_came() -> None:
    received = []

    with pytest.raises(BodyBroken, match="3 of 10 bytes came"):
        received.extend(blocks(io.BytesIO(b"abc"), length=10, encoding=""))

    assert received == [b"abc"]


def test_what_follows_the_gzip_data_is_an_error() -> None:
    packed = gzip.compress(b"text")

    with pytest.raises(BodyBroken):
        list(blocks(io.BytesIO(packed + packed), length=None, encoding="gzip"))
