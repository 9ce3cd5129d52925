"""Whom a policy asks for a review."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked for a review: logins, and teams as `organization/slug`."""

    users: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
