"""Reading conditions: the tables `if` and `requires.conditions` of a rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from gate.domain.hold import UpdateKind
from gate.domain.policy import conditions as c
from gate.domain.policy import review_conditions as r
from gate.domain.policy.condition import Condition
from gate.domain.policy.pattern import Pattern, PatternFault, compile_pattern
from gate.domain.policy.reading import Table
from gate.domain.policy.risk_conditions import HasRisk
from gate.domain.risk.catalogue import ALL_RULES
from gate.domain.risk.model import RiskLevel

Conditions = tuple[tuple[str, Condition], ...]

_COMPARISON = re.compile(r"\s*([<>=])\s*([0-9]{1,9})\s*")

# Known elsewhere, but nothing that an approval could rest on; to ignore one would open the gate.
_FORGEABLE = "can be forged: anybody can write any name into a commit. Use has_operator_in or has_agent_in"
_REFUSED = {
    "has_successful_status": "is the old name of has_status. Write has_status = { statuses = [...] }",
    "has_workflow_result": "is not supported: name the workflow's jobs in has_status, with their app",
    "from_branch": "says nothing here: every review branch is the gate's own. Use targets_branch",
    "has_author_in": _FORGEABLE,
    "has_contributor_in": _FORGEABLE,
    "only_has_contributors_in": _FORGEABLE,
    "author_is_only_contributor": _FORGEABLE,
    "has_valid_signatures_by_keys": "is not supported: forges name signers. Use has_valid_signatures_by",
}


def parse_conditions(table: Table) -> Conditions:
    """Read every condition of a table, in the order of this page."""
    for key, why in _REFUSED.items():
        table.refuse(key, why)
    read = [(key, parse(table, key)) for key, parse in _PARSERS.items() if key in table]
    table.close()
    return tuple(read)


def parse_some_conditions(table: Table, key: str) -> Conditions:
    """Read the conditions under `key`, which must not be empty where it is written."""
    if key not in table:
        return ()
    found = parse_conditions(inner := table.table(key))
    if inner.is_empty:
        table.fault(key, "holds no condition. Leave it out, or add one")
    return found


def _paths(table: Table, key: str) -> c.PathFilter:
    inner = table.table(key)
    inner.need("paths", "list the paths that are meant")
    found = c.PathFilter(inner.patterns("paths"), inner.patterns("ignore"))
    inner.close()
    return found


def _changed_files(table: Table, key: str) -> Condition:
    return c.ChangedFiles(_paths(table, key))


def _no_changed_files(table: Table, key: str) -> Condition:
    return c.NoChangedFiles(_paths(table, key))


def _only_changed_files(table: Table, key: str) -> Condition:
    return c.OnlyChangedFiles(_paths(table, key))


def _modified_lines(table: Table, key: str) -> Condition:
    inner = table.table(key)
    bounds = {name: _comparison(inner, name) for name in ("additions", "deletions", "total") if name in inner}
    if inner.is_empty:
        table.fault(key, 'holds no bound. Add one, such as total = "> 100"')
    inner.close()
    return c.ModifiedLines(**bounds)


def _comparison(table: Table, key: str) -> c.Comparison | None:
    match = _COMPARISON.fullmatch(table.text(key))
    if match is None:
        table.fault(key, 'must compare with a number of lines, such as "> 100", "< 20" or "= 0"')
        return None
    return c.Comparison(match[1], int(match[2]))


def _targets_branch(table: Table, key: str) -> Condition:
    inner = table.table(key)
    text = inner.text("pattern")
    inner.close()
    try:
        pattern = compile_pattern(text)
    except PatternFault as fault:
        inner.fault("pattern", str(fault))
        return c.TargetsBranch(compile_pattern(".*"))
    if not pattern.is_anchored:
        words = f"{text!r} also matches longer branch names. Write '^{text.strip('^$')}$' if it shall not"
        inner.notes.warn(inner.at("pattern"), words)
    return c.TargetsBranch(pattern)


def _update_kind(table: Table, key: str) -> Condition:
    return c.KindIs(table.choices(key, UpdateKind))


def _age(table: Table, key: str) -> Condition:
    inner = table.table(key)
    any_length = timedelta(days=1)
    bounds = {
        name: inner.duration(name, any_length) for name in ("older_than", "newer_than") if name in inner
    }
    if inner.is_empty:
        table.fault(key, "holds no bound. Add older_than or newer_than")
    inner.close()
    return c.Age(**bounds)


def _has_operator_in(table: Table, key: str) -> Condition:
    return c.HasOperatorIn(table.logins(key))


def _has_agent_in(table: Table, key: str) -> Condition:
    return c.HasAgentIn(table.names(key))


def _repository(table: Table, key: str) -> Condition:
    return c.RepositoryIs(*_matches(table, key))


def _title(table: Table, key: str) -> Condition:
    return r.TitleIs(*_matches(table, key))


def _matches(table: Table, key: str) -> tuple[tuple[Pattern, ...], tuple[Pattern, ...]]:
    inner = table.table(key)
    found = inner.patterns("matches"), inner.patterns("not_matches")
    if inner.is_empty:
        table.fault(key, "holds no pattern. Add matches or not_matches")
    inner.close()
    return found


def _has_status(table: Table, key: str) -> Condition:
    inner = table.table(key)
    inner.need("statuses", "name the checks that are meant")
    statuses = inner.names("statuses")
    conclusions = inner.choices("conclusions", r.Conclusion) or (r.Conclusion.SUCCESS,)
    app = _text(inner, "app", "name the GitHub App that reports them, such as 'github-actions'")
    if app is None:
        words = "names no app, so anybody who may write can report these checks. Add app if one does"
        inner.notes.warn(inner.place, words)
    inner.close()
    return r.HasStatus(statuses, conclusions, app)


def _text(table: Table, key: str, words: str) -> str | None:
    """A text that is not empty where it is written."""
    if key not in table:
        return None
    text = table.text(key).strip()
    if not text:
        table.fault(key, f"is empty: {words}")
    return text


def _has_labels(table: Table, key: str) -> Condition:
    return r.HasLabels(table.logins(key))


def _has_valid_signatures(table: Table, key: str) -> Condition:
    if not table.flag(key, True):
        table.fault(key, "must be true. Leave it out where signatures do not matter")
    return r.HasValidSignatures()


def _has_valid_signatures_by(table: Table, key: str) -> Condition:
    inner = table.table(key)
    inner.need("users", "name the people who may have signed")
    users = inner.logins("users")
    inner.close()
    return r.HasValidSignatures(users)


def _has_risk(table: Table, key: str) -> Condition:
    inner = table.table(key)
    at_least = inner.choice("at_least", RiskLevel.LOW)
    rules = inner.parsed("rules", parse_rule_id)
    if inner.is_empty:
        table.fault(key, 'holds no bound. Add one, such as at_least = "high"')
    if at_least is RiskLevel.NONE:
        inner.fault("at_least", "is none, which every push has. Choose low or more")
    inner.close()
    return HasRisk(at_least, rules)


def parse_rule_id(text: str) -> str:
    """The id of a risk rule; ValueError where there is no such rule."""
    known = {rule.id for rule in ALL_RULES}
    if text not in known:
        raise ValueError(f"{text!r} is no risk rule. docs/risk.md lists them")
    return text


_PARSERS: Mapping[str, Callable[[Table, str], Condition]] = {
    "changed_files": _changed_files,
    "no_changed_files": _no_changed_files,
    "only_changed_files": _only_changed_files,
    "modified_lines": _modified_lines,
    "targets_branch": _targets_branch,
    "update_kind": _update_kind,
    "age": _age,
    "has_operator_in": _has_operator_in,
    "has_agent_in": _has_agent_in,
    "repository": _repository,
    "has_status": _has_status,
    "has_labels": _has_labels,
    "title": _title,
    "has_valid_signatures": _has_valid_signatures,
    "has_valid_signatures_by": _has_valid_signatures_by,
    "has_risk": _has_risk,
}
CONDITION_KEYS = tuple(_PARSERS)
