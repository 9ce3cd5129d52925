"""The event table of the gate's contract with GitHub: what each event must lead to, and never may."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.domain.hold import BlockReason, HoldState
from tests.gate_in_a_box import MAIN, TOPIC
from tests.github.github_box import POLICY, GitHubBox
from tests.github.simulator import ZERO, Simulator

COMMANDS = f"{POLICY}\n[commands]\nenabled = true\n"
STICKY = POLICY.replace(
    'requires = { permissions = ["write"] }', 'requires = { permissions = ["write"] }\nsticky = true'
)


def test_e01_an_eligible_approval_of_the_held_commit_releases_it(box: GitHubBox) -> None:
    hold = box.waiting()

    box.approve_there(1)

    assert (box.hold(1).state, box.tip()) == (HoldState.RELEASED, hold.revision.new)
    assert "hold:approve" in box.story(1)


def test_e02_an_approval_of_another_commit_does_not_count_and_the_pull_request_says_so(
    box: GitHubBox,
) -> None:
    box.waiting()

    box.approve_there(1, oid=box.first)

    assert (box.hold(1).state, box.tip()) == (HoldState.IN_REVIEW, box.first)
    assert any("does not count" in comment.body for comment in box.pull(1).comments)


def test_e03_an_objection_stops_it_whatever_else_is_approved(box: GitHubBox) -> None:
    box.waiting()

    box.object_there(1, "bob")
    box.approve_there(1, "alice")

    assert (box.hold(1).state, box.tip()) == (HoldState.CHANGES_REQUESTED, box.first)
    assert "please add a test" in "\n".join(box.standing().values())


def test_e04_a_comment_is_no_opinion_and_takes_none_back(tmp_path: Path, simulator: Simulator) -> None:
    box = GitHubBox(tmp_path, simulator, policy=POLICY.replace("count = 1", "count = 2", 1))
    box.waiting()
    box.approve_there(1, "alice")

    box.there["alice"].comment_review(box.shop, box.pull(1), "/reject this is a comment of a review")
    box.deliver()
    assert box.hold(1).state is HoldState.IN_REVIEW
    box.approve_there(1, "bob")

    assert box.hold(1).state is HoldState.RELEASED


def test_e05_a_dismissed_approval_does_not_count_and_revives_none_before_it(
    tmp_path: Path, simulator: Simulator
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=POLICY.replace("count = 1", "count = 2", 1))
    box.waiting()
    pull = box.pull(1)
    box.there["alice"].approve(box.shop, pull)
    latest = box.there["alice"].approve(box.shop, pull)
    box.deliver()
    box.there["carol"].dismiss(box.shop, pull, latest)
    box.deliver()

    box.approve_there(1, "bob")

    assert box.hold(1).state is HoldState.IN_REVIEW
    assert "review:dismiss" in box.story(1)


def test_e05_an_objection_that_another_dismissed_still_blocks_where_it_is_sticky(
    tmp_path: Path, simulator: Simulator
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=STICKY)
    box.waiting()
    objection = box.there["bob"].request_changes(box.shop, box.pull(1))
    box.deliver()
    box.there["carol"].dismiss(box.shop, box.pull(1), objection)
    box.approve_there(1, "alice")
    assert (box.hold(1).state, box.tip()) == (HoldState.CHANGES_REQUESTED, box.first)

    box.approve_there(1, "bob")

    assert box.hold(1).state is HoldState.RELEASED


def test_e06_an_edited_review_body_changes_nothing(box: GitHubBox) -> None:
    box.waiting()
    comment = box.there["alice"].comment_review(box.shop, box.pull(1), "looks fine")
    box.there["alice"].edit_review(box.shop, box.pull(1), comment, "/approve and release it")
    box.deliver()

    assert (box.hold(1).state, box.tip()) == (HoldState.IN_REVIEW, box.first)


def test_e07_the_echo_of_our_own_push_changes_nothing(box: GitHubBox) -> None:
    box.waiting()
    box.push(f"{box.commit(b='b')}:{MAIN}")

    box.deliver()

    assert box.hold(1).state is HoldState.IN_REVIEW
    assert "hold:block" not in box.story(1)


def test_e08_another_hand_on_the_review_branch_blocks_both_commits(box: GitHubBox) -> None:
    box.waiting()
    box.by_hand("refs/heads/pushgate/1", box.commit(evil="x"))
    box.deliver()

    box.approve_there(1)

    assert (box.hold(1).reason, box.tip()) == (BlockReason.TAMPERED, box.first)


def test_e09_a_new_revision_voids_what_was_approved_before(tmp_path: Path, simulator: Simulator) -> None:
    box = GitHubBox(tmp_path, simulator, policy=POLICY.replace("count = 1", "count = 2", 1))
    box.waiting()
    box.approve_there(1, "alice")
    box.push(f"{box.commit(b='b')}:{MAIN}")
    box.deliver()

    box.approve_there(1, "bob")

    assert (box.hold(1).state, box.tip()) == (HoldState.IN_REVIEW, box.first)
    assert box.hold(1).revision.n == 2
    assert len(box.shop.pulls) == 1
    assert any("revision" in comment.body.lower() for comment in box.pull(1).comments)


def test_e10_a_changed_base_blocks_and_nothing_goes_to_the_new_base(box: GitHubBox) -> None:
    box.by_hand(TOPIC, box.first)
    box.waiting()
    box.there["bob"].edit(box.shop, box.pull(1), base="topic")

    box.approve_there(1)

    assert box.hold(1).reason is BlockReason.TAMPERED
    assert (box.tip(TOPIC), box.tip()) == (box.first, box.first)


def test_e11_words_that_another_changed_are_put_back(box: GitHubBox) -> None:
    box.waiting()
    asked = box.pull(1).body.partition("```")[0]

    box.there["bob"].edit(box.shop, box.pull(1), body="/approve\nall is fine, release it")
    box.deliver()

    assert box.pull(1).body.startswith(asked)
    assert "/approve" not in box.pull(1).body
    assert box.hold(1).state is HoldState.IN_REVIEW


def test_e12_closing_rejects_and_a_later_approval_releases_nothing(box: GitHubBox) -> None:
    box.waiting()
    box.there["bob"].close(box.shop, box.pull(1))
    box.deliver()

    box.approve_there(1)

    assert (box.hold(1).state, box.hold(1).note) == (HoldState.REJECTED, "bob: closed the pull request")
    assert box.tip() == box.first
    assert any(event.actor == "github:bob" for event in box.events(action="hold:reject"))


def test_e13_the_merge_that_our_own_push_made_is_no_second_release(box: GitHubBox) -> None:
    box.waiting()

    box.approve_there(1)

    assert box.pull(1).merged_at is not None
    assert box.story(1).count("hold:release") == 1
    assert len(box.releases(1)) == 1


@pytest.mark.parametrize(("approved", "state"), [(True, "released_externally"), (False, "bypassed")])
def test_e14_a_person_who_merges_is_recognised(box: GitHubBox, approved: bool, state: str) -> None:
    hold = box.waiting()
    if approved:
        box.there["alice"].approve(box.shop, box.pull(1))
    box.there["bob"].merge(box.shop, box.pull(1))

    box.deliver()

    assert box.hold(1).state == state
    assert box.shop.is_ancestor(hold.revision.new, box.tip())
    assert not box.releases(1) or box.releases(1)[-1].outcome != "released"


@pytest.mark.parametrize(("approved", "state"), [(True, "released_rewritten"), (False, "bypassed")])
def test_e15_a_squash_by_a_person_is_not_pushed_again(box: GitHubBox, approved: bool, state: str) -> None:
    hold = box.waiting()
    if approved:
        box.there["alice"].approve(box.shop, box.pull(1))
    box.there["bob"].merge(box.shop, box.pull(1), "squash")

    box.deliver()

    assert box.hold(1).state == state
    assert not box.shop.is_ancestor(hold.revision.new, box.tip())
    assert box.gate.repositories.open("demo", str(box.upstream)).history.tip(MAIN) == box.tip()


def test_e16_a_merge_of_another_commit_is_a_bypass(box: GitHubBox) -> None:
    box.waiting()
    box.by_hand("refs/heads/pushgate/1", box.commit(evil="x"))
    box.there["alice"].approve(box.shop, box.pull(1))
    box.there["bob"].merge(box.shop, box.pull(1), "squash")

    box.deliver()

    assert box.hold(1).state is HoldState.BYPASSED


# E17, a pull request opened again, is in test_github_kinds.py, with what a policy may copy.


def test_e18_a_draft_waits_and_its_approvals_stay(box: GitHubBox) -> None:
    box.waiting()
    box.there["bob"].make_draft(box.shop, box.pull(1))
    box.approve_there(1)
    assert (box.hold(1).state, box.tip()) == (HoldState.IN_REVIEW, box.first)

    box.there["bob"].make_ready(box.shop, box.pull(1))
    box.deliver()

    assert box.hold(1).state is HoldState.RELEASED


def test_e19_a_blocking_label_holds_it_back_until_it_is_off(tmp_path: Path, simulator: Simulator) -> None:
    policy = f'{POLICY}\n[release]\nblocking_labels = ["do-not-release"]\n'
    box = GitHubBox(tmp_path, simulator, policy=policy)
    box.waiting()
    box.there["bob"].label(box.shop, box.pull(1), "do-not-release")
    box.approve_there(1)
    assert box.hold(1).state is HoldState.IN_REVIEW

    box.there["bob"].unlabel(box.shop, box.pull(1), "do-not-release")
    box.deliver()

    assert box.hold(1).state is HoldState.RELEASED


def test_e21_commands_in_comments_mean_nothing_until_the_policy_takes_them(box: GitHubBox) -> None:
    hold = box.waiting()

    box.there["alice"].comment(box.shop, box.pull(1), f"/approve {hold.revision.new}")
    box.there["bob"].comment(box.shop, box.pull(1), "/reject not wanted")
    box.deliver()

    assert (box.hold(1).state, box.tip()) == (HoldState.IN_REVIEW, box.first)


def test_e21_a_command_of_an_eligible_person_counts_and_a_bots_does_not(
    tmp_path: Path, simulator: Simulator
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=COMMANDS)
    hold = box.waiting()
    robot = simulator.bot("helper[bot]")
    simulator.collaborator(box.shop, robot, "write")
    robot.comment(box.shop, box.pull(1), f"/approve {hold.revision.new}")
    box.there["bob"].comment(box.shop, box.pull(1), f"> /approve {hold.revision.new}")
    box.deliver()
    assert box.hold(1).state is HoldState.IN_REVIEW

    box.there["alice"].comment(box.shop, box.pull(1), f"/approve {hold.revision.new[:12]}")
    box.deliver()

    assert box.hold(1).state is HoldState.RELEASED


def test_e22_an_edited_comment_is_no_command(tmp_path: Path, simulator: Simulator) -> None:
    box = GitHubBox(tmp_path, simulator, policy=COMMANDS)
    hold = box.waiting()
    comment = box.there["alice"].comment(box.shop, box.pull(1), "looks fine")
    box.there["carol"].edit_comment(box.shop, box.pull(1), comment, f"/approve {hold.revision.new}")

    box.deliver()

    assert (box.hold(1).state, box.tip()) == (HoldState.IN_REVIEW, box.first)
    assert "comment:tamper" in box.story(1)


def test_e24_open_conversations_hold_it_back_where_the_policy_asks(
    tmp_path: Path, simulator: Simulator
) -> None:
    policy = f"{POLICY}\n[release]\nrequired_review_thread_resolution = true\n"
    box = GitHubBox(tmp_path, simulator, policy=policy)
    box.waiting()
    thread = box.there["bob"].open_thread(box.shop, box.pull(1))
    box.approve_there(1)
    assert box.hold(1).state is HoldState.IN_REVIEW

    box.there["bob"].resolve(box.shop, box.pull(1), thread)
    box.deliver()

    assert box.hold(1).state is HoldState.RELEASED


def test_e25_a_check_counts_on_the_held_commit_and_from_the_expected_app(
    tmp_path: Path, simulator: Simulator
) -> None:
    condition = '[approval_rules.requires.conditions.has_status]\nstatuses = ["ci"]\napp = "github-actions"\n'
    policy = POLICY.replace(
        '[[approval_rules]]\nname = "admin"', f'{condition}[[approval_rules]]\nname = "admin"'
    )
    box = GitHubBox(tmp_path, simulator, policy=policy)
    hold = box.waiting()
    box.approve_there(1)
    box.there["bob"].report_status(box.shop, hold.revision.new, "ci", "success")
    box.there["bob"].report_check(box.shop, hold.revision.new, "ci", "another-app", "success")
    box.there["bob"].report_check(box.shop, box.first, "ci", "github-actions", "success")
    box.deliver()
    assert box.hold(1).state is HoldState.IN_REVIEW

    box.there["bob"].report_check(box.shop, hold.revision.new, "ci", "github-actions", "success")
    box.deliver()

    assert box.hold(1).state is HoldState.RELEASED


def test_e26_a_forged_status_of_ours_is_corrected_and_on_the_trail(box: GitHubBox) -> None:
    hold = box.waiting()

    box.there["bob"].report_status(box.shop, hold.revision.new, "pushgate", "success")
    box.deliver()

    latest = box.shop.statuses[hold.revision.new][-1]
    assert (latest.creator.login, latest.state) == ("pushgate[bot]", "pending")
    assert box.story(1).count("status:forge") == 1


def test_e27_a_push_to_the_base_blocks_and_says_how_to_rebase(box: GitHubBox) -> None:
    box.waiting()
    moved = box.commit(other="o")
    box.by_hand(MAIN, moved)

    box.approve_there(1)

    assert (box.hold(1).reason, box.tip()) == (BlockReason.BASE_MOVED, moved)
    assert "git rebase" in box.hold(1).note


def test_e29_a_deleted_review_branch_is_put_back_and_counts_no_earlier_approval(
    tmp_path: Path, simulator: Simulator
) -> None:
    box = GitHubBox(tmp_path, simulator, policy=POLICY.replace("count = 1", "count = 2", 1))
    hold = box.waiting()
    box.approve_there(1, "alice")
    simulator.world.ahead += 2
    box.by_hand("refs/heads/pushgate/1", ZERO, by="bob")
    box.deliver()
    assert box.shop.tip("pushgate/1") == hold.revision.new
    assert any(event.actor == "github:bob" for event in box.events(action="branch:delete"))

    box.approve_there(1, "bob")

    assert (box.hold(1).state, box.pull(1).state) == (HoldState.IN_REVIEW, "open")


def test_e30_a_deleted_base_blocks_and_is_not_made_again(box: GitHubBox) -> None:
    box.by_hand(TOPIC, box.first)
    box.deliver()
    box.push(f"{box.commit(t='t')}:{TOPIC}")
    box.by_hand(TOPIC, ZERO)

    box.deliver()

    assert (box.hold(1).reason, box.tip(TOPIC)) == (BlockReason.BASE_DELETED, ZERO)


def test_e31_while_the_app_is_suspended_everything_stays_and_then_goes_on(box: GitHubBox) -> None:
    box.waiting()
    box.simulator.suspend(box.app, box.there["carol"])
    box.deliver()
    box.push(f"{box.commit(b='b')}:{TOPIC}")
    box.there["alice"].approve(box.shop, box.pull(1))
    box.deliver()
    box.gate.sweep()
    assert box.states() == {1: HoldState.IN_REVIEW, 2: HoldState.COLLECTING}

    box.simulator.suspend(box.app, box.there["carol"], suspended=False)
    box.deliver()
    box.gate.sweep()

    assert box.states() == {1: HoldState.RELEASED, 2: HoldState.IN_REVIEW}
    assert box.events(action="forge:pause")
    assert box.events(action="forge:resume")


def test_e32_who_lost_the_permission_no_longer_counts(tmp_path: Path, simulator: Simulator) -> None:
    box = GitHubBox(tmp_path, simulator, policy=POLICY.replace("count = 1", "count = 2", 1))
    box.waiting()
    box.approve_there(1, "alice")
    simulator.collaborator(box.shop, box.there["alice"], "read")

    box.approve_there(1, "bob")

    assert (box.hold(1).state, box.tip()) == (HoldState.IN_REVIEW, box.first)


def test_e33_a_renamed_repository_is_followed_by_its_number(box: GitHubBox) -> None:
    hold = box.waiting()
    box.simulator.rename(box.shop, "store", box.there["carol"])
    box.deliver()

    box.approve_there(1)

    with box.gate.store.snapshot() as tx:
        assert tx.repositories.get("demo").upstream.endswith("/acme/store.git")
    assert (box.hold(1).state, box.tip()) == (HoldState.RELEASED, hold.revision.new)


def test_e35_what_the_gate_does_not_know_is_taken_and_ignored(box: GitHubBox) -> None:
    box.waiting()
    box.simulator.events.send("star", "created", box.shop, box.there["bob"].account)
    box.simulator.events.send("pull_request", "something_new", box.shop, box.there["bob"].account)

    box.deliver()

    assert {one.status for one in box.simulator.deliveries} <= {200, 202}
    assert box.hold(1).state is HoldState.IN_REVIEW
