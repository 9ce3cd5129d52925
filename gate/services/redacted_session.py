"""A session as people may read it: every text of it without the secrets in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gate.domain.session.model import Command, FileEdit, Thread, Turn
from gate.domain.session.transcript import Entry, Mark
from gate.services.ports.evidence import Redactor


@dataclass(slots=True)
class RedactedTexts:
    """Redacts the texts of one session, and counts what it took out."""

    redactor: Redactor
    count: int = 0

    def text(self, text: str) -> str:
        if not text:
            return text
        redacted = self.redactor.redact(text)
        self.count += redacted.count
        return redacted.text

    def entry(self, entry: Entry) -> Entry:
        """The entry, marked where something was taken out of it."""
        before = self.count
        clean = replace(entry, text=self.text(entry.text), detail=self.text(entry.detail))
        if self.count == before or Mark.REDACTED in clean.marks:
            return clean
        return replace(clean, marks=(*clean.marks, Mark.REDACTED))

    def thread(self, thread: Thread) -> Thread:
        return replace(
            thread,
            cwd=self.text(thread.cwd),
            roots=tuple(map(self.text, thread.roots)),
            originator=self.text(thread.originator),
            cli_version=self.text(thread.cli_version),
            git=replace(
                thread.git,
                branch=self.text(thread.git.branch),
                repository_url=self.text(thread.git.repository_url),
            ),
            turns=tuple(map(self._turn, thread.turns)),
            commands=tuple(map(self._command, thread.commands)),
            edits=tuple(map(self._edit, thread.edits)),
            prompts=tuple(map(self.text, thread.prompts)),
            last_message=self.text(thread.last_message),
            faults=tuple(map(self.text, thread.faults)),
        )

    def _turn(self, turn: Turn) -> Turn:
        return replace(
            turn,
            error=self.text(turn.error),
            model=self.text(turn.model),
            approval_policy=self.text(turn.approval_policy),
            sandbox=self.text(turn.sandbox),
        )

    def _command(self, command: Command) -> Command:
        return replace(
            command,
            text=self.text(command.text),
            cwd=self.text(command.cwd),
            output=self.text(command.output),
            escalation=None if command.escalation is None else self.text(command.escalation),
        )

    def _edit(self, edit: FileEdit) -> FileEdit:
        return replace(edit, path=self.text(edit.path))
