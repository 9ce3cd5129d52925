from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.adapters.git import facts as facts_module
from gate.adapters.git.command import EMPTY_TREE
from gate.domain.errors import Failed, NotFound
from gate.domain.facts import ChangedFile, Commit, DiffFacts
from gate.domain.hold import ZERO_OID, RefUpdate
from gate.services.ports.git import DiffLine, FileDiff, Hunk, TreeEntry
from tests.git.git_world import WHEN, World, git, receipt

MAIN = "refs/heads/main"
TOPIC = "refs/heads/codex/topic"


def commit(oid: str, *parents: str, subject: str = "change", body: str = "", **names: str) -> Commit:
    return Commit(
        oid=oid,
        parents=parents,
        author=names.get("author", "Alice"),
        author_email="alice@example.org",
        committer="Bob",
        committer_email="bob@example.org",
        committed_at=WHEN,
        subject=subject,
        body=body,
    )


def oids(commits: tuple[Commit, ...]) -> list[str]:
    return [one.oid for one in commits]


def test_a_fast_forward_shows_its_commits_and_the_net_diff(world: World) -> None:
    up = world.upstream
    second = up.commit({b"readme": b"one\ntwo\n"}, world.first, message=b"second\n\nwith a body\n")
    world.bring(second)

    facts = world.repository.history.facts(RefUpdate(MAIN, world.first, second))

    readme = ("readme", "M", "100644", "100644")
    assert facts == DiffFacts(
        base=world.first,
        commits=(commit(second, world.first, subject="second", body="with a body"),),
        dropped=(),
        files=(ChangedFile(*readme, up.blob(b"one\n"), up.blob(b"one\ntwo\n"), 1, 0),),
        is_ancestor=True,
    )


def test_a_create_is_compared_with_the_nearest_branch_that_it_merged(world: World) -> None:
    up = world.upstream
    work = up.commit({b"readme": b"one\n", b"work": b"w\n"}, world.first)
    moved = up.commit({b"readme": b"moved\n"}, world.first, message=b"main moved\n")
    merge = up.commit({b"readme": b"moved\n", b"work": b"w\n"}, work, moved, message=b"merge\n")
    up.set(MAIN, moved)
    world.repository.upstream.sync()
    world.bring(merge)

    facts = world.repository.history.facts(RefUpdate(TOPIC, ZERO_OID, merge))

    assert (facts.base, oids(facts.commits), [file.path for file in facts.files]) == (
        moved,
        [merge, work],
        ["work"],
    )


def test_a_create_of_what_upstream_has_brings_nothing(world: World) -> None:
    facts = world.repository.history.facts(RefUpdate(TOPIC, ZERO_OID, world.first))

    assert facts == DiffFacts(world.first, (), (), (), is_ancestor=True)


def test_a_create_on_an_unapproved_commit_shows_that_commit_too(world: World) -> None:
    held = world.upstream.commit({b"held": b"h\n"}, world.first)
    on_top = world.upstream.commit({b"held": b"h\n", b"top": b"t\n"}, held)
    world.bring(on_top)
    world.hold(receipt((RefUpdate("refs/heads/held", ZERO_OID, held), 1)))

    facts = world.repository.history.facts(RefUpdate(TOPIC, ZERO_OID, on_top))

    assert oids(facts.commits) == [on_top, held]


def test_a_rewrite_lists_the_commits_that_upstream_would_lose(world: World) -> None:
    up = world.upstream
    lost = up.commit({b"lost": b"l\n"}, world.first)
    up.set("refs/heads/deep/branch", world.first)
    kept = up.commit({b"lost": b"l\n", b"kept": b"k\n"}, lost)
    up.set(MAIN, kept)
    world.repository.upstream.sync()
    new = up.commit({b"readme": b"new\n"}, world.first, message=b"new\n")
    world.bring(new)

    facts = world.repository.history.facts(RefUpdate(MAIN, kept, new))

    assert (facts.base, oids(facts.commits), oids(facts.dropped), facts.is_ancestor) == (
        world.first,
        [new],
        [kept, lost],
        False,
    )


