"""What every page about a hold has: the hold at the asked revision, and the parts of its address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request, url_for

from gate.domain.hold import HoldState
from gate.domain.review import Role
from gate.services.queries.hold_page import HoldPage
from gate.web.access import person
from gate.web.services import services

# While the gate itself is at work the page looks again by itself.
_MOVING = frozenset({HoldState.RECEIVED, HoldState.COLLECTING, HoldState.APPROVED, HoldState.RELEASING})


def asked_page(repository: str, number: int) -> HoldPage:
    """The page without what was pushed, where there is a secret in that and no admin asks."""
    page = services().show_hold(repository, number, revision=request.args.get("revision", type=int))
    return replace(page, facts=None) if is_withheld(page) else page


def is_withheld(page: HoldPage) -> bool:
    return page.has_secret and person().role is not Role.ADMIN


def is_moving(page: HoldPage) -> bool:
    """Whether the gate is at work, or about to be: a review that decides is there before the state moves."""
    return page.hold.state in _MOVING or page.is_behind


def about(page: HoldPage) -> dict[str, object]:
    return {
        "hold": page.hold,
        "is_withheld": is_withheld(page),
        "address": address_parts(page),
        "is_moving": is_moving(page),
        "tree_url": lambda where: url_for("contents.tree", address=where, **address_parts(page)),
    }


def address_parts(page: HoldPage) -> dict[str, Any]:
    """The parts of the page's address, with the revision where it is not the current one."""
    parts: dict[str, Any] = {"repository": page.hold.repository, "number": page.hold.number}
    return parts if page.is_current else {**parts, "revision": page.revision.n}
