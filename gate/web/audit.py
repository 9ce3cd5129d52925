"""The audit trail: pages, stories, single events, exports."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.datastructures import MultiDict

from gate.domain.audit import Action, AuditFilter, Outcome
from gate.services.ports.audit import ExportFormat
from gate.web.access import person
from gate.web.paging import cursor
from gate.web.services import services

blueprint = Blueprint("audit", __name__, url_prefix="/audit")

_TEXTS = ("actor", "action", "repository", "ref", "hold", "push", "outcome")
_TYPE = {ExportFormat.JSONL: "application/jsonl", ExportFormat.CSV: "text/csv; charset=utf-8"}


@blueprint.get("")
def index() -> str:
    wanted = _filter(request.args)
    page = services().read_trail.page(person(), wanted, before=request.args.get("before", type=cursor))
    asked = {name: value for name, value in request.args.items() if value and name != "before"}
    return render_template(
        "audit/list.html", page=page, asked=asked, actions=list(Action), outcomes=list(Outcome)
    )


@blueprint.get("/events/<int(max=2147483647):seq>")
def event(seq: int) -> str:
    return render_template("audit/event.html", page=services().read_trail.entry(person(), seq))


@blueprint.get("/pushes/<push_id>")
def push_story(push_id: str) -> str:
    entries = services().read_trail.story(person(), AuditFilter(push=push_id))
    return render_template(
        "audit/story.html", entries=entries, subject=f"push {push_id}", asked={"push": push_id}
    )


@blueprint.get("/holds/<repository>/<int(max=2147483647):number>")
def hold_story(repository: str, number: int) -> str:
    name = f"{repository}/{number}"
    entries = services().read_trail.story(person(), AuditFilter(hold=name))
    return render_template("audit/story.html", entries=entries, subject=f"hold {name}", asked={"hold": name})


@blueprint.get("/export.<form>")
def export(form: str) -> Response:
    if form not in set(ExportFormat):
        abort(404, "An export is .jsonl or .csv.")
    pieces = services().read_trail.export(person(), _filter(request.args), ExportFormat(form))
    name = f"attachment; filename=audit.{form}"
    return Response(pieces, content_type=_TYPE[ExportFormat(form)], headers={"Content-Disposition": name})


def _filter(args: MultiDict[str, str]) -> AuditFilter:
    texts = {name: args.get(name, "").strip() or None for name in _TEXTS}
    return AuditFilter(**texts, since=_moment("since"), until=_moment("until", whole_day=True))


def _moment(name: str, *, whole_day: bool = False) -> datetime | None:
    """A day or a moment in UTC. `until` a day means to its end."""
    said = request.args.get(name, "").strip()
    if not said:
        return None
    try:
        if len(said) == len("2026-11-22"):
            start = datetime.combine(date.fromisoformat(said), time(), UTC)
            return start + timedelta(days=1) if whole_day else start
        moment = datetime.fromisoformat(said)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        abort(400, f"{name}: write a day such as 2026-11-22, or a moment such as 2026-11-22T18:36:00Z.")
    return moment
