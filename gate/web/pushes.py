"""A push: the address that git prints, whether or not the push is registered yet."""

from __future__ import annotations

import re

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gate.web.services import services

blueprint = Blueprint("pushes", __name__)

_ID = re.compile(r"[0-9a-z]{10,64}")
_LOOKS = 60


@blueprint.get("/pushes/<push_id>")
def show(push_id: str) -> Response | str | tuple[str, int]:
    page = services().show_push(push_id)
    if len(page.holds) == 1:
        hold = page.holds[0]
        return redirect(url_for("holds.show", repository=hold.repository, number=hold.number))
    if page.holds:
        return render_template("pushes/holds.html", page=page, push_id=push_id)
    return _wait(push_id, request.args.get("look", 1, type=int))


def _wait(push_id: str, look: int) -> tuple[str, int]:
    """Look again every second, but not for ever: a refused push is never registered."""
    if not _ID.fullmatch(push_id) or look > _LOOKS:
        abort(
            404,
            "No push with this id is registered. If git said that it is held, the next sweep registers it.",
        )
    again = url_for("pushes.show", push_id=push_id, look=look + 1)
    return render_template("pushes/waiting.html", push_id=push_id, again=again), 202
