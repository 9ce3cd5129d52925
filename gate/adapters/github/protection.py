"""Branch protection and rulesets: what of them would refuse the gate's pushes, read from GitHub's JSON.

Facts: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate.services.ports.git import Finding


@dataclass(frozen=True, slots=True)
class Pusher:
    """Who pushes: the App's slug, or else the login of the token's owner; and how releases are made."""

    app: str | None
    login: str
    merges: bool

    def is_in(self, actors: Mapping[str, Any]) -> bool:
        """Whether GitHub's list of apps, people and teams has this one. Teams are not looked into."""
        if self.app is not None:
            return any(app.get("slug") == self.app for app in actors.get("apps", ()))
        return any(user.get("login") == self.login for user in actors.get("users", ()))

    @property
    def title(self) -> str:
        return f"the App {self.app}" if self.app is not None else self.login


def protection_findings(branch: str, protection: Mapping[str, Any], pusher: Pusher) -> Iterator[Finding]:
    """What the classic protection of one branch has against a release."""
    subject = f"protection of {branch}"
    reviews = protection.get("required_pull_request_reviews")
    bypass = (reviews or {}).get("bypass_pull_request_allowances", {})
    if reviews is not None and not pusher.merges and not pusher.is_in(bypass):
        yield Finding(
            subject,
            "it refuses every push that is no merge of a pull request, so releases too",
            f'add {pusher.title} to "Allow specified actors to bypass required pull requests", or set '
            '`method = "merge"` under `[release]` in the policy',
        )
    restrictions = protection.get("restrictions")
    if restrictions is not None and not pusher.is_in(restrictions):
        yield Finding(
            subject,
            "only some may push to it, and the gate is not among them",
            f'add {pusher.title} to "Restrict who can push to matching branches"',
        )
    if _is_on(protection, "lock_branch"):
        yield Finding(subject, "the branch is locked: nobody can push to it", 'switch "Lock branch" off')
    yield from _conditions(subject, _required_checks(protection.get("required_status_checks") or {}))
    if _is_on(protection, "required_signatures"):
        yield _signatures(subject)
    if _is_on(protection, "required_linear_history"):
        yield _linear(subject)


# Rules of a ruleset that refuse a push outright, each with what it does.
_REFUSING = {
    "update": "only those on its bypass list may move the branch",
    "creation": "only those on its bypass list may create the branch",
    "pull_request": "every push must be the merge of a pull request",
    "merge_queue": "every push must come through the merge queue",
}


def ruleset_findings(branch: str, rules: Sequence[Mapping[str, Any]], pusher: Pusher) -> Iterator[Finding]:
    """What the rules that apply to a branch, and that the gate does not bypass, have against a release.

    The branch exists: that a rule restricts the creation of branches is nothing to it.
    """
    for rule in rules:
        kind, subject = rule.get("type", ""), _ruleset(branch, rule)
        if kind in _REFUSING and kind != "creation" and not (kind == "pull_request" and pusher.merges):
            yield _refusing(subject, kind, pusher)
        elif kind == "required_status_checks":
            yield from _conditions(subject, _required_checks(rule.get("parameters") or {}))
        elif kind == "required_signatures":
            yield _signatures(subject)
        elif kind == "required_linear_history":
            yield _linear(subject)


# Rules that let review branches be made, and the gate not do all it does with them.
_HINDERING = {
    "deletion": "the gate cannot clear review branches away",
    "non_fast_forward": "a revision that is not on top of the one before cannot be shown",
}


def review_branch_findings(rules: Sequence[Mapping[str, Any]], pusher: Pusher) -> Iterator[Finding]:
    """What the rules for branches below `pushgate/` have against review branches."""
    for rule in rules:
        kind, subject = rule.get("type", ""), _ruleset("pushgate/**", rule)
        mend = f"leave `pushgate/**` out of the ruleset, or add {pusher.title} to its bypass list"
        if kind in _REFUSING:
            yield Finding(subject, f"review branches cannot be pushed: {_REFUSING[kind]}", mend)
        elif kind == "required_status_checks":
            yield Finding(subject, "review branches cannot be pushed before their checks have run", mend)
        elif kind in _HINDERING:
            yield Finding(subject, _HINDERING[kind], mend, is_fatal=False)


def _refusing(subject: str, kind: str, pusher: Pusher) -> Finding:
    mend = f'add {pusher.title} to the ruleset\'s bypass list with "Always allow"'
    if kind == "pull_request":
        mend += ', or set `method = "merge"` under `[release]` in the policy'
    return Finding(subject, f"{_REFUSING[kind]}, so releases are refused", mend)


def _conditions(subject: str, checks: Sequence[str]) -> Iterator[Finding]:
    if checks:
        yield Finding(
            subject,
            f"a release is refused until these checks have succeeded on the held commit: {', '.join(checks)}",
            "let the policy ask for the same checks (`has_status`), so that a release waits for them",
            is_fatal=False,
        )


def _signatures(subject: str) -> Finding:
    return Finding(
        subject,
        "commits without a valid signature are refused, whoever approved them",
        "let the agent sign its commits, and the policy ask for it (`has_valid_signatures`)",
        is_fatal=False,
    )


def _linear(subject: str) -> Finding:
    return Finding(
        subject,
        "pushes with merge commits are refused, whoever approved them",
        'tell the agent to rebase instead of merging, or switch "Require linear history" off',
        is_fatal=False,
    )


def _required_checks(parameters: Mapping[str, Any]) -> list[str]:
    """Names of checks, as classic protection and as rulesets have them; without the gate's own."""
    listed = [*parameters.get("checks", ()), *parameters.get("required_status_checks", ())]
    names = [str(one.get("context", "")) for one in listed] or [*parameters.get("contexts", ())]
    return sorted({name for name in names if name and name != "pushgate"})


def _is_on(protection: Mapping[str, Any], name: str) -> bool:
    return bool((protection.get(name) or {}).get("enabled"))


def _ruleset(branch: str, rule: Mapping[str, Any]) -> str:
    number = rule.get("ruleset_id")
    return f"ruleset for {branch}" if number is None else f"ruleset {number} for {branch}"
