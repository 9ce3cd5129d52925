from __future__ import annotations

import pytest

from tests.github.caller import Shop
from tests.github.simulator import ZERO, Simulator
from tests.github.simulator.auth import Denied

PULLS = "/repos/acme/shop/pulls"


@pytest.fixture
def shop(simulator: Simulator) -> Shop:
    return Shop(simulator)


def test_a_pull_request_shows_the_branch_it_is_for(shop: Shop) -> None:
    head = shop.branch()

    made = shop.gate()("POST", PULLS, {"head": "change", "base": "main", "title": "Change", "body": "why"})

    assert made.status_code == 201
    pull = made.json()
    assert (pull["number"], pull["head"]["sha"], pull["head"]["label"]) == (1, head, "acme:change")
    assert (pull["base"]["ref"], pull["base"]["sha"]) == ("main", shop.first)
    assert (pull["user"]["login"], pull["user"]["type"]) == ("pushgate[bot]", "Bot")
    assert (pull["commits"], pull["changed_files"]) == (1, 1)
    assert shop.repository.git("rev-parse", "refs/pull/1/head") == head


def test_what_github_refuses_of_a_new_pull_request(shop: Shop) -> None:
    gate = shop.gate()
    shop.alice.push(shop.repository, "refs/heads/empty", shop.first)
    shop.open("taken")
    shop.branch("change")
    shop.alice.push(shop.repository, "refs/heads/other", shop.loose_commit(b="other root"))

    def refusal(**changed: str) -> tuple[int, str]:
        asked = {"head": "change", "base": "main", "title": "Change"} | changed
        return gate.refusal("POST", PULLS, asked)

    assert refusal(head="empty") == (422, "No commits between main and empty")
    assert refusal(head="taken") == (422, "A pull request already exists for acme:taken.")
    assert refusal(head="other") == (422, "The other branch has no history in common with main")
    assert refusal(body="x" * 65537) == (422, "body is too long (maximum is 65536 characters)")
    assert refusal(title="x" * 257) == (422, "title is too long (maximum is 256 characters)")
    assert refusal(title=" ") == (422, "title can't be blank")
    wrong = {"resource": "PullRequest", "code": "invalid"}
    for field in ("head", "base"):
        answer = gate("POST", PULLS, {"head": "change", "base": "main", "title": "x"} | {field: "none"})
        assert (answer.status_code, answer.json()["errors"]) == (422, [{**wrong, "field": field}])
    assert refusal(body="x" * 65536) == (201, "")


def test_only_open_ones_are_listed_unless_asked_and_by_head_and_base(shop: Shop) -> None:
    gate = shop.gate()
    shop.open("a")
    shop.open("b")
    shop.alice.close(shop.repository, shop.repository.pulls[1])

    def numbers(**asked: str) -> list[int]:
        return [one["number"] for one in gate("GET", PULLS, **asked).json()]

    assert numbers() == [2]
    assert numbers(state="all") == [2, 1]
    assert numbers(state="all", direction="asc") == [1, 2]
    assert numbers(state="closed") == [1]
    assert numbers(state="all", head="acme:a") == [1]
    assert numbers(head="acme:a") == []
    assert numbers(base="other") == []


def test_nobody_approves_their_own(shop: Shop) -> None:
    shop.open()
    alice, bob = shop.person(shop.alice), shop.person(shop.bob)
    reviews = f"{PULLS}/1/reviews"

    assert alice.refusal("POST", reviews, {"event": "APPROVE"}) == (
        422,
        "Can not approve your own pull request",
    )
    assert alice.refusal("POST", reviews, {"event": "REQUEST_CHANGES", "body": "no"}) == (
        422,
        "Can not request changes on your own pull request",
    )
    assert alice("POST", reviews, {"event": "COMMENT", "body": "see"}).json()["state"] == "COMMENTED"
    given = bob("POST", reviews, {"event": "APPROVE"}).json()
    assert (given["state"], given["user"]["login"]) == ("APPROVED", "bob")
    assert given["commit_id"] == shop.repository.pulls[1].head_sha


def test_a_review_stays_with_its_commit_unless_github_moves_it(shop: Shop) -> None:
    pull = shop.open()
    old = pull.head_sha
    review = shop.bob.approve(shop.repository, pull)

    shop.branch(b="2\n")
    assert (review.commit_id, pull.head_sha == old) == (old, False)

    shop.simulator.move_commit_ids()
    shop.branch(c="3\n")
    assert review.commit_id == pull.head_sha


