"""Reading options: `options` of a rule, and `[approval_defaults.options]`."""

from __future__ import annotations

from dataclasses import replace

from gate.domain.policy.asking import Asking, AskMode
from gate.domain.policy.model import Options
from gate.domain.policy.pattern import Pattern, compile_pattern
from gate.domain.policy.reading import Table

_NOT_BODIES = "is not supported: a text can be edited by others. Use comment_patterns"


def parse_options(table: Table, defaults: Options) -> Options:
    """Read options; what is left out stays as in `defaults`."""
    options = replace(
        defaults,
        allow_author=table.flag("allow_author", defaults.allow_author),
        allow_operator=table.flag("allow_operator", defaults.allow_operator),
        allow_contributor=table.flag("allow_contributor", defaults.allow_contributor),
        allow_coauthor=table.flag("allow_coauthor", defaults.allow_coauthor),
        allow_bot=table.flag("allow_bot", defaults.allow_bot),
    )
    table.only("ignore_edited_comments", True, "is always on. Leave it out")
    table.refuse("invalidate_on_push", "is always on: hold.copy_condition is what can be chosen")
    options = _parse_methods(table.table("methods"), options)
    if "request_review" in table:
        options = replace(options, request_review=_parse_request_review(table.table("request_review")))
    table.close()
    return options


def parse_comment_patterns(table: Table, *, group: str) -> tuple[Pattern, ...]:
    """Patterns of comments, each with one group, which captures what `group` says."""

    def parse(text: str) -> Pattern:
        pattern = compile_pattern(text)
        if pattern.groups != 1:
            raise ValueError(f"{text!r} must have exactly one group in brackets: {group}")
        return pattern

    return table.parsed("comment_patterns", parse, may_be_empty=True)


def _parse_methods(table: Table, options: Options) -> Options:
    table.only("comments", [], "must be empty: such a comment names no commit. Use comment_patterns")
    for key in ("body_patterns", "github_review_comment_patterns"):
        table.only(key, [], _NOT_BODIES)
    options = replace(options, github_review=table.flag("github_review", options.github_review))
    if "comment_patterns" in table:
        patterns = parse_comment_patterns(table, group="the first 7 to 40 digits of the commit")
        options = replace(options, comment_patterns=patterns)
    table.close()
    return options


def _parse_request_review(table: Table) -> Asking | None:
    enabled = table.flag("enabled", False)
    is_all = table.take("mode") == "all-users"
    mode = AskMode.USERS if is_all else table.choice("mode", AskMode.USERS)
    count = table.whole("count", 1, least=1, most=100) if "count" in table else None
    if count is not None and mode is not AskMode.RANDOM_USERS:
        table.fault("count", "is for mode 'random-users' alone. Leave it out")
    table.close()
    return Asking(mode, count) if enabled else None
