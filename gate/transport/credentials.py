"""What an agent sends to prove who it is: its name, its token, and a claim beside them."""

from __future__ import annotations

from dataclasses import dataclass, field

from werkzeug.datastructures import Authorization

from gate.domain.session.claim import parse_claim

_LONGEST = 256


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and a token that nobody has checked yet."""

    name: str
    token: str = field(repr=False)
    claim: str = ""


def credentials_of(authorization: Authorization | None) -> Credentials | None:
    """The credentials in an Authorization header, where the user name is `agent` or `agent+claim`."""
    if authorization is None or authorization.type != "basic":
        return None
    name, _, claim = (authorization.username or "").partition("+")
    token = authorization.password or ""
    if not name or not token or len(name) > _LONGEST or len(token) > _LONGEST:
        return None
    # A claim is the agent's word for the session it works in. It proves nothing, so a strange one is dropped.
    return Credentials(name, token, str(parse_claim(claim) or ""))
