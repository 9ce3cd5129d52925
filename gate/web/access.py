"""Who may open what: signed-in people everything that reads, by role what acts, anybody a short list."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user
from werkzeug.wrappers import Response

from gate.domain.review import Role
from gate.domain.user import User
from gate.web.services import services

OPEN_ENDPOINTS = frozenset(
    {"auth.sign_in", "auth.link", "static", "health.alive", "health.ready", "health.metrics"}
)
"""What answers without a login. Metrics ask for a token of their own, a link is one."""

OPEN_BLUEPRINTS = frozenset({"git", "webhooks"})
"""Blueprints that are registered by others and tell by themselves who asks."""

P = ParamSpec("P")
R = TypeVar("R")


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """A person in a session. The id holds a stamp that a new password, role or disabling makes void."""

    def __init__(self, user: User, stamp: str) -> None:
        self.user = user
        self._stamp = stamp

    def get_id(self) -> str:
        return f"{self.user.id}:{self._stamp}"


def install(app: Flask) -> None:
    manager = LoginManager(app)
    manager.login_view = "auth.sign_in"
    # The "session protection" would tie sessions to a browser's name, which anyone can send.
    manager.session_protection = None
    manager.user_loader(_load)
    app.before_request(_require_sign_in)


def person() -> User:
    """Who is signed in. Every view but the open ones has somebody."""
    return cast("User", current_user.user)


def start_session(user: User) -> None:
    """Sign the person in, in a session that keeps nothing of the one before."""
    session.clear()
    session.permanent = True
    login_user(SignedIn(user, _stamp(user)))


def needs(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only these roles call the view; the others get a 403."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if person().role not in roles:
                abort(403, f"This takes the role {' or '.join(roles)}; yours is {person().role}.")
            return view(*args, **kwargs)

        return guarded

    return decorate


def local_path(wanted: str | None) -> str:
    """The page to go on to, if it is one of ours; the first page otherwise."""
    fallback = url_for("holds.index")
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return fallback
    if not wanted.isprintable() or "\\" in wanted:
        return fallback
    parts = urlsplit(wanted)
    return fallback if parts.scheme or parts.netloc else wanted


def _load(session_id: str) -> SignedIn | None:
    user_id, _, stamp = session_id.partition(":")
    user = services().people.by_id(int(user_id)) if user_id.isdigit() else None
    if user is None or user.is_disabled or not hmac.compare_digest(stamp, _stamp(user)):
        return None
    return SignedIn(user, stamp)


def _stamp(user: User) -> str:
    account = f"{user.id}\0{user.role}\0{user.password_hash}".encode()
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, b"session\0" + account, hashlib.sha256).hexdigest()[:32]


def _require_sign_in() -> Response | None:
    if request.endpoint is None or request.endpoint in OPEN_ENDPOINTS or request.blueprint in OPEN_BLUEPRINTS:
        return None
    if current_user.is_authenticated:
        return None
    if "HX-Request" in request.headers:
        # The sign-in form would be put into the middle of the page that htmx is at work on.
        return Response(headers={"HX-Refresh": "true"})
    if request.method not in ("GET", "HEAD"):
        abort(401, "Your session has ended, so nothing was changed. Sign in and send it again.")
    target = request.full_path if request.query_string else request.path
    return redirect(url_for("auth.sign_in", next=target))