def test_a_dismissed_review_cannot_be_dismissed_again(shop: Shop) -> None:
    pull = shop.open()
    review = shop.bob.approve(shop.repository, pull)

    shop.carol.dismiss(shop.repository, pull, review)

    assert review.state == "DISMISSED"
    with pytest.raises(Denied, match="Unprocessable"):
        shop.carol.dismiss(shop.repository, pull, review)


def test_the_head_may_be_shown_late_and_is_told_at_once(shop: Shop) -> None:
    gate, pull = shop.gate(), shop.open()
    before = pull.head_sha
    shop.simulator.stale_heads(2)

    after = shop.branch(b="2\n")

    seen = [gate("GET", f"{PULLS}/1").json()["head"]["sha"] for _ in range(3)]
    assert seen == [before, before, after]
    told = shop.simulator.deliveries[-1]
    assert (told.event, told.action) == ("pull_request", "synchronize")
    assert (told.payload["before"], told.payload["after"]) == (before, after)
    assert told.payload["pull_request"]["head"]["sha"] == after


def test_whether_it_can_be_merged_is_known_a_little_later(shop: Shop) -> None:
    gate = shop.gate()
    shop.open()

    def seen() -> tuple[bool | None, str]:
        shown = gate("GET", f"{PULLS}/1").json()
        return shown["mergeable"], shown["mergeable_state"]

    assert [seen(), seen()] == [(None, "unknown"), (True, "clean")]
    shop.simulator.commit(shop.repository, "main", a="other\n")
    assert [seen(), seen()] == [(None, "unknown"), (False, "dirty")]
    assert gate.refusal("PUT", f"{PULLS}/1/merge") == (405, "Pull Request is not mergeable")


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1), ("rebase", 1)])
def test_a_merge_moves_the_base_and_names_its_commit(shop: Shop, method: str, parents: int) -> None:
    pull = shop.open()
    shop.told()

    merged = shop.gate()("PUT", f"{PULLS}/1/merge", {"merge_method": method, "sha": pull.head_sha})

    oid = merged.json()["sha"]
    assert shop.repository.tip("main") == oid
    assert len(shop.repository.git("show", "-s", "--format=%P", oid).split()) == parents
    assert shop.repository.is_ancestor(pull.head_sha, oid) == (method == "merge")
    shown = shop.gate()("GET", f"{PULLS}/1").json()
    assert (shown["merged"], shown["merge_commit_sha"], shown["state"]) == (True, oid, "closed")
    assert shown["merged_by"]["login"] == "pushgate[bot]"
    assert shop.told() == ["pull_request.closed", "push"]
    assert shop.gate().refusal("PUT", f"{PULLS}/1/merge") == (405, "Pull Request is not mergeable")


def test_a_merge_for_another_head_is_a_conflict(shop: Shop) -> None:
    shop.open()

    refusal = shop.gate().refusal("PUT", f"{PULLS}/1/merge", {"sha": shop.first})

    assert refusal == (409, "Head branch was modified. Review and try the merge again.")


def test_a_draft_is_not_merged(shop: Shop) -> None:
    shop.alice.make_draft(shop.repository, shop.open())

    assert shop.gate().refusal("PUT", f"{PULLS}/1/merge") == (405, "Pull Request is still a draft")


def test_it_is_merged_when_its_head_is_reachable_from_the_base(shop: Shop) -> None:
    pull = shop.open()
    shop.told()

    shop.bob.push(shop.repository, "refs/heads/main", pull.head_sha)

    assert (pull.state, pull.merged_by, pull.merge_commit_sha) == ("closed", shop.bob.account, pull.head_sha)
    assert shop.told() == ["push", "pull_request.closed"]


def test_it_is_closed_when_a_branch_of_it_goes(shop: Shop) -> None:
    head_gone, base_gone = shop.open("a"), shop.open("b")
    shop.bob.push(shop.repository, "refs/heads/next", shop.first)
    shop.alice.edit(shop.repository, base_gone, base="next")

    shop.bob.delete_branch(shop.repository, "a")
    shop.bob.delete_branch(shop.repository, "next")

    for pull in (head_gone, base_gone):
        assert (pull.state, pull.merged_at, pull.closed_by) == ("closed", None, shop.bob.account)
    with pytest.raises(Denied, match="Validation"):
        shop.alice.reopen(shop.repository, base_gone)


def test_a_head_without_commits_closes_it_for_good(shop: Shop) -> None:
    pull = shop.open()
    head = pull.head_sha

    shop.alice.push(shop.repository, "refs/heads/change", shop.first)

    assert pull.state == "closed"
    shop.alice.push(shop.repository, "refs/heads/change", head)
    with pytest.raises(Denied, match="Validation"):
        shop.alice.reopen(shop.repository, pull)


