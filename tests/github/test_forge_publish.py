from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gate.domain.errors import Failed, RateLimited, Unavailable
from gate.domain.hold import ZERO_OID
from gate.domain.policy import Asked
from gate.domain.pull_request.marker import digest, marker_of_revision
from gate.domain.pull_request.model import PullRequest
from gate.domain.risk.model import RiskLevel
from tests.git.git_world import git
from tests.github.forge_world import MAIN, Crash, ForgeWorld, forge_world
from tests.github.simulator import pulls
from tests.pull_request.evidence_building import of_level

PULL = ("POST", "/pulls")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ForgeWorld]:
    with forge_world(tmp_path) as made:
        yield made


def opened(world: ForgeWorld) -> int:
    """How often the gate asked for a pull request to be opened."""
    return world.writes().count(PULL)


def test_a_held_push_gets_a_pull_request_whose_head_is_the_held_commit(world: ForgeWorld) -> None:
    new = world.commit(a="1\n")
    hold = world.hold(MAIN, world.first, new)

    hold = world.publish(hold, evidence=of_level(RiskLevel.HIGH))

    pull = world.pull()
    assert (pull.head_sha, pull.base_ref, pull.state, pull.draft) == (new, "main", "open", False)
    assert pull.labels == ["pushgate:held", "risk:high"]
    assert world.tip("refs/heads/pushgate/1") == new
    assert hold.revision.review_head == new
    assert world.row(hold) == PullRequest(
        hold_id=hold.id,
        repository_id=world.shop.id,
        number=1,
        url=f"{world.simulator.url}/acme/shop/pull/1",
        head_repository="acme/shop",
        head_ref="refs/heads/pushgate/1",
        base_ref=MAIN,
        author_id=world.app.bot.id,
        opened_at=pull.created_at,
        body_digest=digest(pull.body),
    )
    assert world.forges.carries(hold)


def test_publishing_again_writes_only_what_is_new(world: ForgeWorld) -> None:
    hold = world.publish(world.hold(MAIN, world.first, world.commit(a="1\n")))
    world.publish(hold)
    world.writes()

    world.publish(hold)

    assert world.writes() == []


def test_publishing_again_corrects_title_text_and_base(world: ForgeWorld) -> None:
    world.push_by_hand("refs/heads/other", world.first)
    hold = world.publish(world.hold(MAIN, world.first, world.commit(a="1\n")))
    title, body = world.pull().title, world.pull().body
    world.alice.edit(world.shop, world.pull(), title="mine", body="nothing to see", base="other")
    world.writes()

    world.publish(hold)

    pull = world.pull()
    assert (pull.title, digest(pull.body), pull.base_ref) == (title, digest(body), "main")
    assert world.writes() == [("PATCH", "/pulls/1")]


@pytest.mark.parametrize("step", ["github:branch_pushed", "github:opened", "github:stored"])
def test_a_crash_leaves_one_pull_request_in_the_end(world: ForgeWorld, step: str) -> None:
    hold = world.hold(MAIN, world.first, world.commit(a="1\n"))
    world.crash_at = step
    with pytest.raises(Crash):
        world.publish(hold)

    hold = world.publish(world.read(hold))

    assert (list(world.shop.pulls), opened(world)) == ([1], 1)
    assert world.row(hold).number == 1


def test_an_answer_that_got_lost_after_the_work_is_adopted(world: ForgeWorld) -> None:
    hold = world.hold(MAIN, world.first, world.commit(a="1\n"))
    world.simulator.fault("POST", "/pulls", status=502, after_work=True)
    with pytest.raises(Unavailable):
        world.publish(hold)

    hold = world.publish(world.read(hold))

    assert (list(world.shop.pulls), opened(world)) == ([1], 1)
    assert world.row(hold).author_id == world.app.bot.id


def test_a_pull_request_of_a_person_from_the_review_branch_is_adopted(world: ForgeWorld) -> None:
    new = world.commit(a="1\n")
    hold = world.hold(MAIN, world.first, new)
    world.push_by_hand("refs/heads/pushgate/1", new)
    open_by_hand(world, "pushgate/1", "main")

    hold = world.publish(hold)

    assert list(world.shop.pulls) == [1]
    assert world.row(hold).author_id == world.bob.id
    assert world.pull().title.startswith("Hold 1: codex-1 wants to move main")