def test_a_rewind_brings_nothing_and_drops_what_it_leaves(world: World) -> None:
    second = world.upstream.commit({b"readme": b"two\n"}, world.first)
    world.upstream.set(MAIN, second)
    world.repository.upstream.sync()

    facts = world.repository.history.facts(RefUpdate(MAIN, second, world.first))

    assert facts == DiffFacts(
        world.first, (), (commit(second, world.first),), (), is_ancestor=False, truncated=False
    )


def test_a_delete_drops_only_what_no_other_branch_or_tag_has(world: World) -> None:
    up = world.upstream
    tagged = up.commit({b"tagged": b"t\n"}, world.first)
    alone = up.commit({b"alone": b"a\n"}, tagged)
    up.set("refs/tags/deep/v1", tagged)
    up.set(TOPIC, alone)
    world.repository.upstream.sync()

    facts = world.repository.history.facts(RefUpdate(TOPIC, alone, ZERO_OID))

    assert facts == DiffFacts(EMPTY_TREE, (), (commit(alone, tagged),), (), is_ancestor=False)


def test_an_orphan_history_is_compared_with_nothing(world: World) -> None:
    orphan = world.upstream.commit({b"a": b"1\n"}, message=b"orphan\n")
    world.bring(orphan)

    facts = world.repository.history.facts(RefUpdate(MAIN, world.first, orphan))

    assert (facts.base, oids(facts.commits), oids(facts.dropped)) == (EMPTY_TREE, [orphan], [world.first])
    assert [(file.path, file.status) for file in facts.files] == [("a", "A")]


def test_an_annotated_tag_is_seen_through_to_its_commit(world: World) -> None:
    new = world.upstream.commit({b"a": b"1\n"}, world.first)
    git(world.upstream.folder, "tag", "-a", "-m", "version", "v1", new)
    tag = world.upstream.refs()["refs/tags/v1"]
    world.bring(tag)

    facts = world.repository.history.facts(RefUpdate("refs/tags/v1", ZERO_OID, tag))

    assert (facts.base, oids(facts.commits)) == (world.first, [new])


def test_a_tag_of_a_tree_has_neither_commits_nor_files(world: World) -> None:
    tree = world.gate.tree({b"a": b"1\n"})

    facts = world.repository.history.facts(RefUpdate("refs/tags/tree", ZERO_OID, tree))

    assert facts == DiffFacts(EMPTY_TREE, (), (), (), is_ancestor=True)


ODD_PATHS = [
    b"with space",
    b"with\ttab",
    b"with\nnewline",
    b'"quoted"',
    b"$(touch x);&`'",
    b"-dash",
    b"*?[glob",
    b":(exclude)magic",
    "ünï\u2028code".encode(),
    b"not-\xff\xfe-utf8",
    b"n" * 255,
    b"deep/" * 20 + b"file",
]


def test_odd_paths_keep_every_byte(world: World) -> None:
    new = world.gate.commit(dict.fromkeys(ODD_PATHS, b"x\n"), world.first)

    facts = world.repository.history.facts(RefUpdate(MAIN, world.first, new))

    found = {file.path.encode(errors="surrogateescape") for file in facts.files if file.status == "A"}
    assert found == set(ODD_PATHS)


def test_the_diff_of_an_odd_path_is_found(world: World) -> None:
    new = world.gate.commit({path: b"%d\n" % n for n, path in enumerate(ODD_PATHS)}, world.first)

    found = [
        [
            line.text
            for hunk in world.repository.history.file_diff(
                world.first, new, path.decode(errors="surrogateescape"), max_bytes=1_000
            ).hunks
            for line in hunk.lines
        ]
        for path in ODD_PATHS
    ]

    assert found == [[str(n)] for n in range(len(ODD_PATHS))]


