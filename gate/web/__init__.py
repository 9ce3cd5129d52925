"""The web app for people. It reads through queries and acts through use cases, and knows nothing else."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from gate.web import (
    access,
    admin,
    audit,
    auth,
    contents,
    deliveries,
    errors,
    evidence,
    filters,
    headers,
    health,
    holds,
    limits,
    logs,
    measure,
    pushes,
    repositories,
    webhooks,
)
from gate.web.services import WebhookServices, WebServices
from gate.web.settings import WebSettings

__all__ = ["WebServices", "WebSettings", "WebhookServices", "create_app"]


def create_app(services: WebServices, settings: WebSettings) -> Flask:
    """The WSGI app. Blueprints that take no forms, such as git's, are exempted at `extensions["csrf"]`."""
    app = Flask(__name__)
    app.config.from_mapping(_flask_config(settings))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    services.install(app.extensions)
    app.before_request(limits.bound_silence)
    CSRFProtect(app).exempt(webhooks.blueprint)
    access.install(app)
    headers.install(app)
    errors.install(app)
    filters.install(app, services.clock)
    measure.install(app, services.tally)
    limits.install(app, settings.limiter_storage, auth.blueprint)
    about_holds = (holds, contents, evidence, logs)
    for module in (auth, *about_holds, pushes, repositories, audit, admin, deliveries, webhooks, health):
        app.register_blueprint(module.blueprint)
    _believe_proxies(app, settings.proxies)
    return app


def _flask_config(settings: WebSettings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        # The prefix makes browsers refuse a cookie that another host or plain HTTP tries to set.
        "SESSION_COOKIE_NAME": "__Host-pushgate" if settings.cookie_secure else "pushgate",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.cookie_secure,
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": settings.session_lifetime,
        # A form token lives as long as the session: a review may be written over an hour.
        "WTF_CSRF_TIME_LIMIT": None,
        # Nobody signs in with more; git's own routes read past this.
        "MAX_CONTENT_LENGTH": 1_000_000,
        "MAX_FORM_MEMORY_SIZE": 1_000_000,
        "BASE_URL": settings.base_url.rstrip("/"),
        "METRICS_TOKEN": settings.metrics_token,
    }


def _believe_proxies(app: Flask, count: int) -> None:
    if count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way to add middleware
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )
