"""Reading `[[approval_rules]]`, their options, and the tree that combines them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gate.domain.policy.model import Group, Named, Options, Requires, Rule
from gate.domain.policy.parse_conditions import parse_some_conditions
from gate.domain.policy.reading import Notes, Table
from gate.domain.policy.who import PERMISSIONS, Who
from gate.domain.policy.words import plural
from gate.domain.review import Role

DEEPEST = 5
MOST_APPROVALS = 100

_ALLOW = ("allow_author", "allow_operator", "allow_contributor", "allow_coauthor", "allow_bot")


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
    """Read `users`, `permissions` and `roles`; write permission is asked for where nothing else is said."""
    users = table.logins("users")
    roles = table.choices("roles", Role)
    permissions = table.items("permissions")
    unknown = [item for item in permissions if item not in PERMISSIONS]
    if unknown:
        known = ", ".join(reversed(PERMISSIONS))
        table.fault("permissions", f"{', '.join(map(repr, unknown))}: not known. Choose from {known}")
    for key in ("organizations", "teams", "unique_teams"):
        table.refuse(key, "needs a forge with teams, which this release does not have. Use users or roles")
    lowest = next((known for known in PERMISSIONS if known in permissions), None)
    return Who(users, lowest or (None if roles else "write"), roles)


def check_count(table: Table, count: int, who: Who) -> None:
    """Fault a count that no set of the named people can reach."""
    if who.users and count > len(who.users):
        table.fault(
            "count", f"{count} is more than the {plural(len(who.users), 'user')} named. It could never be met"
        )


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
    options = _parse_options(table.table("options"), Options())
    table.close()
    return options


def _parse_rule(table: Table, defaults: Options) -> Rule:
    name = table.text("name").strip()
    if not str(table.take("name") or "").strip():
        table.fault("name", "is missing: a rule needs a name that people recognise")
    conditions = parse_some_conditions(table, "if")
    table.need("requires", "say at least count = 1")
    requires = _parse_requires(table.table("requires"))
    options = _parse_options(table.table("options"), defaults)
    rule = Rule(name, table.text("description"), conditions, requires, options)
    table.close()
    if not requires.count and not conditions and not requires.conditions:
        table.notes.warn(
            table.at("requires"), "asks for no approval and no condition: every push satisfies it"
        )
    return rule


def _parse_requires(table: Table) -> Requires:
    count = table.whole("count", 1, least=0, most=MOST_APPROVALS)
    who = parse_who(table)
    check_count(table, count, who)
    conditions = parse_some_conditions(table, "conditions")
    table.close()
    return Requires(count, who, conditions)


def _parse_options(table: Table, defaults: Options) -> Options:
    allowed = {key: table.flag(key, getattr(defaults, key)) for key in _ALLOW}
    table.only("ignore_edited_comments", True, "is always on. Leave it out")
    table.refuse("invalidate_on_push", "is always on: an approval is for one commit. Leave it out")
    _parse_methods(table.table("methods"))
    asks = defaults.request_review
    if "request_review" in table:
        asks = _parse_request_review(table.table("request_review"))
    table.close()
    return replace(defaults, **allowed, request_review=asks)


def _parse_methods(table: Table) -> None:
    table.only("github_review", True, "reviews always count. Leave it out")
    for key in ("comments", "comment_patterns", "body_patterns", "github_review_comment_patterns"):
        table.only(key, [], "this release takes approvals from reviews alone. Leave it out")
    table.close()


def _parse_request_review(table: Table) -> bool:
    enabled = table.flag("enabled", False)
    table.only("mode", "users", "this release can ask only the users a rule names. Write mode = 'users'")
    table.close()
    return enabled


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