def test_odd_authors_and_messages_are_data(world: World) -> None:
    # Written as an object, since `git commit` mends what is no UTF-8.
    raw = (
        b"tree %s\nparent %s\nauthor $(id) \xff; --all <alice@example.org> 1700000000 +0100\n"
        b"committer Bob <bob@example.org> 1700000000 +0100\n\n"
        b"sub \x1b[31mject $(id)\n\nbody\xff \xe2\x80\xae; --\n\n"
    ) % (world.gate.tree({b"a": b"1\n"}).encode(), world.first.encode())
    new = git(world.gate.folder, "hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)

    facts = world.repository.history.facts(RefUpdate(MAIN, world.first, new))

    assert facts.commits == (
        commit(
            new,
            world.first,
            author="$(id) \\xff; --all",
            subject="sub \x1b[31mject $(id)",
            body="body\\xff \u202e; --",
        ),
    )


def test_a_mailmap_that_the_agent_pushed_renames_nobody(world: World) -> None:
    mailmap = b"Carol <carol@example.org> <alice@example.org>\n"
    second = world.upstream.commit({b".mailmap": mailmap}, world.first)
    world.upstream.set(MAIN, second)
    world.repository.upstream.sync()
    third = world.gate.commit({b".mailmap": mailmap, b"a": b"1\n"}, second)

    facts = world.repository.history.facts(RefUpdate(MAIN, second, third))

    assert facts.commits == (commit(third, second),)


def test_a_time_beyond_the_calendar_is_its_last_moment(world: World) -> None:
    new = world.gate.commit({b"a": b"1\n"}, world.first, GIT_COMMITTER_DATE="@999999999999999 +0000")

    facts = world.repository.history.facts(RefUpdate(MAIN, world.first, new))

    assert facts.commits[0].committed_at == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_binary_files_links_submodules_and_type_changes_are_told_apart(world: World) -> None:
    gate = world.gate
    link, module = gate.blob(b"target"), "1" * 40
    base = gate.commit({b"binary": b"\0\1", b"kind": b"text\n", b"run": b"r\n"}, world.first)
    new = gate.commit(
        {
            b"binary": b"\0\2",
            b"kind": ("120000", link),
            b"run": ("100755", gate.blob(b"r\n")),
            b"sub": ("160000", module),
        },
        base,
    )

    facts = world.repository.history.commit_facts(new)

    zero = ZERO_OID
    assert facts.base == base
    assert facts.files == (
        ChangedFile("binary", "M", "100644", "100644", gate.blob(b"\0\1"), gate.blob(b"\0\2"), None, None),
        ChangedFile("kind", "T", "100644", "120000", gate.blob(b"text\n"), link, 1, 1),
        ChangedFile("run", "M", "100644", "100755", gate.blob(b"r\n"), gate.blob(b"r\n"), 0, 0),
        ChangedFile("sub", "A", "000000", "160000", zero, module, 1, 0),
    )


def test_pushed_attributes_do_not_hide_text(world: World) -> None:
    files = {b".gitattributes": b"* -diff binary\n", b"code.py": b"x = 1\n"}
    new = world.gate.commit(files, world.first)

    facts = world.repository.history.facts(RefUpdate(MAIN, world.first, new))
    diff = world.repository.history.file_diff(world.first, new, "code.py", max_bytes=1_000)

    assert {file.path: file.additions for file in facts.files if file.status == "A"} == {
        ".gitattributes": 1,
        "code.py": 1,
    }
    assert diff == FileDiff(
        "code.py", False, False, (Hunk("@@ -0,0 +1 @@", (DiffLine("+", None, 1, "x = 1"),)),)
    )


def test_twenty_thousand_files_are_all_counted(world: World) -> None:
    one = world.gate.blob(b"1\n")
    files = {f"d{n % 100}/f{n}".encode(): ("100644", one) for n in range(20_000)}
    new = world.gate.commit(files, world.first)

    facts = world.repository.history.facts(RefUpdate(MAIN, world.first, new))

    assert (len(facts.files), facts.additions, facts.deletions, facts.truncated) == (20_001, 20_000, 1, False)


def test_caps_cut_the_lists_and_say_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "MAX_FILES", 2)
    new = world.gate.commit({f"f{n}".encode(): b"x\n" for n in range(5)}, world.first)

    facts = world.repository.history.facts(RefUpdate(MAIN, world.first, new))

    assert ([file.path for file in facts.files], facts.truncated) == (["f0", "f1"], True)


