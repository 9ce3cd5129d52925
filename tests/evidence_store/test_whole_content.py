"""What the store answers for: content under its own name, for as long as it may be wanted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gate.adapters.evidence_store.store import FsspecEvidenceStore
from gate.domain.errors import Tampered, Unavailable


def place_of(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def test_other_content_under_its_name_is_seen_once_all_of_it_is_read(tmp_path: Path) -> None:
    store = FsspecEvidenceStore(str(tmp_path))
    failed, passed = store.keep([b"tests failed\n"]), store.keep([b"tests passed\n"])
    shutil.copy(place_of(tmp_path, passed.sha256), place_of(tmp_path, failed.sha256))

    with pytest.raises(Tampered, match="other content"):
        list(store.read(failed.sha256))


def test_keeping_again_makes_it_new_and_mends_it(tmp_path: Path) -> None:
    store = FsspecEvidenceStore(str(tmp_path))
    kept = store.keep([b"words"])
    file = place_of(tmp_path, kept.sha256)
    file.write_bytes(b"damaged")
    os.utime(file, (1, 1))

    assert store.keep([b"words"]) == kept

    [(sha256, kept_at)] = store.all()
    assert (sha256, kept_at.year > 1970) == (kept.sha256, True)
    assert b"".join(FsspecEvidenceStore(str(tmp_path)).read(sha256)) == b"words"


def test_an_object_store_that_does_not_answer_may_do_so_later() -> None:
    nowhere = {"endpoint_url": "http://127.0.0.1:9", "region_name": "us-east-1"}
    store = FsspecEvidenceStore(
        "s3://evidence",
        key="k",
        secret="s",
        client_kwargs=nowhere,
        config_kwargs={"retries": {"max_attempts": 0}},
    )

    with pytest.raises(Unavailable, match="does not answer"):
        store.keep([b"words"])
