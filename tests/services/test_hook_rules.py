"""What the policy and the store say reaches the hooks."""

from __future__ import annotations

from tests.gate_in_a_box import MAIN, POLICY, TOPIC, Box


def test_a_bound_of_the_policy_is_enforced_at_the_push(box: Box) -> None:
    box.write_policy(POLICY.replace("settle_seconds = 0", "settle_seconds = 0\nmax_changed_files = 1"))
    box.gate.tell_hooks("demo")

    pushed = box.push(f"{box.commit(a='x', b='y')}:{MAIN}")

    assert (pushed.status, box.holds()) == (1, [])
    assert "changes 2 files" in pushed.text or "2 files" in pushed.text


def test_refs_outside_the_policy_are_refused(box: Box) -> None:
    box.write_policy(POLICY.replace("[hold]", '[hold]\nrefs = ["refs/heads/topic"]'))
    box.gate.tell_hooks("demo")

    refused, held = box.push(f"{box.commit(a='x')}:{MAIN}"), box.push(f"{box.commit(b='y')}:{TOPIC}")

    assert "takes pushes only to" in refused.text
    assert "held for review" in held.text
    assert [hold.ref for hold in box.holds()] == [TOPIC]


def test_an_agent_pushes_only_where_its_grant_allows(box: Box) -> None:
    box.gate.agents.grant("codex-1", "demo", ("refs/heads/codex/**",), actor="cli:carol")

    pushed = box.push(f"{box.commit(a='x')}:{MAIN}")

    assert "may push only to" in pushed.text
    assert box.holds() == []


def test_a_broken_policy_still_holds_pushes(box: Box) -> None:
    box.write_policy("not TOML at all")
    box.gate.tell_hooks("demo")

    box.push(f"{box.commit(a='x')}:{MAIN}")

    assert [hold.ref for hold in box.holds()] == [MAIN]


def test_a_new_hold_takes_the_place_of_the_old_one_where_the_policy_says_so(box: Box) -> None:
    box.write_policy(POLICY.replace("[hold]", '[hold]\non_push = "supersede"'))
    box.gate.tell_hooks("demo")
    first = box.commit(a="x")
    box.push(f"{first}:{MAIN}")

    box.push(f"{box.commit(first, a='y')}:{MAIN}")

    assert {number: str(state) for number, state in box.states().items()} == {1: "withdrawn", 2: "in_review"}
