"""How the rules are run: none hides another, none is endless, and what is found is bounded."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gate.adapters.path_matcher import GitIgnorePathMatcher
from gate.domain.errors import NotFound, Unavailable
from gate.domain.facts import ChangedFile, DiffFacts
from gate.domain.hold import ZERO_OID, RefUpdate, UpdateKind
from gate.domain.risk.diff import DIFF_RULES, assess, assess_diff
from gate.domain.risk.diff.look import FileLook, FileRule, Hit, PushLook, PushRule
from gate.domain.risk.model import Confidence, Finding, Place, Severity
from gate.domain.risk.path_class import path_class
from gate.domain.risk.view import ChangedText, Line, PushView, ReadBlob
from tests.git.git_world import World, make_world
from tests.risk.diff.pushes import NEW, NOW, File, push

INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity


def test_an_empty_push_finds_nothing() -> None:
    assert push({}).findings() == []


def test_every_rule_has_a_number_a_name_and_whole_sentences() -> None:
    assert len({rule.id for rule in DIFF_RULES}) == len({rule.name for rule in DIFF_RULES}) == len(DIFF_RULES)
    assert all(rule.why.endswith(".") and rule.check.endswith(".") for rule in DIFF_RULES)
    assert [rule.id for rule in DIFF_RULES] == sorted(rule.id for rule in DIFF_RULES)


def test_one_line_is_one_whole_finding() -> None:
    (finding,) = push({"src/a.py": File("a = 1\n", "a = 1\nrequests.get(url, verify=False)\n")}).findings()

    assert finding == Finding(
        rule=finding.rule,
        severity=HIGH,
        words="A check of who is at the other end is switched off",
        place=Place(path="src/a.py", line=2, oid=NEW),
        confidence=Confidence.CERTAIN,
        seen="requests.get(url, verify=False)",
        identity=finding.identity,
    )
    assert finding.rule.id == "D27"


def test_a_finding_keeps_its_identity_when_its_line_moves() -> None:
    def identity(path: str, before: str) -> str:
        (finding,) = push({path: File("", f"{before}  requests.get(url, verify=False)\n")}).findings()
        return finding.identity

    assert identity("src/a.py", "") == identity("src/a.py", "x\n" * 10)
    assert identity("src/a.py", "") != identity("src/b.py", "")


def test_the_line_is_shown_cut() -> None:
    (finding,) = push({"a.sh": File(None, "curl -k " + "x" * 1_000 + "\n")}).findings()

    assert len(finding.seen) == 200


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def file_fault(look: FileLook) -> Iterator[Hit]:
        yield Hit("seen before it failed")
        raise ValueError(look.path)

    def push_fault(look: PushLook) -> Iterator[Hit]:
        raise RecursionError

    rule = DIFF_RULES[-1]
    monkeypatch.setattr(assess, "FILE_RULES", (FileRule(rule, file_fault), *assess.FILE_RULES))
    monkeypatch.setattr(assess, "PUSH_RULES", (PushRule(rule, push_fault), *assess.PUSH_RULES))


@pytest.mark.usefixtures("broken")
def test_a_rule_that_fails_is_a_finding_and_hides_no_other() -> None:
    found = push({"src/a.py": File(None, "requests.get(url, verify=False)\n")}).findings()

    assert [(one.rule.id, one.severity, one.words, one.place.path) for one in found] == [
        ("D00", HIGH, "Rule H07 failed with ValueError", "src/a.py"),
        ("D00", HIGH, "Rule H07 failed with RecursionError", None),
        ("D27", HIGH, "A check of who is at the other end is switched off", "src/a.py"),
        ("H07", LOW, "seen before it failed", "src/a.py"),
    ]


def test_a_git_that_does_not_answer_is_no_finding_but_asked_again() -> None:
    def away(oid: str) -> bytes:
        raise Unavailable("git took too long")

    pushed = push({"package.json": File("{}\n", '{"a": 1}\n')})

    with pytest.raises(Unavailable):
        list(assess_diff(replace(pushed.view, blob=away), pushed.texts, GitIgnorePathMatcher()))


def nowhere(oid: str) -> bytes:
    raise NotFound(oid)


@pytest.mark.parametrize("blob", [nowhere, lambda oid: None])
def test_where_no_content_can_be_read_the_changed_lines_still_tell(blob: ReadBlob) -> None:
    files = {
        "src/a.py": File("eval(a)\n", "eval(b)\ntry:\n    f()\nexcept Exception:\n    pass\n"),
        "tests/test_a.py": File("x = 1\ndef test_a():\n    assert a\n", "x = 1\n"),
    }
    pushed = push(files)

    found = list(assess_diff(replace(pushed.view, blob=blob), pushed.texts, GitIgnorePathMatcher()))

    assert [(one.rule.id, one.words) for one in found] == [
        ("D28", "A text, or data, seems to be run as code; the file cannot be read as Python"),
        ("D37", "The file lost 1 of 1 tests"),
        ("D41", "Whatever fails here is not told to anybody"),
    ]


def test_the_worst_comes_first_and_a_thousand_others_hide_nothing() -> None:
    files = {f"src/{number:04}.py": File(None, "breakpoint()\n") for number in range(1_000)}
    files["src/zz.py"] = File(None, "x = 1 # \u202e\n")

    found = push(files).findings()

    assert [one.weight.rank for one in found] == sorted((one.weight.rank for one in found), reverse=True)
    assert (found[0].rule.id, found[0].place.path) == ("D31", "src/zz.py")
    left = [one for one in found if one.rule.id == "D46"]
    assert len(left) == 21
    assert left[-1].words == "980 more of the same are not listed"
    assert (left[-1].severity, left[-1].place) == (INFO, Place())


def test_a_file_that_only_moves_brings_nothing_new() -> None:
    content = "import os\nrequests.get(url, verify=False)\nx = 1\n"
    files = {"src/a.py": File(content, None)}

    moved = files | {"src/b.py": File(None, content, renamed_from="src/a.py")}
    changed = files | {"src/b.py": File(None, content + "eval(x)\n", renamed_from="src/a.py")}

    assert push(moved).findings() == []
    assert [(one.rule.id, one.place.line) for one in push(changed).findings()] == [("D28", 4)]


def test_what_moves_out_of_the_tests_counts_in_full() -> None:
    content = "requests.get(url, verify=False)\n"
    files = {
        "tests/a.py": File(content, None),
        "src/a.py": File(None, content, renamed_from="tests/a.py"),
    }

    assert ("D27", HIGH) in [(one.rule.id, one.severity) for one in push(files).findings()]


def test_twenty_thousand_files_take_no_memory_but_for_their_list() -> None:
    files = tuple(
        ChangedFile(f"src/{number}.py", "A", "000000", "100644", ZERO_OID, f"{number:040}", 20, 0)
        for number in range(20_000)
    )
    facts = DiffFacts("a" * 40, (), (), files, is_ancestor=True)
    update = RefUpdate("refs/heads/main", "a" * 40, NEW)
    view = PushView("demo", "codex-1", update, UpdateKind.FAST_FORWARD, facts, lambda oid: None, NOW)
    kept: list[int] = []

    def texts() -> Iterator[ChangedText]:
        for number, file in enumerate(files):
            # What is measured is slow: only what the last files leave behind.
            if number == 18_000:
                tracemalloc.start()
            lines = tuple(Line(n, f"value_{n} = compute({n}, '{file.path}')") for n in range(1, 20))
            yield ChangedText(file, path_class(file.path), (*lines, Line(20, "verify = False")))
        kept.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()

    found = list(assess_diff(view, texts(), GitIgnorePathMatcher()))

    assert {one.rule.id for one in found} == {"D20", "D27", "D39"}
    assert kept[0] < 500_000


ENDLESS = [
    "a" * 1_0,
    "(" * 1_0,
    " " * 1_0,
    "'" * 1_0,
    "'\\" * 100_000,
    "curl " * 40_000,
    "curl -" + "k" * 1_0,
    "verify" * 30_000,
    "StrictHostKeyChecking" + " " * 1_0 + "x",
    "https://" * 24_000,
    "a." * 100_000,
    "git@" + "a/" * 80_000,
    "/*" * 100_000,
    "DROP TABLE " * 18_000,
    "ALTER TABLE a " * 14_000,
    "log(" * 50_000,
    "print(password." * 12_000,
    "\u0430a'" * 60_000,
    "- " * 100_000,
    "1.1.1.1." * 24_000,
    "[" * 40_000 + "]" * 40_000,
    "f(" * 90 + "a" + ")" * 90,
    "-" * 100_000 + "1",
    "not " * 20_000 + "x",
    "  /a/1" + "/1" * 80_000,
    "x y " * 50_000,
    "@" * 1_0,
]


@pytest.mark.parametrize(
    "path", ["src/a.py", "src/a.js", "db/1.sql", "go.mod", "pnpm-lock.yaml", "Dockerfile", "a.sh"]
)
def test_no_line_makes_a_rule_endless(path: str) -> None:
    """A pattern that backtracks over a line of 200,000 characters would take many minutes."""
    began = time.process_time()

    for line in ENDLESS:
        push({path: File("x\n", f"x\n{line}\n")}).findings()

    assert time.process_time() - began < 60


def test_a_real_push_is_assessed_from_git(tmp_path: Path) -> None:
    world: World = make_world(tmp_path)
    base = world.upstream.commit(
        {
            b"src/a.py": b"import os\n",
            b"tests/test_a.py": b"def test_a():\n    assert a\n\ndef test_b():\n    assert b\n",
        }
    )
    world.upstream.set("refs/heads/main", base)
    tip = world.upstream.commit(
        {
            b"src/a.py": b"import os\nos.system(x)\n",
            b"tests/test_a.py": b"def test_a():\n    assert a\n",
            b"new\nline.sh": b"curl https://example.org | sh\n",
            b"link": ("120000", world.upstream.blob(b"/etc/passwd")),
            b"tool": b"\x7fELF\0",
        },
        base,
        message=b"Fix it\n\nReviewed-by: Alice <alice@example.org>\n",
    )
    world.bring(tip)
    world.repository.upstream.sync()
    history = world.repository.history
    update = RefUpdate("refs/heads/main", base, tip)
    facts = history.facts(update)
    view = PushView(
        repository="demo",
        agent="codex-1",
        update=update,
        kind=UpdateKind.FAST_FORWARD,
        facts=facts,
        blob=lambda oid: history.blob(oid, max_bytes=1 << 20)[0],
        now=NOW,
        is_protected=True,
    )

    found = list(assess_diff(view, history.changed_texts(base, tip, facts.files), GitIgnorePathMatcher()))

    assert [(one.rule.id, one.severity.value, one.place.path, one.place.line) for one in found] == [
        ("D18", "high", "link", None),
        ("D22", "high", "new\nline.sh", None),
        ("D29", "high", "new\nline.sh", 1),
        ("D24", "high", "tool", None),
        ("H07", "high", None, 3),
        ("D28", "medium", "src/a.py", 2),
        ("D37", "medium", "tests/test_a.py", None),
        ("H02", "info", None, None),
    ]


def test_a_deleted_branch_is_assessed_without_texts() -> None:
    found = push({}, kind=UpdateKind.DELETE, ref="refs/heads/x").findings()

    assert [(one.rule.id, one.severity) for one in found] == [("H01", HIGH)]
