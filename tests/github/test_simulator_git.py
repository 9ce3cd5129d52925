from __future__ import annotations

import pytest

from tests.github.caller import Caller, Shop
from tests.github.simulator import ZERO, Simulator

MAIN = "refs/heads/main"


@pytest.fixture
def shop(simulator: Simulator) -> Shop:
    return Shop(simulator)


@pytest.fixture
def next_commit(shop: Shop) -> str:
    return shop.loose_commit(shop.first, readme="two\n")


def test_a_push_over_http_moves_the_branch_and_is_told(shop: Shop, next_commit: str) -> None:
    shop.told()

    said = shop.push(shop.gate(), f"{next_commit}:{MAIN}")

    assert "Done" in said
    assert shop.repository.tip("main") == next_commit
    told = shop.simulator.deliveries[-1]
    assert (told.event, told.payload["ref"]) == ("push", MAIN)
    assert (told.payload["before"], told.payload["after"]) == (shop.first, next_commit)
    assert told.payload["sender"]["login"] == "pushgate[bot]"
    assert [one["id"] for one in told.payload["commits"]] == [next_commit]


def test_branches_come_and_go_with_events_of_their_own(shop: Shop) -> None:
    gate = shop.gate()
    shop.told()

    shop.push(gate, f"{shop.first}:refs/heads/new", f"{shop.first}:refs/tags/v1")
    shop.push(gate, ":refs/heads/new")

    assert shop.told() == ["create", "push", "create", "push", "delete", "push"]


def test_only_a_good_token_gets_in(shop: Shop, next_commit: str) -> None:
    assert "Authentication failed" in shop.push(Caller(shop.simulator, "wrong"), f"{next_commit}:{MAIN}")
    assert "403" in shop.push(shop.gate(contents="read"), f"{next_commit}:{MAIN}")
    assert "not found" in shop.push(shop.gate_elsewhere(), f"{next_commit}:{MAIN}")
    assert shop.repository.tip("main") == shop.first


def test_a_protected_branch_wants_a_pull_request(shop: Shop, next_commit: str) -> None:
    shop.simulator.protect(shop.repository, "main")

    said = shop.push(shop.gate(), f"{next_commit}:{MAIN}", f"{next_commit}:refs/heads/new")

    assert "remote: error: GH006: Protected branch update failed for refs/heads/main." in said
    assert "remote: error: Changes must be made through a pull request." in said
    assert "[remote rejected] (protected branch hook declined)" in said
    assert (shop.repository.tip("main"), shop.repository.tip("new")) == (shop.first, next_commit)


def test_an_atomic_push_moves_all_or_nothing(shop: Shop, next_commit: str) -> None:
    shop.simulator.protect(shop.repository, "main")

    said = shop.push(
        shop.gate(), f"{next_commit}:{MAIN}", f"{next_commit}:refs/heads/new", options=("--atomic",)
    )

    assert "[remote rejected] (atomic transaction failed)" in said
    assert (shop.repository.tip("main"), shop.repository.tip("new")) == (shop.first, None)


def test_a_required_check_is_waited_for(shop: Shop, next_commit: str) -> None:
    shop.simulator.protect(shop.repository, "main", "ci")
    gate = shop.gate()

    said = shop.push(gate, f"{next_commit}:{MAIN}")
    assert 'remote: error: Required status check "ci" is expected.' in said

    shop.bob.report_status(shop.repository, next_commit, "ci", "success")
    shop.bob.report_check(shop.repository, next_commit, "ci", "github-actions", "failure")
    assert "hook declined" in shop.push(gate, f"{next_commit}:{MAIN}")

    shop.bob.report_check(shop.repository, next_commit, "ci", "github-actions", "success")
    assert "Done" in shop.push(gate, f"{next_commit}:{MAIN}")
    assert shop.repository.tip("main") == next_commit


def test_a_protected_branch_is_neither_rewritten_nor_deleted(shop: Shop) -> None:
    shop.simulator.protect(shop.repository, "main", allows_pushes=True)
    shop.simulator.protect(shop.repository, "old", allows_pushes=True)
    shop.bob.push(shop.repository, "refs/heads/old", shop.first)
    other, gate = shop.loose_commit(other="1"), shop.gate()

    assert "error: Cannot force-push to this branch" in shop.push(gate, f"+{other}:{MAIN}")
    assert "error: Cannot delete this branch" in shop.push(gate, ":refs/heads/old")
    newer = shop.loose_commit(shop.first, readme="two")
    assert "Done" in shop.push(gate, f"{newer}:{MAIN}")


def test_the_default_branch_and_githubs_own_refs_stay(shop: Shop) -> None:
    gate = shop.gate()
    shop.open()

    assert "refusing to delete the current branch" in shop.push(gate, f":{MAIN}")
    assert "deny updating a hidden ref" in shop.push(gate, f"+{shop.first}:refs/pull/1/head")


