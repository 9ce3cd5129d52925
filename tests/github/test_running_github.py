"""The product as it runs, in front of GitHub: a push, a pull request, an approval there, upstream."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from gate.domain.hold import HoldState
from gate.domain.review import Role
from tests.github.running_github import GitHubGate, running_github_gate
from tests.github.simulator import Pull
from tests.running.browser import Person as Browsing
from tests.running.browser import chromium
from tests.running.gate import git, tip
from tests.running.waiting import eventually

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def installation() -> Iterator[GitHubGate]:
    """One gate for the module, with everything running but the clock."""
    with running_github_gate() as gate:
        gate.put_shop_behind()
        gate.start_worker()
        yield gate
        assert gate.simulator.violations == []


@pytest.fixture
def gate(installation: GitHubGate) -> Iterator[GitHubGate]:
    """The gate with the clock stopped again afterwards."""
    installation.simulator.lose_deliveries(lambda _: False)
    yield installation
    if "cron" in installation.running:
        installation.kill("cron")


def test_an_approval_at_github_is_upstream_within_seconds(gate: GitHubGate) -> None:
    gate.tell_webhooks()
    before = gate.shop.tip("main")

    oid, said = gate.push("Say hello")

    pull = _shown(gate, oid)
    hold = gate.holds("demo")[-1]
    assert f"[remote rejected] HEAD -> main (held for review as {hold.number} (revision 1))" in said
    assert gate.shop.tip("main") == before
    gate.people["alice"].approve(gate.shop, pull)
    eventually(lambda: gate.shop.tip("main") == oid, about=lambda: gate.describe("demo"))
    _wait_for_the_end(gate, pull)
    assert (pull.state, pull.merged_at is not None, pull.labels) == ("closed", True, [])
    assert any(f"is at `{oid}` now" in comment.body for comment in pull.comments)
    git("fetch", "-q", cwd=gate.clone)
    assert tip(gate.clone, "refs/remotes/origin/main") == oid
    with chromium() as window:
        carol = window(gate.url)
        _sign_in(carol, gate)
        trail = carol.open(f"/audit/holds/{hold.name}").locator("tbody td.main").all_inner_texts()
        assert [action for action in trail if action in STORY] == STORY
        assert f"pull request {pull.number}" in carol.open(f"/holds/{hold.name}").inner_text("main")
        assert hold.name in carol.open("/webhooks").inner_text("main")
        assert carol.complaints == []


def test_with_every_webhook_lost_the_sweep_brings_it_upstream(gate: GitHubGate) -> None:
    gate.tell_webhooks()
    gate.simulator.lose_deliveries()
    gate.start_cron(PUSHGATE_SWEEP_SECONDS="1")

    oid, _ = gate.push("Say it again")

    pull = _shown(gate, oid)
    gate.people["bob"].approve(gate.shop, pull)
    eventually(lambda: gate.shop.tip("main") == oid, about=lambda: gate.describe("demo"))
    _wait_for_the_end(gate, pull)
    assert pull.merged_at is not None
    assert all(
        one.status == 0 for one in gate.simulator.deliveries if one.payload.get("number") == pull.number
    )


STORY = [
    "hold:register",
    "hold:collect",
    "evidence:collect",
    "hold:publish",
    "review:submit",
    "hold:approve",
    "hold:release_begin",
    "hold:release",
]


def _shown(gate: GitHubGate, oid: str) -> Pull:
    """The pull request of a commit, once the gate has looked at it and found nothing to do.

    Its status is what such a look ends with: an approval before it would need no webhook and no sweep.
    """
    about = partial(gate.describe, "demo")
    pull = eventually(lambda: gate.pull_of(oid), about=about)
    eventually(lambda: oid in gate.shop.statuses, about=about)
    assert gate.holds("demo")[-1].state is HoldState.IN_REVIEW
    return pull


def _wait_for_the_end(gate: GitHubGate, pull: Pull) -> None:
    """Until GitHub has been told how it ended: the review branch is deleted last."""
    eventually(lambda: gate.shop.tip(pull.head_ref) is None, about=lambda: gate.describe("demo"))


def _sign_in(person: Browsing, gate: GitHubGate) -> None:
    link = gate.here.people.add("carol", Role.ADMIN, actor="cli:carol").token
    person.open(f"/link/{link}")
    person.page.fill("input[name=password]", PASSWORD)
    person.page.get_by_role("button", name="Set it and sign in").click()
