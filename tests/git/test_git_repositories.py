from __future__ import annotations

import os
import py_compile
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from gate.adapters.git.repositories import GitRepositories
from gate.domain.errors import NotFound, Refused, Unavailable
from gate.domain.hold import ZERO_OID, RefUpdate
from gate.services.ports.git import Finding
from tests.git.git_world import World, git, make_bare
from tests.git.test_git_held_pushes import RULES


def subjects(findings: list[Finding], folder: Path) -> list[tuple[str, str]]:
    return [(finding.subject.removeprefix(f"{folder}/"), finding.what) for finding in findings]


def test_a_new_repository_mirrors_upstream_and_is_well(tmp_path: Path) -> None:
    upstream = make_bare(tmp_path / "upstream.git")
    commit = upstream.commit({b"a": b"1\n"})
    upstream.set("refs/heads/trunk", commit)
    upstream.set("refs/tags/v1", commit)
    upstream.set("refs/pull/1/head", commit)
    git(upstream.folder, "symbolic-ref", "HEAD", "refs/heads/trunk")

    repository = GitRepositories(tmp_path / "gate").create("demo", str(upstream.folder))
    repository.held.write_rules(RULES)

    folder = tmp_path / "gate" / "demo.git"
    assert git(folder, "for-each-ref", "--format=%(refname)") == "refs/heads/trunk\nrefs/tags/v1"
    assert git(folder, "symbolic-ref", "HEAD") == "refs/heads/trunk"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert repository.check() == []


def test_a_repository_in_front_of_an_empty_upstream_takes_a_first_push(tmp_path: Path) -> None:
    upstream = make_bare(tmp_path / "upstream.git")
    repository = GitRepositories(tmp_path / "gate").create("demo", str(upstream.folder))
    gate = tmp_path / "gate" / "demo.git"
    tree = git(gate, "mktree")
    commit = git(gate, "commit-tree", "-m", "first", tree)

    facts = repository.history.facts(RefUpdate("refs/heads/main", ZERO_OID, commit))

    assert [one.oid for one in facts.commits] == [commit]
    assert (facts.base, facts.files) == ("4b825dc642cb6eb9a060e54bf8d69288fbee4904", ())


@pytest.mark.parametrize("name", ["", "Demo", "a..b", "../x", "a/b", "x.git", "x.lock", ".x", "-x", "a" * 64])
def test_a_bad_name_is_refused(world: World, name: str) -> None:
    with pytest.raises(Refused, match="no name for a repository"):
        world.repositories.create(name, str(world.upstream.folder))


def test_a_bad_upstream_is_refused_and_leaves_nothing_behind(world: World, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    before = sorted((tmp_path / "gate").iterdir())
    addresses = [tmp_path / "none", tmp_path / "plain", world.gate.folder, Path("relative")]

    for address in addresses:
        with pytest.raises(Refused):
            world.repositories.create("other", str(address))
    with pytest.raises(Unavailable):
        world.repositories.create("other", "http://127.0.0.1:9/x.git")

    assert sorted((tmp_path / "gate").iterdir()) == before


def test_a_taken_name_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="exists already"):
        world.repositories.create("demo", str(world.upstream.folder))


def test_a_removed_repository_is_set_aside(world: World) -> None:
    aside = Path(world.repositories.remove("demo"))

    assert (aside / "HEAD").is_file()
    assert not world.gate.folder.exists()
    with pytest.raises(NotFound):
        world.repositories.remove("demo")
    world.repositories.create("demo", str(world.upstream.folder))


def test_a_missing_folder_is_one_finding(world: World) -> None:
    world.repositories.remove("demo")

    assert [finding.what for finding in world.repository.check()] == ["is missing or is no git repository"]


def test_every_fault_is_found_and_mended(world: World) -> None:
    folder = world.gate.folder
    world.repository.held.write_rules(RULES)
    hooks = folder / "hooks"
    (hooks / "pre-receive").unlink()
    (hooks / "proc-receive").chmod(0o600)
    (hooks / "reference-transaction").write_text("#!/bin/sh\n")
    (hooks / "update").write_text("#!/bin/sh\n")
    (hooks / "pushgate_hook" / "words.py").chmod(0o622)
    (hooks / "pushgate_hook" / "pktline.py").write_text("")
    git(folder, "config", "receive.fsckObjects", "false")
    git(folder, "config", "--unset", "receive.procReceiveRefs")
    git(folder, "config", "core.hooksPath", "/tmp")
    (folder / "pushgate" / "guard").write_text("")
    folder.chmod(0o755)

    findings = world.repository.check()
    world.repositories.bring_up_to_date("demo", str(world.upstream.folder))
    folder.chmod(0o700)

    assert subjects(findings, folder) == [
        (str(folder), "is open to other users"),
        ("hooks/pre-receive", "is missing"),
        ("hooks/proc-receive", "is not executable"),
        ("hooks/pushgate_hook/pktline.py", "was changed"),
        ("hooks/pushgate_hook/words.py", "can be written by others"),
        ("hooks/reference-transaction", "was changed"),
        ("hooks/update", "is no file of this release"),
        ("config", "receive.procReceiveRefs is not set and must be refs/"),
        ("config", "receive.fsckObjects is false and must be true"),
        ("config", "core.hooksPath leads git past the gate's hooks"),
        ("pushgate/guard", "is missing or empty, so no ref can move"),
    ]
    assert world.repository.check() == []


def test_a_changed_compiled_hook_is_found(world: World, tmp_path: Path) -> None:
    world.repository.held.write_rules(RULES)
    evil = tmp_path / "words.py"
    evil.write_text("x = 1\n")
    (compiled,) = (world.gate.folder / "hooks" / "pushgate_hook" / "__pycache__").glob("words.*")
    py_compile.compile(str(evil), cfile=str(compiled))

    findings = subjects(world.repository.check(), world.gate.folder)

    what = "has a compiled form that is missing or was changed"
    assert findings == [("hooks/pushgate_hook/words.py", what)]


def test_an_upstream_that_is_away_is_a_finding_that_stops_no_push(world: World) -> None:
    world.repository.held.write_rules(RULES)
    shutil.move(world.upstream.folder, f"{world.upstream.folder}.moved")

    (finding,) = world.repository.check()

    assert (finding.subject, finding.is_fatal) == ("upstream", False)


def test_maintenance_packs_everything_and_loses_nothing(world: World) -> None:
    objects = {world.gate.blob(f"{n}".encode()) for n in range(50)}
    before = git(world.gate.folder, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    assert objects <= set(before.split())

    world.repository.maintain()
    world.repository.maintain()

    after = git(world.gate.folder, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    counts = git(world.gate.folder, "count-objects", "-v").splitlines()
    assert after == before
    assert {"count: 0", "packs: 1"} <= set(counts)
    subprocess.run(
        ("git", f"--git-dir={world.gate.folder}", "fsck", "--strict"), check=True, capture_output=True
    )


def test_maintenance_removes_what_a_push_left_behind_long_ago(world: World) -> None:
    objects = world.gate.folder / "objects"
    for name, age_hours in (("tmp_objdir-incoming-old", 25), ("tmp_objdir-incoming-new", 1)):
        (objects / name).mkdir()
        (objects / name / "pack").write_bytes(b"half a pack")
        at = time.time() - age_hours * 3600
        os.utime(objects / name, (at, at))

    world.repository.maintain()

    assert [path.name for path in objects.glob("tmp_objdir-*")] == ["tmp_objdir-incoming-new"]
