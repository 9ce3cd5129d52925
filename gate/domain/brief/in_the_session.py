"""Answers from the session's record: which commands ran, how they ended, and what the agent said at last.

Without a record there is no yes: a command that nobody saw may or may not have run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from gate.domain.brief.model import Answer, BriefRule, Kept, Part
from gate.domain.brief.pushed import Pushed
from gate.domain.session.model import Command, CommandOutcome, Session
from gate.domain.session.shell_words import simple_commands

_HIDES_EXIT = re.compile(r"(?:^|\s)!\s|\btrap\b|\|(?!\|)|\|\||;|\n|(?<![&>])&(?![&>])|>\s*\(|`|\$\(")
_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\$`]|\\.)*\"|\\.")
# What the agent writes about its work is no change to the work.
_OWN_NOTES = frozenset(("plan.md", "status.md"))
_SHOWS = frozenset(
    ("--help", "--version", "--collect-only", "--co", "--dry-run", "--just-print", "--listTests")
)
_MAKES = frozenset(("make", "gmake", "ninja"))
_FAILS = re.compile(r"\bfail|\bbreak|\bred\b", re.IGNORECASE)
_NO_SESSION = "no session was found, so nobody can tell"


def command_answer(rule: BriefRule, pushed: Pushed) -> Answer:
    """Whether commands ran that had to, or that must not."""
    session = pushed.session
    if session is None:
        return Answer(rule, Kept.UNKNOWN, _NO_SESSION)
    if rule.part is Part.NOT_ALLOWED:
        return _never(rule, session, pushed)
    runs = [(value, _runs(value, session, pushed)) for value in rule.values]
    if rule.part is Part.ALLOWED:
        count = sum(len(found) for _, found in runs)
        return Answer(
            rule, Kept.YES, f"may be run; it was, {count} times" if count else "may be run; it was not"
        )
    if rule.part is Part.STOP_IF:
        return _stopped(rule, runs)
    return _worst([_required(rule, value, found, pushed) for value, found in runs])


def list_answer(rule: BriefRule, pushed: Pushed) -> Answer:
    """Whether the agent's summary speaks of the things it had to list. What it says of them, people judge."""
    if not pushed.summary or not pushed.summary.strip():
        if pushed.session is None:
            return Answer(rule, Kept.UNKNOWN, _NO_SESSION)
        return Answer(rule, Kept.BROKEN, "the agent left no summary")
    said = _stems(pushed.summary)
    missing = [value for value in rule.values if not _stems(value) <= said]
    if missing:
        return Answer(rule, Kept.UNKNOWN, f"the summary does not name: {', '.join(missing)}")
    return Answer(rule, Kept.YES, "the summary speaks of it")


def _never(rule: BriefRule, session: Session, pushed: Pushed) -> Answer:
    found = [run for value in rule.values for run in _runs(value, session, pushed)]
    ran = [run for run in found if run.outcome is not CommandOutcome.REJECTED]
    if ran:
        return Answer(
            rule, Kept.BROKEN, f"it ran{_at(ran[0].started_at)}: {_end(ran[0])}", entry=ran[0].entry
        )
    if found:
        return Answer(
            rule, Kept.YES, f"asked for{_at(found[0].started_at)}, and refused", entry=found[0].entry
        )
    if _is_patchy(session):
        return Answer(rule, Kept.UNKNOWN, "not seen, but the record is not whole")
    return Answer(rule, Kept.YES, "it never ran in this session")


def _stopped(rule: BriefRule, runs: Sequence[tuple[str, list[Command]]]) -> Answer:
    last = [found[-1] for _, found in runs if found]
    if not last:
        return Answer(rule, Kept.UNKNOWN, "it was not run in this session")
    if not _FAILS.search(rule.words):
        return Answer(
            rule, Kept.UNKNOWN, f"it ran{_at(last[0].started_at)}: {_end(last[0])}", entry=last[0].entry
        )
    failed = next((run for run in last if _has_failed(run)), None)
    run = failed or last[0]
    kept = Kept.BROKEN if failed else Kept.YES if _tells_exit(run) else Kept.UNKNOWN
    return Answer(rule, kept, f"last run{_at(run.ended_at or run.started_at)}: {_end(run)}", entry=run.entry)


