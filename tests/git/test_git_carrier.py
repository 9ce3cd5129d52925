from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.adapters.git.explanation import explain
from gate.domain.errors import Failed
from gate.domain.hold import ZERO_OID
from tests.git.git_world import World, git

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MAIN = "refs/heads/main"


def test_an_empty_commit_changes_nothing_and_is_the_same_every_time(world: World) -> None:
    history = world.repository.history

    made = history.empty_commit(world.first, "Ask to delete\n\nPushgate-Hold: demo/1\n", WHEN)

    shown = git(world.gate.folder, "log", "-1", "--format=%P %T %an %ae %ct %cn%n%B", made)
    tree = git(world.gate.folder, "rev-parse", f"{world.first}^{{tree}}")
    who = "Pushgate pushgate@localhost 1767323045 Pushgate"
    assert shown == f"{world.first} {tree} {who}\nAsk to delete\n\nPushgate-Hold: demo/1"
    assert history.empty_commit(world.first, "Ask to delete\n\nPushgate-Hold: demo/1\n", WHEN) == made
    assert history.empty_commit(world.first, "Ask for another\n", WHEN) != made


def test_an_empty_commit_needs_a_commit_below_it(world: World) -> None:
    blob = world.gate.blob(b"x")

    with pytest.raises(Failed, match="is no commit"):
        world.repository.history.empty_commit(blob, "x", WHEN)


def test_the_default_branch_is_the_one_that_exists(world: World) -> None:
    history = world.repository.history
    assert history.default_branch() == MAIN

    git(world.gate.folder, "update-ref", "-d", MAIN, PUSHGATE_GUARD=world.guard())

    assert history.default_branch() is None


def test_tags_are_peeled_to_the_commit_that_they_stand_for(world: World) -> None:
    tagger = "tagger Alice <alice@example.org> 1700000000 +0000"
    tag = f"object {world.first}\ntype commit\ntag v1\n{tagger}\n\nv1\n"
    outer = git(world.gate.folder, "mktag", stdin=tag.encode())
    blob = world.gate.blob(b"x")

    peeled = [world.repository.history.peeled(oid) for oid in (outer, world.first, blob)]

    assert peeled == [world.first, world.first, None]


def test_review_branches_are_left_out_of_the_mirror(world: World) -> None:
    up = world.upstream
    held = up.commit({b"held": b"h\n"}, world.first)
    second = up.commit({b"second": b"s\n"}, world.first)
    up.set("refs/heads/pushgate/1", held)
    up.set("refs/heads/pushgate/deep/2", held)
    up.set("refs/heads/pushgate-notes", world.first)
    up.set(MAIN, second)

    world.repository.upstream.sync()

    assert world.gate.refs() == {MAIN: second, "refs/heads/pushgate-notes": world.first}
    assert not world.repository.history.has_commit(held)


def test_review_branches_that_were_mirrored_before_go_and_the_rest_follows(world: World) -> None:
    stale = "refs/heads/pushgate/1"
    git(world.gate.folder, "update-ref", stale, world.first, PUSHGATE_GUARD=world.guard())
    world.upstream.set(stale, world.first)

    world.repository.upstream.sync()

    assert world.gate.refs() == {MAIN: world.first}
    assert world.repository.upstream.tips([stale, "refs/heads/none"]) == {
        stale: world.first,
        "refs/heads/none": ZERO_OID,
    }


@pytest.mark.parametrize(
    ("words", "step"),
    [
        (
            "refs/heads/main: refusing to allow a GitHub App to create or update workflow "
            "`.github/workflows/ci.yml` without `workflows` permission",
            "Give the gate the permission Workflows",
        ),
        ("error: GH006: Protected branch update failed for refs/heads/main.", "The branch is protected. Let"),
        (
            'error: GH006: Protected branch update failed.\nerror: Required status check "ci" is expected.',
            "waits for status checks",
        ),
        (
            "error: GH013: Repository rule violations found for refs/heads/main.",
            "A ruleset keeps the gate out",
        ),
        ("error: GH013: Repository rule violations found.\n- Push cannot contain secrets", "found a secret"),
        ("error: GH001: Large files detected.", "Take the large file out"),
        (
            "fatal: unable to access 'x': The requested URL returned error: 403",
            "The gate may not write there",
        ),
    ],
)
def test_the_words_of_a_refusal_are_kept_and_a_step_comes_behind(words: str, step: str) -> None:
    said, _, rest = explain(words).rpartition("\n")

    assert said == words
    assert step in rest


def test_other_words_are_left_as_they_are() -> None:
    assert explain("refs/heads/main: [remote rejected] (hook declined)") == (
        "refs/heads/main: [remote rejected] (hook declined)"
    )