def test_a_closed_one_opens_again_only_at_its_head_or_on_top_of_it(shop: Shop) -> None:
    pull = shop.open()
    head = pull.head_sha
    shop.alice.close(shop.repository, pull)
    shop.alice.push(shop.repository, "refs/heads/change", shop.loose_commit(shop.first, b="2"))
    gate = shop.gate()

    status, words = gate.refusal("PATCH", f"{PULLS}/1", {"state": "open"})

    assert (status, "force-pushed or recreated" in words) == (422, True)
    assert pull.head_sha == head
    newer = shop.loose_commit(head, a="1", b="2")
    shop.alice.push(shop.repository, "refs/heads/change", newer)
    assert gate("PATCH", f"{PULLS}/1", {"state": "open"}).json()["state"] == "open"
    assert pull.head_sha == newer


def test_a_changed_base_is_told_with_what_it_was(shop: Shop) -> None:
    pull = shop.open()
    shop.bob.push(shop.repository, "refs/heads/next", shop.first)

    shop.bob.edit(shop.repository, pull, base="next", title="Another")

    told = shop.simulator.deliveries[-1]
    assert (told.event, told.action) == ("pull_request", "edited")
    changes = {"base": {"ref": {"from": "main"}, "sha": {"from": shop.first}}, "title": {"from": "Change"}}
    assert told.payload["changes"] == changes


def test_reviewers_are_asked_all_or_none(shop: Shop) -> None:
    pull = shop.open()
    shop.simulator.team("acme/security", [shop.bob])
    asking = f"{PULLS}/1/requested_reviewers"
    gate = shop.gate()
    shop.told()

    assert gate.refusal("POST", asking, {"reviewers": ["bob", "nobody"]})[0] == 422
    assert gate.refusal("POST", asking, {"reviewers": ["alice"]})[0] == 422
    assert pull.asked == []
    body = {"reviewers": ["bob"], "team_reviewers": ["security"]}
    assert gate("POST", asking, body).status_code == 201

    shown = gate("GET", asking).json()
    assert [one["login"] for one in shown["users"]] == ["bob"]
    assert [one["slug"] for one in shown["teams"]] == ["security"]
    assert shop.told() == ["pull_request.review_requested"] * 2
    shop.bob.approve(shop.repository, pull)
    assert gate("GET", asking).json()["users"] == []


def test_labels_comments_and_the_files_are_there(shop: Shop) -> None:
    gate, pull = shop.gate(), shop.open()
    issue = "/repos/acme/shop/issues/1"

    gate("POST", f"{issue}/labels", {"labels": ["a", "b"]})
    gate("PUT", f"{issue}/labels", {"labels": ["b", "c"]})
    said = gate("POST", f"{issue}/comments", {"body": "hello"}).json()
    gate("PATCH", f"/repos/acme/shop/issues/comments/{said['id']}", {"body": "changed"})

    assert pull.labels == ["b", "c"]
    assert [one["name"] for one in gate("DELETE", f"{issue}/labels/b").json()] == ["c"]
    assert [one["body"] for one in gate("GET", f"{issue}/comments").json()] == ["changed"]
    files = gate("GET", f"{PULLS}/1/files").json()
    assert [(one["filename"], one["status"]) for one in files] == [("a", "added")]
    assert [one["sha"] for one in gate("GET", f"{PULLS}/1/commits").json()] == [pull.head_sha]
    assert gate.refusal("POST", f"{issue}/comments", {"body": "x" * 65537})[0] == 422
    assert gate("DELETE", f"/repos/acme/shop/issues/comments/{said['id']}").status_code == 204
    assert pull.comments == []


def test_a_fork_is_made_with_the_right_to(shop: Shop) -> None:
    carol, path = shop.person(shop.carol, administration="write"), "/repos/acme/shop/forks"

    assert shop.gate(administration="read").refusal("POST", path, {})[0] == 403
    made = carol("POST", path, {})

    shown = made.json()
    assert (made.status_code, shown["full_name"], shown["parent"]["full_name"]) == (
        202,
        "carol/shop",
        "acme/shop",
    )
    assert carol("GET", "/repos/carol/shop").json()["fork"] is True


def test_a_fork_opens_one_at_its_parent(shop: Shop) -> None:
    fork = shop.bob.fork(shop.repository)
    head = shop.simulator.commit(fork, "main", by=shop.bob, f="1\n")

    pull = shop.bob.open(shop.repository, "bob:main")

    assert (pull.head_sha, pull.head_repo, shop.repository.has(head)) == (head, fork, True)
    newer = shop.simulator.commit(fork, "main", by=shop.bob, g="1\n")
    assert pull.head_sha == newer
    shop.bob.push(fork, "refs/heads/main", ZERO)
    assert pull.state == "closed"
