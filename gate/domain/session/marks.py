"""Why a reader may want to jump to a command."""

from __future__ import annotations

from collections.abc import Iterator

from gate.domain.session.model import Command, CommandOutcome
from gate.domain.session.shell_words import runs_git_push
from gate.domain.session.transcript import Mark


def marks_of(command: Command) -> tuple[Mark, ...]:
    """The marks of a command, as its text, its end and its tests have them."""
    return tuple(_marks(command))


def _marks(command: Command) -> Iterator[Mark]:
    if command.outcome is CommandOutcome.REJECTED:
        yield Mark.REJECTED
    elif runs_git_push(command.text):
        yield Mark.PUSH
    if command.outcome is CommandOutcome.FAILED or command.has_failed_tests:
        yield Mark.FAILURE
    if command.tests:
        yield Mark.TEST
    if command.escalation is not None:
        yield Mark.APPROVAL
