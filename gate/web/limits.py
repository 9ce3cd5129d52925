"""How often one address may try to sign in."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

TRIES = "10 per minute; 100 per hour"


def install(app: Flask, storage: str, *blueprints: Blueprint) -> None:
    """Limit the forms of these blueprints. With the storage away, each process counts for itself."""
    limiter = Limiter(get_remote_address, app=app, storage_uri=storage, in_memory_fallback_enabled=True)
    for blueprint in blueprints:
        limiter.limit(TRIES, methods=["POST"], error_message="Too many tries.")(blueprint)
