"""How often one address may try to sign in, and how long a silent client may hold a thread."""

from __future__ import annotations

from flask import Blueprint, Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

_SILENT_SECONDS = 10.0
TRIES = "10 per minute; 100 per hour"


def install(app: Flask, storage: str, *blueprints: Blueprint) -> None:
    """Limit the forms of these blueprints. With the storage away, each process counts for itself."""
    limiter = Limiter(get_remote_address, app=app, storage_uri=storage, in_memory_fallback_enabled=True)
    for blueprint in blueprints:
        limiter.limit(TRIES, methods=["POST"], error_message="Too many tries.")(blueprint)


def bound_silence() -> None:
    """Run before anything reads the request: a client that promises a form and sends none holds a thread.

    Git's own routes set a longer limit for themselves, as git computes between blocks.
    """
    client = request.environ.get("gunicorn.socket")
    if client is not None:
        client.settimeout(_SILENT_SECONDS)
