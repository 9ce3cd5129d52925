"""Reading a policy's text: a Policy, or every fault of it with its place and its fix."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from gate.domain.errors import Invalid
from gate.domain.policy.model import (
    BaseMoved,
    CopyCondition,
    Disapproval,
    HoldSettings,
    Method,
    OnPush,
    OverrideRule,
    Policy,
    ReleaseSettings,
    Rule,
)
from gate.domain.policy.parse_options import parse_comment_patterns
from gate.domain.policy.parse_risk import parse_silences
from gate.domain.policy.parse_rules import (
    MOST_APPROVALS,
    check_count,
    parse_approval,
    parse_rules,
    parse_who,
)
from gate.domain.policy.pattern import Pattern, PatternFault, compile_pattern
from gate.domain.policy.reading import Notes, Table
from gate.domain.policy.ref_pattern import any_matches, parse_ref_pattern

_DEFAULT_REFS = ("refs/heads/**", "refs/tags/**")
_MAIN_BRANCHES = ("refs/heads/main", "refs/heads/master")
_PREFIX = "pushgate/"
_NOT_NOW = "is not in this release. Leave it out"


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """What is wrong with a policy's text, and what is probably not meant."""

    faults: tuple[str, ...]
    warnings: tuple[str, ...]


def parse_policy(text: str) -> Policy:
    """Read a policy; raise Invalid with every fault. Lists in places are counted from 1."""
    policy, notes = _read(text)
    if policy is None:
        raise Invalid("policy", notes.faults)
    return policy


def check_policy(text: str) -> PolicyCheck:
    """List the faults and warnings of a policy's text."""
    _, notes = _read(text)
    return PolicyCheck(tuple(notes.faults), tuple(notes.warnings))


def policy_hash(text: str) -> str:
    """The SHA-256 of a policy's text, by which approvals and releases name it."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _read(text: str) -> tuple[Policy | None, Notes]:
    notes = Notes()
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        notes.faults.append(f"not valid TOML: {error}. Correct the text at that place")
        return None, notes
    except RecursionError:
        notes.faults.append("not valid TOML: nested too deeply. Use fewer brackets")
        return None, notes
    policy = _parse(Table(values, "", notes), policy_hash(text))
    return (None if notes.faults else policy), notes


def _parse(top: Table, text_hash: str) -> Policy:
    if top.take("version") != 1 or top.take("version") is True:
        top.fault("version", "must be 1: this gate knows no other version")
    hold = _parse_hold(top.table("hold"))
    release = _parse_release(top.table("release"))
    rules = parse_rules(top)
    if "policy" not in top:
        top.fault("policy", "is missing: say which rules a push must satisfy, in policy.approval")
        combined = Table({"approval": [rule.name for rule in rules]} if rules else {}, "policy", Notes())
    else:
        combined = top.table("policy")
    approval = parse_approval(combined, rules)
    disapproval = _parse_disapproval(combined.table("disapproval"))
    override = _parse_override(combined.table("override")) if "override" in combined else None
    combined.close()
    commands = _parse_commands(top.table("commands"))
    silences = parse_silences(top.table("risk"))
    top.close()
    if not commands:
        _check_methods(rules, top.notes)
    warnings = tuple(top.notes.warnings)
    return Policy(
        text_hash, hold, release, rules, approval, disapproval, override, warnings, commands, silences
    )


def _parse_commands(table: Table) -> bool:
    enabled = table.flag("enabled", False)
    table.close()
    return enabled


def _check_methods(rules: Sequence[Rule], notes: Notes) -> None:
    """Fault a rule that takes approvals in no way at all."""
    for place, rule in enumerate(rules, start=1):
        if rule.requires.count and not rule.options.github_review and not rule.options.comment_patterns:
            where = f"approval_rules[{place}].options.methods"
            notes.fault(where, "nobody could approve. Add comment_patterns, or enable commands")


def _parse_hold(table: Table) -> HoldSettings:
    refs = table.parsed("refs", parse_ref_pattern) or tuple(map(parse_ref_pattern, _DEFAULT_REFS))
    allow_refs = table.parsed("allow_refs", parse_ref_pattern, may_be_empty=True)
    for ref in _MAIN_BRANCHES:
        if any_matches(allow_refs, ref):
            table.notes.warn(table.at("allow_refs"), f"lets {ref} pass with no review")
    on_push = table.choice("on_push", OnPush.APPEND)
    settle = timedelta(seconds=table.whole("settle_seconds", 10, least=0, most=3600))
    expires_after = table.duration("expires_after", timedelta(days=7))
    most = table.whole("max_changed_files", 1, least=1, most=10**6) if "max_changed_files" in table else None
    copy = table.choice("copy_condition", CopyCondition.NONE)
    table.only(
        "branch_prefix", _PREFIX, f"must be {_PREFIX!r}: review branches have no other name. Leave it out"
    )
    table.close()
    return HoldSettings(refs, allow_refs, on_push, settle, expires_after, most, copy)


def _parse_release(table: Table) -> ReleaseSettings:
    table.only(
        "require_last_push_approval", True, "is always on: an approval is for one commit. Leave it out"
    )
    table.only(
        "strict_required_status_checks_policy", False, "is not supported: base_moved says what counts instead"
    )
    found = ReleaseSettings(
        method=table.choice("method", Method.FAST_FORWARD),
        base_moved=table.choice("base_moved", BaseMoved.HOLD),
        blocking_labels=table.names("blocking_labels", may_be_empty=True),
        blocking_title=_parse_title(table),
        witness_notes=table.flag("witness_notes", False),
        timeout=timedelta(seconds=table.whole("timeout_sec", 120, least=1, most=3600)),
        needs_resolved_threads=table.flag("required_review_thread_resolution", False),
        delete_branch=table.flag("delete_branch_on_release", True),
    )
    table.close()
    return found


def _parse_title(table: Table) -> Pattern | None:
    if "blocking_title_regex" not in table:
        return None
    try:
        return compile_pattern(table.text("blocking_title_regex"))
    except PatternFault as fault:
        table.fault("blocking_title_regex", str(fault))
        return None


def _parse_disapproval(table: Table) -> Disapproval:
    inner = table.table("requires")
    who = parse_who(inner)
    inner.close()
    sticky = table.flag("sticky", True)
    for key in ("if", "options"):
        table.refuse(key, _NOT_NOW)
    table.close()
    return Disapproval(who, sticky)


def _parse_override(table: Table) -> OverrideRule:
    table.need("requires", "name the users, teams or roles who may override")
    inner = table.table("requires")
    count = inner.whole("count", 1, least=1, most=MOST_APPROVALS)
    who = parse_who(inner)
    check_count(inner, count, who)
    if "requires" in table and not (who.roles or who.teams):
        inner.need("users", "name the users, teams or roles who may override")
    inner.close()
    expires_after = table.duration("expires_after", timedelta(minutes=15))
    patterns = parse_comment_patterns(table, group="the reason")
    table.close()
    return OverrideRule(count, who, expires_after, patterns)
