"""Between collecting and publishing: evidence is gathered, and what has a secret in it goes no further."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.domain.errors import Failed, IllegalMove, NotAllowed, Outdated, Refused, Unavailable
from gate.domain.evidence import Evidence
from gate.domain.hold import BlockReason, HoldState
from gate.services import scan_push
from tests.gate_in_a_box import MAIN, TOPIC, Box
from tests.secrets.corpus import BLOCKING, LIKELY

TOKEN = BLOCKING["github personal token"]()
REASON = "It is a token of the test server, and void."


def evidence(box: Box, number: int = 1) -> Evidence:
    hold = box.hold(number)
    with box.gate.store.snapshot() as tx:
        found = tx.evidence.get(hold.id, hold.revision.n)
    assert found is not None
    return found


def is_stopped(box: Box) -> bool:
    hold = box.hold(1)
    return (hold.state, hold.reason) == (HoldState.BLOCKED, BlockReason.SECRET_FOUND)


def test_a_push_without_a_secret_is_published_with_its_evidence(box: Box) -> None:
    box.push(f"{box.commit(a='x')}:{MAIN}")

    assert box.hold(1).state is HoldState.IN_REVIEW
    assert box.story(1) == ["hold:register", "hold:collect", "evidence:collect", "hold:publish"]
    assert (evidence(box).secrets, evidence(box).session) == ((), None)


def test_a_secret_that_a_later_commit_removes_stops_the_push(box: Box) -> None:
    first = box.commit(**{"a.txt": "a", "prod.env": f"one\nTOKEN={TOKEN}\n"})
    last = box.commit(first, **{"a.txt": "a"})

    box.push(f"{last}:{MAIN}")

    hold = box.hold(1)
    assert is_stopped(box)
    assert f"prod.env:2 (github pat), in commit {first[:7]}" in hold.note
    assert TOKEN not in hold.note
    assert box.story(1) == ["hold:register", "hold:collect", "evidence:collect", "hold:block"]
    assert (evidence(box).blocking[0].path, evidence(box).assessment.level) == ("prod.env", "critical")
    assert TOKEN not in str(box.events())


@pytest.mark.parametrize("place", ["message", "merge", "tag", "file name", "ref name", "binary"])
def test_a_secret_anywhere_in_a_push_stops_it(box: Box, place: str) -> None:
    new, ref = box.commit(a="a"), MAIN
    if place == "message":
        new = box.store.commit({"a": b"a"}, box.first, message=f"use {TOKEN}")
    elif place == "merge":
        side = box.commit(b="b")
        new = box.commit(new, side, a="a", b="b", **{"only-here": f"x {TOKEN}"})
    elif place == "tag":
        new, ref = box.store.tag(new, "v1", f"key {TOKEN}"), "refs/tags/v1"
    elif place == "file name":
        new = box.commit(**{TOKEN: "x"})
    elif place == "ref name":
        ref = f"refs/heads/{TOKEN}"
    else:
        new = box.store.commit({"a.bin": b"\0\1\2" + TOKEN.encode() + b"\0"}, box.first)

    box.push(f"{new}:{ref}")

    assert is_stopped(box)
    assert TOKEN not in box.hold(1).note


def test_what_only_may_be_a_secret_is_a_finding_and_stops_nothing(box: Box) -> None:
    box.push(f"{box.commit(settings=LIKELY['assigned password'])}:{MAIN}")

    found = evidence(box)
    assert box.hold(1).state is HoldState.IN_REVIEW
    assert [one.rule.id for one in found.assessment.findings if one.rule.id.startswith("D0")][:1] == ["D02"]
    assert [(one.path, one.blocks) for one in found.secrets] == [("settings", False)]


def test_what_upstream_has_already_is_not_the_pushs_fault(box: Box) -> None:
    box.by_hand(MAIN, with_token := box.commit(old=TOKEN))
    box.sync()

    box.push(f"{box.commit(with_token, old=TOKEN, new='x')}:{MAIN}")

    assert box.hold(1).state is HoldState.IN_REVIEW


def test_a_file_too_large_to_be_looked_at_stops_the_push(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_push, "_LARGEST", 1_000)

    box.push(f"{box.commit(large='x' * 2_000)}:{MAIN}")

    assert is_stopped(box)
    assert "large (cannot be looked into), in commit " in box.hold(1).note


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (Unavailable("scan for secrets: it took too long."), HoldState.COLLECTING),
        (Failed("scan for secrets: the engine failed."), HoldState.BLOCKED),
    ],
)
def test_nothing_is_published_while_the_scan_cannot_say(
    box: Box, monkeypatch: pytest.MonkeyPatch, fault: Failed, state: HoldState
) -> None:
    def scan(*_: object) -> object:
        raise fault

    monkeypatch.setattr(type(box.gate.scanner), "scan", scan)
    box.push(f"{box.commit(a='x')}:{MAIN}")
    box.gate.sweep()

    assert box.hold(1).state is state
    assert "hold:publish" not in box.story(1)
    monkeypatch.undo()
    box.gate.sweep()
    if state is HoldState.COLLECTING:
        assert box.hold(1).state is HoldState.IN_REVIEW


def _stopped(box: Box) -> tuple[int, str]:
    """A hold with a secret, and the secret's identity."""
    box.push(f"{box.commit(a=TOKEN)}:{MAIN}")
    return box.hold(1).id, evidence(box).blocking[0].identity


