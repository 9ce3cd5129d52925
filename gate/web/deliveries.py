"""The webhook for admins: what came, what became of it, and what GitHub could not deliver."""

from __future__ import annotations

import re

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gate.domain.review import Role
from gate.web.access import needs, person
from gate.web.services import services

blueprint = Blueprint("deliveries", __name__, url_prefix="/webhooks")

_ID = re.compile(r"[A-Za-z0-9-]{1,100}")
_LARGEST = 2**63 - 1


@blueprint.get("")
@needs(Role.ADMIN)
def index() -> str:
    webhooks = services().webhooks
    if webhooks is None:
        return render_template("webhooks/not_set_up.html")
    before = request.args.get("before", "")
    page = webhooks.list_deliveries(before=before if _ID.fullmatch(before) else None)
    return render_template(
        "webhooks/list.html", page=page, address=_address(), secrets=len(webhooks.accept.secrets)
    )


@blueprint.post(f"/<int(max={_LARGEST}):number>/redeliver")
@needs(Role.ADMIN)
def redeliver(number: int) -> Response:
    webhooks = services().webhooks
    if webhooks is None:
        abort(404)
    sent = webhooks.redeliver.by_hand(number, actor=f"user:{person().login}")
    flash(f"GitHub was asked to send {sent.guid} again.")
    return redirect(url_for("deliveries.index"))


def _address() -> str:
    base = current_app.config["BASE_URL"] or request.url_root.rstrip("/")
    return f"{base}{url_for('webhooks.github')}"