def test_the_pull_request_of_another_hold_is_never_taken(world: ForgeWorld) -> None:
    hold = world.publish(world.hold(MAIN, world.first, world.commit(a="1\n")))
    body = world.pull().body.replace("pushgate:hold demo/1", "pushgate:hold shop/1")
    world.alice.edit(world.shop, world.pull(), body=body)
    with world.store.transaction() as tx:
        row = tx.pull_requests.get(hold.id)
        assert row is not None
        tx.pull_requests.put(replace(row, number=99))

    with pytest.raises(Failed):
        world.publish(hold)

    assert digest(world.pull().body) == digest(body)


def test_a_limit_on_writes_says_when_to_come_back(world: ForgeWorld) -> None:
    hold = world.hold(MAIN, world.first, world.commit(a="1\n"))
    world.simulator.secondary_limit(1)

    with pytest.raises(RateLimited) as limited:
        world.publish(hold)

    assert limited.value.retry_after.total_seconds() > 1
    world.simulator.secondary_limit(80)
    world.publish(world.read(hold))
    assert list(world.shop.pulls) == [1]
    assert world.pull().labels == ["pushgate:held"]


def test_a_later_revision_stays_on_the_pull_request(world: ForgeWorld) -> None:
    first = world.commit(a="1\n")
    hold = world.publish(world.hold(MAIN, world.first, first), evidence=of_level(RiskLevel.HIGH))
    second = world.commit(first, a="2\n")
    hold = world.revise(hold, second)

    hold = world.publish(
        world.publish(hold, evidence=of_level(RiskLevel.LOW)), evidence=of_level(RiskLevel.LOW)
    )

    [comment] = world.pull().comments
    assert comment.body.startswith(str(marker_of_revision(hold)))
    assert first[:7] in comment.body
    assert second[:7] in comment.body
    assert (world.pull().head_sha, world.row(hold).number) == (second, 1)
    assert world.pull().labels == ["pushgate:held", "risk:low"]


def test_the_time_of_publishing_is_githubs_own(world: ForgeWorld) -> None:
    world.ahead = timedelta(days=-1)
    hold = world.publish(world.hold(MAIN, world.first, world.commit(a="1\n")))

    assert hold.revision.published_at is not None
    assert hold.revision.published_at >= world.pull().created_at


@pytest.mark.parametrize("what", ["delete", "tag", "rewind", "same", "tag of a tree", "orphan"])
def test_what_no_diff_can_show_is_carried_by_an_empty_commit_on_the_base(
    world: ForgeWorld, what: str
) -> None:
    second = world.commit(a="1\n")
    world.push_by_hand(MAIN, second)
    world.push_by_hand("refs/heads/old", world.first)
    world.sync()
    ref, old, new, base = {
        "delete": ("refs/heads/old", world.first, ZERO_OID, "old"),
        "tag": ("refs/tags/v1", ZERO_OID, second, "main"),
        "rewind": (MAIN, second, world.first, "main"),
        "same": ("refs/heads/same", ZERO_OID, second, "main"),
        "tag of a tree": (
            "refs/tags/t",
            ZERO_OID,
            git(world.agent.folder, "rev-parse", f"{second}^{{tree}}"),
            "main",
        ),
        "orphan": ("refs/heads/orphan", ZERO_OID, world.agent.commit({b"x": b"x\n"}), "main"),
    }[what]

    hold = world.publish(world.hold(ref, old, new))

    head = hold.revision.review_head
    tip = world.first if base == "old" else second
    shown = world.shop.git("log", "-1", "--format=%P %T %ct", str(head)).split()
    tree = world.shop.git("rev-parse", f"{tip}^{{tree}}")
    assert shown == [tip, tree, str(int(hold.revision.received_at.timestamp()))]
    assert (world.pull().head_sha, world.pull().base_ref) == (head, base)
    assert "only carries the request" in world.pull().body
    assert not hold.revision.is_shown_itself
    assert world.observe(hold).head == hold.revision.head


def test_a_tag_of_new_commits_is_carried_on_top_of_them(world: ForgeWorld) -> None:
    new = world.commit(a="1\n")
    tagger = "tagger Alice <alice@example.org> 1700000000 +0000"
    text = f"object {new}\ntype commit\ntag v1\n{tagger}\n\nv1\n"
    tag = git(world.agent.folder, "mktag", stdin=text.encode())

    hold = world.publish(world.hold("refs/tags/v1", ZERO_OID, tag))

    assert world.shop.git("rev-parse", f"{hold.revision.review_head}^") == new
    assert world.observe(hold).head == tag


def test_a_new_branch_is_shown_against_the_default_branch(world: ForgeWorld) -> None:
    new = world.commit(a="1\n")

    hold = world.publish(world.hold("refs/heads/codex/fix", ZERO_OID, new))

    assert (world.pull().head_sha, world.pull().base_ref) == (new, "main")
    assert hold.revision.is_shown_itself


