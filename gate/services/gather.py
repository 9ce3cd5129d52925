"""Gather: everything about a revision beside what git says, in one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import urlsplit

from gate.domain.brief.evaluate import evaluate_all
from gate.domain.brief.model import BriefReport
from gate.domain.brief.pushed import Pushed
from gate.domain.errors import Failed, HostAway, Refused
from gate.domain.evidence import AgentSummary, Evidence, EvidenceFile
from gate.domain.facts import DiffFacts
from gate.domain.hold import ZERO_OID, Hold, Push
from gate.domain.risk.commands import CommandContext
from gate.domain.risk.model import Assessment, Finding
from gate.domain.risk.view import PushView
from gate.domain.secret import FoundSecret
from gate.domain.session.model import Command, Session
from gate.domain.summary import agent_summary
from gate.services.checkpoints import CheckpointReading, CollectCheckpoints
from gate.services.find_brief import FindBrief
from gate.services.find_exec_log import find_exec_log
from gate.services.find_session import FindSession
from gate.services.ports.evidence import (
    AgentHost,
    AgentHosts,
    MakeRedactor,
    PathMatcher,
    ReadHead,
    Redactor,
    ShellParser,
)
from gate.services.ports.git import GateRepositories, GateRepository
from gate.services.ports.outside import Clock, ReportFault
from gate.services.ports.store import AllowedSecret, Store
from gate.services.read_session import ReadSession
from gate.services.replay import MakeReplay
from gate.services.scan_push import ScanPush
from gate.services.weigh import Weigh

Answer = TypeVar("Answer")

_LARGEST_BLOB = 1 << 20
_MOST_FAULTS = 50


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a revision before anything is gathered."""

    hold: Hold
    push: Push
    facts: DiffFacts
    repository: GateRepository
    allowed: Mapping[str, AllowedSecret]


@dataclass(slots=True)
class Found:
    """What was found of a session so far. `faults` say what could not be had."""

    session: Session | None = None
    files: list[EvidenceFile] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gather:
    """Raises Failed where what protects cannot do its part: the scan for secrets, the evidence store.

    What only informs, such as the agent's host, becomes a fault in words where it does not answer. `url` and
    `own_paths` are the gate's own, on any host.
    """

    store: Store
    repositories: GateRepositories
    hosts: AgentHosts
    make_redactor: MakeRedactor
    find_session: FindSession
    read_exec_head: ReadHead
    read_session: ReadSession
    make_replay: MakeReplay
    collect_checkpoints: CollectCheckpoints
    find_brief: FindBrief
    scan_push: ScanPush
    weigh: Weigh
    match: PathMatcher
    parse_shell: ShellParser
    clock: Clock
    report_fault: ReportFault
    url: str
    own_paths: tuple[str, ...]

    def __call__(self, hold: Hold) -> Evidence:
        known, redactor = self._known(hold), self.make_redactor()
        secrets = self._secrets(known, redactor)
        found = Found()
        host = self._asked(found, "the agent's host", lambda: self.hosts.of(hold.agent))
        if host is not None:
            self._session(known, host, redactor, found)
        checkpoints = self._checkpoints(known, host, redactor, found)
        summary = _summary(known, checkpoints, found.session, redactor)
        brief = self._brief(known, found, summary, redactor)
        view = self._view(known, found.session, brief)
        context = self._context(known, found.session, summary)
        return Evidence(
            collected_at=self.clock(),
            assessment=_without_secrets(
                self.weigh(known.repository.history, view, context, secrets), redactor
            ),
            session=found.session,
            brief=brief,
            files=tuple(_named(file, redactor) for file in (*found.files, *checkpoints.files)),
            checkpoints=checkpoints.checkpoints,
            reports=checkpoints.reports,
            coverage=checkpoints.coverage,
            summary=summary,
            secrets=secrets,
            faults=_told((*found.faults, *checkpoints.faults), redactor),
        )

    def _known(self, hold: Hold) -> Known:
        with self.store.snapshot() as tx:
            facts = tx.holds.facts(hold.id, hold.revision.n)
            push = tx.holds.push(hold.revision.push_id)
            upstream = tx.repositories.get(hold.repository).upstream
            allowed = tx.evidence.allowed(hold.repository)
        assert facts is not None, "only collected holds are assessed"
        assert push is not None, "a hold has its push"
        return Known(hold, push, facts, self.repositories.open(hold.repository, upstream), allowed)

    def _session(self, known: Known, host: AgentHost, redactor: Redactor, found: Found) -> None:
        search = self._asked(found, "the session", lambda: self.find_session(host, known.push, known.hold))
        found.faults += () if search is None else search.faults
        claimed = None if search is None else search.found
        claimed = claimed or self._asked(
            found, "the log", lambda: find_exec_log(host, self.read_exec_head, known.push, known.hold)
        )
        if claimed is None:
            return
        reading = self._asked(found, "the session", lambda: self.read_session(host, claimed, redactor))
        if reading is None:
            return
        found.session = reading.session
        found.files += reading.files
        found.faults += reading.faults
        session = reading.session
        if session is None:
            return
        replay = self._asked(found, "the recording", lambda: self.make_replay(host, session, redactor))
        if replay is not None:
            found.files += replay.files
            found.faults += replay.faults

    def _asked(self, found: Found, what: str, ask: Callable[[], Answer]) -> Answer | None:
        """The answer, or None with a fault in words: neither a host that is away nor what an agent wrote
        there stops a review.
        """
        try:
            return ask()
        except (HostAway, Refused) as fault:
            found.faults.append(f"{what} could not be collected: {fault}")
        except Failed:
            raise
        except Exception as fault:  # whatever it is: an agent chooses what is read here
            self.report_fault("gather:unexpected", fault)
            found.faults.append(f"{what} could not be collected, by a fault of the gate's own")
        return None

    def _checkpoints(
        self, known: Known, host: AgentHost | None, redactor: Redactor, found: Found
    ) -> CheckpointReading:
        revision = known.hold.revision
        oid = None if revision.new == ZERO_OID else known.repository.history.peeled(revision.new)
        if oid is None:
            return CheckpointReading()
        history, cwd = known.repository.history, "" if found.session is None else _pushing(found.session)
        collected = self._asked(
            found, "the work tree", lambda: self.collect_checkpoints(history, oid, host, cwd, redactor)
        )
        if collected is not None:
            return collected
        return self.collect_checkpoints(history, oid, None, cwd, redactor)

    def _secrets(self, known: Known, redactor: Redactor) -> tuple[FoundSecret, ...]:
        """What is secret in the push. What is named a secret there may stand bare in a log."""
        update, history = known.hold.revision.update(known.hold.ref), known.repository.history
        return self.scan_push(history, update, known.facts, known.allowed, redactor.learn)

    def _brief(
        self, known: Known, found: Found, summary: AgentSummary | None, redactor: Redactor
    ) -> BriefReport | None:
        def redacted(text: str) -> str:
            return redactor.redact(text).text

        briefs = self.find_brief(known.repository, known.hold, known.push, found.session, redacted)
        pushed = Pushed(
            known.facts,
            known.hold.ref,
            self.match,
            found.session,
            None if summary is None else summary.text,
            self._words_of,
        )
        return evaluate_all(briefs, pushed)

    def _words_of(self, command: Command) -> list[tuple[str, ...]]:
        pipelines = self.parse_shell(command).pipelines
        return [simple.words for pipeline in pipelines for simple in pipeline.commands]

    def _view(self, known: Known, session: Session | None, brief: BriefReport | None) -> PushView:
        hold, history = known.hold, known.repository.history
        assert hold.revision.kind is not None, "only collected holds are assessed"

        def blob(oid: str) -> bytes | None:
            content, size = history.blob(oid, max_bytes=_LARGEST_BLOB)
            return content if size <= _LARGEST_BLOB else None

        return PushView(
            repository=hold.repository,
            agent=hold.agent,
            update=hold.revision.update(hold.ref),
            kind=hold.revision.kind,
            facts=known.facts,
            blob=blob,
            now=self.clock(),
            session=session,
            brief=brief,
            is_protected=hold.ref == history.default_branch(),
        )

    def _context(self, known: Known, session: Session | None, summary: AgentSummary | None) -> CommandContext:
        root = None if session is None else session.root
        return CommandContext(
            work="" if root is None else root.cwd,
            roots=() if root is None else tuple(dict.fromkeys((root.cwd, *root.roots))),
            remotes=("origin", f"{self.url}/git/{known.hold.repository}.git"),
            hosts=tuple(filter(None, (urlsplit(self.url).hostname,))),
            gate_paths=self.own_paths,
            own_branches=("codex/", f"{known.hold.agent}/"),
            session=session,
            summary="" if summary is None else summary.text,
            changed=frozenset(file.path for file in known.facts.files),
        )


