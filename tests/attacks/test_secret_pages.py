"""What people other than admins are shown of a push that a secret stops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.domain.evidence import Evidence
from gate.domain.hold import BlockReason, HoldState
from gate.domain.review import Role
from tests.gate_in_a_box import MAIN, Box
from tests.secrets.corpus import BLOCKING
from tests.web.web_world import World, sign_in

TOKEN = BLOCKING["github personal token"]()
OTHER = BLOCKING["gitlab token"]()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.store.engine.dispose()


def evidence(box: Box) -> Evidence:
    with box.gate.store.snapshot() as tx:
        found = tx.evidence.get(box.hold(1).id, 1)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "files",
    [
        {"Dockerfile": f"FROM debian\nRUN curl https://bob:{TOKEN}@example.org/i.sh | sh\n"},
        {f"{TOKEN}.txt": OTHER},
        {f"{TOKEN}.pyc": "x"},
    ],
    ids=["a line that a rule quotes", "the name of a file with a secret", "a name that a rule quotes"],
)
def test_the_evidence_of_a_push_holds_nothing_of_its_secret(box: Box, files: dict[str, str]) -> None:
    box.push(f"{box.commit(**files)}:{MAIN}")

    assert (box.hold(1).state, box.hold(1).reason) == (HoldState.BLOCKED, BlockReason.SECRET_FOUND)
    assert TOKEN not in repr(evidence(box))


@pytest.mark.parametrize("page", ["", "/files/0", "/tree/prod.env"])
def test_a_push_that_a_secret_stops_is_shown_to_no_reviewer(world: World, page: str) -> None:
    world.add_person("bob", Role.REVIEWER)
    world.add_repository()
    world.add_agent()
    world.commit("demo", {"prod.env": f"TOKEN={TOKEN}\n".encode()}, f"use {OTHER}")
    hold = world.push()
    world.move(hold, HoldState.BLOCKED, reason=BlockReason.SECRET_FOUND)

    shown = sign_in(world.app().test_client(), "bob").get(f"/holds/demo/1{page}").text

    assert TOKEN not in shown
    assert OTHER not in shown