def test_an_empty_upstream_leaves_the_review_to_the_gates_own_page(world: ForgeWorld) -> None:
    world.push_by_hand(MAIN, ZERO_OID)
    world.sync()

    hold = world.publish(world.hold(MAIN, ZERO_OID, world.commit(a="1\n")))

    assert not world.forges.carries(hold)
    assert world.observe(hold).is_open
    assert world.writes() == []


def test_what_github_finds_nothing_in_is_left_to_the_gates_own_page(world: ForgeWorld) -> None:
    new = world.commit(a="1\n")
    hold = world.hold(MAIN, world.first, new)
    world.push_by_hand(MAIN, new)  # The gate has not seen that yet.

    hold = world.publish(hold)

    assert not world.forges.carries(hold)


def test_a_refused_review_branch_fails_with_githubs_words_and_the_next_step(tmp_path: Path) -> None:
    with forge_world(tmp_path) as world:
        for token in world.simulator.world.tokens.values():
            del token.permissions["workflows"]
        tree = {b".github/workflows/ci.yml": b"on: push\n"}
        hold = world.hold(MAIN, world.first, world.agent.commit(tree, world.first))

        with pytest.raises(Failed) as refused:
            world.publish(hold)

        assert not refused.value.retryable
        assert "without `workflows` permission" in str(refused.value)
        assert "Give the gate the permission Workflows" in str(refused.value)
        assert world.shop.pulls == {}


def test_reviewers_are_asked_and_one_who_may_not_be_asked_keeps_nobody_out(world: ForgeWorld) -> None:
    carol = world.simulator.person("carol")
    world.simulator.team("acme/security", [world.alice])
    hold = world.hold(MAIN, world.first, world.commit(a="1\n"))
    asked = Asked((carol.login, "alice", "bob"), ("acme/security", "other/team"))

    world.publish(hold, asked=asked)

    assert [person.login for person in world.pull().asked] == ["alice", "bob"]
    assert world.pull().asked_teams == ["security"]
    world.writes()
    world.publish(hold, asked=Asked(("alice", "bob"), ("acme/security",)))
    assert ("POST", "/pulls/1/requested_reviewers") not in world.writes()


def test_a_refusal_of_labels_does_not_lose_the_pull_request(world: ForgeWorld) -> None:
    hold = world.hold(MAIN, world.first, world.commit(a="1\n"))
    world.simulator.fault("POST", "/labels", status=403)

    hold = world.publish(hold)

    assert world.row(hold).number == 1


def test_a_draft_is_opened_where_the_settings_say_so(tmp_path: Path) -> None:
    with forge_world(tmp_path, draft=True) as world:
        hold = world.publish(world.hold(MAIN, world.first, world.commit(a="1\n")))

        assert world.pull().draft
        assert world.observe(hold).is_draft


def test_a_closed_pull_request_is_opened_again_for_a_hold_that_lives_again(world: ForgeWorld) -> None:
    hold = world.publish(world.hold(MAIN, world.first, world.commit(a="1\n")))
    world.bob.push(world.shop, "refs/heads/pushgate/1", ZERO_OID)
    assert world.pull().state == "closed"

    hold = world.publish(hold)

    assert (world.pull().state, list(world.shop.pulls)) == ("open", [1])
    assert world.observe(hold).is_open


def test_a_merged_pull_request_gives_way_to_a_new_one(world: ForgeWorld) -> None:
    first = world.commit(a="1\n")
    hold = world.publish(world.hold(MAIN, world.first, first))
    world.bob.merge(world.shop, world.pull(), "merge")
    world.sync()
    hold = world.revise(hold, world.commit(first, a="2\n"))

    hold = world.publish(hold)

    assert world.row(hold).number == 2
    assert world.pull(2).head_sha == hold.revision.new


def test_a_moved_review_branch_is_brought_back(world: ForgeWorld) -> None:
    new = world.commit(a="1\n")
    hold = world.publish(world.hold(MAIN, world.first, new))
    other = world.commit(new, b="evil\n")
    world.push_by_hand("refs/heads/pushgate/1", other)
    assert world.observe(hold).head == other

    hold = world.publish(hold)

    assert world.tip("refs/heads/pushgate/1") == new
    assert world.observe(hold).head == new


def open_by_hand(world: ForgeWorld, head: str, base: str) -> None:
    with world.simulator.world.lock:
        body = {"head": head, "base": base, "title": "mine", "body": "mine"}
        pulls.create(world.simulator.rest, world.bob.account, world.shop, body)
