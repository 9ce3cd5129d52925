"""Answers of the REST API, one page at a time where they are lists."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

_USUAL_PAGE = 30
_LONGEST_PAGE = 100


def answer_json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json; charset=utf-8")


def nothing() -> Response:
    return Response(status=204)


def window(count: int) -> slice:
    """Which part of so many entries the request asks for."""
    size, page = _size_and_page()
    return slice((page - 1) * size, page * size)


def paged(items: list[Any]) -> Response:
    """One page of a list, with links to the others."""
    return with_links(answer_json(items[window(len(items))]), len(items))


def with_links(answer: Response, count: int) -> Response:
    """GitHub's Link header: every other parameter of the request stays in it."""
    size, page = _size_and_page()
    last = max(1, -(-count // size))
    pages: dict[str, int] = {}
    if page > 1:
        pages |= {"prev": page - 1, "first": 1}
    if page < last:
        pages |= {"next": page + 1, "last": last}
    if pages:
        answer.headers["Link"] = ", ".join(f'<{_address(page=n)}>; rel="{rel}"' for rel, n in pages.items())
    return answer


def from_cursor(items: list[Any]) -> Response:
    """One page of a list that goes on at a cursor, as those of deliveries do."""
    size, _ = _size_and_page()
    begin = int(request.args.get("cursor") or 0)
    answer = answer_json(items[begin : begin + size])
    if begin + size < len(items):
        answer.headers["Link"] = f'<{_address(cursor=begin + size)}>; rel="next"'
    return answer


def _size_and_page() -> tuple[int, int]:
    size = int(request.args.get("per_page", _USUAL_PAGE))
    page = int(request.args.get("page", 1))
    return min(size if size > 0 else _USUAL_PAGE, _LONGEST_PAGE), max(page, 1)


def _address(**changed: int) -> str:
    return f"{request.base_url}?{urlencode({**request.args, **changed})}"
