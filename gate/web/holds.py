"""Holds: what waits, the page of one, and the decision."""

from __future__ import annotations

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from gate.domain.errors import Outdated
from gate.domain.hold import LIVE_STATES, HoldState
from gate.domain.review import ReviewState, Role
from gate.services.ports.store import HoldFilter
from gate.services.queries.hold_page import HoldPage
from gate.web import errors
from gate.web.access import needs, person
from gate.web.diff_view import hunks
from gate.web.evidence import shown_on
from gate.web.forms import ReviewForm, faults
from gate.web.hold_frame import about, asked_page, is_moving
from gate.web.paging import cursor
from gate.web.services import services

blueprint = Blueprint("holds", __name__)

_REVIEWS = {
    "approve": ReviewState.APPROVED,
    "request_changes": ReviewState.CHANGES_REQUESTED,
    "comment": ReviewState.COMMENTED,
}
_DONE = {
    "approve": "Your approval is recorded.",
    "request_changes": "Your objection is recorded. The agent reads it on its next push.",
    "comment": "Your comment is recorded.",
    "reject": "The hold is rejected. Its commit will be refused from now on.",
    "override": "Your override is recorded.",
    "withdraw": "The hold is withdrawn. The same commit may be pushed again.",
    "try_again": "The gate looks at it again.",
}


@blueprint.get("/")
def index() -> str:
    wanted = _filter(request.args)
    page = services().list_holds(wanted, before=request.args.get("before", type=cursor))
    state = request.args.get("state", "live")
    return render_template("holds/list.html", page=page, wanted=wanted, state=state, states=list(HoldState))


@blueprint.get("/holds/<repository>/<int(max=2147483647):number>")
def show(repository: str, number: int) -> str:
    page = asked_page(repository, number)
    files = services().read_revision.files(page.hold, page.revision, page.facts) if page.facts else ()
    shown = [(view, hunks(view)) for view in files]
    return render_template(
        "holds/hold.html",
        page=page,
        files=shown,
        form=ReviewForm(),
        **shown_on(page, files),
        **about(page),
    )


@blueprint.get("/holds/<repository>/<int(max=2147483647):number>/standing")
def standing(repository: str, number: int) -> Response:
    """The part of the page that changes while the gate is at work; once that is over, all of it is new."""
    page = services().show_hold(repository, number)
    response = make_response(render_template("holds/_standing.html", page=page, **about(page)))
    if not is_moving(page):
        response.headers["HX-Refresh"] = "true"
    return response


@blueprint.post("/holds/<repository>/<int(max=2147483647):number>/reviews")
@needs(Role.REVIEWER, Role.ADMIN)
def review(repository: str, number: int) -> Response | tuple[str, int]:
    form = ReviewForm()
    if not form.validate():
        return errors.page(400, faults(form))
    try:
        _decide(services().show_hold(repository, number), form)
    except Outdated as fault:
        newest = url_for("holds.show", repository=repository, number=number)
        return errors.page(409, str(fault), **{"See the current revision": newest})
    flash(_DONE[form.decision.data])
    return redirect(url_for("holds.show", repository=repository, number=number))


def _filter(args: MultiDict[str, str]) -> HoldFilter:
    return HoldFilter(
        states=_states(args.get("state", "live")),
        repository=args.get("repository") or None,
        agent=args.get("agent") or None,
        ref=_full_ref(args.get("ref", "").strip()),
    )


def _states(wanted: str) -> frozenset[HoldState]:
    named = {"all": frozenset[HoldState](), "live": LIVE_STATES}
    if wanted in named:
        return named[wanted]
    if wanted not in set(HoldState):
        abort(400, f"There is no state {wanted!r}.")
    return frozenset({HoldState(wanted)})


def _full_ref(name: str) -> str | None:
    if not name:
        return None
    return name if name.startswith("refs/") else f"refs/heads/{name}"


def _decide(page: HoldPage, form: ReviewForm) -> None:
    hold_id, oid, body = page.hold.id, str(form.oid.data), str(form.comment.data or "")
    review, user = services().review, person()
    revision = int(form.revision.data)
    match form.decision.data:
        case "reject":
            review.reject(hold_id, oid, user, body, revision=revision)
        case "override":
            review.override(hold_id, oid, user, body, revision=revision)
        case "withdraw":
            review.withdraw(hold_id, oid, user, body, revision=revision)
        case "try_again":
            review.try_again(hold_id, oid, user, revision=revision)
        case verdict:
            review.submit(hold_id, oid, user, _REVIEWS[verdict], body, revision=revision)
