"""HTTP answers in the form that git clients expect."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from gate.domain.errors import GateError, NotAllowed, NotFound, Refused
from gate.transport.exchange import Exchange, GitFailed

_NO_CACHE = {
    "Expires": "Fri, 01 Jan 1980 00:00:00 GMT",
    "Pragma": "no-cache",
    "Cache-Control": "no-cache, max-age=0, must-revalidate",
}


def text(status: int, words: str, headers: Mapping[str, str] | None = None) -> Response:
    """Plain text, which git prints as `remote: …`."""
    response = Response(f"{words}\n", status, content_type="text/plain; charset=utf-8")
    response.headers.update({**_NO_CACHE, **(headers or {})})
    return response


def refusal(error: GateError) -> Response:
    """What went wrong, with the status that makes git stop."""
    if isinstance(error, NotFound):
        return text(404, str(error))
    if isinstance(error, NotAllowed):
        return text(403, str(error))
    if isinstance(error, Refused):
        return text(409, str(error))
    return text(503, "The gate cannot answer now. Its log says why.")


def streamed(exchange: Exchange, content_type: str, *, service_line: bytes = b"") -> Response:
    """Git's answer as it comes. Waits for the first block: until it is sent this can still be an error."""
    try:
        first = next(exchange, b"")
    except GitFailed:
        return _failed(exchange)
    except BaseException:
        exchange.close()
        raise
    if exchange.ending is not None and exchange.ending.status != 0:
        return _failed(exchange)
    if first.startswith(b"000eversion 2\n"):
        # Version 2 does without the line that names the service.
        service_line = b""
    blocks = _Blocks(service_line + first, exchange)
    response = Response(blocks, content_type=content_type, direct_passthrough=True)
    response.headers.update(_NO_CACHE)
    return response


def _failed(exchange: Exchange) -> Response:
    exchange.close()
    if exchange.ending is not None and exchange.ending.broken is not None:
        return text(400, f"The request did not arrive whole: {exchange.ending.broken}.")
    return text(500, "Git could not answer. The gate's log says why.")


class _Blocks:
    """The block that was looked at already, then the rest; closing it closes the exchange."""

    def __init__(self, first: bytes, rest: Exchange) -> None:
        self._first = first
        self._rest = rest
        self.close = rest.close

    def __iter__(self) -> _Blocks:
        return self

    def __next__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        return next(self._rest)
