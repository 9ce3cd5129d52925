"""Apps and where they are installed, with what is told of it."""

from __future__ import annotations

from typing import Any

from tests.github.simulator.apps import show_installation
from tests.github.simulator.keys import key_pair
from tests.github.simulator.render import time_text
from tests.github.simulator.rest import Rest
from tests.github.simulator.world import Account, App, Installation, Repository

EVERYTHING = {
    "metadata": "read",
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "statuses": "write",
    "checks": "write",
    "members": "read",
    "administration": "read",
    "workflows": "write",
    "repository_hooks": "write",
}


def create_app(rest: Rest, slug: str, owner: Account, permissions: dict[str, str] | None) -> App:
    world = rest.world
    private, public = key_pair(len(world.apps))
    app = App(
        id=next(world.ids),
        slug=slug,
        owner=owner,
        bot=world.add_account(f"{slug}[bot]", "Bot"),
        private_key_pem=private,
        public_key_pem=public,
        permissions=dict(EVERYTHING if permissions is None else permissions),
    )
    world.apps[app.id] = app
    return app


def install(rest: Rest, app: App, on: list[Repository]) -> Installation:
    ids = {repository.id for repository in on}
    installation = Installation(next(rest.world.ids), app, on[0].owner, ids)
    rest.world.installations[installation.id] = installation
    return installation


def suspend(rest: Rest, app: App, by: Account, *, suspended: bool) -> None:
    for installation in _of(rest, app):
        installation.is_suspended = suspended
        tell(rest, "suspend" if suspended else "unsuspend", installation, by)


def uninstall(rest: Rest, app: App, by: Account) -> None:
    for installation in _of(rest, app):
        tell(rest, "deleted", installation, by)
        installation.is_deleted = True


def accept(rest: Rest, app: App, permissions: dict[str, str], by: Account) -> None:
    """The App asks for other permissions, and the organization accepts."""
    app.permissions = dict(permissions)
    for installation in _of(rest, app):
        tell(rest, "new_permissions_accepted", installation, by)


def set_repositories(rest: Rest, app: App, on: list[Repository], by: Account) -> None:
    """Let the App have these repositories, and no others."""
    wanted = {repository.id for repository in on}
    for installation in _of(rest, app):
        added, removed = wanted - installation.repositories, installation.repositories - wanted
        installation.repositories = wanted
        for action, ids in (("added", added), ("removed", removed)):
            if ids:
                _tell_repositories(rest, action, installation, by, ids)


def tell(rest: Rest, action: str, installation: Installation, by: Account) -> None:
    shown = _short(rest, installation.repositories)
    about = _shown(rest, action, installation)
    rest.events.send("installation", action, None, by, installation=about, repositories=shown, requester=None)


def _tell_repositories(
    rest: Rest, action: str, installation: Installation, by: Account, ids: set[int]
) -> None:
    shown: dict[str, list[dict[str, Any]]] = {"repositories_added": [], "repositories_removed": []}
    shown[f"repositories_{action}"] = _short(rest, ids)
    rest.events.send(
        "installation_repositories",
        action,
        None,
        by,
        installation=_shown(rest, action, installation),
        repository_selection="selected",
        requester=None,
        **shown,
    )


def _shown(rest: Rest, action: str, installation: Installation) -> dict[str, Any]:
    """In most webhooks its times are numbers."""
    began = rest.world.began_at
    at = time_text(began) if action in ("suspend", "unsuspend") else int(began.timestamp())
    return {**show_installation(rest, installation), "created_at": at, "updated_at": at}


def _of(rest: Rest, app: App) -> list[Installation]:
    known = rest.world.installations.values()
    return [one for one in known if one.app is app and not one.is_deleted]


def _short(rest: Rest, ids: set[int]) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "node_id": f"R_{one.id}",
            "name": one.name,
            "full_name": one.full_name,
            "private": True,
        }
        for one in rest.world.repositories.values()
        if one.id in ids
    ]
