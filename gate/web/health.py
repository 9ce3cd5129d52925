"""What machines ask: alive, ready, and the figures."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST

from gate.web.measure import exposition
from gate.web.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers; nothing else is asked."""
    return Response("ok\n", content_type="text/plain")


@blueprint.get("/readyz")
def ready() -> Response:
    try:
        services().check_ready()
    except Exception as fault:  # whatever it is, this process can't serve now
        current_app.logger.warning("not ready: %s", fault)
        return Response("store or queue is not reachable\n", 503, content_type="text/plain")
    return Response("ready\n", content_type="text/plain")


@blueprint.get("/metrics")
def metrics() -> Response:
    token = current_app.config["METRICS_TOKEN"]
    sent = request.headers.get("Authorization", "")
    if not token or not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
        abort(404)
    return Response(exposition(services()), content_type=CONTENT_TYPE_LATEST)
