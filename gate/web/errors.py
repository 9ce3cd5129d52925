"""Faults as pages: what went wrong, and what to do."""

from __future__ import annotations

from flask import Flask, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from gate.domain.errors import (
    Failed,
    GateError,
    IllegalMove,
    Invalid,
    NotAllowed,
    NotFound,
    Outdated,
    Refused,
    Unavailable,
)

_STATUS: tuple[tuple[type[GateError], int], ...] = (
    (NotFound, 404),
    (NotAllowed, 403),
    (IllegalMove, 409),
    (Outdated, 409),
    (Refused, 400),
    (Invalid, 400),
    (Unavailable, 503),
    (Failed, 500),
    (GateError, 500),
)
_TITLE = {
    400: "That can't be done as it was sent",
    401: "You are not signed in",
    403: "You may not do that",
    404: "There is no such page",
    405: "That is not how this page works",
    409: "It has changed in the meantime",
    410: "This is gone",
    413: "That is too large",
    429: "Too many tries",
    500: "Something went wrong here",
    503: "A part of the gate is not answering",
}
_NEXT = {
    400: "Go back, reload the page and try again.",
    401: "Sign in, then do it again.",
    403: "An admin can change your role, on the page Admin.",
    404: "Check the address, or start from the list of holds.",
    409: "Look at it as it is now, then decide again.",
    429: "Wait a minute, then try again.",
    500: "Nothing is lost: pushes stay held. An admin finds the details in the log of the web process.",
    503: "Nothing is lost: pushes stay held. Try again in a moment; the health page says more.",
}


def install(app: Flask) -> None:
    app.register_error_handler(GateError, _gate_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(TimeoutError, _silent)


def status_of(fault: GateError) -> int:
    """The HTTP status that says what kind of fault this is."""
    return next(status for kind, status in _STATUS if isinstance(fault, kind))


def page(status: int, words: str, **links: str) -> tuple[str, int]:
    """The page for this status, with what happened in words."""
    title = _TITLE.get(status, _TITLE[500 if status >= 500 else 400])
    step = _NEXT.get(status, _NEXT[500 if status >= 500 else 400])
    return render_template(
        "error.html", status=status, title=title, words=words, step=step, links=links
    ), status


def _gate_error(fault: GateError) -> tuple[str, int]:
    return page(status_of(fault), str(fault))


def _csrf_error(_: CSRFError) -> tuple[str, int]:
    return page(400, "The form was too old, or it did not come from this site, so nothing was changed.")


def _silent(_: TimeoutError) -> tuple[str, int]:
    return page(408, "The rest of the request did not come.")


def _http_error(fault: HTTPException) -> tuple[str, int] | HTTPException:
    status = fault.code or 500
    if status < 400:
        return fault
    # Werkzeug's own words speak to programmers; ours are in the page. What a view said is kept.
    said = fault.description or ""
    return page(status, "" if said == type(fault).description or status in (429, 500) else said)
