"""Signing in and out, the one-time link, and one's own password."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response

from gate.domain.errors import Invalid, NotAllowed
from gate.web.access import local_path, person, start_session
from gate.web.forms import ChangePasswordForm, PasswordForm, SignInForm, faults
from gate.web.services import services

blueprint = Blueprint("auth", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response | str | tuple[str, int]:
    form = SignInForm()
    target = local_path(request.args.get("next"))
    if request.method == "GET":
        return (
            redirect(target) if current_user.is_authenticated else render_template("sign_in.html", form=form)
        )
    if not form.validate():
        return render_template("sign_in.html", form=form, fault=faults(form)), 400
    try:
        user = services().people.sign_in(form.login.data, form.password.data, source=_source())
    except NotAllowed as fault:
        return render_template("sign_in.html", form=form, fault=str(fault)), 401
    start_session(user)
    return redirect(target)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    services().people.sign_out(person())
    logout_user()
    session.clear()
    return redirect(url_for("auth.sign_in"))


@blueprint.route("/link/<token>", methods=["GET", "POST"])
def link(token: str) -> Response | str | tuple[str, int]:
    """Looking uses nothing up: mail programs and chats open links to show a preview."""
    form = PasswordForm()
    if request.method == "GET":
        return render_template("link.html", form=form)
    if not form.validate():
        return render_template("link.html", form=form, fault=faults(form)), 400
    try:
        user = services().people.use_link(token, form.password.data, source=_source())
    except NotAllowed as fault:
        return render_template("link.html", form=None, fault=str(fault)), 410
    start_session(user)
    return redirect(url_for("holds.index"))


@blueprint.route("/account", methods=["GET", "POST"])
def account() -> Response | str | tuple[str, int]:
    form = ChangePasswordForm()
    if request.method == "GET":
        return render_template("account.html", form=form)
    if not form.validate():
        return render_template("account.html", form=form, fault=faults(form)), 400
    try:
        user = services().people.change_password(person(), form.current.data, form.password.data)
    except (NotAllowed, Invalid) as fault:
        return render_template("account.html", form=form, fault=str(fault)), 400
    start_session(user)
    flash("Your password is changed. Every other session of yours has ended.")
    return redirect(url_for("auth.account"))


def _source() -> str:
    return request.remote_addr or "unknown"