def test_an_admin_allows_it_with_a_reason_and_then_it_is_reviewed(box: Box) -> None:
    hold_id, identity = _stopped(box)

    box.gate.allow_secrets(hold_id, [identity], box.carol, REASON, revision=1)

    (allowed,) = evidence(box).secrets
    assert box.hold(1).state is HoldState.IN_REVIEW
    assert (allowed.allowed_by, allowed.reason) == ("carol", REASON)
    assert box.story(1)[4:6] == ["secret:allow", "hold:unblock"]
    assert evidence(box).assessment.level == "none"


def test_what_was_allowed_once_stops_no_other_push_of_the_repository(box: Box) -> None:
    hold_id, identity = _stopped(box)
    box.gate.allow_secrets(hold_id, [identity], box.carol, REASON, revision=1)

    box.push(f"{box.commit(b='other ' + TOKEN)}:{TOPIC}")
    box.push(f"{box.commit(c=BLOCKING['stripe live key']())}:refs/heads/third")

    assert box.states()[2] is HoldState.IN_REVIEW
    assert box.states()[3] is HoldState.BLOCKED


def test_only_an_admin_allows_what_was_found_and_only_here_and_now(box: Box) -> None:
    hold_id, identity = _stopped(box)
    allow = box.gate.allow_secrets

    with pytest.raises(NotAllowed):
        allow(hold_id, [identity], box.alice, REASON, revision=1)
    with pytest.raises(Refused, match="10 characters"):
        allow(hold_id, [identity], box.carol, " why ", revision=1)
    with pytest.raises(Refused, match="name secrets"):
        allow(hold_id, ["f" * 64], box.carol, REASON, revision=1)
    with pytest.raises(Refused, match="name secrets"):
        allow(hold_id, [], box.carol, REASON, revision=1)
    with pytest.raises(Outdated):
        allow(hold_id, [identity], box.carol, REASON, revision=2)
    allow(hold_id, [identity], box.carol, REASON, revision=1)
    with pytest.raises(IllegalMove):
        allow(hold_id, [identity], box.carol, REASON, revision=1)


def test_no_look_at_the_hold_brings_it_past_its_secret(box: Box) -> None:
    hold_id, _ = _stopped(box)

    box.gate.reconcile(hold_id)
    box.gate.publish(hold_id)
    box.gate.assess(hold_id)
    box.gate.release(hold_id)
    box.gate.sweep()

    assert is_stopped(box)
    assert "hold:publish" not in box.story(1)


def test_the_next_revision_without_the_secret_is_reviewed(box: Box) -> None:
    _stopped(box)

    said = box.push(f"{box.commit(a='clean')}:{MAIN}").text

    assert box.hold(1).state is HoldState.IN_REVIEW
    assert box.hold(1).revision.n == 2
    assert "A secret is in what was pushed: a:1 (github pat), in commit " in said
    assert TOKEN not in said


def test_a_stopped_hold_can_be_taken_back(box: Box) -> None:
    hold_id, _ = _stopped(box)

    box.gate.review.withdraw(hold_id, box.hold(1).revision.head, box.carol, "", revision=1)

    assert box.hold(1).state is HoldState.WITHDRAWN


def test_a_pushed_secret_is_told_while_the_push_is_answered(box: Box) -> None:
    box.push(f"{box.commit(**{'prod.env': TOKEN})}:{MAIN}", f"{box.commit(b='b')}:{TOPIC}")

    lines = box.gate.scan_now("demo", box.hold(1).revision.push_id)

    assert lines[1].startswith("  prod.env:1 (github pat), in commit ")
    assert TOKEN not in " ".join(lines)
    assert box.gate.scan_now("demo", "0" * 26) == ()


def test_evidence_is_let_go_when_its_time_is_over(box: Box) -> None:
    kept = box.gate.evidence_store.keep([b"nobody needs it"])
    box.push(f"{box.commit(**{'PLAN.md': 'the plan'})}:{MAIN}")
    file = evidence(box).files[0]
    box.ahead += timedelta(days=2)

    assert box.gate.expire_evidence() == 1
    box.reject(1)
    box.ahead += timedelta(days=100)
    assert box.gate.expire_evidence() == (1 if file.sha256 != file.text_sha256 else 0)
    box.ahead += timedelta(days=400)
    box.gate.expire_evidence()

    assert list(box.gate.evidence_store.all()) == []
    assert kept.sha256 != file.sha256
    assert [one.action for one in box.events(action="evidence:expire")][:1] == ["evidence:expire"]
