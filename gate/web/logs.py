"""The log of a session: its transcript to read and search, and its terminal to watch."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from gate.domain.evidence import FileKind
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
    sha256 = _transcript(page)
    asked = request.args.get("entry", type=cursor)
    first = request.args.get("from", default=0, type=cursor)
    words = request.args.get("q", "").strip()[:LONGEST_QUERY]
    if words:
        found = services().read_log.search(sha256, words, first)
        return _render("logs/search.html", page, found=found, words=words)
    if asked is not None:
        first = asked // PAGE_SIZE * PAGE_SIZE
    shown = services().read_log.page(sha256, first)
    if asked is not None and asked >= first + len(shown.entries):
        # Long entries end a page early.
        shown = services().read_log.page(sha256, asked)
    return _render("logs/log.html", page, log=shown, asked=asked)


@blueprint.get("/log/<int(max=2147483647):n>")
def entry(repository: str, number: int, n: int) -> str:
    """One entry, whole."""
    page = asked_page(repository, number)
    return _render("logs/entry.html", page, entry=services().read_log.entry(_transcript(page), n))


@blueprint.get("/recording")
def recording(repository: str, number: int) -> Response:
    """The terminal as it was, beside the transcript."""
    page = asked_page(repository, number)
    cast = services().read_evidence.file(page.hold, page.revision, FileKind.CAST)
    began_at = services().read_log.began_at(str(cast.text_sha256))
    text = _render("logs/recording.html", page, cast=cast, began_at=began_at, log=_first_entries(page))
    response = make_response(text)
    response.headers["Content-Security-Policy"] = POLICY_WITH_PLAYER
    return response


@blueprint.get("/recording.cast")
def cast(repository: str, number: int) -> Response:
    """The redacted recording, for the player on the page before."""
    page = asked_page(repository, number)
    found = services().read_evidence.cast(page.hold, page.revision)
    return Response(found.content, content_type="text/plain; charset=utf-8")


def _transcript(page: HoldPage) -> str:
    file = services().read_evidence.file(page.hold, page.revision, FileKind.TRANSCRIPT)
    return str(file.text_sha256)


def _render(template: str, page: HoldPage, **parts: object) -> str:
    view = services().read_evidence(page.hold, page.revision)
    return render_template(
        template,
        page=page,
        view=view,
        ev=evidence_words,
        jumps=jumps(view.evidence) if view else {},
        has_replay=view is not None and view.has_replay,
        terminal_text=terminal_text,
        **parts,
        **about(page),
    )


def _first_entries(page: HoldPage) -> object:
    """What stands beside a replay. Without a transcript there is only the terminal."""
    view = services().read_evidence(page.hold, page.revision)
    file = None if view is None else view.evidence.file(FileKind.TRANSCRIPT)
    if file is None or file.text_sha256 is None:
        return None
    first = request.args.get("from", default=0, type=cursor)
    return services().read_log.page(file.text_sha256, first)
