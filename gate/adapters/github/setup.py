"""What would keep pushes to a repository at GitHub from being reviewed or released."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gate.adapters.github.client import GitHub
from gate.adapters.github.errors import GitHubRefused
from gate.adapters.github.installation_check import (
    app_findings,
    installation_findings,
    is_empty,
    repository_findings,
    token_findings,
)
from gate.adapters.github.look import Look, quoted
from gate.adapters.github.permissions import WORKFLOWS
from gate.adapters.github.protection import (
    Pusher,
    protection_findings,
    review_branch_findings,
    ruleset_findings,
)
from gate.adapters.github.webhook_check import webhook_findings
from gate.adapters.github.workflows import triggers
from gate.domain.errors import Invalid, NotFound, Paused, Unavailable
from gate.domain.pull_request.model import REVIEW_BRANCHES
from gate.services.ports.git import Finding

_MOST_BRANCHES = 100
_MOST_WORKFLOWS = 50


@dataclass(frozen=True, slots=True)
class SetupCheck:
    """Looks at one repository. `merges`: its policy releases by GitHub's own merge."""

    github: GitHub
    full_name: str
    webhook_url: str
    merges: bool
    is_fork_mode: bool

    def findings(self) -> Iterator[Finding]:
        """Everything found, worst things first; ends early where GitHub does not answer."""
        try:
            yield from self._all()
        except (Paused, GitHubRefused, NotFound, Invalid) as fault:
            yield Finding("credentials", str(fault), "docs/github.md says how to mend it")
        except Unavailable as fault:
            yield Finding("GitHub", str(fault), "try again")

    @property
    def _look(self) -> Look:
        return Look(self.github, self.full_name)

    def _all(self) -> Iterator[Finding]:
        app, installation = None, None
        if self.github.app() is not None:
            app = self._look.as_app("/app")
            yield from app_findings(app)
            installation = self._installation()
            if installation is None:
                yield Finding(
                    "installation",
                    f"the App {app['slug']} is not installed for {self.full_name}, or there is none",
                    f"an owner of the account installs it: {app['html_url']}/installations/new",
                )
                return
            yield from installation_findings(installation, app)
            if installation.get("suspended_at"):
                return
            # A token may only do what the App could do when it was made.
            self.github.forget_token(self.full_name)
        yield from self._inside(app and str(app["slug"]), (installation or {}).get("permissions", {}))

    def _installation(self) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = self._look.as_app(f"/repos/{quote(self.full_name)}/installation")
        except NotFound:
            return None
        return found

    def _inside(self, app: str | None, granted: Mapping[str, str]) -> Iterator[Finding]:
        """What can be seen once GitHub has let the gate in; `app` is the App's slug."""
        repository = self._look.repository()
        me = self.github.account(self.full_name)
        if app is None:
            yield from token_findings(repository, me.login)
        yield from repository_findings(repository, self.full_name)
        yield from webhook_findings(self._look, self.webhook_url)
        yield from self._branches(repository, Pusher(app, me.login, self.merges))
        yield from self._workflows(may_change_workflows=WORKFLOWS.is_in(granted))

    def _branches(self, repository: Mapping[str, Any], pusher: Pusher) -> Iterator[Finding]:
        default = str(repository["default_branch"])
        if is_empty(self._look, quoted(default)):
            yield Finding(
                self.full_name,
                f"it has no branch {default} yet, and without one no pull request can be opened",
                "the first push is reviewed on the gate's own page, or push a first commit upstream",
                is_fatal=False,
            )
        names = {default, *self._protected()}
        for branch in sorted(names):
            yield from self._protection(branch, pusher)
            yield from ruleset_findings(branch, self._rules(branch), pusher)
        if not self.is_fork_mode:
            yield from review_branch_findings(self._rules(f"{REVIEW_BRANCHES}1"), pusher)

    def _protected(self) -> Iterator[str]:
        for branch in self._look.pages("/branches?protected=true", most=_MOST_BRANCHES):
            yield str(branch["name"])

    def _protection(self, branch: str, pusher: Pusher) -> Iterator[Finding]:
        try:
            protection = self._look.repository(f"/branches/{quoted(branch)}/protection")
        except NotFound:
            return
        except GitHubRefused as fault:
            yield Finding(
                f"protection of {branch}",
                f"it cannot be looked at: {fault.words}",
                f"give the gate administration: read, or see to it that {pusher.title} may push",
                is_fatal=False,
            )
            return
        yield from protection_findings(branch, protection, pusher)

    def _rules(self, branch: str) -> list[Mapping[str, Any]]:
        """The rules of rulesets for a branch, there or not, but those that the gate bypasses."""
        try:
            rules = self._look.repository(f"/rules/branches/{quoted(branch)}")
        except (NotFound, GitHubRefused):
            return []  # Older Enterprise servers know no rulesets.
        numbers = {rule.get("ruleset_id") for rule in rules}
        bypassed = {number for number in numbers if number is not None and self._is_bypassed(number)}
        return [rule for rule in rules if rule.get("ruleset_id") not in bypassed]

    def _is_bypassed(self, ruleset: int) -> bool:
        try:
            found = self._look.repository(f"/rulesets/{ruleset}")
        except (NotFound, GitHubRefused):
            return False
        return bool(found.get("current_user_can_bypass") == "always")

    def _workflows(self, *, may_change_workflows: bool) -> Iterator[Finding]:
        if self.is_fork_mode:
            return
        for name, events in self._running():
            yield Finding(
                f"workflow {name}",
                f"it runs on review branches ({', '.join(sorted(events))}), with the repository's secrets, "
                "before anybody has reviewed the code",
                'put review branches into a fork (PUSHGATE_GITHUB_REVIEW_BRANCHES = "fork"), '
                f"or leave `{REVIEW_BRANCHES}**` out of its triggers",
                is_fatal=False,
            )
        if may_change_workflows:
            yield Finding(
                "permission workflows: write",
                "a workflow that a held commit adds runs at once, with the repository's secrets",
                'put review branches into a fork (PUSHGATE_GITHUB_REVIEW_BRANCHES = "fork"), or take the '
                "permission away",
                is_fatal=False,
            )

    def _running(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Workflows of the default branch that run on review branches, with the events that start them."""
        try:
            files = self._look.repository("/contents/.github/workflows")
        except (NotFound, GitHubRefused):
            return
        names = [one["name"] for one in files if one["type"] == "file"]
        for name in [name for name in names if name.endswith((".yml", ".yaml"))][:_MOST_WORKFLOWS]:
            file = self._look.repository(f"/contents/.github/workflows/{quoted(name)}")
            if events := triggers(_content(file)):
                yield name, events


def _content(file: Mapping[str, Any]) -> str:
    try:
        return base64.b64decode(file.get("content") or "").decode(errors="replace")
    except binascii.Error:
        return ""
