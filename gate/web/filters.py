"""What templates can say: times, sizes, names, and text that agents wrote."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from typing import Any

import humanize
from flask import Flask, current_app, url_for
from flask_login import current_user
from markupsafe import Markup

from gate.domain.hold import ZERO_OID
from gate.services.ports.outside import Clock
from gate.web import evidence_words, words
from gate.web.paths import address_of
from gate.web.services import services
from gate.web.visible import visible, visible_lines


def install(app: Flask, clock: Clock) -> None:
    def ago(at: datetime | None) -> Markup:
        return _time(at, clock())

    app.jinja_env.filters.update(
        ago=ago,
        exact=_exact,
        visible=visible,
        visible_lines=visible_lines,
        short=lambda oid: "nothing" if oid == ZERO_OID else oid[:9],
        size=lambda count: humanize.naturalsize(count, binary=True),
        count=humanize.intcomma,
        address=address_of,
        quoted=shlex.quote,
        pretty=_pretty,
        short_ref=words.short_ref,
        ref_type=words.ref_type,
    )
    app.jinja_env.globals.update(words=words, ev=evidence_words, ZERO_OID=ZERO_OID)
    app.context_processor(_around_every_page)


def _time(at: datetime | None, now: datetime) -> Markup:
    if at is None:
        return Markup("never")
    said = humanize.naturaltime(now - at)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.astimezone(UTC).isoformat(), _exact(at), said
    )


def _exact(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _pretty(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False, sort_keys=True)


def _around_every_page() -> dict[str, Any]:
    """What the frame of every page shows. Anybody unknown gets the frame and nothing in it."""
    if not current_user or not current_user.is_authenticated:
        return {"me": None, "lockdown": None}
    return {"me": current_user.user, "lockdown": services().lockdown.reason(), "base_url": _base_url()}


def _base_url() -> str:
    return str(current_app.config["BASE_URL"] or url_for("holds.index", _external=True).rstrip("/"))
