"""What a brief says, read from the many ways in which people write one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.brief.model import Brief, BriefRule, BriefSource, Part, RuleKind
from gate.domain.brief.parse import MOST_BYTES, MOST_RULES, is_brief, parse_brief

ALLOWED, NOT_ALLOWED, STOP_IF, FINISHING = (
    Part.ALLOWED,
    Part.NOT_ALLOWED,
    Part.STOP_IF,
    Part.BEFORE_FINISHING,
)
TESTS = (
    *("tests/", "test/", "__tests__/", "spec/", "test_*", "*_test.*", "*.test.*", "*.spec.*", "*_spec.*"),
)
FIXTURES = ("fixtures/", "__fixtures__/", "testdata/")


def parse(text: str) -> Brief:
    return parse_brief(text, BriefSource.OPERATOR, "the brief")


def told(text: str) -> list[tuple[Part, RuleKind, tuple[str, ...] | int | None]]:
    """Each rule's part, kind and values, or its limit."""
    return [(rule.part, rule.kind, rule.values or rule.limit) for rule in parse(text).rules]


def test_a_whole_brief_becomes_its_rules_with_their_lines() -> None:
    brief = parse(
        "# Task 12\n"
        "Some words before.\n"
        "## Goal\n"
        "Make the payment tests\npass again.\n"
        "## Allowed\n"
        "- only edit `tests/**` and fixtures\n"
        "- push only to `codex/*`\n"
        "## Not allowed\n"
        "- do not touch `migrations/`\n"
        "- never run `terraform apply`\n"
        "## Stop if\n"
        "- more than 8 files change\n"
        "## Before finishing\n"
        "1. run `npm test -- payment`\n"
        "2. list the risks\n"
        "## Notes\n"
        "- never mind `this`\n"
    )

    assert brief.goal == "Make the payment tests pass again."
    assert brief.faults == ()
    assert brief.rules == (
        BriefRule(ALLOWED, RuleKind.PATHS, "only edit `tests/**` and fixtures", 7, ("tests/**", *FIXTURES)),
        BriefRule(ALLOWED, RuleKind.REFS, "push only to `codex/*`", 8, ("refs/heads/codex/*",)),
        BriefRule(NOT_ALLOWED, RuleKind.PATHS, "do not touch `migrations/`", 10, ("migrations/",)),
        BriefRule(NOT_ALLOWED, RuleKind.COMMAND, "never run `terraform apply`", 11, ("terraform apply",)),
        BriefRule(STOP_IF, RuleKind.FILE_LIMIT, "more than 8 files change", 13, limit=8),
        BriefRule(FINISHING, RuleKind.COMMAND, "run `npm test -- payment`", 15, ("npm test -- payment",)),
        BriefRule(FINISHING, RuleKind.LIST, "list the risks", 16, ("risks",)),
    )


@pytest.mark.parametrize(
    "heading",
    [
        "## Not allowed",
        "# NOT-ALLOWED:",
        "###### not_allowed ##",
        "**Not allowed**",
        "**Not allowed:**",
        "__Must not__",
        "Not allowed:",
        "Not allowed\n-----------",
        "Never\n=====",
        "## ❌ Not allowed",
        "Must not",
        "Off-limits:",
    ],
)
def test_a_heading_is_known_however_it_is_written(heading: str) -> None:
    assert told(f"{heading}\n- `infra/`\n") == [(NOT_ALLOWED, RuleKind.PATHS, ("infra/",))]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("May", ALLOWED),
        ("Allowed", ALLOWED),
        ("Must not", NOT_ALLOWED),
        ("Never", NOT_ALLOWED),
        ("Stop-if", STOP_IF),
        ("Stop when", STOP_IF),
        ("Before finishing", FINISHING),
        ("Before you finish", FINISHING),
        ("Definition of done", FINISHING),
    ],
)
def test_every_heading_opens_its_part(name: str, part: Part) -> None:
    assert [rule.part for rule in parse(f"## {name}\n- be kind\n").rules] == [part]


