"""Holds that a secret stops, and what becomes of them when nobody pushes again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gate.domain.errors import Unavailable
from gate.domain.hold import HoldState
from tests.gate_in_a_box import MAIN, Box
from tests.secrets.corpus import BLOCKING

TOKEN = BLOCKING["github personal token"]()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_a_push_that_a_secret_stops_expires_like_any_other(box: Box) -> None:
    box.push(f"{box.commit(a=TOKEN)}:{MAIN}")

    box.ahead = timedelta(days=400)
    box.sync()

    assert box.hold(1).state is HoldState.EXPIRED


def test_somebody_who_brings_a_stopped_push_upstream_is_noticed(box: Box) -> None:
    box.push(f"{(new := box.commit(a=TOKEN))}:{MAIN}")

    box.by_hand(MAIN, new)
    box.sync()

    assert box.hold(1).state is HoldState.BYPASSED


def test_what_reaches_upstream_while_the_scan_waits_is_noticed(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scan(*_: object) -> object:
        raise Unavailable("scan for secrets: it took too long.")

    with monkeypatch.context() as patched:
        patched.setattr(type(box.gate.scanner), "scan", scan)
        box.push(f"{(new := box.commit(a='x'))}:{MAIN}")
        assert box.hold(1).state is HoldState.COLLECTING
    box.by_hand(MAIN, new)
    box.sync()
    box.sync()

    assert box.hold(1).state is HoldState.BYPASSED
