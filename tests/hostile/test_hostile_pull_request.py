"""Whatever an agent writes, in whatever field: at GitHub it is text, and the page is still the gate's."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from gate.domain.hold import HoldState, UpdateKind
from gate.domain.pull_request.annotations import findings_check
from gate.domain.pull_request.body import body
from gate.domain.pull_request.comments import closing_comment, revision_comment, status_comment
from gate.domain.pull_request.length import LONGEST_TEXT, units
from gate.domain.risk.model import Place, RiskLevel
from tests.hostile.corpus import CORPUS
from tests.pull_request.building import (
    NEW,
    URL,
    a_file,
    a_hold,
    a_request,
    a_status,
    a_verdict,
    an_ending,
    facts,
    saying,
)
from tests.pull_request.evidence_building import a_finding, of_level
from tests.pull_request.github_page import ACTS, Page

BLOB = f"https://github.com/acme/demo/blob/{NEW}/"
HEADINGS = [
    "7 findings, worst first",
    "Tests, the last run first",
    "Commands that did not go well",
    "How to decide",
    "What the policy still needs",
    "What the agent says of it",
]


class Headings(Page):
    """A page that keeps the texts of its headings and summaries too."""

    headings: list[str]

    def __post_init__(self) -> None:
        self.headings = []
        self._is_in = False
        super().__post_init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        self._is_in = tag in ("h1", "h2", "h3", "h4", "h5", "h6")
        if self._is_in:
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        self._is_in = False

    def handle_data(self, data: str) -> None:
        super().handle_data(data)
        if self._is_in:
            self.headings[-1] += data


def texts_of(text: str) -> dict[str, str]:
    """Everything that the gate writes at GitHub, with this text in every field."""
    request = saying(text, UpdateKind.FAST_FORWARD)
    status = replace(a_status(request.hold, a_verdict(text), text))
    return {
        "body": body(request),
        "revision": revision_comment(request),
        "status": status_comment(status),
        "closing": closing_comment(
            replace(an_ending(HoldState.BYPASSED, text), hold=replace(request.hold, state=HoldState.BYPASSED))
        ),
    }


@pytest.mark.parametrize("name", CORPUS)
def test_nothing_acts_at_github(name: str) -> None:
    plain = {kind: Page(text).structure for kind, text in texts_of("x").items()}

    for kind, text in texts_of(CORPUS[name]).items():
        page = Page(text)
        assert _without_cuts(page.structure) == _without_cuts(plain[kind]), kind
        assert all(link == URL or link.startswith((f"{URL}/", f"{URL}?", BLOB)) for link in page.links), kind
        assert "img" not in page.tags
        assert len(page.comments) == 1, kind
        assert not ACTS.search(page.text), kind
        assert units(text) <= LONGEST_TEXT


def _without_cuts(structure: list[str]) -> list[str]:
    """A long text ends with a paragraph that says so."""
    return [tag for before, tag in pairwise(["", *structure]) if (before, tag) != ("p", "p") and tag != "p"]


@pytest.mark.parametrize("name", CORPUS)
def test_every_heading_is_the_gates(name: str) -> None:
    page = Headings(body(saying(CORPUS[name], UpdateKind.FAST_FORWARD)))

    assert page.headings == HEADINGS


@pytest.mark.parametrize("name", CORPUS)
def test_annotations_hide_nothing_and_call_nobody(name: str) -> None:
    text = CORPUS[name]
    finding = a_finding(text, place=Place(path="ci.yml", line=3))
    request = a_request(a_hold(), facts(files=(a_file("ci.yml"),)))

    check = findings_check(replace(request, evidence=of_level(RiskLevel.HIGH, finding)))

    assert check is not None
    (annotation,) = check.annotations
    words = annotation.message.split("\n")
    assert words[1:] == ["A workflow can do harm.", "Read it."]
    assert words[0].isprintable()
    assert "@alice" not in words[0]
    assert "#1" not in words[0]
    assert len(words[0]) <= 1500
