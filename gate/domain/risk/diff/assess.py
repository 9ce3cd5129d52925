"""Every rule over the diff and the push, run so that none can hide another."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from gate.domain.errors import Unavailable
from gate.domain.hold import ZERO_OID
from gate.domain.risk.diff import (
    control,
    execution,
    files,
    history,
    infrastructure,
    migrations,
    network,
    payload,
    quality,
    security,
    size,
    tests,
    unicode,
)
from gate.domain.risk.diff.look import Blobs, FileLook, FileRule, Hit, Match, PushLook, PushRule
from gate.domain.risk.diff.packages import dependencies, install, sources
from gate.domain.risk.model import Confidence, Finding, Place, Rule, Severity
from gate.domain.risk.view import ChangedText, PushView

D00 = Rule(
    id="D00",
    name="rule-failed",
    severity=Severity.HIGH,
    why="A rule could not do its part, so nobody knows what it would have found.",
    check="Look at the file yourself, and report the fault with the file that it names.",
)

FILE_RULES: tuple[FileRule, ...] = (
    *files.RULES,
    *control.RULES,
    *dependencies.RULES,
    *sources.RULES,
    *install.RULES,
    *unicode.RULES,
    *payload.RULES,
    *security.RULES,
    *execution.RULES,
    *infrastructure.RULES,
    *migrations.RULES,
    *tests.RULES,
    *quality.RULES,
    *network.RULES,
    *size.RULES,
)
PUSH_RULES: tuple[PushRule, ...] = (
    *size.PUSH_RULES,
    *files.PUSH_RULES,
    *dependencies.PUSH_RULES,
    *tests.PUSH_RULES,
    *history.PUSH_RULES,
)
_EVERY = (D00, *(one.rule for one in FILE_RULES), *(one.rule for one in PUSH_RULES))
DIFF_RULES: tuple[Rule, ...] = tuple(sorted(dict.fromkeys(_EVERY), key=lambda rule: rule.id))

_MARKS = {
    "keys": files.KEY_FILES,
    "ci": control.CI_FILES,
    "gate": control.GATE_FILES,
    "agents": control.AGENT_FILES,
    "git": control.GIT_FILES,
    "hooks": control.HOOK_FILES,
    "dependencies": sources.PACKAGE_FILES,
    "docker": infrastructure.DOCKER_FILES,
    "images": infrastructure.IMAGE_FILES,
    "service": infrastructure.SERVICE_FILES,
    "deploy": infrastructure.DEPLOY_FILES,
    "migrations": migrations.MIGRATION_FILES,
    "licences": size.LICENCE_FILES,
}
_LONGEST_SEEN = 200
# Findings of one rule and severity that are listed. The others are counted in one more finding, which no
# path can silence: a thousand harmless ones must not hide one that is not.
_LISTED = 20
_Kind = tuple[Rule, Severity, Confidence]


def assess_diff(view: PushView, texts: Iterable[ChangedText], match: Match) -> Iterator[Finding]:
    """What the rules find in a push, the worst first. `texts` are read once, one after the other.

    A rule that fails is a finding as well, so that nothing passes because of it.
    """
    changed = {file.path: file for file in view.facts.files}
    push = PushLook(view, match, Blobs(view), changed)
    marks = _marked(push)
    found = _Found()
    for text in texts:
        look = FileLook(text, push, marks.get(text.path, frozenset()))
        for rule in FILE_RULES:
            if not rule.mark or look.marked(rule.mark):
                found.take_all(_look_at_file(rule, look))
    for push_rule in PUSH_RULES:
        found.take_all(_look_at_push(push_rule, push))
    yield from found.worst_first()


def _marked(push: PushLook) -> dict[str, frozenset[str]]:
    """The tables that each changed path is in: one call for each table, as patterns cost time to read."""
    marks: dict[str, set[str]] = {}
    for name, patterns in _MARKS.items():
        for path in push.those(patterns):
            marks.setdefault(path, set()).add(name)
    return {path: frozenset(names) for path, names in marks.items()}


def _look_at_file(rule: FileRule, look: FileLook) -> Iterator[Finding]:
    try:
        for hit in rule.look(look):
            yield _finding(rule.rule, hit, look.push.view, look.path)
    except Unavailable:
        # The job is run again, when git answers.
        raise
    except Exception as fault:
        yield _failed(rule.rule, fault, look.path)


def _look_at_push(rule: PushRule, look: PushLook) -> Iterator[Finding]:
    try:
        for hit in rule.look(look):
            yield _finding(rule.rule, hit, look.view, None)
    except Unavailable:
        raise
    except Exception as fault:
        yield _failed(rule.rule, fault, None)


class _Found:
    """The first findings of each rule and severity, and how many more there were."""

    def __init__(self) -> None:
        self._listed: dict[_Kind, dict[str, Finding]] = {}
        self._more: Counter[_Kind] = Counter()

    def take_all(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self._take(finding)

    def _take(self, finding: Finding) -> None:
        kind = (finding.rule, finding.severity, finding.confidence)
        listed = self._listed.setdefault(kind, {})
        if len(listed) < _LISTED:
            listed.setdefault(finding.identity, finding)
        elif finding.identity not in listed:
            self._more[kind] += 1

    def worst_first(self) -> Iterator[Finding]:
        findings = [finding for listed in self._listed.values() for finding in listed.values()]
        findings += [_and_more(kind, count) for kind, count in self._more.items()]
        # Stable: of one weight they stay in the order in which they were found.
        yield from sorted(findings, key=lambda one: -one.weight.rank)


def _and_more(kind: _Kind, count: int) -> Finding:
    rule, severity, confidence = kind
    words = f"{count} more of the same are not listed"
    return Finding(
        rule, severity, words, Place(), confidence, identity=_identity(rule, "", f"more {severity}")
    )


def _finding(rule: Rule, hit: Hit, view: PushView, path: str | None) -> Finding:
    text = hit.line.text.strip() if hit.line is not None else ""
    where = hit.path or path
    return Finding(
        rule=rule,
        severity=hit.severity or rule.severity,
        words=hit.words,
        place=Place(
            path=where,
            line=hit.line.number if hit.line is not None else None,
            column=hit.column,
            oid=hit.oid or _side(hit, view, where),
            ref=hit.ref,
            thread_id=view.session.thread_id if hit.entry is not None and view.session is not None else None,
            entry=hit.entry,
        ),
        confidence=hit.confidence,
        seen=(hit.seen or text)[:_LONGEST_SEEN],
        identity=_identity(rule, where or "", hit.key or text or hit.seen or hit.words),
    )


def _side(hit: Hit, view: PushView, path: str | None) -> str | None:
    """The commit that the file is of."""
    if path is None:
        return None
    side = view.facts.base if hit.is_old else view.update.new
    return None if side == ZERO_OID else side


def _failed(rule: Rule, fault: Exception, path: str | None) -> Finding:
    words = f"Rule {rule.id} failed with {type(fault).__name__}"
    return Finding(D00, D00.severity, words, Place(path=path), identity=_identity(D00, path or "", rule.id))


def _identity(rule: Rule, path: str, text: str) -> str:
    """The same while the same text is in the same file, on whichever line."""
    joined = "\0".join((rule.id, path, text))
    return f"{rule.id}:{hashlib.sha256(joined.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"