def _without_secrets(assessment: Assessment, redactor: Redactor) -> Assessment:
    """What a rule quotes is the agent's text like any other."""

    def clean(finding: Finding) -> Finding:
        place, (words, seen) = finding.place, map(_redacted, (finding.words, finding.seen))
        path = None if place.path is None else _redacted(place.path)
        return replace(finding, words=words, seen=seen, place=replace(place, path=path))

    def _redacted(text: str) -> str:
        return redactor.redact(text).text

    each = (*assessment.findings, *(one.finding for one in assessment.silenced))
    texts = [text for one in each for text in (one.words, one.seen, one.place.path or "")]
    if not redactor.redact("\n".join((assessment.reason, *texts))).count:
        return assessment
    return replace(
        assessment,
        reason=_redacted(assessment.reason),
        findings=tuple(map(clean, assessment.findings)),
        silenced=tuple(replace(one, finding=clean(one.finding)) for one in assessment.silenced),
    )


def _named(file: EvidenceFile, redactor: Redactor) -> EvidenceFile:
    name = redactor.redact(file.name).text
    return file if name == file.name else replace(file, name=name)


def _told(faults: Sequence[str], redactor: Redactor) -> tuple[str, ...]:
    """The first of them, without secrets: an agent chooses the names in them."""
    told = [redactor.redact(fault).text for fault in faults[:_MOST_FAULTS]]
    more = len(faults) - len(told)
    return (*told, *((f"and {more} more of this kind",) if more else ()))


def _pushing(session: Session) -> str:
    """The folder of the thread that pushed."""
    pushing = next((one for one in session.threads if one.thread_id == session.thread_id), session.root)
    return pushing.cwd


def _summary(
    known: Known, checkpoints: CheckpointReading, session: Session | None, redactor: Redactor
) -> AgentSummary | None:
    newest = known.facts.commits[0] if known.facts.commits else None
    message = "" if newest is None else redactor.redact(f"{newest.subject}\n\n{newest.body}").text
    last = "" if session is None else session.root.last_message
    return agent_summary(checkpoints.statuses, last, message)
