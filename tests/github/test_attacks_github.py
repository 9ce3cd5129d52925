"""Ways around a review at GitHub, each tried and found shut; and holds that others' doings must not lose."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.domain.errors import Refused
from gate.domain.hold import ZERO_OID, BlockReason, HoldState
from gate.domain.policy import Outcome
from gate.services import sweep
from tests.gate_in_a_box import MAIN, TOPIC
from tests.github.github_box import POLICY, GitHubBox
from tests.github.simulator import Simulator

COMMANDS = POLICY + "[commands]\nenabled = true\n"
SQUASH = POLICY + '[release]\nmethod = "squash"\n'
REVIEW_BRANCH = "refs/heads/pushgate/1"


class Interrupted(GitHubBox):
    """A gate in which something happens at one step of its work: upstream loses `topic`."""

    at_step = ""

    def step(self, name: str) -> None:
        if name == self.at_step:
            self.at_step = ""
            self.by_hand(TOPIC, ZERO_OID)
            self.sync()
        super().step(name)


@pytest.mark.parametrize("means", ["deletes", "edits"])
@pytest.mark.parametrize("words", ["/hold until the load test is done", "/hold"])
def test_an_objection_by_comment_stays_whoever_deletes_or_edits_it(
    tmp_path: Path, simulator: Simulator, words: str, means: str
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=COMMANDS)
    box.waiting()
    objection = box.there["alice"].comment(box.shop, box.pull(1), words)
    box.deliver()

    if means == "deletes":
        box.there["bob"].delete_comment(box.shop, box.pull(1), objection)
    else:
        box.there["bob"].edit_comment(box.shop, box.pull(1), objection, "all is well")
    box.deliver()
    box.approve_there(1, "bob")
    box.gate.sweep()

    assert box.hold(1).state is HoldState.CHANGES_REQUESTED
    box.there["alice"].comment(box.shop, box.pull(1), "/unhold")
    box.deliver()
    assert box.hold(1).state is HoldState.RELEASED


def test_a_rejection_by_comment_of_someone_who_may_not_objects_to_nothing_once_it_is_deleted(
    tmp_path: Path, simulator: Simulator
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=COMMANDS)
    dave = simulator.person("dave")
    simulator.collaborator(box.shop, dave, "read")
    box.waiting()
    said = dave.comment(box.shop, box.pull(1), "/reject I do not like it")
    box.deliver()

    dave.delete_comment(box.shop, box.pull(1), said)
    box.deliver()
    box.approve_there(1, "bob")

    assert box.hold(1).state is HoldState.RELEASED


def test_an_objection_survives_its_pull_request(box: GitHubBox) -> None:
    box.waiting()
    box.object_there(1, "alice")

    # GitHub opens no pull request again whose branch went another way while it was closed.
    box.there["bob"].delete_branch(box.shop, "pushgate/1")
    box.push(f"+{box.commit(b='b')}:{MAIN}")
    box.deliver()
    box.approve_there(1, "bob")

    assert len(box.shop.pulls) == 2
    assert box.hold(1).state is HoldState.CHANGES_REQUESTED
    box.approve_there(1, "alice")
    assert box.hold(1).state is HoldState.RELEASED


def test_an_approval_does_not_survive_its_pull_request(tmp_path: Path, simulator: Simulator) -> None:
    two = POLICY.replace("count = 1", "count = 2", 1).replace(
        "[hold]", '[hold]\ncopy_condition = "no_change"'
    )
    box = GitHubBox(tmp_path, simulator, policy=two)
    box.waiting()
    box.approve_there(1, "alice")

    box.there["bob"].delete_branch(box.shop, "pushgate/1")
    box.push(f"+{box.commit(b='b')}:{MAIN}")
    box.deliver()
    box.approve_there(1, "bob")

    assert box.hold(1).state is HoldState.IN_REVIEW


def test_what_was_approved_for_one_branch_is_never_merged_into_another(
    tmp_path: Path, simulator: Simulator
) -> None:
    box = Interrupted(tmp_path, simulator, policy=SQUASH)
    box.by_hand(TOPIC, box.first)
    box.sync()
    box.at_step = "collect:stored"
    # Without its branch, the pull request is against the default one; then the branch is there again.
    box.push(f"{box.commit(a='a')}:{TOPIC}")
    box.deliver()
    box.by_hand(TOPIC, box.first)
    box.deliver()

    box.approve_there(1)

    assert box.pull(1).base_ref == "main"
    assert (box.tip(MAIN), box.tip(TOPIC)) == (box.first, box.first)
    assert box.hold(1).reason is BlockReason.UPSTREAM_REFUSED
    assert "is against main, and refs/heads/topic was approved" in box.hold(1).note


def test_a_new_branch_that_a_person_merges_into_the_default_branch_went_past_the_gate(box: GitHubBox) -> None:
    box.push(f"{box.commit(a='a')}:{TOPIC}")
    box.deliver()
    box.there["alice"].approve(box.shop, box.pull(1))

    box.there["bob"].merge(box.shop, box.pull(1))
    box.deliver()

    assert box.hold(1).state is HoldState.BYPASSED
    assert box.hold(1).note.startswith("bob merged it into main, and it was pushed for refs/heads/topic.")


@pytest.mark.parametrize("why", ["suspended", "wrong key"])
def test_a_gate_that_is_not_let_in_waits_with_everything_and_then_goes_on(box: GitHubBox, why: str) -> None:
    main = box.waiting()
    box.push(f"{box.commit(b='b')}:{TOPIC}")
    box.deliver()
    key = box.folder / "app.pem"
    right = key.read_text()
    if why == "suspended":
        box.simulator.suspend(box.app, box.there["carol"])
    else:
        key.write_text(box.simulator.app("another", [box.shop]).private_key_pem)
        _forget_tokens(box)

    topic = box.hold(2)
    box.gate.review.withdraw(topic.id, topic.revision.head, box.carol, "not now", revision=1)
    box.push(f"{box.commit(c='c')}:refs/heads/new")
    box.there["alice"].approve(box.shop, box.pull(1))
    box.deliver()
    box.gate.sweep()

    assert box.states() == {1: HoldState.IN_REVIEW, 2: HoldState.WITHDRAWN, 3: HoldState.COLLECTING}
    assert box.pull(2).state == "open"
    if why == "suspended":
        box.simulator.suspend(box.app, box.there["carol"], suspended=False)
    else:
        key.write_text(right)
        _forget_tokens(box)
    box.gate.sweep()
    assert box.states() == {1: HoldState.RELEASED, 2: HoldState.WITHDRAWN, 3: HoldState.IN_REVIEW}
    assert box.tip() == main.revision.new
    assert box.pull(2).state == "closed"


def _forget_tokens(box: GitHubBox) -> None:
    for cached in (box.folder / "home" / "secrets" / "github").glob("*.json"):
        cached.unlink()
    box.restart()


def test_one_repository_there_has_one_gate_repository(box: GitHubBox) -> None:
    with pytest.raises(Refused, match="repository demo is in front of it already"):
        box.gate.enroll.add("twin", box.simulator.git_url(box.shop), forge="github", actor="cli:carol")


def test_the_review_branch_of_another_gate_is_not_taken_away(box: GitHubBox) -> None:
    theirs = box.commit(theirs="theirs")
    box.by_hand(REVIEW_BRANCH, theirs)
    pull = box.there["carol"].open(box.shop, "pushgate/1", body="<!-- pushgate:hold shop/1 -->\nHeld.")

    box.push(f"{box.commit(a='a')}:{MAIN}")

    assert (box.tip(REVIEW_BRANCH), pull.state) == (theirs, "open")
    assert box.hold(1).reason is BlockReason.PUBLISH_REFUSED
    assert "belongs to hold shop/1" in box.hold(1).note


def test_the_pull_request_of_a_hold_that_had_the_same_number_is_left_alone(box: GitHubBox) -> None:
    change = box.commit(a="a")
    box.push(f"{change}:{MAIN}")
    box.deliver()
    before = box.hold(1)
    box.gate.review.withdraw(before.id, change, box.carol, "not now", revision=1)
    box.deliver()
    box.gate.enroll.remove("demo", actor="cli:carol")
    box.gate.enroll.add("demo", box.simulator.git_url(box.shop), forge="github", actor="cli:carol")
    box.gate.agents.grant("codex-1", "demo", actor="cli:carol")
    box.write_policy(POLICY)

    box.push(f"{change}:{MAIN}")
    box.deliver()

    assert box.hold(1).id != before.id
    assert box.hold(1).state is HoldState.IN_REVIEW
    assert [pull.state for pull in box.shop.pulls.values()] == ["closed", "open"]


def test_a_sweep_looks_at_some_of_many_holds_and_the_next_goes_on(
    box: GitHubBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_MOST_LOOKS", 2)
    for name in ("a", "b", "c"):
        box.push(f"{box.commit(**{name: name})}:refs/heads/{name}")
    box.deliver()

    looks = [_looked_at(box) for _ in range(3)]

    assert looks == [{1, 2}, {3, 1}, {2, 3}]


def _looked_at(box: GitHubBox) -> set[int]:
    """The pull requests that one sweep reads, with no more than two requests each."""
    before = len(box.simulator.requests)
    box.gate.sweep()
    paths = [one.path for one in box.simulator.requests[before:]]
    numbers = [int(path.split("/pulls/")[1].split("/")[0].split("?")[0]) for path in paths]
    assert len(numbers) <= 2 * len(set(numbers))
    return set(numbers)


def test_a_later_hold_of_the_same_person_outweighs_an_approval_whoever_else_spoke(box: GitHubBox) -> None:
    box.write_policy(COMMANDS.replace("count = 1", "count = 2", 1))
    box.waiting()
    box.approve_there(1, "alice")
    box.there["alice"].comment(box.shop, box.pull(1), "/hold")
    box.approve_there(1, "bob")

    verdict = box.gate.judge(box.hold(1)).verdict

    assert verdict is not None
    assert verdict.outcome is Outcome.DISAPPROVED
