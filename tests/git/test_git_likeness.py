from __future__ import annotations

import pytest

from gate.adapters.git import likeness as likeness_module
from gate.adapters.git.command import EMPTY_TREE
from gate.domain.hold import ZERO_OID, Likeness
from tests.git.git_world import World, git

LATER = {"GIT_COMMITTER_DATE": "1800000000 +0000", "GIT_AUTHOR_NAME": "Carol"}
BASE = {b"readme": b"one\n"}


def compare(world: World, old: tuple[str, str], new: tuple[str, str]) -> Likeness:
    world.bring(old[1], new[1], *(base for base in (old[0], new[0]) if base not in (ZERO_OID, EMPTY_TREE)))
    return world.repository.history.likeness(*old, *new)


def test_commits_made_anew_with_the_same_content_are_no_change(world: World) -> None:
    up = world.upstream
    one = up.commit({**BASE, b"a": b"1\n"}, world.first)
    two = up.commit({**BASE, b"a": b"2\n"}, one)
    again = up.commit({**BASE, b"a": b"1\n"}, world.first, **LATER)
    two_again = up.commit({**BASE, b"a": b"2\n"}, again, **LATER)

    assert compare(world, (world.first, two), (world.first, two_again)) is Likeness.NO_CHANGE
    assert compare(world, (world.first, two), (world.first, two)) is Likeness.NO_CHANGE


@pytest.mark.parametrize("base", [ZERO_OID, EMPTY_TREE])
def test_a_history_of_its_own_is_compared_from_nothing(world: World, base: str) -> None:
    up = world.upstream
    old, new = up.commit(BASE), up.commit(BASE, **LATER)

    assert compare(world, (base, old), (base, new)) is Likeness.NO_CHANGE
    assert compare(world, (base, old), (base, up.commit({b"x": b"x\n"}))) is Likeness.REWORK


def test_another_message_or_another_cut_of_the_same_work_is_no_code_change(world: World) -> None:
    up = world.upstream
    done = {**BASE, b"a": b"2\n"}
    old = up.commit(done, world.first)
    other_words = up.commit(done, world.first, message=b"in other words\n")
    in_two = up.commit(done, up.commit({**BASE, b"a": b"1\n"}, world.first))

    assert compare(world, (world.first, old), (world.first, other_words)) is Likeness.NO_CODE_CHANGE
    assert compare(world, (world.first, old), (world.first, in_two)) is Likeness.NO_CODE_CHANGE


def test_the_same_patches_on_a_base_that_moved_on_are_a_trivial_rebase(world: World) -> None:
    up = world.upstream
    moved = up.commit({b"readme": b"one\n", b"other": b"o\n"}, world.first)
    old = up.commit({**BASE, b"a": b"1\n"}, world.first)
    new = up.commit({b"readme": b"one\n", b"other": b"o\n", b"a": b"1\n"}, moved, message=b"rebased\n")

    assert compare(world, (world.first, old), (moved, new)) is Likeness.TRIVIAL_REBASE


def test_a_rebase_to_a_base_that_lacks_commits_is_rework(world: World) -> None:
    up = world.upstream
    moved = up.commit({b"readme": b"one\n", b"other": b"o\n"}, world.first)
    old = up.commit({b"readme": b"one\n", b"other": b"o\n", b"a": b"1\n"}, moved)
    new = up.commit({**BASE, b"a": b"1\n"}, world.first)

    assert compare(world, (moved, old), (world.first, new)) is Likeness.REWORK


@pytest.mark.parametrize(
    "content", [b"if x:\n        y\n", b"if x:\n    y\n\n", b"\0\1", b"if x:\n    z\n"], ids=str
)
def test_a_rebase_that_changes_white_space_or_bytes_is_rework(world: World, content: bytes) -> None:
    up = world.upstream
    moved = up.commit({b"readme": b"one\n", b"other": b"o\n"}, world.first)
    old_content = b"\0\2" if content.startswith(b"\0") else b"if x:\n    y\n"
    old = up.commit({**BASE, b"a": old_content}, world.first)
    new = up.commit({b"readme": b"one\n", b"other": b"o\n", b"a": content}, moved)

    assert compare(world, (world.first, old), (moved, new)) is Likeness.REWORK


def test_a_rebase_that_changes_a_mode_or_the_order_is_rework(world: World) -> None:
    up = world.upstream
    rest = {b"readme": b"one\n", b"other": b"o\n"}
    moved = up.commit(rest, world.first)
    old = up.commit({**BASE, b"a": b"1\n", b"b": b"2\n"}, up.commit({**BASE, b"a": b"1\n"}, world.first))
    executable = {**rest, b"a": ("100755", up.blob(b"1\n"))}
    with_mode = up.commit({**executable, b"b": b"2\n"}, up.commit(executable, moved))
    turned = up.commit({**rest, b"a": b"1\n", b"b": b"2\n"}, up.commit({**rest, b"b": b"2\n"}, moved))

    assert compare(world, (world.first, old), (moved, with_mode)) is Likeness.REWORK
    assert compare(world, (world.first, old), (moved, turned)) is Likeness.REWORK


def test_a_rebase_with_a_merge_in_it_is_rework(world: World) -> None:
    up = world.upstream
    rest = {b"readme": b"one\n", b"other": b"o\n"}
    moved = up.commit(rest, world.first)
    old = up.commit({**BASE, b"a": b"1\n"}, world.first)
    merge = up.commit({**rest, b"a": b"1\n"}, moved, old, message=b"merge\n")

    assert compare(world, (world.first, old), (moved, merge)) is Likeness.REWORK


def test_rewinds_to_two_places_are_rework(world: World) -> None:
    up = world.upstream
    second = up.commit({b"readme": b"two\n"}, world.first)

    assert compare(world, (second, second), (world.first, world.first)) is Likeness.REWORK


def test_what_is_too_large_to_be_compared_is_rework(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    up = world.upstream
    moved = up.commit({b"readme": b"one\n", b"other": b"o\n"}, world.first)
    old = up.commit({**BASE, b"a": b"1\n"}, world.first)
    new = up.commit({b"readme": b"one\n", b"other": b"o\n", b"a": b"1\n"}, moved)
    sides = (world.first, old), (moved, new)
    assert compare(world, *sides) is Likeness.TRIVIAL_REBASE

    monkeypatch.setattr(likeness_module, "_MAX_PATCH_BYTES", 20)
    assert compare(world, *sides) is Likeness.REWORK
    monkeypatch.undo()
    monkeypatch.setattr(likeness_module, "_MAX_COMMITS", 0)
    assert compare(world, *sides) is Likeness.REWORK


def test_pushed_attributes_do_not_hide_a_change_in_a_rebase(world: World) -> None:
    up = world.upstream
    hide = {b".gitattributes": b"a -diff\n"}
    moved = up.commit({**BASE, b"other": b"o\n"}, world.first)
    old = up.commit({**BASE, **hide, b"a": b"1\n"}, world.first)
    new = up.commit({**BASE, **hide, b"other": b"o\n", b"a": b"2\n"}, moved)

    assert compare(world, (world.first, old), (moved, new)) is Likeness.REWORK
    assert git(world.gate.folder, "cat-file", "-t", new) == "commit"
