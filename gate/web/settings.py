"""What the web app is told about its installation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`proxies` is how many proxies in front may be believed about the client's address.

    Without a `metrics_token` there is no /metrics. `limiter_storage` is a URI as Flask-Limiter takes it,
    `memory://` or `redis://…`; several processes share their limits only through the latter.
    """

    secret_key: str = field(repr=False)
    base_url: str
    cookie_secure: bool
    session_lifetime: timedelta = timedelta(hours=12)
    limiter_storage: str = field(default="memory://", repr=False)
    metrics_token: str | None = field(default=None, repr=False)
    proxies: int = 0
