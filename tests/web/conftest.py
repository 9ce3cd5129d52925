from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gate.domain.review import Role
from tests.web.web_world import World, sign_in

SignedIn = Callable[[str], FlaskClient]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.store.engine.dispose()


@pytest.fixture
def gate(world: World) -> World:
    """A gate with alice the admin, bob the reviewer, carol the auditor, and an agent that bob runs."""
    world.add_person("alice", Role.ADMIN)
    bob = world.add_person("bob", Role.REVIEWER)
    world.add_person("carol", Role.AUDITOR)
    world.add_repository()
    world.add_agent(operator=bob)
    return world


@pytest.fixture
def signed_in(gate: World) -> SignedIn:
    """A browser of this person, signed in."""
    app = gate.app()
    return lambda login: sign_in(app.test_client(), login)
