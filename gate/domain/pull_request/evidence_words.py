"""The evidence of a revision in a pull request: the verdict in four lines, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC

from gate.domain.evidence import Checkpoint, Evidence, EvidenceFile, SummarySource
from gate.domain.pull_request import brief_words, findings
from gate.domain.pull_request.commands_seen import (
    SeenCommand,
    Why,
    commands_seen,
    ended,
    first_line,
    took,
    worth_a_look,
)
from gate.domain.pull_request.folded import folded, folded_list
from gate.domain.pull_request.inert import code_block, inline, link, prose, row
from gate.domain.pull_request.links import entry_url, log_url
from gate.domain.pull_request.model import ReviewRequest
from gate.domain.pull_request.sections import Section
from gate.domain.pull_request.tests_seen import (
    TEST_SAID,
    TestStanding,
    TestVerdict,
    counts_words,
    run_verdict,
    run_words,
    tests_seen,
)
from gate.domain.session.model import Command, FoundBy, Session
from gate.domain.words import count

FOUND_BY = {
    FoundBy.CREDENTIAL: "the thread that the credential helper named at the push",
    FoundBy.ENVIRONMENT: "the thread that the environment of the push named",
    FoundBy.LOCK: "the record that a living process held open when the push came",
    FoundBy.STATE_DATABASE: "the agent's own list of threads",
    FoundBy.ROLLOUT: "the record that has the pushed commit in it",
    FoundBy.EXEC_LOG: "the log of `codex exec --json` of that time, as there was no record of the session",
}
SUMMARY_FROM = {
    SummarySource.STATUS: "STATUS.md",
    SummarySource.LAST_MESSAGE: "its last message",
    SummarySource.COMMIT: "a commit message",
}
_TEST_SIGN = {
    TestVerdict.FAILED: "\u274c",
    TestVerdict.UNENDED: "\u26a0\ufe0f",
    TestVerdict.STALE: "\u26a0\ufe0f",
    TestVerdict.PASSED: "\u2705",
    TestVerdict.NONE: "\u26a0\ufe0f",
    TestVerdict.UNKNOWN: "\u2754",
}
_MOST_RUNS, _MOST_LOOKS, _MOST_COMMANDS, _MOST_FILES, _MOST_NAMED = 5, 8, 100, 50, 3
_LONGEST_WORDS, _LONGEST_COMMAND, _LONGEST_PATH = 300, 140, 200
_LONGEST_CHECKPOINT, _CHECKPOINT_LINES, _LONGEST_SUMMARY = 1200, 14, 1500


def verdict_lines(evidence: Evidence) -> str:
    """Risk, brief, tests and secrets, a line each: what a reviewer has to know first."""
    assessment = evidence.assessment
    reason = f" {prose(assessment.reason, limit=_LONGEST_WORDS)}" if assessment.reason else ""
    lines = [f"- {findings.SIGN[assessment.level]} **Risk: {assessment.level}.**{reason}"]
    lines += _brief_lines(evidence)
    lines.append(_tests_line(evidence))
    lines.append(_secrets_line(evidence))
    if evidence.faults:
        more = len(evidence.faults) - 1
        first = prose(evidence.faults[0], limit=_LONGEST_WORDS)
        below = f" {count(more, 'more gap')} below." if more else ""
        lines.append(f"- \u26a0\ufe0f **Not all could be collected:** {first}{below}")
    return "\n".join(lines)


def open_sections(request: ReviewRequest, evidence: Evidence) -> Iterator[str | Section]:
    """What is open on the first screen: findings, tests, and the commands that are worth a look."""
    if evidence.assessment.findings:
        yield findings.findings_section(request, evidence)
    standing = tests_seen(evidence)
    if standing.runs or standing.reports or evidence.coverage:
        yield _tests_section(request, evidence, standing)
    # What a finding rests on stands in the table of findings, with how it ended.
    looks = [one for one in worth_a_look(commands_seen(evidence)) if one.why != (Why.RISKY,)]
    if looks:
        opening = "### Commands that did not go well\n\n| command | how it ended | why | |\n|---|---|---|---|"
        yield Section(opening, (_look_row(request, one) for one in looks[:_MOST_LOOKS]), len(looks))


def agent_sections(evidence: Evidence) -> Iterator[str | Section]:
    """What the agent itself says: claims, all of them."""
    if evidence.summary is not None:
        source = SUMMARY_FROM[evidence.summary.source]
        words = (
            f"### What the agent says of it\n\nIts own summary, from {source}. Nothing of it was checked.\n\n"
        )
        yield words + code_block(evidence.summary.text, limit=_LONGEST_SUMMARY)
    for checkpoint in evidence.checkpoints[:4]:
        yield _checkpoint(checkpoint)


def folded_sections(request: ReviewRequest, evidence: Evidence) -> Iterator[str | Section]:
    """Everything else there is, folded."""
    yield from findings.why_sections(evidence.assessment)
    if evidence.brief is not None:
        yield from brief_words.brief_sections(request, evidence.brief)
    yield from _commands(request, evidence)
    if evidence.files:
        yield from folded_list(
            f"{count(len(evidence.files), 'file')} that this rests on, with their hashes",
            map(_file_row, evidence.files),
            len(evidence.files),
            most=_MOST_FILES,
            opening="| file | kind | bytes | `SHA-256` as it was read |\n|---|---|---|---|",
        )
    if evidence.faults:
        yield from folded_list(
            f"What could not be collected: {count(len(evidence.faults), 'gap')}",
            (f"- {prose(fault, limit=_LONGEST_WORDS)}" for fault in evidence.faults),
            len(evidence.faults),
            most=_MOST_FILES,
        )
    yield folded("Which session this is, and how it was found", _session_words(request, evidence))


def _brief_lines(evidence: Evidence) -> Iterator[str]:
    report = evidence.brief
    if report is None:
        yield "- \u2754 **Brief:** none was given, so nothing says what was asked for."
        return
    sign, source = brief_words.SIGN[report.kept], brief_words.SOURCE[report.brief.source]
    yield f"- {sign} **Brief: {brief_words.verdict_words(report)}.** It is {source}."
    yield from brief_words.broken_lines(report, most=_MOST_NAMED)


def _tests_line(evidence: Evidence) -> str:
    standing = tests_seen(evidence)
    sign, last = _TEST_SIGN[standing.verdict], standing.last
    if last is None:
        failed = standing.verdict is TestVerdict.FAILED
        words = "a test report has failures" if failed else _NO_TESTS[standing.verdict]
        return f"- {sign} **Tests: {words}.**"
    said = f"{_command(last.text)} {_run_words(last)}."
    if standing.failed_before:
        said += f" {count(standing.failed_before, 'earlier run')} failed."
    if standing.verdict is TestVerdict.STALE:
        said += f" {count(len(standing.edited), 'file')} edited after that."
    return f"- {sign} **Tests: {TEST_SAID[standing.verdict]}.** {said}"


_NO_TESTS = {
    TestVerdict.NONE: "none were run in the session",
    TestVerdict.UNKNOWN: "unknown, as no session was found",
}


def _secrets_line(evidence: Evidence) -> str:
    if evidence.blocking:
        return f"- \U0001f534 **Secrets: {len(evidence.blocking)} in the push.**"
    allowed = [secret for secret in evidence.secrets if secret.allowed_by is not None]
    others = len(evidence.secrets) - len(allowed)
    if not evidence.secrets:
        return "- \u2705 **Secrets: none found** in what was pushed."
    parts = []
    if allowed:
        by = ", ".join(dict.fromkeys(inline(str(one.allowed_by), limit=80) for one in allowed))
        parts.append(
            f"{count(len(allowed), 'secret')} allowed by {by}: {prose(allowed[0].reason, limit=200)}"
        )
    if others:
        parts.append(f"{count(others, 'text')} like a secret, not sure enough to stop a push")
    return f"- \u26a0\ufe0f **Secrets:** {'; '.join(parts)}."


def _tests_section(request: ReviewRequest, evidence: Evidence, standing: TestStanding) -> Section:
    runs = tuple(reversed(standing.runs))
    items = [_run_line(request, run) for run in runs[:_MOST_RUNS]]
    if len(runs) > _MOST_RUNS:
        failed = sum(run.has_failed_tests for run in runs[_MOST_RUNS:])
        items.append(f"- {count(len(runs) - _MOST_RUNS, 'earlier run')}, {failed} of them failed")
    for report in standing.reports[:_MOST_RUNS]:
        failures = "; ".join(inline(name, limit=_LONGEST_PATH) for name in report.failures[:_MOST_NAMED])
        said = counts_words(report.counts) + (f": {failures}" if failures else "")
        items.append(f"- Report {inline(report.name, limit=_LONGEST_PATH)}: {said}")
    for coverage in evidence.coverage[:_MOST_RUNS]:
        items.append(
            f"- Coverage {inline(coverage.name, limit=_LONGEST_PATH)}: {coverage.percent} % of lines"
        )
    edited = standing.edited
    if edited:
        named = ", ".join(inline(path, limit=_LONGEST_PATH) for path in edited[:_MOST_NAMED])
        items.append(f"- Edited after the last run: {named}" + (" and others" if len(edited) > 3 else ""))
    return Section("### Tests, the last run first\n", items, len(items))


def _run_line(request: ReviewRequest, run: Command) -> str:
    log = "" if run.entry is None else f" ({_log(request, run.entry)})"
    return f"- {_TEST_SIGN[run_verdict(run)]} {_command(run.text)} {_run_words(run)}{log}"


def _run_words(run: Command) -> str:
    return prose(run_words(run), limit=_LONGEST_WORDS)


def _commands(request: ReviewRequest, evidence: Evidence) -> Iterator[str | Section]:
    seen = commands_seen(evidence)
    if seen:
        yield from folded_list(
            f"All {count(len(seen), 'command')} of the session, in order",
            (_command_row(request, one) for one in seen[:_MOST_COMMANDS]),
            len(seen),
            most=_MOST_COMMANDS,
            opening="| command | how it ended | took | |\n|---|---|---|---|",
        )


def _look_row(request: ReviewRequest, seen: SeenCommand) -> str:
    command = seen.command
    rules = " ".join(inline(rule, limit=40) for rule in seen.rules[:_MOST_NAMED])
    why = ", ".join(str(why) for why in seen.why) + (f" {rules}" if rules else "")
    how = ", ".join(filter(None, (ended(command), took(command.duration))))
    return row(_command(command.text), how, why, _log(request, command.entry))


def _command_row(request: ReviewRequest, seen: SeenCommand) -> str:
    command = seen.command
    return row(_command(command.text), ended(command), took(command.duration), _log(request, command.entry))


def _log(request: ReviewRequest, entry: int | None) -> str:
    return "" if entry is None else link("log", entry_url(request, entry))


def _command(text: str) -> str:
    return inline(first_line(text), limit=_LONGEST_COMMAND)


def _checkpoint(checkpoint: Checkpoint) -> str:
    lines = checkpoint.text.split("\n")
    excerpt = "\n".join(lines[:_CHECKPOINT_LINES])
    name = "PLAN.md" if checkpoint.kind == "plan" else "STATUS.md"
    more = f", its first {_CHECKPOINT_LINES} of {len(lines)} lines" if len(lines) > _CHECKPOINT_LINES else ""
    where = "From the pushed commit." if checkpoint.is_pushed else "From the work tree: it was not pushed so."
    text = f"{where}\n\n{code_block(excerpt, limit=_LONGEST_CHECKPOINT)}"
    return folded(f"The agent's {name}{more}", text)


def _file_row(file: EvidenceFile) -> str:
    cut = ", cut" if file.is_cut else ""
    redacted = f", {count(file.redactions, 'secret')} taken out" if file.redactions else ""
    size = file.text_size if file.size is None else file.size
    digest = file.sha256 or file.text_sha256
    return row(
        inline(file.name, limit=_LONGEST_PATH),
        f"{str(file.kind).replace('_', ' ')}{cut}{redacted}",
        "" if size is None else f"{size:,}",
        "" if digest is None else f"`{digest}`",
    )


def _session_words(request: ReviewRequest, evidence: Evidence) -> str:
    collected = f"{evidence.collected_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    session = evidence.session
    if session is None:
        return f"No session was found for this push, so no command is known. Looked for at {collected}."
    rows = [row(name, words) for name, words in _session_rows(session) if words]
    intro = (
        f"It was found by {FOUND_BY[session.found_by]}. That is a claim: whoever runs as the agent's user "
        f"could have written another record. {link('The whole log', log_url(request))} is at the gate, "
        f"collected at {collected}."
    )
    return "\n".join((f"{intro}\n", rows[0], "|---|---|", *rows[1:]))


def _session_rows(session: Session) -> Iterable[tuple[str, str]]:
    root = session.root
    yield "session", inline(session.id, limit=80)
    yield "thread that pushed", inline(session.thread_id, limit=80)
    yield "threads", str(len(session.threads))
    yield "began", "" if root.started_at is None else f"{root.started_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    yield "Codex", inline(root.cli_version, limit=80) if root.cli_version else ""
    yield "model", inline(root.model, limit=80) if root.model else ""
    yield "sandbox", inline(root.sandbox, limit=80) if root.sandbox else ""
    yield "approvals", inline(root.approval_policy, limit=80) if root.approval_policy else ""
    yield "folder", inline(root.cwd, limit=_LONGEST_PATH) if root.cwd else ""
    yield "tokens", f"{root.tokens.total:,}" if root.tokens.total else ""
