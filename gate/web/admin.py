"""People, agents, the lock-down, and how the installation is doing. Everybody reads; admins act."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from gate.domain.review import Role
from gate.services.people import NewLink
from gate.web import errors
from gate.web.access import needs, person
from gate.web.forms import ROLES, LockdownForm, NewUserForm, RoleForm, faults
from gate.web.services import services

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@blueprint.get("")
def index() -> str:
    return render_template("admin/health.html", health=services().read_health(), form=LockdownForm())


@blueprint.get("/users")
def users() -> str:
    return render_template("admin/users.html", users=services().people.all(), form=NewUserForm(), roles=ROLES)


@blueprint.get("/agents")
def agents() -> str:
    return render_template("admin/agents.html", rows=services().list_agents())


@blueprint.post("/users")
@needs(Role.ADMIN)
def add_user() -> tuple[str, int]:
    form = NewUserForm()
    if not form.validate():
        return errors.page(400, faults(form))
    return _show_link(services().people.add(form.login.data.strip(), Role(form.role.data), actor=_actor()))


@blueprint.post("/users/<login>/link")
@needs(Role.ADMIN)
def new_link(login: str) -> tuple[str, int]:
    return _show_link(services().people.link(login, actor=_actor()))


@blueprint.post("/users/<login>/role")
@needs(Role.ADMIN)
def change_role(login: str) -> Response | tuple[str, int]:
    form = RoleForm()
    if not form.validate():
        return errors.page(400, faults(form))
    services().people.change_role(login, Role(form.role.data), actor=_actor())
    flash(f"{login} is {form.role.data} now. Their sessions have ended.")
    return redirect(url_for("admin.users"))


@blueprint.post("/users/<login>/<any(disable, enable):verb>")
@needs(Role.ADMIN)
def switch_user(login: str, verb: str) -> Response:
    act = services().people.disable if verb == "disable" else services().people.enable
    act(login, actor=_actor())
    flash(f"{login} is {verb}d.")
    return redirect(url_for("admin.users"))


@blueprint.post("/lockdown")
@needs(Role.ADMIN)
def lock_down() -> Response:
    services().lockdown.on(LockdownForm().reason.data or "", actor=_actor())
    return redirect(url_for("admin.index"))


@blueprint.post("/lockdown/end")
@needs(Role.ADMIN)
def end_lockdown() -> Response:
    services().lockdown.off(actor=_actor())
    return redirect(url_for("admin.index"))


def _actor() -> str:
    return f"user:{person().login}"


def _show_link(link: NewLink) -> tuple[str, int]:
    """The answer itself shows the link: a redirect would have to keep it somewhere."""
    base = current_app.config["BASE_URL"]
    address = base + url_for("auth.link", token=link.token)
    return render_template("admin/link.html", link=link, address=address), 201
