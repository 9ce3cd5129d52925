"""The log of a session: its transcript to read and search, and its terminal to watch."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from gate.domain.errors import NotFound
from gate.domain.evidence import FileKind
from gate.services.queries.evidence_page import EvidenceView
from gate.services.queries.hold_page import HoldPage
from gate.services.queries.log_page import PAGE_SIZE, jumps
from gate.web import evidence_words
from gate.web.headers import POLICY_WITH_PLAYER
from gate.web.hold_frame import about, asked_page
from gate.web.paging import cursor
from gate.web.services import services
from gate.web.terminal_text import terminal_text

blueprint = Blueprint("logs", __name__, url_prefix="/holds/<repository>/<int(max=2147483647):number>")

LONGEST_QUERY = 200


@blueprint.get("/log")
def log(repository: str, number: int) -> str:
    """A page of the transcript, at `entry` or `from`; with `q`, what is found in it."""
    page = asked_page(repository, number)
    view = _view(page)
    sha256 = _text(page, view, FileKind.TRANSCRIPT)
    asked = request.args.get("entry", type=cursor)
    first = request.args.get("from", default=0, type=cursor)
    words = request.args.get("q", "").strip()[:LONGEST_QUERY]
    if words:
        found = services().read_log.search(sha256, words, first)
        return _render("logs/search.html", page, view, found=found, words=words)
    if asked is not None:
        first = asked // PAGE_SIZE * PAGE_SIZE
    shown = services().read_log.page(sha256, first)
    if asked is not None and asked >= first + len(shown.entries):
        # Long entries end a page early.
        shown = services().read_log.page(sha256, asked)
    return _render("logs/log.html", page, view, log=shown, asked=asked)


@blueprint.get("/log/<int(max=2147483647):n>")
def entry(repository: str, number: int, n: int) -> str:
    """One entry, whole."""
    page = asked_page(repository, number)
    view = _view(page)
    shown = services().read_log.entry(_text(page, view, FileKind.TRANSCRIPT), n)
    return _render("logs/entry.html", page, view, entry=shown)


@blueprint.get("/recording")
def recording(repository: str, number: int) -> Response:
    """The terminal as it was, beside the transcript; without one there is only the terminal."""
    page = asked_page(repository, number)
    view = _view(page)
    cast = _text(page, view, FileKind.CAST)
    transcript = view.text_of(FileKind.TRANSCRIPT)
    first = request.args.get("from", default=0, type=cursor)
    beside = None if transcript is None else services().read_log.page(transcript, first)
    began_at = services().read_log.began_at(cast)
    response = make_response(
        _render("logs/recording.html", page, view, cast=cast, began_at=began_at, log=beside)
    )
    response.headers["Content-Security-Policy"] = POLICY_WITH_PLAYER
    return response


@blueprint.get("/recording.cast")
def cast(repository: str, number: int) -> Response:
    """The redacted recording, for the player on the page before."""
    page = asked_page(repository, number)
    found = services().read_evidence.cast(page.hold, page.revision)
    return Response(found.content, content_type="text/plain; charset=utf-8")


def _view(page: HoldPage) -> EvidenceView:
    view = services().read_evidence(page.hold, page.revision)
    if view is None:
        raise NotFound(f"Nothing was gathered for revision {page.revision.n} of hold {page.hold.name}.")
    return view


def _text(page: HoldPage, view: EvidenceView, kind: FileKind) -> str:
    sha256 = view.text_of(kind)
    if sha256 is None:
        raise NotFound(f"Revision {page.revision.n} of hold {page.hold.name} has no {kind}.")
    return sha256


def _render(template: str, page: HoldPage, view: EvidenceView, **parts: object) -> str:
    return render_template(
        template,
        page=page,
        view=view,
        ev=evidence_words,
        jumps=jumps(view.evidence),
        has_replay=view.has_replay,
        terminal_text=terminal_text,
        **parts,
        **about(page),
    )
