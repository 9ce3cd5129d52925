"""Secrets that an agent writes into what is not pushed: options, names, and texts without their context."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from gate.domain.agent_place import AgentPlace
from gate.domain.evidence import Evidence, FileKind
from gate.domain.hold import HoldState
from tests.gate_in_a_box import MAIN, Box
from tests.secrets.corpus import BLOCKING, letters
from tests.services.test_gather import THREAD, ran

TOKEN = BLOCKING["github personal token"]()
PASSWORD = letters("pw", 18) + "7b"


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


@pytest.fixture
def home(box: Box, tmp_path: Path) -> Path:
    """The home of codex-1, which the gate may read."""
    home = tmp_path / "agent"
    (home / "work").mkdir(parents=True)
    (home / "r").mkdir()
    with box.gate.store.transaction() as tx:
        tx.places.put(AgentPlace("codex-1", str(home / ".codex"), (str(home / "work"),), (str(home / "r"),)))
    return home


def evidence(box: Box) -> Evidence:
    with box.gate.store.snapshot() as tx:
        found = tx.evidence.get(box.hold(1).id, 1)
    assert found is not None
    return found


def test_a_push_option_that_names_a_brief_tells_no_secret(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}", options=(f"brief={TOKEN}",))

    assert box.hold(1).state is HoldState.IN_REVIEW
    assert TOKEN not in repr(evidence(box).brief)


def test_the_name_of_a_recording_tells_no_secret(box: Box, home: Path) -> None:
    ran(home, ["make"])
    cast = '{"version": 2, "width": 80, "height": 24}\n' + f'[0.1, "o", "{THREAD}"]\n'
    (home / "r" / f"{TOKEN}.cast").write_text(cast)

    box.push(f"{box.commit(a='x')}:{MAIN}")

    assert FileKind.CAST in {one.kind for one in evidence(box).files}
    assert TOKEN not in repr(evidence(box))
    assert TOKEN not in str(box.events())


def test_a_password_that_a_pushed_file_names_is_taken_out_of_the_transcript(box: Box, home: Path) -> None:
    ran(home, [f"check {PASSWORD}"])

    named = f"db_password = '{PASSWORD}'\n"
    box.push(f"{box.commit(settings=named)}:{MAIN}")

    found = evidence(box)
    transcript = next(one for one in found.files if one.kind is FileKind.TRANSCRIPT)
    text = b"".join(box.gate.evidence_store.read(str(transcript.text_sha256))).decode()
    assert "check [redacted: " in text
    assert PASSWORD not in text
    assert PASSWORD not in repr(dataclasses.replace(found, secrets=()))