def test_a_list_of_parts_and_words_after_a_colon_are_read_too() -> None:
    brief = parse("- **Goal:** mend it\n- **Not allowed:** `infra/`\nStop if: more than 3 files\n")

    assert brief.goal == "mend it"
    assert [(rule.part, rule.values or rule.limit) for rule in brief.rules] == [
        (NOT_ALLOWED, ("infra/",)),
        (STOP_IF, 3),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("edited tests and fixtures only", (ALLOWED, RuleKind.PATHS, (*TESTS, *FIXTURES))),
        ("edit `src/pay.py`, `Makefile`", (ALLOWED, RuleKind.PATHS, ("src/pay.py", "Makefile"))),
        ("edit src/pay.py and docs/", (ALLOWED, RuleKind.PATHS, ("src/pay.py", "docs/"))),
        ("edit ./setup.cfg", (ALLOWED, RuleKind.PATHS, ("/setup.cfg",))),
        ("do not touch `migrations/`", (NOT_ALLOWED, RuleKind.PATHS, ("migrations/",))),
        ("don't change anything outside `src/`", (ALLOWED, RuleKind.PATHS, ("src/",))),
        ("Do not edit files except `tests/**`", (ALLOWED, RuleKind.PATHS, ("tests/**",))),
        (
            "push to `codex/*` or `fix/*` only",
            (ALLOWED, RuleKind.REFS, ("refs/heads/codex/*", "refs/heads/fix/*")),
        ),
        (
            "never push to main or release/*.",
            (NOT_ALLOWED, RuleKind.REFS, ("refs/heads/main", "refs/heads/release/*")),
        ),
        ("push only to `refs/tags/v*`", (ALLOWED, RuleKind.REFS, ("refs/tags/v*",))),
        ("run `npm install`", (ALLOWED, RuleKind.COMMAND, ("npm install",))),
        ("no `sudo`", (NOT_ALLOWED, RuleKind.COMMAND, ("sudo",))),
        ("at most 8 files", (ALLOWED, RuleKind.FILE_LIMIT, 8)),
        ("no more than 1,200 lines", (ALLOWED, RuleKind.LINE_LIMIT, 1200)),
        ("change eight files at most", (ALLOWED, RuleKind.FILE_LIMIT, 8)),
        ("fewer than 8 changed files", (ALLOWED, RuleKind.FILE_LIMIT, 7)),
        ("<= 20 lines", (ALLOWED, RuleKind.LINE_LIMIT, 20)),
        # Words for a person: a guess at these would be a wrong rule.
        ("refactor the parser; add tests", (ALLOWED, RuleKind.WORDS, None)),
        ("only run `npm test`", (ALLOWED, RuleKind.WORDS, None)),
        ("do not touch `src/` except `src/gen/`", (ALLOWED, RuleKind.WORDS, None)),
        ("no file longer than 300 lines", (ALLOWED, RuleKind.WORDS, None)),
        ("no more than 40 lines per function", (ALLOWED, RuleKind.WORDS, None)),
        ("change more than 8 files where needed", (ALLOWED, RuleKind.WORDS, None)),
        ("never force push", (ALLOWED, RuleKind.WORDS, None)),
        ("use the network and/or the cache", (ALLOWED, RuleKind.WORDS, None)),
        ("read https://example.org/a/b.html", (ALLOWED, RuleKind.WORDS, None)),
    ],
)
def test_a_line_says(line: str, expected: tuple[Part, RuleKind, object]) -> None:
    assert told(f"Allowed:\n- {line}\n") == [expected]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("`npm run lint` passes", [(RuleKind.COMMAND, ("npm run lint",))]),
        (
            "Run `npm test` and list the risks in STATUS.md.",
            [(RuleKind.COMMAND, ("npm test",)), (RuleKind.LIST, ("risks",))],
        ),
        (
            "list every new dependency, and open questions",
            [(RuleKind.LIST, ("new dependency", "open questions"))],
        ),
        ("update `CHANGELOG.md`", [(RuleKind.PATHS, ("CHANGELOG.md",))]),
        ("make sure that all is well", [(RuleKind.WORDS, None)]),
    ],
)
def test_what_is_due_before_finishing(line: str, expected: list[tuple[RuleKind, object]]) -> None:
    assert told(f"## Before you finish\n* {line}\n") == [(FINISHING, *one) for one in expected]


