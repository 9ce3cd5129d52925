"""Whether a brief was kept, by the push and the session's record alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gate.adapters.path_matcher import GitIgnorePathMatcher
from gate.domain.brief.evaluate import combine, evaluate, evaluate_all
from gate.domain.brief.model import Answer, Brief, BriefReport, BriefSource, Kept
from gate.domain.brief.parse import parse_brief
from gate.domain.brief.pushed import Pushed
from gate.domain.facts import ChangedFile, DiffFacts
from gate.domain.session.model import (
    Command,
    CommandOutcome,
    FileEdit,
    FoundBy,
    Session,
    TestCounts,
    TestRun,
    Thread,
)

YES, BROKEN, UNKNOWN = Kept.YES, Kept.BROKEN, Kept.UNKNOWN
OID = "0" * 40


def at(minute: int) -> datetime:
    return datetime(2026, 1, 2, 14, minute, tzinfo=UTC)


def facts(*paths: str, lines: int = 2, truncated: bool = False) -> DiffFacts:
    files = (ChangedFile(path, "M", "100644", "100644", OID, OID, lines, 0) for path in paths)
    return DiffFacts(OID, (), (), tuple(files), is_ancestor=True, truncated=truncated)


def ran(
    text: str, exit_code: int | None = 0, *, minute: int = 3, counts: TestCounts | None = None
) -> Command:
    outcome = {0: CommandOutcome.COMPLETED, None: CommandOutcome.UNFINISHED}.get(
        exit_code, CommandOutcome.FAILED
    )
    tests = () if counts is None else (TestRun("any", counts),)
    return Command(
        "c", "t", "1", text, "/w", outcome, 7, exit_code, at(minute), at(minute), tests=tests, entry=4
    )


def session(*commands: Command, edits: Sequence[FileEdit] = (), faults: tuple[str, ...] = ()) -> Session:
    thread = Thread("t", "t", commands=commands, edits=tuple(edits), faults=faults)
    return Session("t", "t", FoundBy.CREDENTIAL, (thread,))


def pushed(
    *paths: str,
    ref: str = "refs/heads/codex/fix",
    commands: Sequence[Command] | Session | None = None,
    summary: str | None = None,
    changes: DiffFacts | None = None,
) -> Pushed:
    found = commands if isinstance(commands, Session) or commands is None else session(*commands)
    return Pushed(changes or facts(*paths), ref, GitIgnorePathMatcher(), found, summary)


def brief(text: str, source: BriefSource = BriefSource.OPERATOR) -> Brief:
    return parse_brief(text, source, "the brief")


def answers(text: str, push: Pushed) -> list[tuple[Kept, str]]:
    return [(answer.kept, answer.words) for answer in evaluate(brief(text), push).answers]


@pytest.mark.parametrize(
    ("line", "paths", "expected"),
    [
        ("edited tests and fixtures only", ["tests/a.py", "x/fixtures/b"], (YES, "all of 2 files")),
        ("only edit `tests/**`", ["tests/a.py", "src/b.py"], (BROKEN, "1 file outside: src/b.py")),
        ("do not touch `migrations/`", ["src/b.py"], (YES, "none of them changed")),
        (
            "do not touch `migrations/`",
            ["db/migrations/1.sql"],
            (BROKEN, "1 file changed: db/migrations/1.sql"),
        ),
        ("more than 2 files", ["a", "b", "c"], (BROKEN, "3 files, limit 2 broken")),
        ("more than 2 files", ["a", "b"], (YES, "2 files of at most 2")),
        ("at most 3 lines", ["a", "b"], (BROKEN, "4 lines, limit 3 broken")),
        ("push only to `codex/*`", [], (YES, "pushed to refs/heads/codex/fix")),
        ("never push to `codex/fix`", [], (BROKEN, "pushed to refs/heads/codex/fix")),
        ("never push to `main`", [], (YES, "pushed to refs/heads/codex/fix")),
        ("be nice", [], (UNKNOWN, "for a person to judge")),
        ("do not touch `!`", [], (UNKNOWN, None)),
    ],
)
def test_the_push_alone_answers(line: str, paths: list[str], expected: tuple[Kept, str | None]) -> None:
    [(kept, words)] = answers(f"Not allowed:\n- {line}\n", pushed(*paths))

    assert (kept, words if expected[1] else None) == expected


def test_allowed_paths_are_answered_together() -> None:
    text = "Allowed:\n- edit `src/**`\n- edit `tests/**`\n"

    assert answers(text, pushed("src/a", "tests/b")) == [(YES, "all of 2 files"), (YES, "1 file of 2")]
    assert answers(text, pushed("src/a", "c")) == [(BROKEN, "1 file outside: c"), (YES, "0 files of 2")]


def test_words_that_may_allow_more_leave_it_to_a_person() -> None:
    text = "Allowed:\n- edit `src/**`\n- whatever the parser needs\n"

    [answer, _] = answers(text, pushed("src/a", "c"))

    assert answer == (UNKNOWN, "1 file elsewhere, which other words may allow: c")


def test_a_diff_that_was_cut_is_no_yes() -> None:
    text = "Not allowed:\n- `infra/`\n- more than 5 files\nAllowed:\n- edit `src/` only\n"

    kept = [kept for kept, _ in answers(text, pushed(changes=facts("src/a", truncated=True)))]

    assert kept == [UNKNOWN, UNKNOWN, UNKNOWN]


FINISH = "Before finishing:\n- run `npm test -- payment`\n"


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ([ran("npm test -- payment")], (YES, "exit 0 at 14:03")),
        ([ran("cd app &&   npm  test -- payment --ci 2>&1")], (YES, "exit 0 at 14:03")),
        ([ran("bash -lc 'npm test -- payment'")], (YES, "exit 0 at 14:03")),
        ([ran("npm test -- payment", 1)], (BROKEN, "exit 1 at 14:03")),
        ([ran("npm test -- payment", 1), ran("npm test -- payment", minute=9)], (YES, "exit 0 at 14:09")),
        ([ran("npm test -- payment"), ran("npm test -- payment", 2, minute=9)], (BROKEN, "exit 2 at 14:09")),
        ([ran("npm test")], (BROKEN, "it was not run")),
        ([ran("echo npm test -- payment")], (BROKEN, "it was not run")),
        ([ran("npm test -- pay")], (BROKEN, "it was not run")),
        ([ran("npm test -- payment", None)], (UNKNOWN, "no end was seen at 14:03")),
        (
            [ran("npm test -- payment", None, counts=TestCounts(passed=3))],
            (BROKEN, "no end was seen at 14:03"),
        ),
        (
            [ran("npm test -- payment | tail -3")],
            (UNKNOWN, "exit 0 at 14:03, inside a longer command whose exit code may be another's"),
        ),
        (
            [ran("npm test -- payment || true", counts=TestCounts(passed=3, failed=1))],
            (BROKEN, "exit 0, but tests failed at 14:03"),
        ),
        ([ran("npm test -- payment; echo", counts=TestCounts(passed=3))], (YES, "exit 0 at 14:03")),
        ([], (BROKEN, "it was not run")),
        (None, (UNKNOWN, "no session was found, so nobody can tell")),
    ],
)
def test_a_command_that_had_to_run(commands: list[Command] | None, expected: tuple[Kept, str]) -> None:
    assert answers(FINISH, pushed(commands=commands)) == [expected]


def test_a_command_that_was_refused_did_not_run() -> None:
    refused = replace(ran("npm test -- payment", None), outcome=CommandOutcome.REJECTED)

    assert answers(FINISH, pushed(commands=[refused])) == [(BROKEN, "it was refused")]


@pytest.mark.parametrize(
    ("path", "minute", "expected"),
    [
        ("/w/src/a.py", 9, (UNKNOWN, "exit 0 at 14:03, before the last edit at 14:09")),
        ("/w/src/a.py", 1, (YES, "exit 0 at 14:03")),
        ("/w/STATUS.md", 9, (YES, "exit 0 at 14:03")),
    ],
)
def test_a_run_before_the_last_edit_says_so(path: str, minute: int, expected: tuple[Kept, str]) -> None:
    record = session(ran("npm test -- payment"), edits=[FileEdit(path, "update", 9, at(minute))])

    assert answers(FINISH, pushed(commands=record)) == [expected]


@pytest.mark.parametrize(
    ("wanted", "text", "is_seen"),
    [
        ("terraform apply", "terraform -chdir=infra apply -auto-approve", True),
        ("terraform apply", "cd infra && terraform apply", True),
        ("terraform apply", "/usr/bin/terraform apply", True),
        ("terraform apply", "terraform plan", False),
        ("terraform apply", "echo 'terraform apply'", False),
        ("git push --force", "git push origin main --force", True),
        ("git push --force", "git push origin main", False),
        ("git push", 'git commit -m "git push"', False),
        ("sudo", "cd x; sudo npm test", True),
        ("./deploy.sh", "./deploy.sh production", True),
    ],
)
def test_a_command_that_must_not_run_is_known(wanted: str, text: str, is_seen: bool) -> None:
    [(kept, _)] = answers(f"Never:\n- run `{wanted}`\n", pushed(commands=[ran(text)]))

    assert kept is (BROKEN if is_seen else YES)


def test_a_forbidden_command_that_was_refused_is_kept_and_shown() -> None:
    refused = replace(ran("sudo ls", None), outcome=CommandOutcome.REJECTED)

    assert answers("Never:\n- run `sudo`\n", pushed(commands=[refused])) == [
        (YES, "asked for at 14:03, and refused")
    ]


def test_a_record_that_is_not_whole_is_no_yes() -> None:
    record = session(faults=("line 9 was cut",))

    assert answers("Never:\n- run `sudo`\n" + FINISH, pushed(commands=record)) == [
        (UNKNOWN, "not seen, but the record is not whole"),
        (UNKNOWN, "not seen, but the record is not whole"),
    ]


@pytest.mark.parametrize(("exit_code", "kept"), [(0, YES), (1, BROKEN)])
def test_a_command_whose_failure_is_a_reason_to_stop(exit_code: int, kept: Kept) -> None:
    push = pushed(commands=[ran("npm test", exit_code)])

    assert answers("Stop if:\n- `npm test` fails\n", push) == [(kept, f"last run at 14:03: exit {exit_code}")]


def test_an_answer_names_the_entry_and_the_paths_that_it_rests_on() -> None:
    report = evaluate(
        brief("Never:\n- run `sudo`\n- `infra/`\n"), pushed("infra/a", commands=[ran("sudo ls")])
    )

    assert report.answers == (
        Answer(report.brief.rules[0], BROKEN, "it ran at 14:03: exit 0", entry=4),
        Answer(report.brief.rules[1], BROKEN, "1 file changed: infra/a", ("infra/a",)),
    )
    assert report.kept is BROKEN


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        ((YES, YES), YES),
        ((YES, UNKNOWN), UNKNOWN),
        ((YES, UNKNOWN, BROKEN), BROKEN),
        ((), UNKNOWN),
    ],
)
def test_a_brief_is_kept_where_each_of_its_rules_is(answered: tuple[Kept, ...], expected: Kept) -> None:
    given = brief("Never:\n- run `sudo`\n")

    report = BriefReport(given, tuple(Answer(given.rules[0], kept, "") for kept in answered))

    assert report.kept is expected


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("Risks: none. New dependencies: left-pad.", (YES, "the summary speaks of it")),
        ("All is done.", (UNKNOWN, "the summary does not name: risks, new dependency")),
        ("", (BROKEN, "the agent left no summary")),
    ],
)
def test_what_had_to_be_listed(summary: str, expected: tuple[Kept, str]) -> None:
    text = "Before finishing:\n- list the risks and every new dependency\n"

    assert answers(text, pushed(commands=[], summary=summary)) == [expected]


def test_no_brief_loosens_the_operators() -> None:
    own = brief("Allowed:\n- edit `infra/` only\n", BriefSource.PROMPT)
    committed = brief("Goal: x\nAllowed:\n- at most 9 files\n", BriefSource.COMMITTED)
    operator = brief("Not allowed:\n- `infra/`\n")

    report = evaluate_all([own, committed, operator], pushed("infra/a"))

    assert report is not None
    assert (report.brief, report.others, report.kept) == (operator, (committed, own), BROKEN)
    assert [(answer.source, answer.kept) for answer in report.answers] == [
        (BriefSource.OPERATOR, BROKEN),
        (BriefSource.COMMITTED, YES),
        (BriefSource.PROMPT, YES),
    ]
    assert combine(()) is None
