"""What is wrong with an installation is found, each with its way out, and nothing is changed."""

from __future__ import annotations

from datetime import timedelta

from tests.gate_in_a_box import MAIN, Box


def subjects(box: Box) -> set[str]:
    return {finding.subject for finding in box.gate.examine()}


def test_a_missing_or_broken_policy_is_found(box: Box) -> None:
    before = subjects(box)
    box.write_policy(None)
    missing = subjects(box)
    box.write_policy("version = 1\n")

    assert "demo, policy" not in before
    assert "demo, policy" in missing
    assert "demo, policy" in subjects(box)


def test_a_sweep_that_never_ran_is_found_until_it_did(box: Box) -> None:
    before = "sweep" in subjects(box)
    box.gate.sweep()
    after = "sweep" in subjects(box)
    box.ahead = timedelta(hours=1)

    assert (before, after, "sweep" in subjects(box)) == (True, False, True)


def test_a_clock_that_was_set_back_is_found(box: Box) -> None:
    box.ahead = timedelta(hours=1)
    box.push(f"{box.commit(a='x')}:{MAIN}")
    box.ahead = timedelta()

    assert "clock" in subjects(box)


def test_a_hook_that_was_changed_is_found_and_others_are_still_looked_at(box: Box) -> None:
    hook = box.bare / "hooks" / "pre-receive"
    hook.write_text(hook.read_text() + "\n")
    box.write_policy(None)

    found = subjects(box)

    assert any(subject.startswith("demo, ") and "hook" in subject for subject in found)
    assert "demo, policy" in found
