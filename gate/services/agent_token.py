"""Agents' tokens: how one is made, and what is kept of it."""

from __future__ import annotations

import hashlib
import hmac

from gate.services.ports.outside import NewSecret

_PREFIX = "pgt_"
# No SHA-256 is all zeros, so an agent that does not exist is compared with this and never matches.
_NOBODY = "0" * 64


def new_token(new_secret: NewSecret) -> str:
    """A fresh token. The prefix lets secret scanners recognise one that was committed by mistake."""
    return _PREFIX + new_secret()


def hash_of(token: str) -> str:
    """What the store keeps of a token.

    A plain SHA-256, not a slow password hash: a token is 256 random bits, which nobody can try out, and every
    request of every agent pays for the check.
    """
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


def is_token_of(token: str, stored_hash: str | None) -> bool:
    """Whether this is the token with that hash, in a time that tells nothing about either."""
    return hmac.compare_digest(hash_of(token), stored_hash or _NOBODY)
