"""Weigh: every risk rule over a revision's diff, its workflows, its commands and its secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gate.domain.errors import Failed
from gate.domain.facts import ChangedFile
from gate.domain.hold import ZERO_OID
from gate.domain.risk.commands import C00, CommandContext, assess_commands
from gate.domain.risk.diff import D00, assess_diff
from gate.domain.risk.level import weigh
from gate.domain.risk.model import Assessment, Finding, Place, Rule
from gate.domain.risk.secrets import assess_secrets
from gate.domain.risk.view import ChangedText, PushView
from gate.domain.risk.workflow_audit import NO_FILE, AuditedFile, assess_workflow, workflow_not_audited
from gate.domain.secret import FoundSecret
from gate.services.ports.evidence import PathMatcher, ShellParser, WorkflowAuditor
from gate.services.ports.git import History

_WORKFLOWS = (".github/workflows/", ".github/actions/")
_MOST_WORKFLOWS = 20
_MOST_COMMANDS = 20_000
# A page and a pull request show far fewer; whoever wants all of them has SARIF, and it is cut as well.
_MOST_FINDINGS = 2_000


@dataclass(frozen=True, slots=True)
class Weigh:
    """Find everything that the rules find. What an auditor or a rule cannot read is a finding itself."""

    match: PathMatcher
    parse_shell: ShellParser
    audit_workflow: WorkflowAuditor

    def __call__(
        self, history: History, view: PushView, context: CommandContext, secrets: Sequence[FoundSecret]
    ) -> Assessment:
        found = [*assess_secrets(secrets)]
        found += _most(assess_diff(view, _texts(history, view), self.match), D00)
        found += _most(self._workflows(view), D00)
        found += _most(self._commands(view, context), C00)
        return weigh(found)

    def _commands(self, view: PushView, context: CommandContext) -> Iterator[Finding]:
        if view.session is None:
            return
        commands = view.session.commands
        left_out = max(0, len(commands) - _MOST_COMMANDS)
        left_out += sum(thread.left_out for thread in view.session.threads)
        if left_out:
            yield _unseen(
                C00, f"{left_out:,} commands of the session were not looked at, or not to their end"
            )
        parsed = [self.parse_shell(command) for command in commands[-_MOST_COMMANDS:]]
        yield from assess_commands(parsed, context)

    def _workflows(self, view: PushView) -> Iterator[Finding]:
        changed = [file for file in view.facts.files if file.path.startswith(_WORKFLOWS)]
        for number, file in enumerate(one for one in changed if one.new_oid.strip("0")):
            if number < _MOST_WORKFLOWS:
                yield from self._workflow(view, file)
            else:
                yield workflow_not_audited(file.path, oid=view.update.new)

    def _workflow(self, view: PushView, file: ChangedFile) -> Iterator[Finding]:
        oid = view.update.new
        try:
            new, old = (self._audited(view, file.path, blob) for blob in (file.new_oid, file.old_oid))
        except Failed:
            yield workflow_not_audited(file.path, oid=oid)
        else:
            yield from assess_workflow(file.path, new, old, oid=oid)

    def _audited(self, view: PushView, path: str, blob: str) -> AuditedFile:
        """What the auditor says of one version. Raises Failed where it cannot read it."""
        if not blob.strip("0"):
            return NO_FILE
        content = view.blob(blob)
        if content is None:
            raise Failed(f"{path}: it is too large to be audited.")
        return AuditedFile(content, self.audit_workflow(path, content))


def _most(findings: Iterable[Finding], rule: Rule) -> Iterator[Finding]:
    """No more than a page can use; that there are more is a finding of that rule."""
    for number, finding in enumerate(findings):
        if number == _MOST_FINDINGS:
            yield _unseen(rule, f"There are more than {_MOST_FINDINGS:,} findings: the others are not listed")
            return
        yield finding


def _unseen(rule: Rule, words: str) -> Finding:
    return Finding(rule, rule.severity, words, Place())


def _texts(history: History, view: PushView) -> Iterable[ChangedText]:
    if view.update.new == ZERO_OID:
        return ()
    return history.changed_texts(view.facts.base, view.update.new, view.facts.files)
