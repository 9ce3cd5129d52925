"""Evidence as it is gathered: recorded sessions, read, judged by the rules for commands, and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from gate.adapters.codex import read_rollout
from gate.adapters.path_matcher import GitIgnorePathMatcher
from gate.adapters.recordings.reader import read_recording
from gate.adapters.shell.parser import BashParser
from gate.domain.brief.evaluate import evaluate
from gate.domain.brief.model import BriefSource
from gate.domain.brief.parse import parse_brief
from gate.domain.brief.pushed import Pushed
from gate.domain.errors import NotFound
from gate.domain.evidence import AgentSummary, Checkpoint, Evidence, EvidenceFile, FileKind, SummarySource
from gate.domain.facts import ChangedFile, DiffFacts
from gate.domain.risk.commands.assess import assess_commands
from gate.domain.risk.commands.look import CommandContext
from gate.domain.risk.level import weigh
from gate.domain.risk.model import Finding, Place, Rule, Severity
from gate.domain.session.model import FoundBy, Session
from gate.domain.session.transcript import Entry
from gate.services.ports.evidence import Kept
from tests.pull_request.building import NEW, OLD, a_commit, oid

TESTS = Path(__file__).parents[1]
AT = datetime(2026, 11, 22, 17, 15, tzinfo=UTC)
RISKY, FIXING = "04-risky-commands", "01-fix-and-push"

CI = Rule(
    "D05",
    "ci-change",
    Severity.HIGH,
    "A workflow runs with the repository's own rights, and can change what every later check says.",
    "Read the changed lines, and what they let a workflow write.",
)
MIGRATION = Rule(
    "D35",
    "migration",
    Severity.HIGH,
    "A migration that drops data cannot be taken back by reverting the commit.",
    "Ask whether the data is backed up, and whether anything still reads it.",
)
DELETED_TEST = Rule(
    "D36",
    "test-deleted",
    Severity.HIGH,
    "What no test looks at can break unseen.",
    "Ask why the test went, and whether what it tested is gone as well.",
)
BRIEF = """\
# Goal
Clean up the build folders and drop the legacy table.

## Allowed
- `migrations/**`
- `data/**`

## Not allowed
- Changes under `.github/`
- `./deploy.sh`

## Stop if
- more than 2 files are changed

