"""How long GitHub lets a text be."""

from __future__ import annotations

from typing import Any

from tests.github.simulator.call import refused

LONGEST = 65536
_LONGEST_TITLE = 256


def check_texts(body: dict[str, Any], resource: str = "Issue") -> None:
    """Raises Denied with 422 where a body or a title is too long, or a title is blank."""
    # GitHub counts characters; text beyond the basic plane counts double there, as in UTF-16.
    if len((body.get("body") or "").encode("utf-16-le", "surrogatepass")) // 2 > LONGEST:
        raise refused(resource, "body is too long (maximum is 65536 characters)", "body")
    title = body.get("title")
    if title is not None and len(title) > _LONGEST_TITLE:
        raise refused(resource, "title is too long (maximum is 256 characters)", "title")
    if title is not None and not title.strip():
        raise refused(resource, "title can't be blank", "title")
