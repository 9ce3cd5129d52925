"""Forms in which a secret may pass the scan of a push, and allowances that go too far."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import io
import lzma
import zipfile

import pytest

from gate.adapters.secrets.scanner import KingfisherScanner
from tests.rule_cache import RULE_CACHE
from tests.secrets.corpus import BLOCKING

TOKEN = BLOCKING["github personal token"]().encode()
TEXT = b"the settings of the shop\n" * 8 + b"TOKEN=" + TOKEN + b"\n" + b"and more of them\n" * 9


def scanner() -> KingfisherScanner:
    return KingfisherScanner(b"k" * 32, RULE_CACHE)


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", content)
    return file.getvalue()


def openssh_key(name: str) -> bytes:
    """A key as `ssh-keygen -t ed25519` writes it: what comes first is the same in each."""
    head = b"openssh-key-v1\0\0\0\0\4none\0\0\0\4none\0\0\0\0\0\0\0\1\0\0\0\x33\0\0\0\x0bssh-ed25519\0\0\0 "
    body = base64.b64encode(head + hashlib.shake_256(name.encode()).digest(200)).decode()
    lines = "\n".join(body[start : start + 70] for start in range(0, len(body), 70))
    words = "OPENSSH " + "PRIVATE KEY-----"
    return f"-----BEGIN {words}\n{lines}\n-----END {words}\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(base64.encodebytes(TEXT), id="base64 as the tool wraps it"),
        pytest.param(base64.b64encode(gzip.compress(TEXT)), id="gzip in base64"),
        pytest.param(base64.b64encode(b"\xff\x00\x80\x99" * 10 + TEXT), id="binary in base64"),
        pytest.param(bz2.compress(b"x") + gzip.compress(TEXT), id="behind bzip2"),
        pytest.param(lzma.compress(b"x") + gzip.compress(TEXT), id="behind xz"),
        pytest.param(zipped(TEXT) + zipped(b"x"), id="the first of two zips"),
        pytest.param(gzip.compress(TEXT) + zipped(b"x"), id="gzip before a zip"),
        pytest.param(lzma.compress(TEXT, format=lzma.FORMAT_ALONE), id="lzma"),
    ],
)
def test_what_a_file_hides_stops_a_push(content: bytes) -> None:
    assert [one.blocks for one in scanner().scan(content)][:1] == [True]


@pytest.mark.parametrize("written", [base64.encodebytes, base64.b64encode, bytes])
def test_who_allows_a_key_allows_no_other_key(written: object) -> None:
    assert callable(written)
    one, other = (scanner().scan(written(openssh_key(name))) for name in ("one", "other"))

    allowed = {secret.identity for secret in one if secret.blocks}
    assert not {secret.identity for secret in other if secret.blocks} <= allowed
