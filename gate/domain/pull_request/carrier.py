"""The message of the empty commit that carries a request which no diff can show."""

from __future__ import annotations

import re
from urllib.parse import quote

from gate.domain.hold import Revision
from gate.domain.pull_request.inert import plain
from gate.domain.pull_request.model import ReviewRequest
from gate.domain.pull_request.wish import verb
from gate.domain.pull_request.words import ref_type, short_ref

_LONGEST_SUBJECT_REF = 40


def carrier_message(request: ReviewRequest) -> str:
    """The whole message, the same for the same revision whenever it is made.

    A message acts when it is merged, whatever quotes stand around it: nothing in it can be a reference or a
    keyword. In the trailers, names are percent-encoded where they hold more than `A-Za-z0-9._/-`.
    """
    hold = request.hold
    ref = plain(short_ref(hold.ref), limit=_LONGEST_SUBJECT_REF)
    return (
        f"Ask to {verb(request)} the {ref_type(hold.ref)} {ref}\n"
        "\n"
        "This commit is empty. It only carries the request, so that it can be\n"
        "reviewed in a pull request. Do not merge it: that would do nothing.\n"
        "\n"
        f"Pushgate-Hold: {_encoded(hold.name)}\n"
        f"Pushgate-Revision: {hold.revision.n}\n"
        f"Pushgate-Request: {_request(hold.ref, hold.revision)}\n"
    )


def _request(ref: str, revision: Revision) -> str:
    update, name = revision.update(ref), _encoded(ref)
    if update.is_delete:
        return f"delete {name} at {update.old}"
    if update.is_create:
        return f"create {name} at {update.new}"
    return f"move {name} from {update.old} to {update.new}"


def _encoded(name: str) -> str:
    """Percent-encoded, so that nothing in it acts and it can still be read back."""
    safe = quote(name.encode(errors="surrogateescape"), safe="/")
    # `GH-12` is a reference to an issue.
    return re.sub(r"(?i)(?<=gh)-(?=[0-9])", "%2D", safe)
