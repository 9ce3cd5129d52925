"""Which GitHub repository an upstream's address names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from gate.domain.errors import Invalid

# GitHub's own bounds: 39 characters for an owner (a few more with an enterprise's suffix), 100 for a name.
_PATH = re.compile(r"/([A-Za-z0-9][A-Za-z0-9_-]{0,63})/([A-Za-z0-9._-]{1,100}?)(?:\.git)?/?")


@dataclass(frozen=True, slots=True)
class Address:
    """A repository at GitHub, as `https://github.com/OWNER/REPOSITORY`, with or without `.git`."""

    root: str
    owner: str
    name: str

    @classmethod
    def of(cls, upstream: str) -> Address:
        """Raises Invalid for whatever is no web address of one repository."""
        try:
            parts = urlsplit(upstream)
            root = _root(upstream)
        except ValueError as fault:
            raise _no_address(upstream) from fault
        path = _PATH.fullmatch(parts.path)
        if root is None or path is None or parts.query or parts.fragment or path[2] in (".", ".."):
            raise _no_address(upstream)
        return cls(root, path[1], path[2])

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    def belongs_to(self, base_url: str) -> bool:
        """Whether the GitHub at this URL has the repository."""
        return self.root == _root(base_url)


def _root(url: str) -> str | None:
    """Scheme, host and port in one spelling; None for an address with anything else before its path."""
    parts = urlsplit(url)
    # urlsplit leaves out line ends and tabs, which git does not.
    if (
        not url.isprintable()
        or parts.scheme not in ("https", "http")
        or not parts.hostname
        or "@" in parts.netloc
    ):
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port
    is_usual = port in (None, 443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{host}" + ("" if is_usual else f":{port}")


def _no_address(upstream: str) -> Invalid:
    return Invalid(
        f"upstream {upstream}", ["it is no GitHub address. Give it as https://github.com/OWNER/REPOSITORY."]
    )
