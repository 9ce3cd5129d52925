"""What a pull request says of a push: whole, inert, within GitHub's bounds, and fit to be read."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from gate.domain.hold import Likeness, UpdateKind
from gate.domain.pull_request.body import body
from gate.domain.pull_request.carrier import carrier_message
from gate.domain.pull_request.length import LONGEST_TEXT, units
from gate.domain.pull_request.marker import Marker, MarkerKind, read_marker
from gate.domain.pull_request.model import ReviewRequest, Revised
from gate.domain.pull_request.sections import Section, fit
from gate.domain.pull_request.title import title
from tests.pull_request.building import (
    BEFORE,
    MISSING,
    NEW,
    OLD,
    URL,
    a_commit,
    a_file,
    a_hold,
    a_request,
    facts,
    oid,
    saying,
)
from tests.pull_request.evidence_building import uploads
from tests.pull_request.github_page import ACTS, Page
from tests.pull_request.hostile import hostile

GOLDEN = Path(__file__).parent / "golden"
ELEMENTS = set(
    "p br strong code a table thead tbody tr th td h3 ul li pre blockquote details summary".split()
)
BLOB = f"https://github.com/acme/demo/blob/{NEW}/"
_COMMAND = re.compile(r"(?m)^/\w")


def moving() -> ReviewRequest:
    commits = (a_commit("Say how often an upload was tried"), a_commit("Retry a failed upload | twice"))
    files = (
        a_file("src/upload.py", lines=(41, 7)),
        a_file("tests/test_upload.py", "A", ("000000", "100644"), (58, 0)),
    )
    found = facts(commits, (), (*files, a_file("docs/upload.md", "D", ("100644", "000000"), (0, 12))))
    return replace(
        a_request(a_hold(), found),
        agent_host="build-3",
        evidence=uploads(),
        blob_url="https://github.com/acme/demo/blob",
    )


def rewriting() -> ReviewRequest:
    commits = (
        a_commit("Squash the uploads, fixes #3 for @bob"),
        a_commit("Merge branch 'retries'", parents=(OLD, NEW)),
    )
    dropped = (a_commit("Count the retries", author="carol"), a_commit("Start", author="carol"))
    files = (
        a_file("logo.png", lines=None),
        a_file("run.sh", modes=("100644", "100755")),
        a_file("vendor/lib", "A", ("000000", "160000"), (1, 0)),
        a_file("current", "T", ("100644", "120000"), (1, 1)),
        a_file("src/`a`|b.py", lines=(400, 2)),
    )
    return replace(
        a_request(a_hold(UpdateKind.REWRITE, n=2), facts(commits, dropped, files)),
        takes_commands=True,
        revised=Revised(2, BEFORE, NEW, Likeness.TRIVIAL_REBASE, ""),
    )


def deleting() -> ReviewRequest:
    hold = a_hold(UpdateKind.DELETE, ref="refs/heads/uploads", review_head=oid("empty"))
    return a_request(hold, facts((), (a_commit("Try another way", author="carol"),)))


@pytest.mark.parametrize("make", [moving, rewriting, deleting])
def test_a_body_reads_like_this(make: type) -> None:
    name = make.__name__

    assert body(make()) == (GOLDEN / f"{name}.md").read_text(encoding="utf-8")


# Backticks in a row are told by their number, which makes some texts too long for their place.
_CUT = re.compile(r"(?m)^\u2026 cut here.*\n")


@given(hostile)
def test_no_text_gets_out_of_its_place_in_a_body(text: str) -> None:
    text = text or "x"
    markdown = body(saying(text))
    page, other = Page(markdown), Page(body(saying("x")))

    assert Page(_CUT.sub("", markdown)).structure == other.structure
    assert set(page.tags) <= ELEMENTS
    assert all(link.startswith((URL, BLOB)) for link in page.links)
    assert page.comments == [" pushgate:hold demo/12 "]
    assert not ACTS.search(page.text)
    assert not _COMMAND.search(markdown)
    assert read_marker(markdown) == Marker(MarkerKind.HOLD, "demo/12")


@given(hostile)
def test_no_text_acts_in_a_title(text: str) -> None:
    line = title(saying(text))

    assert re.fullmatch(r"Hold 12: codex-1 wants to rewrite [^@#\n\r`]* \(2 commits, drops 1 commit\)", line)
    assert not re.search("(?i)gh-[0-9]", line)
    assert units(line) <= 256


@given(hostile)
def test_no_text_acts_in_the_message_of_a_carrier(text: str) -> None:
    ref = text.encode(errors="surrogatepass").decode(errors="surrogateescape")  # as git's bytes are read

    lines = carrier_message(saying(ref)).split("\n")

    assert len(lines) == 9
    assert not any(re.search("[@#`]|(?i:gh-[0-9])", line) for line in lines)
    assert [line.partition(":")[0] for line in lines[5:]] == [
        "Pushgate-Hold",
        "Pushgate-Revision",
        "Pushgate-Request",
        "",
    ]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (a_request(), "Hold 12: codex-1 wants to move main (1 commit)"),
        (moving(), "Hold 12: codex-1 wants to move main (2 commits)"),
        (rewriting(), "Hold 12: codex-1 wants to rewrite main (2 commits, drops 2 commits)"),
        (deleting(), "Hold 12: codex-1 wants to delete uploads (drops 1 commit)"),
        (
            a_request(a_hold(UpdateKind.TAG, ref="refs/tags/v1.0"), facts()),
            "Hold 12: codex-1 wants to create the tag v1.0",
        ),
        (
            a_request(a_hold(UpdateKind.REWRITE, ref="refs/tags/v1.0"), facts((), (a_commit("a"),))),
            "Hold 12: codex-1 wants to move the tag v1.0 (drops 1 commit)",
        ),
        (
            a_request(a_hold(UpdateKind.REWRITE), facts((), (a_commit("a"),))),
            "Hold 12: codex-1 wants to rewind main (drops 1 commit)",
        ),
        (
            a_request(a_hold(UpdateKind.CREATE, ref="refs/heads/fixes-#1/@bob/GH-12")),
            "Hold 12: codex-1 wants to create fixes-<U+0023>1/<U+0040>bob/GH<U+002D>12 (1 commit)",
        ),
        (
            replace(moving(), facts=replace(moving().facts, truncated=True)),
            "Hold 12: codex-1 wants to move main (at least 2 commits)",
        ),
    ],
)
def test_a_title_says_what_is_asked(request_: ReviewRequest, expected: str) -> None:
    assert title(request_) == expected


def test_a_carrier_says_what_it_carries_and_the_same_each_time() -> None:
    request = deleting()

    assert (
        carrier_message(request)
        == carrier_message(request)
        == (
            "Ask to delete the branch uploads\n"
            "\n"
            "This commit is empty. It only carries the request, so that it can be\n"
            "reviewed in a pull request. Do not merge it: that would do nothing.\n"
            "\n"
            "Pushgate-Hold: demo/12\n"
            "Pushgate-Revision: 1\n"
            f"Pushgate-Request: delete refs/heads/uploads at {OLD}\n"
        )
    )


@pytest.mark.parametrize(
    ("kind", "ref", "words"),
    [
        (UpdateKind.TAG, "refs/tags/v1", f"create refs/tags/v1 at {NEW}"),
        (UpdateKind.REWRITE, "refs/heads/main", f"move refs/heads/main from {OLD} to {NEW}"),
        (UpdateKind.DELETE, "refs/heads/#1 GH-2 \udcff", f"delete refs/heads/%231%20GH%2D2%20%FF at {OLD}"),
    ],
)
def test_the_trailer_of_a_carrier_can_be_read_back(kind: UpdateKind, ref: str, words: str) -> None:
    lines = carrier_message(a_request(a_hold(kind, ref=ref), facts())).splitlines()

    assert lines[-1] == f"Pushgate-Request: {words}"


@pytest.mark.parametrize(
    ("request_", "is_carried"),
    [
        (moving(), False),
        (deleting(), True),
        (a_request(a_hold(UpdateKind.REWRITE), facts((), (a_commit("a"),))), True),
        (a_request(a_hold(review_head=NEW)), False),
        (a_request(a_hold(review_head=oid("empty"))), True),
    ],
)
def test_an_empty_commit_is_not_to_be_merged(request_: ReviewRequest, is_carried: bool) -> None:
    text = body(request_)

    assert ("commit is empty and only carries the request; do not merge it" in text) is is_carried
    assert ("Do not merge by hand: that would not do what is asked." in text) is is_carried
    assert ("Merging by hand is not needed." in text) is not is_carried


def test_what_is_unusual_about_a_file_comes_before_any_number_of_lines() -> None:
    big = tuple(a_file(f"src/{n}.py", lines=(9999, 9999)) for n in range(200))
    odd = a_file("z/link", "A", ("000000", "120000"), (1, 0))

    text = body(a_request(found=facts((a_commit("a"),), (), (*big, odd))))

    assert "201 files, 1,999,801 lines added and 1,999,800 lines removed</summary>" in text
    assert "|---|---|---|\n| `z/link` | added, symbolic link | +1 \u22120 |\n| `src/0.py` |" in text
    assert f"\u2026 151 more: see [the hold's page]({URL})." in text


def huge() -> ReviewRequest:
    message = "\U0001f600|`\u202e" * 250_000
    commits = tuple(a_commit("x") for _ in range(10_000))
    commits = tuple(replace(commit, subject=message, body=message) for commit in commits)
    files = tuple(a_file(f"{'d/' * 100}{n}|.py") for n in range(20_000))
    return replace(saying(message), facts=facts(commits, commits, files), needs=(message,) * 1_000)


def test_the_largest_push_fits_and_loses_nothing_that_is_not_said() -> None:
    text = body(huge())

    assert LONGEST_TEXT * 0.7 < units(text) <= LONGEST_TEXT
    assert len(re.findall(r"(?m)^\u2026 [\d,]+ more: see \[the hold's page\]", text)) == 4
    page = Page(text)
    assert page.counts["h3"] == 6
    assert set(page.tags) <= ELEMENTS


def test_one_long_list_does_not_push_out_the_others() -> None:
    commits = tuple(a_commit(f"Commit {n}") for n in range(10_000))

    text = body(a_request(found=facts(commits, (), (a_file("src/upload.py"),))))

    assert MISSING in text
    assert "`src/upload.py`" in text
    kept = len(re.findall(r"(?m)^- `[0-9a-f]{7}` `Commit", text))
    assert f"\u2026 {10_000 - kept:,} more: see" in text


def test_a_list_is_rendered_only_as_far_as_there_can_be_room() -> None:
    items = iter(["12345678"] * 1_000)

    text = fit(("first", Section("second", items, 1_000)), limit=120, more=lambda count: f"{count} more")

    assert text == "first\n\nsecond" + "\n12345678" * 9 + "\n\n991 more\n"
    assert len(list(items)) > 980


def test_the_same_request_has_the_same_body() -> None:
    assert body(rewriting()) == body(rewriting())


def test_a_tree_head_is_shown_to_the_letter_whatever_its_hash_begins_with() -> None:
    note = "pushgate.local/audit\n12\n/NqKtevpyEG=\n\n\u2014 pushgate.local/audit mvrU=\n"

    assert f"```text\n{note}```\n" in body(replace(moving(), tree_head=note))
