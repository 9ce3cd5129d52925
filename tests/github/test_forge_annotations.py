"""Findings on the lines of a pull request's diff, where the gate is an App."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gate.domain.evidence import Evidence
from gate.domain.pull_request.annotations import MOST_ANNOTATIONS
from gate.domain.risk.model import Place, RiskLevel, Severity
from tests.github.forge_world import MAIN, ForgeWorld, forge_world
from tests.pull_request.evidence_building import a_finding, of_level

CHECK = ("POST", "/check-runs")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ForgeWorld]:
    with forge_world(tmp_path) as made:
        yield made


def on_line(line: int, severity: Severity = Severity.HIGH) -> Evidence:
    return of_level(RiskLevel.HIGH, a_finding("It may write now.", severity, Place(path="ci", line=line)))


def test_findings_stand_on_their_lines_in_a_check_run_that_decides_nothing(world: ForgeWorld) -> None:
    new = world.commit(ci="1\n2\n3\n")

    world.publish(world.hold(MAIN, world.first, new), evidence=on_line(3))

    (run,) = world.shop.checks[new]
    assert (run.name, run.conclusion, run.app_slug) == ("pushgate findings", "neutral", "pushgate")
    assert run.annotations == [
        {
            "path": "ci",
            "start_line": 3,
            "end_line": 3,
            "annotation_level": "failure",
            "title": "D05 ci-change (high)",
            "message": "It may write now.\nA workflow can do harm.\nRead it.",
        }
    ]


def test_publishing_again_annotates_once(world: ForgeWorld) -> None:
    hold = world.publish(world.hold(MAIN, world.first, world.commit(ci="1\n2\n3\n")), evidence=on_line(3))
    world.writes()

    world.publish(hold, evidence=on_line(3))

    assert CHECK not in world.writes()


def test_other_findings_make_another_check_run(world: ForgeWorld) -> None:
    new = world.commit(ci="1\n2\n3\n")
    hold = world.publish(world.hold(MAIN, world.first, new), evidence=on_line(3))

    world.publish(hold, evidence=on_line(2, Severity.LOW))

    (run,) = world.shop.checks[new]
    assert [(one["start_line"], one["annotation_level"]) for one in run.annotations] == [(2, "notice")]


def test_no_more_are_sent_than_github_takes(world: ForgeWorld) -> None:
    new = world.commit(ci="1\n" * 200)
    found = tuple(a_finding(place=Place(path="ci", line=line)) for line in range(1, 151))

    world.publish(world.hold(MAIN, world.first, new), evidence=of_level(RiskLevel.HIGH, *found))

    (run,) = world.shop.checks[new]
    assert len(run.annotations) == MOST_ANNOTATIONS
    assert "50 findings of 150 shown on a line of the diff." in run.output["summary"]


def test_without_the_permission_the_pull_request_is_there_all_the_same(world: ForgeWorld) -> None:
    world.app.permissions["checks"] = "read"
    world.github.forget_token("acme/shop")
    new = world.commit(ci="1\n2\n3\n")

    world.publish(world.hold(MAIN, world.first, new), evidence=on_line(3))

    assert world.pull().head_sha == new
    assert new not in world.shop.checks


def test_without_findings_there_is_no_check_run(world: ForgeWorld) -> None:
    new = world.commit(ci="1\n2\n3\n")

    world.publish(world.hold(MAIN, world.first, new), evidence=of_level(RiskLevel.NONE))

    assert new not in world.shop.checks


def test_the_links_of_the_body_lead_to_the_lines_at_github(world: ForgeWorld) -> None:
    new = world.commit(ci="1\n2\n3\n")
    hold = world.publish(world.hold(MAIN, world.first, new), evidence=on_line(3))
    link = f"[`ci:3`]({world.simulator.url}/acme/shop/blob/{new}/ci#L3)"
    published = world.pull().body
    world.pull().body = "changed by another hand"

    world.show(hold, write_request=lambda: replace(world.request(hold), evidence=on_line(3)))

    assert link in published
    assert world.pull().body == published
