from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from gate.adapters.git.changed_texts import MAX_BYTES, MAX_LINES, read_changed_texts
from gate.adapters.git.command import Git
from gate.domain.errors import Failed
from gate.domain.facts import ChangedFile
from gate.domain.hold import RefUpdate
from gate.domain.risk.view import ChangedText, Line, PathClass
from tests.git.git_world import World

Files = dict[bytes, bytes | tuple[str, str]]
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def texts(world: World, old: Files, new: Files) -> dict[str, ChangedText]:
    """What a push that changes `old` into `new` brings, by path."""
    base = world.upstream.commit(old)
    world.upstream.set("refs/heads/main", base)
    tip = world.upstream.commit(new, base)
    world.bring(tip)
    history = world.repository.history
    facts = history.facts(RefUpdate("refs/heads/main", base, tip))
    return {text.path: text for text in history.changed_texts(base, tip, facts.files)}


def lines(*texts: str, start: int = 1) -> tuple[Line, ...]:
    return tuple(Line(number, text) for number, text in enumerate(texts, start))


def test_the_changed_lines_of_a_file_come_with_their_numbers(world: World) -> None:
    old = b"".join(b"%d\n" % number for number in range(1, 101))
    new = old.replace(b"\n50\n", b"\nfifty\nand a half\n").replace(b"\n90\n", b"\n")

    text = texts(world, {b"src/a.py": old}, {b"src/a.py": new})["src/a.py"]

    assert text == ChangedText(
        file=text.file,
        path_class=PathClass.SOURCE,
        added=(Line(50, "fifty"), Line(51, "and a half")),
        removed=(Line(50, "50"), Line(90, "90")),
    )
    assert (text.file.status, text.file.additions, text.file.deletions) == ("M", 2, 2)


def test_a_new_file_has_all_its_lines_and_a_deleted_one_too(world: World) -> None:
    changed = texts(world, {b"old": b"one\ntwo\n"}, {b"new": b"1\n2"})

    assert changed["old"].removed == lines("one", "two")
    assert changed["old"].added == ()
    assert changed["new"].added == lines("1", "2")
    assert changed["new"].removed == ()


NASTY = (
    b" leading and trailing ",
    b'quo"te',
    b"back\\slash",
    b"tab\tname",
    b"new\nline",
    b"other\nline/diff --git a/x b/x",
    b"a b/c b/c",
    b"x b/x",
    b"b/b",
    b"\xc3\xa9t\xc3\xa9",
    b"\xff\xfe latin",
    b"bell\x07\x1b[31m",
    b"-rf",
    b"--- a",
    b"@@ -1 +1 @@",
    b"dev/null",
    b"del\x7f",
    b"l" * 255,
)


def test_every_name_is_told_in_its_bytes(world: World) -> None:
    changed = texts(world, {b"k": b"k\n"}, {b"k": b"k\n", **{name: name + b"\n" for name in NASTY}})

    assert {path.encode(errors="surrogateescape") for path in changed} == {*NASTY}
    for path, text in changed.items():
        assert "\n".join(line.text for line in text.added) == path


def test_lines_that_look_like_the_diffs_own_are_lines(world: World) -> None:
    odd = ("-- a/x", "++ b/x", "@@ -1 +1 @@", "diff --git a/k b/k", "\\ No newline at end of file", "", "-")
    content = "".join(f"{line}\n" for line in odd).encode()

    added = texts(world, {b"k": b"k\n"}, {b"k": b"k\n" + content})["k"]
    removed = texts(world, {b"k": b"k\n" + content, b"l": b""}, {b"k": b"k\n"})

    assert added.added == lines(*odd, start=2)
    assert removed["k"].removed == lines(*odd, start=2)
    assert removed["l"].removed == ()


def test_only_a_newline_ends_a_line_and_undecodable_bytes_stay(world: World) -> None:
    content = "form\ffeed\x0b\x85\u2028one\rline\n".encode() + b"latin \xe9\n"

    text = texts(world, {}, {b"odd": content})["odd"]

    assert text.added == lines("form\ffeed\x0b\x85\u2028one\rline", "latin \udce9")


def test_a_mode_a_link_and_a_submodule_come_like_any_file(world: World) -> None:
    script, target = b"#!/bin/sh\n", world.upstream.blob(b"../../etc/passwd")
    commit = "1" * 40
    old: Files = {b"run": script, b"link": b"a file\n"}
    new: Files = {
        b"run": ("100755", world.upstream.blob(script)),
        b"link": ("120000", target),
        b"lib": ("160000", commit),
    }

    changed = texts(world, old, new)

    assert (changed["run"].added, changed["run"].removed) == ((), ())
    assert changed["link"].file.status == "T"
    assert (changed["link"].removed, changed["link"].added) == (lines("a file"), lines("../../etc/passwd"))
    assert changed["lib"].added == lines(f"Subproject commit {commit}")


