"""The evidence of a hold: its part of the hold's page, the files it rests on, and what admins do with it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gate.domain.errors import NotFound
from gate.domain.review import Role
from gate.domain.risk.model import Place
from gate.domain.risk.sarif import sarif
from gate.services.queries.evidence_page import EvidenceView
from gate.services.queries.hold_page import HoldPage
from gate.services.queries.revision_files import FileView
from gate.web import errors, evidence_words
from gate.web.access import needs, person
from gate.web.forms import AllowSecretsForm, faults
from gate.web.hold_frame import about, address_parts, asked_page
from gate.web.paths import address_of
from gate.web.services import services
from gate.web.terminal_text import terminal_text

blueprint = Blueprint("evidence", __name__, url_prefix="/holds/<repository>/<int(max=2147483647):number>")

LONGEST_WORDS = 600
"""Characters of a text of the agent where a line is meant."""

SHOWN_TEXT = 1_000_000
"""Bytes of a text on its page."""

MOST_COMMANDS = 200

_LONGEST_ADDRESS = 4000

# A file of somebody else's: nothing in it may act, whatever a browser takes it for.
_INERT = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}


@blueprint.app_template_filter("cut")
def cut(text: object, limit: int = LONGEST_WORDS) -> str:
    """The beginning of a text, with how much more there is."""
    whole = str(text)
    left = len(whole) - limit
    return whole if left <= 0 else f"{whole[:limit]}\u2026 ({left:,} more characters)"


@blueprint.post("/secrets/allow")
@needs(Role.ADMIN)
def allow_secrets(repository: str, number: int) -> BaseResponse | tuple[str, int]:
    form = AllowSecretsForm()
    if not form.validate():
        return errors.page(400, faults(form))
    page = services().show_hold(repository, number)
    identities, reason = request.form.getlist("identity"), str(form.reason.data)
    revision = int(form.revision.data)
    services().allow_secrets(page.hold.id, identities, person(), reason, revision=revision)
    flash("These secrets are allowed in this repository. The push is looked at once more.")
    return redirect(url_for("holds.show", repository=repository, number=number))


@blueprint.get("/evidence.sarif")
def as_sarif(repository: str, number: int) -> Response:
    """The findings for tools that read SARIF 2.1.0."""
    page = asked_page(repository, number)
    view = services().read_evidence(page.hold, page.revision)
    if view is None:
        raise NotFound(f"No evidence of hold {page.hold.name} was gathered yet.")
    assessment = view.evidence.assessment
    text = json.dumps(sarif(assessment, head=page.revision.head))
    name = f"{page.hold.repository}-{number}-{page.revision.n}.sarif"
    return _file(text, "application/sarif+json", name)


@blueprint.get("/evidence/<sha256>/raw")
@needs(Role.ADMIN)
def raw(repository: str, number: int, sha256: str) -> Response:
    """A file as it was on the agent host. Reading it is on the audit trail."""
    page = asked_page(repository, number)
    read = services().read_raw(page.hold, page.revision, sha256, person())
    response = _file(read.content, "application/octet-stream", f"{sha256}.bin")
    # RFC 9530. What is not hex names no file, and was refused above.
    digest = base64.b64encode(bytes.fromhex(sha256)).decode()
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    return response


@blueprint.get("/evidence/<sha256>/image")
def image(repository: str, number: int, sha256: str) -> Response:
    page = asked_page(repository, number)
    found = services().read_evidence.image(page.hold, page.revision, sha256)
    return Response(found.content, content_type=found.file.media_type, headers=_INERT)


@blueprint.get("/evidence/<sha256>/text")
def text(repository: str, number: int, sha256: str) -> str:
    """A redacted text, with everything in it that a terminal would hide."""
    page = asked_page(repository, number)
    found = services().read_evidence.text(page.hold, page.revision, sha256)
    shown = _beginning(found.content)
    is_cut = (found.file.text_size or 0) > len(shown)
    parts = {"file": found.file, "text": shown.decode("utf-8", "surrogateescape"), "is_cut": is_cut}
    parts |= {"ev": evidence_words, "terminal_text": terminal_text, **about(page)}
    return render_template("evidence/text.html", page=page, **parts)


def shown_on(page: HoldPage, files: tuple[FileView, ...]) -> dict[str, object]:
    """What the hold's page needs to show the evidence of its revision."""
    view = services().read_evidence(page.hold, page.revision)
    which = request.args.get("commands", "")
    commands = () if view is None else view.of_interest(which)
    return {
        "view": view,
        "ev": evidence_words,
        "which": which,
        "commands": commands[:MOST_COMMANDS],
        "commands_left": max(0, len(commands) - MOST_COMMANDS),
        "place_href": _place_href(page, files, view),
    }


def _place_href(
    page: HoldPage, files: tuple[FileView, ...], view: EvidenceView | None
) -> Callable[[Place], str | None]:
    parts: dict[str, Any] = address_parts(page)
    shown = {each.file.path: each for each in files}
    commits = {commit.oid for commit in page.facts.commits} if page.facts else set()
    has_log = view is not None and view.has_log

    def href(place: Place) -> str | None:
        if place.path is not None and place.oid in (None, page.revision.head):
            file = shown.get(place.path)
            return _tree_href(place, parts) if file is None else _diff_href(file, place, parts)
        if place.entry is not None and has_log:
            return url_for("logs.log", entry=place.entry, _anchor=f"e{place.entry}", **parts)
        return url_for("contents.commit", oid=place.oid, **parts) if place.oid in commits else None

    return href


def _diff_href(file: FileView, place: Place, parts: dict[str, Any]) -> str:
    """On this page, or where the diff is folded on its own."""
    line = f"f{file.index + 1}L{place.line}" if place.line else f"file-{file.index + 1}"
    if file.diff is not None:
        return f"#{line}"
    return url_for("contents.file", index=file.index, _anchor=line, **parts)


def _tree_href(place: Place, parts: dict[str, Any]) -> str | None:
    path = str(place.path)
    try:
        address = address_of(path)
    except UnicodeEncodeError:  # Half a character: no path of git's.
        return None
    if len(address) > _LONGEST_ADDRESS:
        return None
    return url_for("contents.tree", address=address, **parts)


def _file(content: Any, media_type: str, name: str) -> Response:
    """A download that no browser opens by itself."""
    response = Response(content, content_type=media_type, headers=_INERT)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _beginning(content: Any) -> bytes:
    shown = bytearray()
    for piece in content:
        shown += piece
        if len(shown) >= SHOWN_TEXT:
            break
    return bytes(shown[:SHOWN_TEXT])
