"""Reading the table `risk` of a policy: findings that do not count, each with its reason."""

from __future__ import annotations

from gate.domain.policy.parse_conditions import parse_rule_id
from gate.domain.policy.reading import Table
from gate.domain.policy.risk_conditions import Silence

_LEAST_REASON = 10


def parse_silences(table: Table) -> tuple[Silence, ...]:
    """Every entry of `risk.silence`. A reason is asked for: it is shown with what it silences."""
    entries = table.items("silence") if "silence" in table else ()
    read = [
        _parse_silence(Table(entry, f"{table.at('silence')}[{place}]", table.notes))
        for place, entry in enumerate(entries, start=1)
    ]
    table.close()
    return tuple(read)


def _parse_silence(table: Table) -> Silence:
    table.need("rule", "name the risk rule whose findings do not count")
    rule = table.text("rule")
    if rule:
        try:
            parse_rule_id(rule)
        except ValueError as fault:
            table.fault("rule", str(fault))
    table.need("reason", "say why its findings do not count: reviewers read it")
    reason = table.text("reason").strip()
    if "reason" in table and len(reason) < _LEAST_REASON:
        table.fault("reason", f"is too short: {_LEAST_REASON} characters or more")
    paths = table.patterns("paths")
    table.close()
    return Silence(rule, reason, paths)
