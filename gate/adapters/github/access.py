"""Where GitHub is, and what lets the gate in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gate.domain.errors import Invalid


class AccessSettings(Protocol):
    """What of the settings for GitHub is about getting in."""

    @property
    def url(self) -> str: ...

    @property
    def app_id(self) -> int | None: ...

    @property
    def private_key_file(self) -> Path | None: ...

    @property
    def token_file(self) -> Path | None: ...


@dataclass(frozen=True, slots=True)
class GitHubAccess:
    """An App with its private key, or a token; the secrets themselves stay in their files until used.

    `url` is GitHub's web address, such as https://github.com or that of an Enterprise server. `cache` is a
    folder for short-lived tokens that only the gate's user can enter.
    """

    url: str
    cache: Path
    app_id: int | None = None
    private_key_file: Path | None = field(default=None, repr=False)
    token_file: Path | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: AccessSettings, cache: Path) -> GitHubAccess:
        """As the installation's settings have it."""
        return cls(settings.url, cache, settings.app_id, settings.private_key_file, settings.token_file)

    @property
    def api_url(self) -> str:
        """Where its REST API is."""
        parts = urlsplit(self.url)
        if parts.hostname == "github.com":
            return "https://api.github.com"
        # An enterprise at GitHub's own cloud, with data residency.
        if (parts.hostname or "").endswith(".ghe.com"):
            return f"https://api.{parts.netloc}"
        return f"{self.url.rstrip('/')}/api/v3"

    def private_key(self) -> str:
        """The App's key as PEM text. Raises Invalid where others can read it, or it is no RSA key."""
        key = read_secret(self.private_key_file)
        try:
            is_rsa = isinstance(load_pem_private_key(key.encode(), password=None), RSAPrivateKey)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            is_rsa = False
        if not is_rsa:
            wrong = (
                "this is no private key of a GitHub App: the file begins with -----BEGIN RSA PRIVATE KEY-----"
            )
            raise Invalid(str(self.private_key_file), [wrong])
        return key

    def token(self) -> str:
        """The token of an installation without an App. Raises Invalid where others can read it."""
        return read_secret(self.token_file)


def read_secret(path: Path | None) -> str:
    """A secret that an admin put into a file. Raises Invalid where it is missing, empty or open to others."""
    if path is None:
        raise Invalid("GitHub", ["neither an App nor a token is set: docs/github.md"])
    try:
        if path.stat().st_mode & 0o077:
            raise Invalid(str(path), [f"others can read this secret; run: chmod 600 {path}"])
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is no ASCII text"
        raise Invalid(str(path), [f"this secret cannot be read: {reason}"]) from fault
    if not secret:
        raise Invalid(str(path), ["this secret is empty"])
    return secret