def test_a_binary_file_comes_without_lines(world: World) -> None:
    text = texts(world, {}, {b"a.bin": b"text\0" * 100})["a.bin"]

    assert text.file.is_binary
    assert (text.added, text.is_cut) == ((), False)


def test_no_attribute_that_is_pushed_hides_a_file(world: World) -> None:
    text = texts(world, {}, {b".gitattributes": b"*.py -diff binary\n", b"a.py": b"eval(x)\n"})["a.py"]

    assert text.added == lines("eval(x)")


def test_a_rename_is_a_delete_and_an_add_that_says_where_from(world: World) -> None:
    content = b"".join(b"line %d\n" % number for number in range(50))

    changed = texts(world, {b"tests/a b.py": content}, {b"src/new\nname.py": content + b"more\n"})

    assert changed["tests/a b.py"].removed == lines(*content.decode().splitlines())
    assert changed["src/new\nname.py"].renamed_from == "tests/a b.py"
    assert len(changed["src/new\nname.py"].added) == 51


def test_a_file_with_too_many_lines_is_cut_and_the_next_one_is_whole(world: World) -> None:
    many = b"x\n" * (MAX_LINES + 5)

    changed = texts(world, {}, {b"a": many, b"b": b"whole\n"})

    assert (len(changed["a"].added), changed["a"].is_cut) == (MAX_LINES, True)
    assert (changed["b"].added, changed["b"].is_cut) == (lines("whole"), False)


def test_a_line_without_end_is_cut_and_the_next_file_is_whole(world: World) -> None:
    changed = texts(world, {}, {b"a": b"x" * (3 * MAX_BYTES) + b"\nafter\n", b"b": b"whole\n"})

    assert changed["a"].is_cut
    assert sum(len(line.text) for line in changed["a"].added) <= MAX_BYTES
    assert changed["b"].added == lines("whole")


def test_only_the_files_that_were_asked_for_come(world: World) -> None:
    base, tip = world.upstream.commit({}), world.upstream.commit({b"a": b"a\n", b"b": b"b\n", b"c": b"c\n"})
    world.bring(base, tip)
    history = world.repository.history
    files = history.commit_facts(tip).files

    found = list(history.changed_texts(EMPTY_TREE, tip, [files[1]]))

    assert [text.path for text in found] == ["b"]


def test_no_file_asked_for_is_no_text(world: World) -> None:
    assert list(world.repository.history.changed_texts(world.first, world.first, ())) == []


@pytest.mark.parametrize("wrong", [{"path": "nowhere"}, {"new_oid": "2" * 40}])
def test_a_file_that_the_diff_does_not_have_is_a_failure(world: World, wrong: dict[str, str]) -> None:
    tip = world.upstream.commit({b"a": b"a\n"})
    world.bring(tip)
    history = world.repository.history
    (file,) = history.commit_facts(tip).files
    listed: list[ChangedFile] = [replace(file, **wrong)]  # type: ignore[arg-type]

    with pytest.raises(Failed):
        list(history.changed_texts(EMPTY_TREE, tip, listed))


def test_the_memory_does_not_grow_with_the_files(world: World) -> None:
    content = b"".join(b"line %d of a file\n" % number for number in range(500))
    same = world.upstream.blob(content)
    tip = world.upstream.commit({b"src/%d.py" % number: ("100644", same) for number in range(2_000)})
    world.bring(tip)
    history = world.repository.history
    files = history.commit_facts(tip).files

    tracemalloc.start()
    count = sum(len(text.added) for text in history.changed_texts(EMPTY_TREE, tip, files))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 2_000 * 500
    assert peak < 8 << 20


@dataclass(frozen=True)
class Told:
    """A git that tells what it is told to."""

    diff: bytes
    folder: Path = Path("demo.git")

    def having(self, *options: str) -> Told:
        return self

    def text(self, *arguments: str, timeout: float) -> str:
        return ""

    def chunks(self, *arguments: str, timeout: float) -> Iterator[bytes]:
        # Piece by piece, as a pipe may deliver it.
        for at in range(len(self.diff)):
            yield self.diff[at : at + 1]


@pytest.mark.parametrize("body", [b"+one\n", b"+one\n-two\n", b"+one\n@@ -1 +1 @@\n"])
def test_a_diff_that_is_not_as_long_as_it_says_is_a_failure(body: bytes) -> None:
    file = ChangedFile("a", "A", "000000", "100644", "0" * 40, "1" * 40, 2, 0)
    told = Told(b"diff --git a/a b/a\n@@ -0,0 +1,2 @@\n" + body)

    with pytest.raises(Failed):
        list(read_changed_texts(cast(Git, told), EMPTY_TREE, "2" * 40, [file]))
