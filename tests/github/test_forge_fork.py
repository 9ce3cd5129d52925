from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.domain.errors import Failed
from gate.domain.hold import ZERO_OID, HoldState
from tests.github.forge_world import MAIN, ForgeWorld, forge_world
from tests.github.simulator import Repository


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ForgeWorld]:
    with forge_world(tmp_path, review_branches="fork", fork_owner="acme-review") as made:
        made.simulator.organization("acme-review")
        yield made


def fork(world: ForgeWorld, fork_of: Repository | None) -> Repository:
    """A repository acme-review/shop on which the App is installed."""
    owner = world.simulator.organization("acme-review")
    made = world.simulator.world.add_repository(owner, "shop", "main", fork_of)
    world.simulator.install(world.app, [made])
    return made


def test_review_branches_are_in_the_fork_and_nowhere_else(world: ForgeWorld) -> None:
    made = fork(world, world.shop)
    new = world.commit(a="1\n")

    hold = world.publish(world.hold(MAIN, world.first, new))

    assert made.refs()["refs/heads/pushgate/1"] == new
    assert world.tip("refs/heads/pushgate/1") == ZERO_OID
    assert world.row(hold).head_repository == "acme-review/shop"
    assert (world.pull().head_repo, world.pull().head_sha) == (made, new)
    assert world.observe(hold).head == new

    hold = world.publish(world.revise(hold, world.commit(new, a="2\n")))
    world.close(world.ended(hold, HoldState.REJECTED))

    assert "refs/heads/pushgate/1" not in made.refs()
    assert list(world.shop.pulls) == [1]


def test_a_repository_that_only_has_the_forks_name_gets_nothing(world: ForgeWorld) -> None:
    made = fork(world, None)

    with pytest.raises(Failed, match="is no fork of acme/shop"):
        world.publish(world.hold(MAIN, world.first, world.commit(a="1\n")))

    assert made.refs() == {}
