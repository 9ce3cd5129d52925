"""Every command rule over every command of a session."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from gate.domain.risk.commands import (
    checks,
    claims,
    credentials,
    deletion,
    deploys,
    fetching,
    git,
    network,
    packages,
    sandbox,
    system,
)
from gate.domain.risk.commands.look import Check, CommandContext, Hit, Look, Past
from gate.domain.risk.commands.past import learn
from gate.domain.risk.commands.read_only import is_read_only
from gate.domain.risk.model import Finding, Place, Rule, Severity
from gate.domain.risk.view import ParsedCommand, Pipeline
from gate.domain.session.model import Command, CommandOutcome

C00 = Rule(
    id="C00",
    name="rule-failed",
    severity=Severity.HIGH,
    why="A rule could not do its part, so nobody knows what it would have found.",
    check="Look at the commands yourself, and report the fault with the command that it names.",
)
_SessionCheck = Callable[[Sequence[ParsedCommand], CommandContext], Iterator[Finding]]
_CHECKS = (
    Check(fetching.C01, fetching.run_download),
    Check(system.C02, system.privilege),
    Check(deletion.C03, deletion.delete),
    Check(credentials.C04, credentials.read_credential, sees_reads=True),
    Check(credentials.C05, credentials.metadata_service),
    Check(network.C06, network.send_out),
    Check(git.C07, git.push_abuse),
    Check(git.C08, git.settings),
    Check(git.C09, git.rewrite_history),
    Check(checks.C10, checks.checks_off),
    Check(packages.C11, packages.install),
    Check(deletion.C12, deletion.permissions),
    Check(system.C13, system.persistence),
    Check(system.C14, system.processes),
    Check(sandbox.C15, sandbox.tampering),
    Check(sandbox.C16, sandbox.bypass),
    Check(network.C17, network.listen),
    Check(deploys.C18, deploys.deploy),
    Check(fetching.C19, fetching.inline),
    Check(fetching.C19, fetching.not_parsed, sees_reads=True),
    Check(sandbox.C22, sandbox.escalation, sees_reads=True),
)
_SESSION_CHECKS: tuple[tuple[Rule, _SessionCheck], ...] = (
    (claims.C20, claims.in_circles),
    (claims.C21, claims.claim_mismatch),
)
COMMAND_RULES: tuple[Rule, ...] = (
    C00,
    *dict.fromkeys(check.rule for check in _CHECKS if check.rule is not sandbox.C22),
    claims.C20,
    claims.C21,
    sandbox.C22,
)
# Even a try at these tells that the agent meant to.
_TRY_COUNTS = frozenset({"C05", "C15", "C22"})
_LONGEST_SEEN = 200
_MOST_HITS = 2000
_MOST_PIPELINES = 200_000
_TOO_MANY = "The session holds more commands than the rules look at: from here on nothing was looked at"


def assess_commands(commands: Sequence[ParsedCommand], context: CommandContext) -> Iterator[Finding]:
    """What the rules see in a session's commands, in the order in which they were run.

    A rule that fails is a finding as well, so that nothing passes because of it.
    """
    yield from _one_by_one(commands, context)
    for rule, session_check in _SESSION_CHECKS:
        try:
            found = tuple(session_check(commands, context))
        except Exception as fault:
            found = (_failed(rule, fault, None),)
        yield from found


def _one_by_one(commands: Sequence[ParsedCommand], context: CommandContext) -> Iterator[Finding]:
    past, left = Past(), _MOST_PIPELINES
    for one in commands:
        # Where nothing in it could be made out, there still is something to say of the command itself.
        parsed = one if one.pipelines else replace(one, pipelines=(Pipeline(()),))
        past.cwd, past.goes_on_after_failure = parsed.command.cwd or context.work or None, False
        told: set[str] = set()
        for pipeline, after in _every(parsed.pipelines):
            if (left := left - 1) < 0:
                yield Finding(C00, Severity.HIGH, _TOO_MANY, _place(parsed.command), identity="C00:too-many")
                return
            look = Look(parsed, pipeline, context, past, after)
            for finding in _look(look):
                if finding.identity not in told:
                    told.add(finding.identity)
                    yield finding
            learn(look)


def _every(pipelines: Sequence[Pipeline]) -> Iterator[tuple[Pipeline, Pipeline | None]]:
    """Pipelines with what stands after them, each after those that feed it, as a shell runs them."""
    for pipeline, after in zip_longest(pipelines, pipelines[1:]):
        waiting = [(pipeline, True)]
        while waiting:
            here, is_new = waiting.pop()
            if is_new and here.fed_by:
                waiting.append((here, False))
                waiting.extend((one, True) for one in reversed(here.fed_by))
            else:
                yield here, after if here is pipeline else None


def _look(look: Look) -> Iterator[Finding]:
    only_reads = is_read_only(look.pipeline)
    for check in _CHECKS:
        if only_reads and not check.sees_reads:
            continue
        try:
            hits = tuple(dict.fromkeys(check.look(look)))
        except Exception as fault:
            yield _failed(check.rule, fault, look.parsed.command)
            continue
        for hit in hits[:_MOST_HITS]:
            yield _finding(check.rule, hit, look.parsed.command)


def _finding(rule: Rule, hit: Hit, command: Command) -> Finding:
    severity, words = hit.severity, hit.words[:1].upper() + hit.words[1:]
    if _never_ran(command) and rule.id not in _TRY_COUNTS:
        severity = severity.lowered()
        words = f"Asked for, and never run: {hit.words}"
    seen = command.text[:_LONGEST_SEEN]
    if rule is sandbox.C22 and command.escalation is not None:
        seen = command.escalation[:_LONGEST_SEEN]
        words += " and was refused" if _never_ran(command) else " and was let"
    return Finding(
        rule, severity, words, _place(command), hit.confidence, seen, _identity(rule, hit.words, command)
    )


def _failed(rule: Rule, fault: Exception, command: Command | None) -> Finding:
    words = f"Rule {rule.id} failed with {type(fault).__name__}"
    if command is None:
        return Finding(C00, Severity.HIGH, words, Place(), identity=f"C00:{rule.id}")
    seen = command.text[:_LONGEST_SEEN]
    return Finding(
        C00, Severity.HIGH, words, _place(command), seen=seen, identity=_identity(C00, words, command)
    )


def _never_ran(command: Command) -> bool:
    """Refused, or called off before it was let: then it has neither an exit code nor output."""
    if command.outcome is CommandOutcome.ABORTED:
        return command.escalation is not None and command.exit_code is None and not command.output
    return command.outcome is CommandOutcome.REJECTED


def _place(command: Command) -> Place:
    return Place(thread_id=command.thread_id, entry=command.entry, at=command.started_at)


def _identity(rule: Rule, words: str, command: Command) -> str:
    """The same for the same command, however often it is run and however it is spaced."""
    text = "\0".join((rule.id, words, " ".join(command.text.split())))
    return f"{rule.id}:{hashlib.sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()[:16]}"
