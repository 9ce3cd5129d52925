"""The repositories behind the gate."""

from __future__ import annotations

from flask import Blueprint, render_template

from gate.web.services import services

blueprint = Blueprint("repositories", __name__)


@blueprint.get("/repositories")
def index() -> str:
    return render_template("repositories/list.html", rows=services().list_repositories())
