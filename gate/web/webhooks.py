"""What GitHub sends. It signs in by its signature, and is answered before anything is done about it."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from gate.domain.delivery import Stored
from gate.domain.errors import Invalid, NotAllowed, Unavailable
from gate.domain.notice import EVENTS
from gate.services.accept_delivery import LARGEST_BODY, AcceptDelivery, SentHeaders, looks_signed
from gate.web.measure import WEBHOOKS
from gate.web.services import services

blueprint = Blueprint("webhooks", __name__)

_NOTHING_HERE = "There is no webhook here: GitHub is not set up at this gate.\n"
_ANSWERS = {
    Stored.NEW: (202, "Stored. The gate looks at it now.\n"),
    Stored.SAME: (200, "The gate has this delivery already.\n"),
    Stored.MISMATCH: (409, "The gate has another delivery under this id, so this one was not taken.\n"),
}


@blueprint.post("/webhooks/github")
def github() -> Response:
    webhooks = services().webhooks
    if webhooks is None:
        return _answer(404, _NOTHING_HERE)
    headers = SentHeaders(
        delivery_id=request.headers.get("X-GitHub-Delivery", ""),
        event=request.headers.get("X-GitHub-Event", ""),
        signature=request.headers.get("X-Hub-Signature-256", ""),
    )
    answer = _take(webhooks.accept, headers)
    _count_afterwards(answer, headers.event)
    return answer


def _take(accept: AcceptDelivery, headers: SentHeaders) -> Response:
    address = request.remote_addr or ""
    try:
        accepted = accept(headers, _body(headers), address=address)
    except NotAllowed as refusal:
        return _answer(401, f"{refusal}\n")
    except Invalid as refusal:
        return _answer(400, f"{refusal}\n")
    except (RequestEntityTooLarge, ClientDisconnected) as fault:
        accept.refuse("size", address)
        return _answer(fault.code or 400, f"A delivery has {LARGEST_BODY} bytes at most, and all of them.\n")
    except Unavailable as fault:
        return _answer(503, f"{fault}\n")
    answer = _answer(*_ANSWERS[accepted.stored])
    if accepted.is_due:
        # Once it is answered: GitHub waits ten seconds, and a queue that is away may take longer to say so.
        answer.call_on_close(lambda: accept.enqueue(headers.delivery_id))
    return answer


def _body(headers: SentHeaders) -> bytes:
    """The raw bytes, as they were signed. Whoever sends no signature sends nothing that is worth reading."""
    if not looks_signed(headers.signature):
        return b""
    request.max_content_length = LARGEST_BODY
    return request.get_data(cache=False, parse_form_data=False)


def _count_afterwards(answer: Response, event: str) -> None:
    labels = {"event": event if event in EVENTS else "other", "status": str(answer.status_code)}
    tally = services().tally
    answer.call_on_close(lambda: tally.add(WEBHOOKS, labels))


def _answer(status: int, words: str) -> Response:
    return Response(words, status, content_type="text/plain; charset=utf-8")
