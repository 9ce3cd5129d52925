"""The operator's brief from the store to the hooks, and every brief of a revision found again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gate.adapters.path_matcher import GitIgnorePathMatcher
from gate.domain.audit import Action
from gate.domain.brief.model import Brief, BriefSource
from gate.domain.errors import Invalid, NotFound
from gate.domain.session.model import FoundBy, Session, Thread
from gate.services.find_brief import FindBrief
from gate.services.operator_briefs import OperatorBriefs
from tests.gate_in_a_box import MAIN, TOPIC, Box
from tests.object_store import ENVIRONMENT

BRIEF = (
    "Goal: mend it\nNot allowed:\n- do not touch `migrations/`\n- more than 3 files\n- never push to main\n"
)
OWN = "Goal: own\nAllowed:\n- edit `src/`\n"


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


@pytest.fixture
def briefs(box: Box) -> OperatorBriefs:
    return OperatorBriefs(box.gate.store, box.clock, GitIgnorePathMatcher(), box.gate.tell_hooks)


def commit(box: Box, *parents: str, links: tuple[str, ...] = (), **files: str) -> str:
    """A commit on top of the first one, or of `parents`, with files in folders; `links` are symbolic ones."""
    folder, entries = box.store.folder, []
    for path, text in {"README": "one\n", **files}.items():
        blob = _git(folder, "hash-object", "-w", "--stdin", given=text)
        entries.append(f"{'120000' if path in links else '100644'} {blob}\t{path}\n")
    index = str(folder / "index-of-test")
    _git(folder, "read-tree", "--empty", GIT_INDEX_FILE=index)
    _git(folder, "update-index", "--index-info", given="".join(entries), GIT_INDEX_FILE=index)
    tree = _git(folder, "write-tree", GIT_INDEX_FILE=index)
    above = [word for parent in parents or (box.first,) for word in ("-p", parent)]
    return _git(folder, "commit-tree", tree, *above, "-m", f"change {len(list(box.steps))} {sorted(files)}")


def _git(folder: Path, *words: str, given: str = "", **environment: str) -> str:
    who = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    done = subprocess.run(
        ("git", f"--git-dir={folder}", *words),
        input=given,
        env={**ENVIRONMENT, **who, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def find(box: Box, number: int = 1, *, prompt: str | None = None, redact: str = "") -> tuple[Brief, ...]:
    hold = box.hold(number)
    with box.gate.store.snapshot() as tx:
        push = tx.holds.push(hold.revision.push_id)
    assert push is not None
    prompts = () if prompt is None else (prompt,)
    session = Session("t", "t", FoundBy.LOCK, (Thread("t", "t", prompts=prompts),))
    repository = box.gate.repositories.open("demo", str(box.upstream))
    hide = (lambda text: text.replace(redact, "[redacted]")) if redact else str
    return FindBrief(box.gate.store)(repository, hold, push, session, hide)


def events(box: Box) -> list[tuple[str, str | None, object]]:
    wanted = (Action.BRIEF_SET, Action.BRIEF_CLEAR)
    return [(str(one.action), one.repository, one.details) for one in box.events() if one.action in wanted]


def test_a_push_that_breaks_the_operators_brief_is_refused_with_every_reason(
    box: Box, briefs: OperatorBriefs
) -> None:
    briefs.set("codex-1", None, BRIEF, actor="cli:carol")

    pushed = box.push(f"{commit(box, **{'db/migrations/1.sql': 'x', 'b': 'x', 'c': 'x', 'd': 'x'})}:{MAIN}")

    assert (pushed.status, box.holds()) == (1, [])
    assert "[brief-ref]" in pushed.text
    assert "[brief-files]" in pushed.text
    assert "forbids changes of db/migrations/1.sql. [brief-path]" in pushed.text
    assert events(box) == [("brief:set", None, {"agent": "codex-1", "text": BRIEF})]


def test_a_push_within_the_brief_is_held_and_a_cleared_one_is_forgotten(
    box: Box, briefs: OperatorBriefs
) -> None:
    briefs.set("codex-1", "demo", BRIEF, actor="cli:carol")

    within = box.push(f"{commit(box, a='x')}:{TOPIC}")
    briefs.clear("codex-1", "demo", actor="cli:carol")
    after = box.push(f"{commit(box, b='x')}:{MAIN}")

    assert "held for review" in within.text
    assert "held for review" in after.text
    assert briefs.show("codex-1", "demo") is None
    with pytest.raises(NotFound, match="it has no brief for demo"):
        briefs.clear("codex-1", "demo", actor="cli:carol")


def test_a_brief_for_one_repository_takes_the_place_of_the_one_for_all(
    box: Box, briefs: OperatorBriefs
) -> None:
    briefs.set("codex-1", None, BRIEF, actor="cli:carol")
    briefs.set("codex-1", "demo", "Goal: other\n", actor="cli:carol")

    assert "held for review" in box.push(f"{commit(box, a='x')}:{MAIN}").text
    here, there = briefs.show("codex-1", "demo"), briefs.show("codex-1", None)
    assert (here and here.where, there and there.where) == (
        "the operator's brief for demo",
        "the operator's brief",
    )


def test_a_brief_is_for_its_agent_and_no_other(box: Box, briefs: OperatorBriefs) -> None:
    box.add_agent("codex-2")
    briefs.set("codex-2", None, BRIEF, actor="cli:carol")

    assert "held for review" in box.push(f"{commit(box, a='x')}:{MAIN}").text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Not allowed:\n- `!docs/`\n", "line 2: "),
        ("Goal: x\nAllowed:\n- edit `src/[ab].py` only\n", "line 3: "),
        ("Not allowed:\n- push to `a..b`\n", "line 2: "),
        ("only words\n", "it has none of the headings"),
        ("Goal: x\n```\n", "line 2: this fence of code has no end"),
    ],
)
def test_what_cannot_be_enforced_as_it_is_written_is_not_taken(
    box: Box, briefs: OperatorBriefs, text: str, fault: str
) -> None:
    with pytest.raises(Invalid) as raised:
        briefs.set("codex-1", None, text, actor="cli:carol")

    assert raised.value.faults[0].startswith(fault)
    assert briefs.show("codex-1", None) is None
    assert events(box) == []


def test_an_agent_or_repository_that_is_not_there_is_named(box: Box, briefs: OperatorBriefs) -> None:
    with pytest.raises(NotFound):
        briefs.set("codex-9", None, BRIEF, actor="cli:carol")
    with pytest.raises(NotFound):
        briefs.set("codex-1", "other", BRIEF, actor="cli:carol")


def test_every_brief_of_a_revision_is_found_in_the_order_of_its_weight(
    box: Box, briefs: OperatorBriefs
) -> None:
    briefs.set("codex-1", None, "Goal: the operator's\n", actor="cli:carol")
    new = commit(box, **{"BRIEF.md": OWN, "docs/task.md": "Goal: pushed\n", "TASK.md": "Goal: later\n"})
    box.push(
        f"{new}:{MAIN}",
        options=("brief=docs/task.md", "brief-text=Goal: words", "brief-text=Never:\\n- `x/`"),
    )

    found = find(box, prompt="Goal: asked\n\nNever:\n- `infra/`\n")

    assert [(one.source, one.where, one.goal, one.faults) for one in found] == [
        (BriefSource.OPERATOR, "the operator's brief", "the operator's", ()),
        (BriefSource.PUSH_OPTION, "the push option brief-text", "words", ()),
        (BriefSource.PUSH_OPTION, "docs/task.md, by a push option", "pushed", ()),
        (BriefSource.COMMITTED, "BRIEF.md, which this push adds", "own", ()),
        (BriefSource.PROMPT, "", "asked", ()),
    ]
    assert [rule.values for rule in found[1].rules] == [("x/",)]


def test_a_brief_that_a_push_changes_counts_as_it_was_before(box: Box) -> None:
    base = commit(box, **{".pushgate/brief.md": OWN})
    box.by_hand(MAIN, base)
    box.sync()
    box.push(f"{commit(box, base, **{'.pushgate/brief.md': 'Goal: easier'})}:{MAIN}")

    [found] = find(box)

    assert (found.where, found.goal) == (".pushgate/brief.md", "own")
    assert found.faults == ("this push changes it; what is shown is the brief as it was before",)


@pytest.mark.parametrize("path", ["none.md", "../x", "/etc/passwd", "", "README/", "."])
def test_a_file_that_is_not_in_the_commit_is_a_fault_and_not_no_brief(box: Box, path: str) -> None:
    box.push(f"{commit(box, a='x')}:{MAIN}", options=(f"brief={path}",))

    [found] = find(box)

    assert found.faults == ("the push option names a file that is not in the commit",)


def test_a_link_is_no_brief(box: Box) -> None:
    oid = commit(box, links=("BRIEF.md",), **{"BRIEF.md": "README"})
    box.push(f"{oid}:{MAIN}")

    assert find(box) == ()


def test_a_delete_has_the_operators_brief_alone(box: Box, briefs: OperatorBriefs) -> None:
    briefs.set("codex-1", None, "Goal: x\n", actor="cli:carol")
    box.by_hand(TOPIC, box.first)
    box.sync()
    box.push(f":{TOPIC}")

    assert [one.source for one in find(box)] == [BriefSource.OPERATOR]


def test_a_secret_in_a_brief_is_taken_out_before_it_is_read(box: Box) -> None:
    box.push(f"{commit(box, **{'BRIEF.md': 'Goal: use hunter2'})}:{MAIN}")

    [found] = find(box, redact="hunter2")

    assert (found.goal, found.text) == ("use [redacted]", "Goal: use [redacted]")


def test_an_ordinary_prompt_is_no_brief(box: Box) -> None:
    box.push(f"{commit(box, a='x')}:{MAIN}")

    assert find(box, prompt="Goal: mend the tests, and never push to main") == ()
