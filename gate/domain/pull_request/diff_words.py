"""What a push changes, as sections of the body: files, commits, and commits that upstream would lose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import nsmallest

from gate.domain.facts import ChangedFile, Commit, DiffFacts
from gate.domain.pull_request.folded import folded_list
from gate.domain.pull_request.inert import inline, row
from gate.domain.pull_request.model import ReviewRequest
from gate.domain.pull_request.sections import Section
from gate.domain.pull_request.wish import added, dropped
from gate.domain.pull_request.words import file_change, is_special, short_ref
from gate.domain.words import count

_MOST_FILES = 50
_MOST_COMMITS = 100
_MOST_DROPPED = 100  # they come before everything else
_LONGEST_PATH, _LONGEST_SUBJECT, _LONGEST_NAME = 300, 200, 80


def dropped_section(request: ReviewRequest) -> Section:
    """The commits that upstream would lose, which a diff does not show."""
    ref, commits = inline(short_ref(request.hold.ref), limit=_LONGEST_PATH), request.facts.dropped
    return Section(
        f"> [!CAUTION]\n> **Upstream would lose {dropped(request)} of {ref}.** "
        "The diff of this pull request does not show that.\n",
        _commit_lines(commits[:_MOST_DROPPED]),
        len(commits),
    )


def files_sections(request: ReviewRequest) -> Iterator[str | Section]:
    """The files with what is unusual about them first, then by the number of changed lines."""
    facts = request.facts
    first = nsmallest(_MOST_FILES, facts.files, key=_weight)
    counted = count(len(facts.files), "file", is_least=facts.truncated)
    summary = f"What it changes: {counted}, {_lines(facts)}"
    opening = "| file | change | lines |\n|---|---|---|" if first else ""
    yield from folded_list(
        summary, map(_file_row, first), len(facts.files), most=_MOST_FILES, opening=opening
    )


def commits_sections(request: ReviewRequest) -> Iterator[str | Section]:
    """The commits that are new to upstream, newest first."""
    commits = request.facts.commits
    yield from folded_list(
        f"{added(request)}, newest first", _commit_lines(commits), len(commits), most=_MOST_COMMITS
    )


def _commit_lines(commits: Sequence[Commit]) -> Iterator[str]:
    for commit in commits:
        merge = " (a merge)" if commit.is_merge else ""
        subject = inline(commit.subject, limit=_LONGEST_SUBJECT)
        yield f"- `{commit.oid[:7]}`{merge} {subject} by {inline(commit.author, limit=_LONGEST_NAME)}"


def _file_row(file: ChangedFile) -> str:
    lines = "" if file.is_binary else f"+{file.additions:,} \u2212{file.deletions or 0:,}"
    return row(inline(file.path, limit=_LONGEST_PATH), file_change(file), lines)


def _weight(file: ChangedFile) -> tuple[bool, int, str]:
    return (not is_special(file), -(file.additions or 0) - (file.deletions or 0), file.path)


def _lines(facts: DiffFacts) -> str:
    return f"{count(facts.additions, 'line')} added and {count(facts.deletions, 'line')} removed"