def test_facts_of_a_missing_object_fail(world: World) -> None:
    with pytest.raises(Failed, match="object " + "a" * 40 + " is missing"):
        world.repository.history.facts(RefUpdate(MAIN, world.first, "a" * 40))


def test_ancestry_and_commits_are_answered_and_options_are_no_commits(world: World) -> None:
    second = world.gate.commit({b"a": b"1\n"}, world.first)
    history = world.repository.history

    assert history.is_ancestor(world.first, second)
    assert not history.is_ancestor(second, world.first)
    assert history.has_commit(second)
    assert not history.has_commit(world.gate.blob(b"x"))
    with pytest.raises(Failed, match="missing"):
        history.is_ancestor("b" * 40, second)
    with pytest.raises(Failed, match="no object id"):
        history.has_commit("--all")


def test_a_tip_is_of_exactly_this_ref(world: World) -> None:
    world.upstream.set("refs/heads/a/b", world.first)
    world.repository.upstream.sync()

    tips = [world.repository.history.tip(ref) for ref in (MAIN, "refs/heads/a", "refs/heads/a/b")]

    assert tips == [world.first, ZERO_OID, world.first]


def test_diff_lines_end_at_newlines_alone(world: World) -> None:
    old = world.gate.commit({b"f": b"-- a\nform\x0cfeed\r\nsame\nlast"}, world.first)
    new = world.gate.commit({b"f": b"++ b\nform\x0cfeed\r\nsame\nlast \xff\xe2\x80\xa8\n"}, old)

    diff = world.repository.history.file_diff(old, new, "f", max_bytes=1_000)

    lines = (
        DiffLine("-", 1, None, "-- a"),
        DiffLine("+", None, 1, "++ b"),
        DiffLine(" ", 2, 2, "form\x0cfeed\r"),
        DiffLine(" ", 3, 3, "same"),
        DiffLine("-", 4, None, "last"),
        DiffLine("\\", None, None, "No newline at end of file"),
        DiffLine("+", None, 4, "last \\xff\u2028"),
    )
    assert diff == FileDiff("f", False, False, (Hunk("@@ -1,4 +1,4 @@", lines),))


def test_distant_changes_are_separate_hunks(world: World) -> None:
    lines = [f"line {n}\n" for n in range(1, 41)]
    old = world.gate.commit({b"f": "".join(lines).encode()}, world.first)
    changed = ["new\n", *lines[1:39], "end\n"]
    new = world.gate.commit({b"f": "".join(changed).encode()}, old)

    diff = world.repository.history.file_diff(old, new, "f", max_bytes=10_000)

    assert [hunk.header for hunk in diff.hunks] == ["@@ -1,4 +1,4 @@", "@@ -37,4 +37,4 @@ line 36"]
    assert [len(hunk.lines) for hunk in diff.hunks] == [5, 5]


def test_a_folder_that_became_a_file_shows_the_file_alone(world: World) -> None:
    old = world.gate.commit({b"f/inner": b"inner\n"}, world.first)
    new = world.gate.commit({b"f": b"file\n"}, old)

    diff = world.repository.history.file_diff(old, new, "f", max_bytes=1_000)

    assert diff.hunks == (Hunk("@@ -0,0 +1 @@", (DiffLine("+", None, 1, "file"),)),)