def test_workflows_need_a_permission_of_their_own(shop: Shop) -> None:
    files = {".github/workflows/ci.yml": "on: push\n"}
    held = shop.simulator.commit(shop.repository, "ci", by=shop.alice, **files)
    shop.alice.push(shop.repository, "refs/heads/ci", ZERO)
    without = shop.gate(contents="write")

    said = shop.push(without, f"{held}:refs/heads/ci")

    words = (
        "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` "
        "without `workflows` permission"
    )
    assert f"[remote rejected] ({words})" in said
    assert shop.repository.tip("ci") is None
    assert "Done" in shop.push(shop.gate(), f"{held}:refs/heads/ci")
    # What is there already may be pushed elsewhere by anybody.
    assert "Done" in shop.push(without, f"{held}:refs/heads/again")


def test_refs_are_made_moved_and_deleted_by_the_api(shop: Shop, next_commit: str) -> None:
    gate, refs = shop.gate(), "/repos/acme/shop/git/refs"
    new = {"ref": "refs/heads/a/b", "sha": shop.first}

    assert gate("POST", refs, new).json()["object"]["sha"] == shop.first
    assert gate.refusal("POST", refs, new) == (422, "Reference already exists")
    assert gate("PATCH", f"{refs}/heads/a/b", {"sha": next_commit}).status_code == 200
    back = {"sha": shop.first}
    assert gate.refusal("PATCH", f"{refs}/heads/a/b", back) == (422, "Update is not a fast forward")
    assert gate("PATCH", f"{refs}/heads/a/b", {**back, "force": True}).status_code == 200
    assert gate("DELETE", f"{refs}/heads/a/b").status_code == 204
    assert gate.refusal("DELETE", f"{refs}/heads/a/b") == (422, "Reference does not exist")
    assert gate("GET", "/repos/acme/shop/git/ref/heads/a/b").status_code == 404
    shop.simulator.protect(shop.repository, "main")
    refusal = gate.refusal("PATCH", f"{refs}/heads/main", {"sha": next_commit})
    assert refusal == (422, "Changes must be made through a pull request.")


def test_a_protected_base_is_merged_into_when_a_writer_has_approved(shop: Shop) -> None:
    pull = shop.open()
    shop.simulator.protect(shop.repository, "main")
    dave = shop.simulator.person("dave")
    shop.simulator.collaborator(shop.repository, dave, "read")
    gate, merge = shop.gate(), "/repos/acme/shop/pulls/1/merge"

    dave.approve(shop.repository, pull)
    words = "At least 1 approving review is required by reviewers with write access."
    assert gate.refusal("PUT", merge) == (405, words)

    shop.bob.approve(shop.repository, pull)
    assert gate("PUT", merge).status_code == 200


def test_files_and_commits_come_as_they_are(shop: Shop) -> None:
    tree = shop.repository.git("rev-parse", f"{shop.first}^{{tree}}")
    person = b"caf\xe9 <x@example.org> 1767225600 +0000"
    raw = f"tree {tree}\nparent {shop.first}\n".encode() + b"author %b\ncommitter %b\n\n" % (person, person)
    odd = (
        shop.repository.git_bytes("hash-object", "-w", "-t", "commit", "--stdin", stdin=raw).decode().strip()
    )
    shop.alice.push(shop.repository, "refs/heads/odd", odd)
    gate = shop.gate()

    file = gate("GET", "/repos/acme/shop/contents/readme").json()
    assert (file["type"], file["content"]) == ("file", "b25lCg==\n")
    shown = gate("GET", f"/repos/acme/shop/commits/{odd}").json()
    assert (shown["commit"]["message"], shown["commit"]["author"]["name"]) == ("", "caf\ufffd")
    first = gate("GET", f"/repos/acme/shop/commits/{shop.first}").json()
    assert (first["author"]["login"], first["parents"]) == ("alice", [])
    ahead = gate("GET", f"/repos/acme/shop/compare/main...{odd}").json()
    assert (ahead["status"], ahead["ahead_by"], ahead["behind_by"]) == ("ahead", 1, 0)


def test_a_signature_is_valid_where_github_finds_it_so(shop: Shop) -> None:
    path, gate = f"/repos/acme/shop/commits/{shop.first}", shop.gate()

    before = gate("GET", path).json()["commit"]["verification"]
    shop.simulator.verify(shop.repository, shop.first)
    after = gate("GET", path).json()["commit"]["verification"]

    assert (before["verified"], before["reason"]) == (False, "unsigned")
    assert (after["verified"], after["reason"]) == (True, "valid")