def test_nested_points_inherit_the_words_above_them() -> None:
    text = (
        "Allowed:\n- anything sensible\n- do not touch:\n"
        "  - `infra/`\n  - `migrations/`\n    and what is below\n"
    )

    assert [(rule.part, rule.line, rule.words, rule.values) for rule in parse(text).rules] == [
        (ALLOWED, 2, "anything sensible", ()),
        (NOT_ALLOWED, 4, "do not touch: `infra/`", ("infra/",)),
        (NOT_ALLOWED, 5, "do not touch: `migrations/` and what is below", ("migrations/",)),
    ]


def test_a_fence_of_code_holds_commands_and_never_headings() -> None:
    text = (
        "## Before finishing\n- run:\n  ```sh\n  # all of it\n  $ npm test\n  make lint\n  ```\n"
        "```json\n## Goal\n```\n- list the risks\n"
    )

    assert told(text) == [
        (FINISHING, RuleKind.COMMAND, ("npm test",)),
        (FINISHING, RuleKind.COMMAND, ("make lint",)),
        (FINISHING, RuleKind.LIST, ("risks",)),
    ]


def test_sentences_of_a_paragraph_are_rules_of_their_own() -> None:
    assert told("Allowed:\nYou may edit `tests/`. Do not touch `infra/`.\n") == [
        (ALLOWED, RuleKind.PATHS, ("tests/",)),
        (NOT_ALLOWED, RuleKind.PATHS, ("infra/",)),
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_make_no_difference(ending: str) -> None:
    text = "\ufeffGoal: x\nNot allowed:\n- `infra/`\n- at most 3 files\n".replace("\n", ending)

    assert [(rule.line, rule.kind) for rule in parse(text).rules] == [
        (3, RuleKind.PATHS),
        (4, RuleKind.FILE_LIMIT),
    ]


def test_what_cannot_be_read_is_a_fault() -> None:
    assert parse("just words\n").faults == (
        "it has none of the headings Goal, Allowed, Not allowed, Stop-if, Before finishing",
    )
    assert parse("Goal: x\n```\nno end\n").faults == ("line 2: this fence of code has no end",)
    assert parse("Goal: x\nAllowed:\n- " + "long " * 1000).faults == (
        "line 3: only its first 2000 characters are read",
    )


def test_a_brief_is_capped() -> None:
    many = parse("Allowed:\n" + "- at most 3 files\n" * (MOST_RULES + 5))
    large = parse("Goal: x\n" + "é" * MOST_BYTES)

    assert len(many.rules) == MOST_RULES
    assert many.faults == (f"line {MOST_RULES + 2}: only the first {MOST_RULES} rules are read",)
    assert len(large.text.encode()) <= MOST_BYTES + 2
    assert large.faults[0] == "only its first 64 KiB are read"


def test_a_prompt_is_a_brief_from_two_headings_on() -> None:
    assert is_brief("Goal: mend it\n\nNot allowed:\n- pushing to main\n")
    assert not is_brief("Goal: mend it, and never mind the rest\n")
    assert not is_brief("Please mend the tests. Never push to main.\n")


_PIECES = st.sampled_from(
    [
        "## ",
        "Goal",
        "Allowed",
        "Not allowed:",
        "Stop if",
        "\n",
        "\n\n",
        "- ",
        "  - ",
        "`a/b`",
        "```",
        "**",
        "never ",
        "push to ",
        "main",
        "at most 3 files",
        "run ",
        "`x y`",
        "only ",
        "except ",
        ":",
        "\t",
        "\r",
        "1. ",
        ". ",
        "\0",
        "\udc80",
        "é",
    ]
)


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_any_text_is_read(text: str) -> None:
    brief = parse(text)

    assert all(rule.line <= text.count("\n") + text.count("\r") + 1 for rule in brief.rules)
    brief.text.encode()


@pytest.mark.parametrize(
    "unit", ["#", "- ", "* ", "`", "**", " ", "push to ", "(", "a/", "not ", ". A", "at most "]
)
def test_a_hostile_brief_takes_no_time(unit: str) -> None:
    text = f"Allowed:\n- {unit * (MOST_BYTES // len(unit))}"

    assert parse(text).source is BriefSource.OPERATOR
    assert parse(text.replace(" ", "\n")).source is BriefSource.OPERATOR
    assert parse("Allowed:\n" + f"- {unit * (1_900 // len(unit))}\n" * 30).source is BriefSource.OPERATOR
