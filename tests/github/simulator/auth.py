"""Who asks: App JWTs, installation tokens, plain tokens, and what each may do."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass

import jwt

from tests.github.simulator.world import Account, App, Installation, Repository, Token, World

_LEVELS = ("none", "read", "write", "admin")


class Denied(Exception):
    """An answer that is a refusal: status, words, and what is wrong in detail."""

    def __init__(self, status: int, message: str, errors: list[object] | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True)
class Asker:
    """Whoever sent a request: an App as itself, or an account by a token."""

    account: Account
    token: Token | None = None
    app: App | None = None

    def sees(self, repository: Repository) -> bool:
        allowed = self.token.repositories if self.token is not None else set()
        return allowed is None or repository.id in allowed

    def may(self, permission: str, level: str) -> bool:
        if self.token is None:
            return False
        has = self.token.permissions.get(permission, "none")
        return _LEVELS.index(has) >= _LEVELS.index(level)


def asker_of(world: World, header: str) -> Asker:
    """Raises Denied with 401 for anything that is not good."""
    kind, _, secret = header.partition(" ")
    if kind.lower() == "basic":
        try:
            secret = base64.b64decode(secret).decode().partition(":")[2]
        except ValueError:
            raise Denied(401, "Bad credentials") from None
    if secret.count(".") == 2:
        return _app(world, secret)
    token = world.tokens.get(secret)
    if token is None or (token.expires_at is not None and token.expires_at <= world.now()):
        raise Denied(401, "Bad credentials")
    installation = token.installation
    if installation is not None:
        _check(installation)
    return Asker(token.account, token)


def _check(installation: Installation) -> None:
    if installation.is_deleted:
        raise Denied(401, "Bad credentials")
    if installation.is_suspended:
        raise Denied(403, "This installation has been suspended")


def _app(world: World, secret: str) -> Asker:
    try:
        number = int(jwt.decode(secret, options={"verify_signature": False})["iss"])
        app = world.apps[number]
        claims = jwt.decode(
            secret,
            app.public_key_pem,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False},
        )
    except (jwt.PyJWTError, KeyError, ValueError):
        raise Denied(401, "A JSON web token could not be decoded") from None
    if not claims["iat"] <= time.time() + 60 or claims["exp"] > time.time() + 600 + 60:
        raise Denied(401, "'Expiration time' claim ('exp') is too far in the future")
    if claims["exp"] <= time.time():
        raise Denied(
            401, "'Expiration time' claim ('exp') must be a numeric value representing the future time"
        )
    return Asker(app.bot, app=app)
