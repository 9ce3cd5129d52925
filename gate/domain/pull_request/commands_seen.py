"""The commands of a session as a reviewer looks at them: how each ended, and which are worth a look."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gate.domain.evidence import Evidence
from gate.domain.risk.model import Finding
from gate.domain.session.model import Command, CommandOutcome

_ENDED = {
    CommandOutcome.REJECTED: "rejected, never ran",
    CommandOutcome.ABORTED: "stopped",
    CommandOutcome.UNFINISHED: "no end recorded",
}


class Why(StrEnum):
    """Why a command is worth a look, the weightiest first."""

    RISKY = "risky"
    REJECTED = "rejected"
    ESCALATED = "outside the sandbox"
    TESTS_FAILED = "tests failed"
    FAILED = "failed"
    STOPPED = "did not end"


_PUSH_ALONE = re.compile(r"git push(?: [\w./:@+-]+)*")
_RANK = {why: rank for rank, why in enumerate(Why)}
_OUTCOMES = {
    CommandOutcome.REJECTED: Why.REJECTED,
    CommandOutcome.FAILED: Why.FAILED,
    CommandOutcome.ABORTED: Why.STOPPED,
    CommandOutcome.UNFINISHED: Why.STOPPED,
}


@dataclass(frozen=True, slots=True)
class SeenCommand:
    """A command, why it is worth a look, and the findings that rest on it; nothing for most."""

    command: Command
    why: tuple[Why, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that found something in it, each once."""
        return tuple(dict.fromkeys(finding.rule.id for finding in self.findings))

    @property
    def weight(self) -> tuple[int, int]:
        """Sorts what matters most to the front."""
        worst = max((finding.weight.rank for finding in self.findings), default=-1)
        return -worst, min((_RANK[why] for why in self.why), default=len(_RANK))


def commands_seen(evidence: Evidence) -> tuple[SeenCommand, ...]:
    """Every command of the session in the order in which it was asked for."""
    if evidence.session is None:
        return ()
    risky = _by_entry(evidence.assessment.findings)
    return tuple(_seen(command, risky) for command in evidence.session.commands)


def worth_a_look(seen: Sequence[SeenCommand]) -> tuple[SeenCommand, ...]:
    """Those with a reason, the weightiest first, and in their order where they weigh the same."""
    return tuple(sorted((one for one in seen if one.why), key=lambda one: one.weight))


def ended(command: Command) -> str:
    """`exit 1`, or how it ended otherwise."""
    if command.outcome in _ENDED:
        return _ENDED[command.outcome]
    return str(command.outcome) if command.exit_code is None else f"exit {command.exit_code}"


def took(span: timedelta | None) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`; empty where nobody knows."""
    if span is None or span < timedelta():
        return ""
    seconds = span.total_seconds()
    if seconds < 0.05:
        return "under 0.1 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def clock(at: datetime | None) -> str:
    """`14:03:20 UTC`; empty where the record has no time."""
    return "" if at is None else f"{at.astimezone(UTC):%H:%M:%S} UTC"


def first_line(text: str) -> str:
    """The first line that says anything, with a mark where there are more."""
    lines = text.strip().split("\n", 1)
    return lines[0] + (" \u2026" if len(lines) > 1 else "")


def _by_entry(findings: Sequence[Finding]) -> Mapping[int, list[Finding]]:
    found: defaultdict[int, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.place.entry is not None:
            found[finding.place.entry].append(finding)
    return found


def _seen(command: Command, risky: Mapping[int, list[Finding]]) -> SeenCommand:
    findings = () if command.entry is None else tuple(risky.get(command.entry, ()))
    return SeenCommand(command, tuple(_reasons(command, findings)), findings)


def _reasons(command: Command, findings: Sequence[Finding]) -> Iterator[Why]:
    if findings:
        yield Why.RISKY
    if command.outcome is CommandOutcome.REJECTED:
        yield Why.REJECTED
    if command.escalation is not None:
        yield Why.ESCALATED
    if command.has_failed_tests:
        yield Why.TESTS_FAILED
    elif command.outcome is CommandOutcome.FAILED and _PUSH_ALONE.fullmatch(command.text.strip()):
        # A push that is held fails for git, and is what the reviewer looks at.
        return
    elif command.outcome in _OUTCOMES and command.outcome is not CommandOutcome.REJECTED:
        yield _OUTCOMES[command.outcome]
