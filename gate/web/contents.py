"""What is in a hold: its files, commits and tree, and what a revision changed."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for

from gate.domain.errors import NotAllowed, NotFound
from gate.domain.facts import DiffFacts
from gate.services.queries.hold_page import HoldPage
from gate.services.queries.revision_files import FileView, Folder
from gate.web.diff_view import hunks, text_rows
from gate.web.hold_frame import about, address_parts, asked_page, is_withheld
from gate.web.paths import address_of, path_of
from gate.web.services import services

blueprint = Blueprint("contents", __name__, url_prefix="/holds/<repository>/<int(max=2147483647):number>")


@blueprint.get("/files/<int(max=2147483647):index>")
def file(repository: str, number: int, index: int) -> str:
    page = _open_page(repository, number)
    view = services().read_revision.file(page.hold, page.revision, _facts(page), index)
    return _file(page, view, url_for("holds.show", **address_parts(page)))


@blueprint.get("/commits/<oid>")
def commit(repository: str, number: int, oid: str) -> str:
    page = _open_page(repository, number)
    shown = services().read_revision.commit(page.hold, page.commit(oid))
    files = [(view, hunks(view)) for view in shown.files]
    return render_template("holds/commit.html", page=page, shown=shown, files=files, **about(page))


@blueprint.get("/commits/<oid>/files/<int(max=2147483647):index>")
def commit_file(repository: str, number: int, oid: str, index: int) -> str:
    page = _open_page(repository, number)
    view = services().read_revision.commit_file(page.hold, page.commit(oid), index)
    return _file(page, view, url_for("contents.commit", oid=oid, **address_parts(page)))


@blueprint.get("/changes/<int(max=2147483647):n>")
def range_diff(repository: str, number: int, n: int) -> str:
    """What revision n changed against the one before it."""
    page = services().show_hold(repository, number, revision=n)
    if n < 2:
        raise NotFound(f"Revision {n} of hold {page.hold.name} is the first: there is nothing before it.")
    before = services().show_hold(repository, number, revision=n - 1)
    _check_open(page)
    _check_open(before)
    text = services().read_revision.range_diff(page.hold, page.revisions[n - 2], page.revision)
    return render_template("holds/range_diff.html", page=page, text=text, **about(page))


@blueprint.get("/tree/", defaults={"address": ""})
@blueprint.get("/tree/<path:address>")
def tree(repository: str, number: int, address: str) -> str:
    page = _open_page(repository, number)
    found = services().read_revision.browse(page.hold, page.revision, path_of(address))
    parts = {"page": page, "found": found, "trail": _trail(found.path), **about(page)}
    if isinstance(found, Folder):
        return render_template("holds/folder.html", **parts)
    rows = None if found.text is None else text_rows(found.path, found.text)
    return render_template("holds/leaf.html", rows=rows, **parts)


def _open_page(repository: str, number: int) -> HoldPage:
    page = asked_page(repository, number)
    _check_open(page)
    return page


def _check_open(page: HoldPage) -> None:
    if is_withheld(page):
        raise NotAllowed(f"A secret is in hold {page.hold.name}: admins alone see what was pushed.")


def _facts(page: HoldPage) -> DiffFacts:
    if page.facts is None:
        raise NotFound(f"The files of hold {page.hold.name} are not collected yet.")
    return page.facts


def _file(page: HoldPage, view: FileView, back: str) -> str:
    """The page of one file; htmx takes the diff out of it and puts it in place."""
    return render_template(
        "holds/file.html", page=page, view=view, rows=hunks(view), back=back, **about(page)
    )


def _trail(path: str) -> list[tuple[str, str]]:
    """Each folder on the way to this path, with its address."""
    names = path.split("/") if path else []
    return [(name, address_of("/".join(names[: n + 1]))) for n, name in enumerate(names)]
