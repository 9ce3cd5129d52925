"""What the gate says in a pull request afterwards, in words for every state."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from gate.domain.hold import CLOSED_STATES, BlockReason, HoldState, Likeness, UpdateKind
from gate.domain.policy import Node, Outcome, Status
from gate.domain.policy.verdict import CountedReview
from gate.domain.pull_request.comments import (
    CommitStatus,
    closing_comment,
    commit_status,
    revision_comment,
    status_comment,
    tamper_comment,
)
from gate.domain.pull_request.length import LONGEST_TEXT, units
from gate.domain.pull_request.marker import Marker, MarkerKind, digest, read_marker
from gate.domain.pull_request.model import Revised
from gate.domain.pull_request.words import LIKENESS, MEANING, REASON, STATE, VERB
from tests.pull_request.building import (
    BEFORE,
    MISSING,
    NEW,
    OLD,
    TREE_HEAD,
    URL,
    a_hold,
    a_request,
    a_status,
    a_verdict,
    an_ending,
    saying,
)
from tests.pull_request.github_page import ACTS, Page
from tests.pull_request.hostile import hostile


def test_there_are_words_for_everything_that_can_be() -> None:
    assert (set(STATE), set(MEANING)) == (set(HoldState), set(HoldState))
    assert (set(REASON), set(LIKENESS), set(VERB)) == (set(BlockReason), set(Likeness), set(UpdateKind))


def test_the_comment_says_what_is_missing_and_why_an_approval_does_not_count() -> None:
    verdict = replace(a_verdict(), approvals=(CountedReview(1, 2, "carol", NEW),))

    assert status_comment(a_status(verdict=verdict)) == (
        "<!-- pushgate:status demo/12 -->\n"
        "\n"
        "**Waiting for review.** Nothing has reached upstream.\n"
        f"This is about the commit `{NEW[:7]}`, revision 1. [Hold 12 at the gate]({URL})\n"
        "\n"
        "### What is missing\n"
        "\n"
        f"- {MISSING}\n"
        "\n"
        "### What counts\n"
        "\n"
        f"- carol approved `{NEW[:7]}`\n"
        "\n"
        "### The policy, part by part\n"
        "\n"
        "- \u23f3 pending: policy: waiting\n"
        "  - \u23f3 pending: approval: every rule that applies is needed\n"
        "    - \u23f3 pending: one human has approved: no approvals, one needed\n"
        f"      - \u2796 skipped: bob approved `{OLD[:7]}`: does not count, it is for an earlier revision\n"
        "  - \u2796 skipped: disapproval: no objection stands\n"
    )


@pytest.mark.parametrize("reason", BlockReason)
def test_a_blocked_hold_says_why_and_what_to_do(reason: BlockReason) -> None:
    hold = replace(a_hold(state=HoldState.BLOCKED), reason=reason, note="Put it on top of refs/heads/main.")

    text = status_comment(a_status(hold, fault="Put it on top of refs/heads/main."))

    assert f"**Blocked: {REASON[reason]}.** No approval helps until this is mended.\n" in text
    assert text.count("Put it on top of `refs/heads/main`.") == 1
    assert commit_status(a_status(hold)) == CommitStatus("error", f"blocked: {REASON[reason]}", URL)


@pytest.mark.parametrize("state", HoldState)
def test_every_state_has_a_comment_and_a_commit_status(state: HoldState) -> None:
    status = a_status(a_hold(state=state), fault="The policy has no rule.")

    assert MEANING[state] in status_comment(status)
    assert STATE[state] in commit_status(status).description


@pytest.mark.parametrize(
    ("state", "outcome", "expected"),
    [
        (HoldState.IN_REVIEW, Outcome.PENDING, "pending"),
        (HoldState.IN_REVIEW, Outcome.APPROVED, "pending"),
        (HoldState.CHANGES_REQUESTED, Outcome.DISAPPROVED, "failure"),
        (HoldState.APPROVED, Outcome.APPROVED, "success"),
        (HoldState.APPROVED, Outcome.OVERRIDDEN, "success"),
        (HoldState.APPROVED, Outcome.PENDING, "pending"),
        (HoldState.APPROVED, None, "pending"),
        (HoldState.RELEASING, Outcome.APPROVED, "success"),
        (HoldState.RELEASED, None, "success"),
        (HoldState.RELEASED_EXTERNALLY, None, "success"),
        (HoldState.RELEASED_REWRITTEN, None, "success"),
        (HoldState.REJECTED, None, "failure"),
        (HoldState.WITHDRAWN, None, "failure"),
        (HoldState.EXPIRED, None, "failure"),
        (HoldState.BYPASSED, None, "error"),
    ],
)
def test_a_commit_status_is_a_success_only_where_the_policy_is_satisfied(
    state: HoldState, outcome: Outcome | None, expected: str
) -> None:
    verdict = None if outcome is None else a_verdict(outcome=outcome)

    assert commit_status(a_status(a_hold(state=state), verdict)).state == expected


def test_the_first_reason_is_in_the_commit_status_and_cut_at_its_bound() -> None:
    assert commit_status(a_status(verdict=a_verdict())) == CommitStatus(
        "pending", f"waiting for review: {MISSING}", URL
    )
    long = replace(a_verdict(), reasons=("\U0001f600" * 200,))
    description = commit_status(a_status(verdict=long)).description
    assert units(description) in (139, 140)
    assert description.endswith("\U0001f600\u2026")


def test_a_new_revision_says_what_changed_and_that_approvals_are_void() -> None:
    request = replace(
        a_request(a_hold(n=2)),
        revised=Revised(
            2, BEFORE, NEW, Likeness.REWORK, "1:  aaaa ! 1:  bbbb Retry\n    @@ src/a.py\n    +x\n"
        ),
    )

    assert revision_comment(request) == (
        "<!-- pushgate:revision demo/12 2 -->\n"
        "\n"
        f"**Revision 2: `{BEFORE[:7]}` was replaced by `{NEW[:7]}`.**\n"
        "It is other work than before: read it anew. Every earlier approval is void. "
        f"See [the hold at the gate]({URL}).\n"
        "\n"
        "What changed, as a range-diff (`-` was, `+` is):\n"
        "\n"
        "```text\n"
        "1:  aaaa ! 1:  bbbb Retry\n"
        "    @@ src/a.py\n"
        "    +x\n"
        "```\n"
    )


@pytest.mark.parametrize("likeness", [None, *Likeness])
def test_only_a_revision_that_is_alike_may_keep_approvals(likeness: Likeness | None) -> None:
    text = revision_comment(replace(a_request(a_hold(n=2)), revised=Revised(2, BEFORE, NEW, likeness, "")))

    assert ("unless the policy's `copy_condition` keeps it" in text) is (
        likeness not in (None, Likeness.REWORK)
    )
    assert "Every earlier approval is void" in text
    assert "range-diff" not in text


@pytest.mark.parametrize("state", sorted(CLOSED_STATES))
def test_every_end_says_what_the_agent_has_to_do(state: HoldState) -> None:
    text = closing_comment(an_ending(state, "bob: not like this", landed=NEW))

    assert read_marker(text) == Marker(MarkerKind.CLOSING, "demo/12", 1)
    assert STATE[state] in text.lower()
    assert "bob: not like this" in text
    assert f"is at `{NEW}` now" in text
    assert "\nFor the agent: " in text
    assert f"```text\n{TREE_HEAD}```\n" in text


def test_after_a_merge_as_other_commits_the_agent_is_told_to_take_them_over() -> None:
    ending = an_ending(HoldState.RELEASED_REWRITTEN)
    odd = replace(ending, hold=replace(ending.hold, ref="refs/heads/it's"))

    assert "For the agent: `git fetch origin && git reset --hard origin/main` takes over" in closing_comment(
        ending
    )
    assert "git reset --hard 'origin/it'\"'\"'s'` takes over" in closing_comment(odd)


def test_a_bypass_is_loud_and_a_branch_that_stays_is_told_of() -> None:
    text = closing_comment(replace(an_ending(HoldState.BYPASSED), delete_branch=False))

    assert "> [!CAUTION]\n> **Bypassed the gate.**" in text
    assert "The review branch stays." in text


def test_another_hand_is_told_of_with_what_it_did() -> None:
    hold = replace(a_hold(state=HoldState.BLOCKED), note="Somebody moved the review branch to 1111111.")

    assert tamper_comment(hold, URL) == (
        "<!-- pushgate:tamper demo/12 1 -->\n"
        "\n"
        "> [!CAUTION]\n"
        "> **Somebody else than the gate changed this pull request. Nothing of it is released.** "
        "Somebody moved the review branch to `1111111`.\n"
        "\n"
        f"Held is `{NEW}`. See [the hold at the gate]({URL}).\n"
    )


@given(hostile)
def test_no_text_gets_out_of_its_place_in_a_comment(text: str) -> None:
    assert_same_place(text or "x")


def assert_same_place(text: str) -> None:
    for one, other in zip(all_comments(text), all_comments("x"), strict=True):
        page, plain = Page(one), Page(other)
        assert page.structure == plain.structure
        assert page.links == [URL]
        assert page.comments == plain.comments
        assert not ACTS.search(page.text)
        assert units(one) <= LONGEST_TEXT


def all_comments(text: str) -> tuple[str, ...]:
    """One of each, with this text wherever an agent or a reviewer can put one."""
    hold = replace(
        a_hold(ref=f"refs/heads/{text}", state=HoldState.BLOCKED), note=text, reason=BlockReason.TAMPERED
    )
    counted = CountedReview(1, 2, text, NEW)
    verdict = replace(a_verdict(text), reasons=(text, f"{text} is missing"), approvals=(counted,))
    ending = an_ending(HoldState.RELEASED_REWRITTEN, text, landed=NEW)
    return (
        status_comment(a_status(hold, verdict, fault=f"{text} is wrong")),
        revision_comment(saying(text)),
        closing_comment(replace(ending, hold=replace(hold, state=HoldState.RELEASED_REWRITTEN))),
        tamper_comment(hold, URL),
    )


def test_the_longest_comments_fit() -> None:
    parts = tuple(Node("rule", Status.PENDING, f"{n} @alice " * 100) for n in range(10_000))
    verdict = a_verdict()
    verdict = replace(verdict, tree=replace(verdict.tree, parts=parts), reasons=("no #1 " * 1000,) * 1000)
    revised = Revised(2, BEFORE, NEW, Likeness.REWORK, "    +`@alice` \U0001f600\n" * 100_000)

    status = status_comment(a_status(verdict=verdict))
    revision = revision_comment(replace(a_request(a_hold(n=2)), revised=revised))

    assert [LONGEST_TEXT * 0.9 < units(text) <= LONGEST_TEXT for text in (status, revision)] == [True, True]
    assert "more lines: see [the hold's page]" in status
    assert "\u2026 cut here, " in revision


def test_markers_are_read_back_only_from_the_beginning() -> None:
    odd = Marker(MarkerKind.REVISION, "a--b --> c/12", 3)

    assert read_marker(f"{odd}\n\ntext") == odd
    assert Page(f"{odd}\n\ntext").text.strip() == "text"
    assert read_marker(f"text {odd}") is None
    assert read_marker("<!-- pushgate:other demo/12 -->") is None
    assert read_marker("") is None


def test_a_digest_is_the_same_however_github_returns_the_text() -> None:
    text = status_comment(a_status(verdict=a_verdict()))

    same = (text.replace("\n", "\r\n"), text.rstrip(), text.replace("\n", "  \n"), f"{text}\n\n")
    assert {digest(each) for each in same} == {digest(text)}
    assert digest(text.replace("Nothing", "Something")) != digest(text)