def _required(rule: BriefRule, value: str, found: list[Command], pushed: Pushed) -> Answer:
    session = pushed.session
    assert session is not None, "asked before"
    said = "" if len(rule.values) == 1 else f"{value}: "
    ran = [run for run in found if run.outcome is not CommandOutcome.REJECTED]
    if not ran:
        if _is_patchy(session):
            return Answer(rule, Kept.UNKNOWN, f"{said}not seen, but the record is not whole")
        return Answer(rule, Kept.BROKEN, f"{said}{'it was refused' if found else 'it was not run'}")
    run = ran[-1]
    words = f"{said}{_end(run)}{_at(run.ended_at or run.started_at)}"
    if _has_failed(run):
        return Answer(rule, Kept.BROKEN, words, entry=run.entry)
    if run.outcome is CommandOutcome.UNFINISHED:
        return Answer(rule, Kept.UNKNOWN, words, entry=run.entry)
    if _is_for_show(value, run, pushed):
        words += ", and it was asked to tell of itself, not to run"
        return Answer(rule, Kept.UNKNOWN, words, entry=run.entry)
    if not _tells_exit(run):
        words += ", inside a longer command whose exit code may be another's"
        return Answer(rule, Kept.UNKNOWN, words, entry=run.entry)
    edited = _last_edit(session)
    if edited is not None and run.started_at is not None and edited > run.started_at:
        words += f", before the last edit{_at(edited)}"
        return Answer(rule, Kept.UNKNOWN, words, entry=run.entry)
    return Answer(rule, Kept.YES, words, entry=run.entry)


def _worst(answers: Sequence[Answer]) -> Answer:
    for kept in (Kept.BROKEN, Kept.UNKNOWN):
        for answer in answers:
            if answer.kept is kept:
                return answer
    words = "; ".join(answer.words for answer in answers)
    return Answer(answers[0].rule, Kept.YES, words, entry=answers[0].entry)


def _runs(value: str, session: Session, pushed: Pushed) -> list[Command]:
    wanted = value.split()
    return [run for run in session.commands if _does_run(wanted, run, pushed)]


def _does_run(wanted: Sequence[str], run: Command, pushed: Pushed) -> bool:
    return any(_begins(wanted, words) for words in _all_words(run, pushed))


def _all_words(run: Command, pushed: Pushed) -> Sequence[Sequence[str]]:
    """The simple commands of a command, taken apart once for all rules."""
    known = pushed.taken_apart.get(run)
    if known is None:
        known = pushed.taken_apart[run] = tuple(_simple_commands(run, pushed))
    return known


def _simple_commands(run: Command, pushed: Pushed) -> Iterator[Sequence[str]]:
    if pushed.words_of is not None:
        yield from pushed.words_of(run)
    yield from simple_commands(run.text)
    # Those take a command out of its wrappers; a brief may speak of `sudo` itself.
    yield from (piece.split() for piece in re.split(r"&&|\|\||[;|&\n]", run.text[:4_096]))


def _is_for_show(value: str, run: Command, pushed: Pushed) -> bool:
    """Whether it only said what it would do; `-n` is that to make, and a number of processes to others."""
    wanted = value.split()
    for words in _all_words(run, pushed):
        if _begins(wanted, words):
            shows = _SHOWS | {"-n"} if _names(words)[0].rpartition("/")[2] in _MAKES else _SHOWS
            return bool(shows & set(words) - set(wanted))
    return False


def _begins(wanted: Sequence[str], words: Sequence[str]) -> bool:
    """Whether a command is the one that a brief names: the same first words, options wherever they stand."""
    ours, theirs = _names(wanted), _names(words)
    if not ours or not theirs or not set(_options(wanted)) <= set(_options(words)):
        return False
    if "/" not in ours[0]:
        theirs = [theirs[0].rpartition("/")[2], *theirs[1:]]
    return theirs[: len(ours)] == ours


def _names(words: Sequence[str]) -> list[str]:
    return [word for word in words if not word.startswith("-")]


def _options(words: Sequence[str]) -> list[str]:
    return [word for word in words if word.startswith("-") and word != "--"]


def _has_failed(run: Command) -> bool:
    is_bad = run.outcome in (CommandOutcome.FAILED, CommandOutcome.ABORTED)
    return is_bad or run.has_failed_tests or run.has_unended_tests


def _tells_exit(run: Command) -> bool:
    """Whether the exit code, or what its tests printed, is about this command and no other."""
    if any(tests.counts is not None for tests in run.tests):
        return True
    return _HIDES_EXIT.search(_QUOTED.sub("x", run.text.strip().rstrip(";"))) is None


def _last_edit(session: Session) -> datetime | None:
    times = [
        edit.at
        for edit in session.edits
        if edit.at is not None and edit.path.rpartition("/")[2].casefold() not in _OWN_NOTES
    ]
    return max(times, default=None)


def _is_patchy(session: Session) -> bool:
    return not session.is_whole or any(thread.faults for thread in session.threads)


def _end(run: Command) -> str:
    if run.outcome is CommandOutcome.REJECTED:
        return "it was refused"
    if run.has_failed_tests and run.exit_code == 0:
        return "exit 0, but tests failed"
    if run.exit_code is not None:
        return f"exit {run.exit_code}"
    return {CommandOutcome.ABORTED: "it was stopped", CommandOutcome.UNFINISHED: "no end was seen"}.get(
        run.outcome, "no exit code"
    )


def _at(moment: datetime | None) -> str:
    return "" if moment is None else f" at {moment:%H:%M}"


def _stems(text: str) -> frozenset[str]:
    """Words without their plural, enough to see that `dependencies` speaks of a `dependency`."""
    return frozenset(_stem(word) for word in re.findall(r"[^\W_]+", text.casefold()))


def _stem(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
