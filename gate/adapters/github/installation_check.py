"""Whether GitHub lets the gate in: the App, its installation and its permissions, or the token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gate.adapters.github.errors import GitHubDenied
from gate.adapters.github.look import Look
from gate.adapters.github.permissions import EVENTS, PERMISSIONS, WORKFLOWS
from gate.domain.errors import NotFound
from gate.services.ports.git import Finding


def app_findings(app: Mapping[str, Any]) -> Iterator[Finding]:
    """What the App itself lacks: events that it does not ask for. `app` is GitHub's answer about it."""
    missing = [event.name for event in EVENTS if event.name not in app.get("events", ())]
    if missing:
        yield Finding(
            f"events of the App {app['slug']}",
            f"it does not hear of {', '.join(missing)}; the sweep sees them later",
            'tick them under "Permissions & events" of the App\'s settings',
            is_fatal=False,
        )


def installation_findings(installation: Mapping[str, Any], app: Mapping[str, Any]) -> Iterator[Finding]:
    """What an installation lacks for a repository that it is for."""
    if installation.get("suspended_at"):
        yield Finding(
            "installation",
            "it is suspended, so GitHub refuses everything; holds stay as they are",
            f"an owner of the account unsuspends it: {installation['html_url']}",
        )
    granted: Mapping[str, str] = installation.get("permissions", {})
    for one in PERMISSIONS:
        if not one.is_in(granted):
            yield Finding(
                f"permission {one.name}: {one.level}",
                f"it is missing. {one.why}",
                _way_to_grant(one.is_in(app.get("permissions", {})), str(installation.get("html_url", ""))),
                is_fatal=one.is_needed,
            )
    needed = {one.name for one in (*PERMISSIONS, WORKFLOWS)}
    more = sorted(f"{name}: {level}" for name, level in granted.items() if name not in needed)
    if more:
        yield Finding(
            "permissions",
            f"the App may do more than the gate needs: {', '.join(more)}",
            "take them away in the App's settings",
            is_fatal=False,
        )


def token_findings(repository: Mapping[str, Any], login: str) -> Iterator[Finding]:
    """What a token's owner may not do. GitHub tells nobody what a fine-grained token itself may do."""
    if not (repository.get("permissions") or {}).get("push"):
        yield Finding(
            "token",
            f"{login} may not push to {repository['full_name']}",
            "give its owner write access, and the token contents and pull requests with write",
        )
    yield Finding(
        "token",
        f"{login} opens the pull requests, so {login} cannot approve them",
        "let the token be a machine account's, or register the gate as an App",
        is_fatal=False,
    )


def repository_findings(repository: Mapping[str, Any], full_name: str) -> Iterator[Finding]:
    """What keeps the repository itself from taking reviews and releases."""
    if repository.get("archived"):
        yield Finding(full_name, "it is archived: nobody can push to it", "unarchive it in its settings")
    if repository.get("disabled"):
        yield Finding(full_name, "GitHub has disabled it", "ask its owner, or GitHub's support")
    now = str(repository["full_name"])
    if now.casefold() != full_name.casefold():
        yield Finding(
            full_name,
            f"it is {now} now",
            "the next delivery about it brings the gate up to date; or add it again under its new address",
            is_fatal=False,
        )


def is_empty(look: Look, branch: str) -> bool:
    """Whether the repository has not even its default branch yet."""
    try:
        look.repository(f"/branches/{branch}")
    except NotFound:
        return True
    except GitHubDenied:
        return False
    return False


def _way_to_grant(is_asked_for: bool, installation: str) -> str:
    if is_asked_for:
        return f"the App asks for it, and an owner of the account has yet to accept: {installation}"
    return 'tick it under "Permissions & events" of the App\'s settings, then accept it for the installation'
