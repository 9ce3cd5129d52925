"""Where the links of a pull request lead: to the lines at the forge, and to the hold's pages at the gate."""

from __future__ import annotations

from urllib.parse import quote

from gate.domain.pull_request.model import ReviewRequest
from gate.domain.risk.model import Place

_DELETED = "D"
_LONGEST_PATH = 1000
# A browser walks up at these; git has no such paths.
_ODD_PARTS = frozenset({"", ".", ".."})


def entry_url(request: ReviewRequest, entry: int) -> str:
    """The log viewer at this entry."""
    return f"{log_url(request)}&entry={entry}#e{entry}"


def log_url(request: ReviewRequest) -> str:
    """The log viewer at its beginning."""
    return f"{request.hold_url}/log?revision={request.hold.revision.n}"


def page_url(request: ReviewRequest, part: str = "") -> str:
    """The hold's page at this revision, at one of its parts."""
    return f"{request.hold_url}?revision={request.hold.revision.n}{f'#{part}' if part else ''}"


def place_url(request: ReviewRequest, place: Place) -> str | None:
    """Where a finding can be looked at; None where there is nothing to look at."""
    if place.path is not None:
        return _line_url(request, place, place.path)
    if place.entry is not None:
        return entry_url(request, place.entry)
    if place.oid is not None and any(place.oid == commit.oid for commit in request.facts.commits):
        return f"{request.hold_url}/commits/{place.oid}?revision={request.hold.revision.n}"
    return None


def _line_url(request: ReviewRequest, place: Place, path: str) -> str:
    head = request.hold.revision.head
    index = _index(request, path)
    is_gone = index is not None and request.facts.files[index].status == _DELETED
    is_there = not (is_gone and place.oid in (None, head))
    is_plain = len(path) <= _LONGEST_PATH and not _ODD_PARTS.intersection(path.split("/"))
    if request.blob_url is not None and is_there and is_plain:
        line = "" if place.line is None else f"#L{place.line}"
        # `plain=1`: a rendered Markdown file has no lines to link to.
        plain = "?plain=1" if line and path.lower().endswith((".md", ".markdown", ".rst")) else ""
        return f"{request.blob_url}/{place.oid or head}/{_quoted(path)}{plain}{line}"
    if index is not None:
        return f"{request.hold_url}/files/{index}?revision={request.hold.revision.n}"
    return page_url(request)


def _index(request: ReviewRequest, path: str) -> int | None:
    files = enumerate(request.facts.files)
    return next((index for index, file in files if file.path == path), None)


def _quoted(path: str) -> str:
    """A path in an address: its bytes, with everything quoted that an address or Markdown could take up."""
    try:
        return quote(path.encode("utf-8", "surrogateescape"), safe="/")
    except UnicodeEncodeError:  # No path of git's: half a character that stands for no byte.
        return quote(path.encode("utf-8", "surrogatepass"), safe="/")
