import json
from dataclasses import replace

from gate.domain.hold import UpdateKind
from gate.domain.policy import DEFAULT_POLICY, Outcome, parse_policy
from tests.policy.building import (
    ALICE,
    BOB,
    CAROL,
    EARLIER,
    HEAD,
    ONE_PERSON,
    approval,
    at,
    judge,
    objection,
    subject,
)

REVIEWS = (
    approval(BOB, 1, oid=EARLIER, submitted_at=at(-100)),
    approval(CAROL, 2),
    approval(ALICE, 3),
    objection(BOB, 4),
)


def test_a_verdict_tells_a_terminal_what_counts_what_does_not_and_why() -> None:
    verdict = judge(ONE_PERSON, *REVIEWS, about=subject(lockdown="incident 7"))

    assert verdict.lines() == (
        "disapproved: 3f9c2ab",
        "  bob requested changes on 3f9c2ab: bob's approval of this revision would lift that",
        "  lock-down: incident 7. Approvals are recorded, releases wait",
        "",
        "disapproved policy: an objection blocks",
        "  pending     lock-down: incident 7. Approvals are recorded, releases wait",
        "  approved    approval: every rule that applies is needed",
        "    approved    one person: one approval, one needed",
        "      skipped     bob approved 1a2b3c4: does not count, "
        "a later review by the same person replaced it",
        "      skipped     carol approved 3f9c2ab: does not count, "
        "carol has read permission, write is needed",
        "      approved    alice approved 3f9c2ab: counts",
        "  disapproved disapproval: one objection stands",
        "    disapproved bob requested changes on 3f9c2ab: blocks",
        "  skipped     override: the policy has no override",
    )


def test_a_verdict_is_plain_json_with_every_id_a_string_and_no_float() -> None:
    verdict = judge(ONE_PERSON, approval(ALICE))

    mapping = verdict.to_mapping()

    def refuse(text: str) -> float:
        raise AssertionError(f"a float: {text}")

    assert json.loads(json.dumps(mapping), parse_float=refuse) == mapping
    assert mapping == {
        "outcome": "approved",
        "head": HEAD,
        "policy": parse_policy(ONE_PERSON).hash,
        "reasons": ["alice approved 3f9c2ab"],
        "tree": verdict.tree.to_mapping(),
        "approvals": [{"review": "1", "reviewer": "1", "login": "alice", "oid": HEAD}],
        "overrides": [],
    }


def test_a_verdict_can_be_stored_whatever_names_an_agent_chooses() -> None:
    about = subject(ref="refs/heads/\udcff", lockdown="\ud800")

    mapping = judge(ONE_PERSON, about=about).to_mapping()

    assert json.dumps(mapping, ensure_ascii=False).encode()


def test_the_same_facts_give_the_same_verdict() -> None:
    assert judge(ONE_PERSON, *REVIEWS) == judge(ONE_PERSON, *reversed(REVIEWS))


def test_under_the_default_policy_one_person_is_enough_and_a_rewrite_needs_an_admin() -> None:
    rewrite = subject(kind=UpdateKind.REWRITE)

    assert judge(DEFAULT_POLICY, approval(ALICE)).outcome is Outcome.APPROVED
    assert judge(DEFAULT_POLICY, approval(CAROL)).outcome is Outcome.PENDING
    assert judge(DEFAULT_POLICY, approval(ALICE), about=rewrite).outcome is Outcome.PENDING
    assert judge(DEFAULT_POLICY, approval(BOB), about=rewrite).outcome is Outcome.APPROVED
    assert judge(DEFAULT_POLICY, approval(replace(BOB, permission=None))).outcome is Outcome.PENDING