def test_a_binary_and_a_large_file_have_no_hunks(world: World) -> None:
    new = world.gate.commit({b"binary": b"\0", b"large": b"x\n" * 5_000}, world.first)
    history = world.repository.history

    binary = history.file_diff(world.first, new, "binary", max_bytes=1_000)
    large = history.file_diff(world.first, new, "large", max_bytes=1_000)

    assert binary == FileDiff("binary", is_binary=True, is_too_large=False, hunks=())
    assert large == FileDiff("large", is_binary=False, is_too_large=True, hunks=())


def test_a_link_that_becomes_a_binary_file_is_binary(world: World) -> None:
    old = world.gate.commit({b"f": ("120000", world.gate.blob(b"target"))}, world.first)
    new = world.gate.commit({b"f": b"\0\1"}, old)

    diff = world.repository.history.file_diff(old, new, "f", max_bytes=1_000)

    assert diff == FileDiff("f", is_binary=True, is_too_large=False, hunks=())


def test_a_range_diff_names_what_changed_between_revisions(world: World) -> None:
    shared = "".join(f"shared {n}\n" for n in range(20)).encode()
    one = world.gate.commit({b"a": shared + b"1\n"}, world.first, message=b"work\n")
    two = world.gate.commit({b"a": shared + b"2\n"}, world.first, message=b"work\n")
    history = world.repository.history

    whole = history.range_diff(world.first, one, world.first, two, max_bytes=10_000)
    cut = history.range_diff(world.first, one, world.first, two, max_bytes=10)
    orphan = history.range_diff(EMPTY_TREE, one, EMPTY_TREE, one, max_bytes=10_000)

    assert whole.startswith(f"1:  {one[:7]} ! 1:  {two[:7]} work\n")
    assert [line.strip() for line in whole.splitlines() if line.endswith(("1", "2"))][-2:] == ["-+1", "++2"]
    assert cut == whole[:10]
    assert orphan.count("=") == 2


def test_a_folder_lists_its_entries_and_a_missing_one_is_not_found(world: World) -> None:
    gate = world.gate
    new = gate.commit({b"d/a b\n": b"12345", b"d/sub/x": b"x", b"d/m": ("160000", "1" * 40)}, world.first)
    history = world.repository.history

    assert history.tree(new, "d") == (
        TreeEntry("a b\n", "100644", "blob", gate.blob(b"12345"), 5),
        TreeEntry("m", "160000", "commit", "1" * 40, None),
        TreeEntry("sub", "040000", "tree", gate.tree({b"x": b"x"}), None),
    )
    assert [entry.name for entry in history.tree(new, "")] == ["d"]
    with pytest.raises(NotFound):
        history.tree(new, "no/such")
    with pytest.raises(NotFound):
        history.tree("c" * 40, "")


def test_a_blob_is_cut_and_its_size_told(world: World) -> None:
    content = bytes(range(256)) * 1_000
    large, empty = world.gate.blob(content), world.gate.blob(b"")
    history = world.repository.history

    assert history.blob(large, max_bytes=300) == (content[:300], 256_000)
    assert history.blob(large, max_bytes=10**6) == (content, 256_000)
    assert history.blob(empty, max_bytes=10) == (b"", 0)
    with pytest.raises(NotFound):
        history.blob(world.first, max_bytes=10)


def test_a_patch_applies_again(world: World) -> None:
    new = world.gate.commit({b"readme": b"two\n", b"bin": bytes(range(256))}, world.first)
    index = str(world.gate.folder / "patch-index")
    git(world.gate.folder, "read-tree", world.first, GIT_INDEX_FILE=index)

    patch = b"".join(world.repository.history.patch(world.first, new))

    git(world.gate.folder, "apply", "--cached", stdin=patch, GIT_INDEX_FILE=index)
    tree = git(world.gate.folder, "write-tree", GIT_INDEX_FILE=index)
    assert tree == git(world.gate.folder, "rev-parse", f"{new}^{{tree}}")
