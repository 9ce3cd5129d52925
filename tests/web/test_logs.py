"""The log viewer: pages, links to entries, jumps, search, and the replay."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from gate.domain.evidence import EvidenceFile, FileKind
from gate.domain.session.transcript import Entry, EntryKind
from gate.services.queries.log_page import ReadLog
from tests.pull_request.sampled import Contents
from tests.web.conftest import SignedIn
from tests.web.evidence_world import evident
from tests.web.web_world import World

LOG = "/holds/demo/1/log"


def transcript(contents: Contents, *entries: Entry) -> str:
    return contents.keep([f"{entry.line_text()}\n".encode() for entry in entries]).sha256


def said(n: int, text: str = "", **more: object) -> Entry:
    return Entry(n, EntryKind.MESSAGE, n + 1, text or f"message {n}", **more)  # type: ignore[arg-type]


def long_log(gate: World, entries: int = 450) -> None:
    """The hold demo/1 with a log of this many messages."""
    shown = evident(gate)
    sha256 = transcript(gate.contents, *map(said, range(entries)))
    log = EvidenceFile(FileKind.TRANSCRIPT, "transcript", text_sha256=sha256, text_size=9)
    with gate.store.transaction() as tx:
        tx.evidence.put(shown.hold.id, 1, replace(shown.evidence, files=(log,)))


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<li id="e(\d+)"', page)]


def test_a_transcript_shows_commands_with_their_end_and_output(gate: World, signed_in: SignedIn) -> None:
    evident(gate)

    page = signed_in("bob").get(LOG).text

    assert numbers(page) == list(range(22))
    entry = page.partition('id="e15"')[2].partition("</li>")[0]
    assert "exit 1" in entry
    assert '<pre class="cmd">python3 -m pip install --no-index example-helper</pre>' in entry
    assert "No module named pip" in entry


def test_file_changes_are_shown_as_diffs(gate: World, signed_in: SignedIn) -> None:
    evident(gate)

    entry = signed_in("bob").get(LOG).text.partition('id="e14"')[2].partition("</li>")[0]

    assert '<tr class="del"><td class="tx">-permissions: read-all</td></tr>' in entry
    assert '<tr class="add"><td class="tx">+permissions: write-all</td></tr>' in entry


def test_jumps_lead_to_the_push_the_failures_and_the_tests(gate: World, signed_in: SignedIn) -> None:
    evident(gate)

    page = signed_in("bob").get(LOG).text

    jumps = page.partition('<nav class="jumps"')[2].partition("</nav>")[0]
    assert re.findall(r"<summary>(\w+) |entry=(\d+)#", jumps) == [
        ("pushes", ""), ("", "18"), ("failures", ""), ("", "15"), ("tests", ""), ("", "16"),
        ("rejected", ""), ("", "7"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [("", 0, 199), ("?from=200", 200, 399), ("?from=400", 400, 449), ("?entry=250", 200, 399),
     ("?from=9999", 449, 449), ("?from=-3", 0, 199), ("?entry=x", 0, 199)],
)  # fmt: skip
def test_a_page_has_two_hundred_entries(
    gate: World, signed_in: SignedIn, query: str, first: int, last: int
) -> None:
    long_log(gate)

    page = signed_in("bob").get(LOG + query).text

    assert numbers(page) == list(range(first, last + 1))


def test_the_entry_that_was_asked_for_is_marked(gate: World, signed_in: SignedIn) -> None:
    long_log(gate)

    page = signed_in("bob").get(f"{LOG}?entry=250").text

    assert re.findall(r'<li id="e(\d+)" class="entry message asked"', page) == ["250"]


def test_an_entry_of_its_own_page_is_whole(gate: World, signed_in: SignedIn) -> None:
    shown = evident(gate)
    sha256 = transcript(gate.contents, said(0, "begin", detail="x" * 30_000 + "end"))
    log = EvidenceFile(FileKind.TRANSCRIPT, "transcript", text_sha256=sha256, text_size=9)
    with gate.store.transaction() as tx:
        tx.evidence.put(shown.hold.id, 1, replace(shown.evidence, files=(log,)))
    bob = signed_in("bob")

    page, entry = bob.get(LOG).text, bob.get(f"{LOG}/0").text

    assert "18,003 more characters: show all of this entry" in page
    assert "xend" not in page
    assert "xend" in entry
    assert bob.get(f"{LOG}/1").status_code == 404


def test_a_search_finds_words_in_any_case_and_links_to_the_entry(gate: World, signed_in: SignedIn) -> None:
    evident(gate)

    page = signed_in("bob").get(f"{LOG}?q=NO+MODULE").text

    assert 'href="/holds/demo/1/log?entry=15#e15"' in page
    assert "<mark>No module</mark>" in page


def test_a_search_takes_its_words_as_they_are(gate: World, signed_in: SignedIn) -> None:
    evident(gate)

    assert "Nothing found" in signed_in("bob").get(f"{LOG}?q=.*").text


def test_a_search_stops_in_time_and_says_where_to_go_on() -> None:
    contents = Contents()
    sha256 = transcript(contents, *map(said, range(100)))
    seconds: Callable[[], int] = count().__next__

    found = ReadLog(contents, seconds).search(sha256, "nowhere", 0)

    assert (found.hits, found.looked_at, found.further) == ((), 3, 3)


def test_a_search_goes_on_from_there_to_the_end() -> None:
    contents = Contents()
    sha256 = transcript(contents, *map(said, range(120)))
    log = ReadLog(contents, lambda: 0.0)

    first = log.search(sha256, "message", 0)
    assert first.further is not None
    second = log.search(sha256, "message", first.further)
    third = log.search(sha256, "message", second.further or 0)

    assert [len(each.hits) for each in (first, second, third)] == [50, 50, 20]
    assert third.further is None


def test_an_entry_that_cannot_be_read_is_shown_as_it_is() -> None:
    contents = Contents()
    sha256 = contents.keep(
        [b'{"n":0,"kind":"message","line":1,"text":"a"}\n{"kind":"unknown"}\n[1]\n']
    ).sha256

    shown = ReadLog(contents).page(sha256, 0)

    assert [one.entry.text for one in shown.entries] == ["a", *["This entry cannot be read."] * 2]
    assert [one.entry.detail for one in shown.entries] == ["", '{"kind":"unknown"}', "[1]"]


def test_the_replay_gets_the_cast_and_may_run_the_player_alone(gate: World, signed_in: SignedIn) -> None:
    evident(gate)
    bob = signed_in("bob")

    page, cast = bob.get("/holds/demo/1/recording"), bob.get("/holds/demo/1/recording.cast")

    assert "script-src 'self' 'wasm-unsafe-eval';" in page.headers["Content-Security-Policy"]
    assert "wasm-unsafe-eval" not in bob.get(LOG).headers["Content-Security-Policy"]
    assert page.text.count("data-at=") == 22
    assert cast.text.startswith('{"version": 3')


def test_without_times_the_replay_does_not_follow_the_log(gate: World, signed_in: SignedIn) -> None:
    shown = evident(gate)
    cast = gate.contents.keep([b'{"version": 3, "term": {"cols": 80, "rows": 24}, "title": "no timing"}\n'])
    file = EvidenceFile(FileKind.CAST, "terminal.cast", text_sha256=cast.sha256, text_size=cast.size)
    with gate.store.transaction() as tx:
        tx.evidence.put(shown.hold.id, 1, replace(shown.evidence, files=(file,)))

    page = signed_in("bob").get("/holds/demo/1/recording").text

    assert "It has no times of its own" in page
    assert "data-at=" not in page


def test_a_hold_without_a_log_says_so(gate: World, signed_in: SignedIn) -> None:
    gate.push()

    assert signed_in("bob").get(LOG).status_code == 404
