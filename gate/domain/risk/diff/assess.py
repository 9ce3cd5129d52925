"""Every rule over the diff and the push, run so that none can hide another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from gate.domain.errors import GateError
from gate.domain.facts import ChangedFile
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
from gate.domain.risk.model import Finding, Place, Rule, Severity
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
DIFF_RULES: tuple[Rule, ...] = tuple(
    sorted(dict.fromkeys((D00, *(one.rule for one in (*FILE_RULES, *PUSH_RULES)))), key=lambda rule: rule.id)
)

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


def assess_diff(view: PushView, texts: Iterable[ChangedText], match: Match) -> Iterator[Finding]:
    """What the rules find in a push, the worst first. `texts` are read once, one after the other.

    A rule that fails is a finding as well, so that nothing passes because of it.
    """
    changed = {file.path: file for file in view.facts.files}
    push = PushLook(view, match, Blobs(view), changed, _moved_later(view.facts.files))
    marks = _marked(push)
    found = _Found()
    for text in texts:
        look = FileLook(text, push, marks.get(text.path, frozenset()))
        for rule in FILE_RULES:
            if not rule.mark or rule.mark in look.marks:
                found.take_all(rule.rule, _look_at_file(rule, look))
    for push_rule in PUSH_RULES:
        found.take_all(push_rule.rule, _look_at_push(push_rule, push))
    yield from found.worst_first()