## Before finishing
- `python3 -m pytest`
- List the risks that remain.
"""


@dataclass
class Contents:
    """Implements `ports.evidence.EvidenceStore` in memory."""

    kept: dict[str, bytes] = field(default_factory=dict)

    def keep(self, content: Iterable[bytes]) -> Kept:
        whole = b"".join(content)
        sha256 = hashlib.sha256(whole).hexdigest()
        self.kept[sha256] = whole
        return Kept(sha256, len(whole))

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        whole = self._get(sha256)
        yield whole[start : None if length is None else start + length]

    def lines(self, sha256: str, first: int, count: int) -> list[bytes]:
        return self._get(sha256).splitlines()[first : first + count]

    def count_lines(self, sha256: str) -> int:
        return len(self._get(sha256).splitlines())

    def drop(self, sha256: str, *, kept_before: datetime) -> None:
        if kept_before > AT:
            self.kept.pop(sha256, None)

    def all(self) -> Iterator[tuple[str, datetime]]:
        return iter([(sha256, AT) for sha256 in self.kept])

    def _get(self, sha256: str) -> bytes:
        if sha256 not in self.kept:
            raise NotFound(f"There is no content {sha256} in the evidence store.")
        return self.kept[sha256]


@dataclass(frozen=True)
class Sampled:
    """A recorded session: what was gathered, and the contents that it names."""

    evidence: Evidence
    entries: tuple[Entry, ...]
    facts: DiffFacts


def sampled(name: str, contents: Contents | None = None) -> Sampled:
    """The session in this folder of tests/codex/data, with a push made to go with it."""
    contents = Contents() if contents is None else contents
    entries: list[Entry] = []
    rollout = next((TESTS / "codex" / "data" / name).glob("rollout-*.jsonl"))
    thread = read_rollout([rollout.read_bytes()], entries.append)
    session = Session(thread.session_id, thread.thread_id, FoundBy.CREDENTIAL, (thread,))
    facts = risky_facts() if name == RISKY else fixing_facts()
    summary = AgentSummary(SummarySource.LAST_MESSAGE, thread.last_message)
    parser = BashParser()
    evidence = Evidence(
        collected_at=AT,
        assessment=weigh(
            [*_found(session, parser, summary.text), *(_in_the_push() if name == RISKY else ())]
        ),
        session=session,
        brief=evaluate(
            parse_brief(BRIEF, BriefSource.OPERATOR, "set by alice"),
            Pushed(facts, "refs/heads/main", GitIgnorePathMatcher(), session, summary.text),
        ),
        files=tuple(_files(name, rollout, thread.thread_id, entries, contents)),
        checkpoints=() if name == RISKY else (_STATUS,),
        summary=summary,
    )
    return Sampled(evidence, tuple(entries), facts)


def risky_facts() -> DiffFacts:
    """What the session with risky commands pushed."""
    files = (
        ChangedFile(".github/workflows/ci.yml", "M", "100644", "100644", oid("a"), oid("b"), 2, 2),
        ChangedFile("migrations/0007_drop_legacy.sql", "A", "000000", "100644", oid("a"), oid("b"), 3, 0),
        ChangedFile("tests/test_legacy.py", "D", "100644", "000000", oid("a"), oid("b"), 0, 18),
    )
    return DiffFacts(OLD, (a_commit("Clean up build and legacy tables"),), (), files, is_ancestor=True)


def fixing_facts() -> DiffFacts:
    """What the session that fixed the totals pushed."""
    files = (
        ChangedFile("billing/invoice.py", "M", "100644", "100644", oid("a"), oid("b"), 1, 1),
        ChangedFile("PLAN.md", "A", "000000", "100644", oid("a"), oid("b"), 9, 0),
        ChangedFile("STATUS.md", "A", "000000", "100644", oid("a"), oid("b"), 12, 0),
    )
    return DiffFacts(OLD, (a_commit("Add the net amount to the invoice total"),), (), files, is_ancestor=True)


_STATUS = Checkpoint(
    FileKind.STATUS,
    "STATUS.md",
    "# Status\n\n- state: ready for review\n- tests: 2 passed\n\n## Risks\n\nRounding is unchanged.\n",
    "commit",
)


def _found(session: Session, parser: BashParser, summary: str) -> Iterator[Finding]:
    context = CommandContext(work=session.root.cwd, roots=(session.root.cwd,))
    context = replace(context, summary=summary)
    yield from assess_commands([parser(command) for command in session.commands], context)


def _in_the_push() -> Iterator[Finding]:
    yield Finding(
        CI,
        Severity.HIGH,
        "The workflow may write to the repository now: permissions went from read-all to write-all.",
        Place(path=".github/workflows/ci.yml", line=4, oid=NEW),
        seen="permissions: write-all",
    )
    yield Finding(
        MIGRATION,
        Severity.HIGH,
        "A migration drops the table legacy_invoices.",
        Place(path="migrations/0007_drop_legacy.sql", line=2, oid=NEW),
        seen="DROP TABLE legacy_invoices;",
    )
    yield Finding(
        DELETED_TEST,
        Severity.HIGH,
        "A test file was deleted: 18 lines, 2 tests.",
        Place(path="tests/test_legacy.py", oid=NEW),
    )


def _files(
    name: str, rollout: Path, thread_id: str, entries: list[Entry], contents: Contents
) -> Iterator[EvidenceFile]:
    raw = contents.keep([rollout.read_bytes()])
    yield EvidenceFile(
        FileKind.ROLLOUT,
        f"/srv/agent/.codex/sessions/2026/11/22/{rollout.name}",
        raw.sha256,
        raw.size,
        thread_id=thread_id,
    )
    text = contents.keep([(entry.line_text() + "\n").encode() for entry in entries])
    yield EvidenceFile(
        FileKind.TRANSCRIPT, "transcript", text_sha256=text.sha256, text_size=text.size, redactions=1
    )
    folder = TESTS / "recordings" / "data" / name
    recording, timing = folder / "terminal.typescript", folder / "terminal.timing"
    kept = contents.keep([recording.read_bytes()])
    yield EvidenceFile(
        FileKind.RECORDING, "/srv/agent/recordings/terminal.typescript", kept.sha256, kept.size
    )
    cast: list[str] = []
    read_recording([recording.read_bytes()], [timing.read_bytes()], cast.append)
    text = contents.keep([(line + "\n").encode() for line in cast])
    yield EvidenceFile(FileKind.CAST, "terminal.cast", text_sha256=text.sha256, text_size=text.size)
