"""Reading `[[approval_rules]]`, their options, and the tree that combines them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.domain.policy.asking import AskMode
from gate.domain.policy.model import Group, Named, Options, Requires, Rule
from gate.domain.policy.parse_conditions import parse_some_conditions
from gate.domain.policy.parse_options import parse_options
from gate.domain.policy.reading import Notes, Table
from gate.domain.policy.who import PERMISSIONS, Who
from gate.domain.policy.words import plural
from gate.domain.review import Role

DEEPEST = 5
MOST_APPROVALS = 100

_TEAM = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9_.-]+")


def parse_rules(top: Table) -> tuple[Rule, ...]:
    """Read the defaults and every rule; names must be given and differ."""
    defaults = _parse_defaults(top.table("approval_defaults"))
    items = top.items("approval_rules")
    rules = tuple(
        _parse_rule(Table(item, f"approval_rules[{place}]", top.notes), defaults)
        for place, item in enumerate(items, start=1)
    )
    for place, rule in enumerate(rules, start=1):
        if rule.name and rule.name in [earlier.name for earlier in rules[: place - 1]]:
            where = f"approval_rules[{place}].name"
            top.notes.fault(where, f"{rule.name!r} is the name of an earlier rule. Choose another")
    return rules


def parse_who(table: Table) -> Who:
    """Read who is meant; write permission is asked for where neither a permission nor a role is named."""
    users = table.logins("users")
    roles = table.choices("roles", Role)
    permissions = table.items("permissions")
    unknown = [item for item in permissions if item not in PERMISSIONS]
    if unknown:
        known = ", ".join(reversed(PERMISSIONS))
        table.fault("permissions", f"{', '.join(map(repr, unknown))}: not known. Choose from {known}")
    table.refuse("organizations", "is not supported: name a team of the organization in teams")
    teams = _parse_teams(table)
    lowest = next((known for known in PERMISSIONS if known in permissions), None)
    return Who(users, lowest or (None if roles else "write"), roles, teams)


def _parse_teams(table: Table) -> tuple[str, ...]:
    names = table.names("teams")
    for place, name in enumerate(names, start=1):
        if not _TEAM.fullmatch(name):
            table.fault(
                f"teams[{place}]", f"{name!r} is no team. Write 'organization/team', such as 'acme/core'"
            )
    return tuple(dict.fromkeys(name.casefold() for name in names))


def check_count(table: Table, count: int, who: Who) -> None:
    """Fault a count that no set of the named people can reach."""
    if who.users and count > len(who.users):
        table.fault(
            "count", f"{count} is more than the {plural(len(who.users), 'user')} named. It could never be met"
        )


def _check_teams(table: Table, count: int, who: Who) -> None:
    """Fault an approval for each team where there are fewer teams than approvals."""
    if not who.teams:
        table.fault("unique_teams", "needs teams: name those that each approval may stand for")
    elif count > len(who.teams):
        words = f"{count} is more than the {plural(len(who.teams), 'team')} named. It could never be met"
        table.fault("count", words)


def parse_approval(table: Table, rules: Sequence[Rule]) -> Group:
    """Read `policy.approval`: every entry of the list must be satisfied."""
    table.need("approval", "list the rules that a push must satisfy")
    items = table.items("approval")
    names = [rule.name for rule in rules]
    group = Group("and", _parts(items, table.at("approval"), table.notes, names, depth=0))
    unused = [name for name in names if name and name not in rule_names(group)]
    for name in unused:
        table.notes.warn(table.at("approval"), f"the rule {name!r} is not used, so it asks for nothing")
    return group


def rule_names(group: Group) -> tuple[str, ...]:
    """Every rule that a tree names, from left to right."""
    names: list[str] = []
    for part in group.parts:
        names.extend((part.rule,) if isinstance(part, Named) else rule_names(part))
    return tuple(names)


def _parse_defaults(table: Table) -> Options:
    options = parse_options(table.table("options"), Options())
    table.close()
    return options


def _parse_rule(table: Table, defaults: Options) -> Rule:
    name = table.text("name").strip()
    if not str(table.take("name") or "").strip():
        table.fault("name", "is missing: a rule needs a name that people recognise")
    conditions = parse_some_conditions(table, "if")
    table.need("requires", "say at least count = 1")
    requires = _parse_requires(table.table("requires"))
    options = parse_options(table.table("options"), defaults)
    rule = Rule(name, table.text("description"), conditions, requires, options)
    table.close()
    if options.request_review != defaults.request_review and _asks_nobody(rule):
        words = "asks nobody: the rule names no users, or with mode 'teams' no teams"
        table.notes.warn(table.at("options.request_review"), words)
    asks_nothing = not (requires.count or requires.code_owners or requires.conditions)
    if asks_nothing and not conditions:
        table.notes.warn(
            table.at("requires"), "asks for no approval and no condition: every push satisfies it"
        )
    return rule


def _asks_nobody(rule: Rule) -> bool:
    asking = rule.options.request_review
    people = rule.requires.who
    return asking is not None and not (people.teams if asking.mode is AskMode.TEAMS else people.users)


def _parse_requires(table: Table) -> Requires:
    count = table.whole("count", 1, least=0, most=MOST_APPROVALS)
    who = parse_who(table)
    check_count(table, count, who)
    unique_teams = table.flag("unique_teams", False)
    if unique_teams:
        _check_teams(table, count, who)
    code_owners = table.flag("code_owners", False)
    conditions = parse_some_conditions(table, "conditions")
    table.close()
    return Requires(count, who, conditions, unique_teams, code_owners)


def _parts(
    items: Sequence[object], place: str, notes: Notes, names: Sequence[str], *, depth: int
) -> tuple[Named | Group, ...]:
    found: list[Named | Group] = []
    for position, item in enumerate(items, start=1):
        part = _part(item, f"{place}[{position}]", notes, names, depth)
        if part is not None:
            found.append(part)
    return tuple(found)


def _part(item: object, place: str, notes: Notes, names: Sequence[str], depth: int) -> Named | Group | None:
    if isinstance(item, str):
        if item not in names:
            notes.fault(place, f"there is no rule named {item!r}. Name one of approval_rules")
        return Named(item)
    if not isinstance(item, dict) or len(item) != 1 or next(iter(item)) not in ("and", "or"):
        notes.fault(place, "must be a rule's name, or { and = [...] } or { or = [...] } alone")
        return None
    if depth >= DEEPEST:
        notes.fault(place, f"is nested more than {DEEPEST} deep. Split the rules instead")
        return None
    word, inner = next(iter(item.items()))
    if not isinstance(inner, list) or not inner:
        notes.fault(f"{place}.{word}", "must be a list that is not empty")
        return None
    return Group(word, _parts(inner, f"{place}.{word}", notes, names, depth=depth + 1))
