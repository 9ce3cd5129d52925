"""Ways in which a push may get past the scan for secrets, or a secret into what people read."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from gate.domain.errors import Unavailable
from gate.domain.hold import BlockReason, HoldState
from tests.gate_in_a_box import MAIN, TOPIC, Box
from tests.secrets.corpus import BLOCKING

TOKEN = BLOCKING["github personal token"]()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def is_stopped(box: Box) -> bool:
    hold = box.hold(1)
    return (hold.state, hold.reason) == (HoldState.BLOCKED, BlockReason.SECRET_FOUND)


def test_a_late_job_of_one_revision_publishes_no_other_that_was_not_scanned(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.push(f"{(first := box.commit(a='x'))}:{MAIN}")

    def scan(*_: object) -> object:
        raise Unavailable("scan for secrets: it took too long.")

    with monkeypatch.context() as patched:
        patched.setattr(type(box.gate.scanner), "scan", scan)
        box.push(f"{box.commit(first, a='x', b=TOKEN)}:{MAIN}")
        assert box.hold(1).state is HoldState.COLLECTING
        # RQ tries a job again that GitHub did not answer, up to minutes later.
        box.gate.publish(box.hold(1).id)

    assert box.hold(1).state is HoldState.COLLECTING


def test_a_late_job_publishes_nothing_whose_secret_only_half_is_allowed(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = BLOCKING["gitlab token"]()
    box.push(f"{box.commit(a=TOKEN, b=other)}:{MAIN}")
    hold = box.hold(1)
    with box.gate.store.snapshot() as tx:
        found = tx.evidence.get(hold.id, 1)
    assert found is not None

    def scan(*_: object) -> object:
        raise Unavailable("scan for secrets: it took too long.")

    with monkeypatch.context() as patched:
        patched.setattr(type(box.gate.scanner), "scan", scan)
        box.gate.allow_secrets(hold.id, [found.blocking[0].identity], box.carol, "it is void now", revision=1)
        box.gate.publish(hold.id)

    assert box.hold(1).state is HoldState.COLLECTING


def test_a_path_with_a_secret_in_it_is_told_nowhere(box: Box) -> None:
    box.push(f"{box.commit(**{f'{TOKEN}.txt': BLOCKING['gitlab token']()})}:{MAIN}")

    assert is_stopped(box)
    assert TOKEN not in box.hold(1).note
    assert TOKEN not in str(box.events())


def test_what_upstream_has_on_another_branch_can_be_pushed_to_this_one(box: Box) -> None:
    box.by_hand(TOPIC, there := box.commit(a="x"))
    box.sync()

    box.push(f"{there}:{MAIN}")

    assert box.hold(1).state is HoldState.IN_REVIEW


def test_a_zip_at_the_end_of_a_tar_hides_nothing_before_it(box: Box) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("readme", "nothing")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as packed:
        for name, content in (("a.gz", gzip.compress(TOKEN.encode())), ("b.zip", inner.getvalue())):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    box.push(f"{box.store.commit({'a.tar': tar.getvalue()}, box.first)}:{MAIN}")

    assert is_stopped(box)
