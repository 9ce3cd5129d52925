"""Who asks: App JWTs, installation tokens, plain tokens, and what each may do."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import jwt

from tests.github.simulator.world import Account, App, Installation, Repository, Token, World

_LEVELS = ("none", "read", "write", "admin")
_LONGEST_JWT = 600
# A clock may be this wrong.
_SKEW = 60
# Everybody who reads a repository may comment and review; `administration` and the like is for admins.
_ADMINS = {"administration": "none", "repository_hooks": "none"}
_READS = {**_ADMINS, "contents": "read", "statuses": "read", "checks": "read", "workflows": "none"}
_WRITES = {**_ADMINS}


class Denied(Exception):
    """An answer that is a refusal: status, words, and what is wrong in detail."""

    def __init__(self, status: int, message: str, errors: list[object] | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


# What a role in a repository lets somebody do with a token that has every permission.
_BY_ROLE: dict[str, dict[str, str]] = {
    "none": {},
    "read": _READS,
    "triage": _READS,
    "write": _WRITES,
    "maintain": _WRITES,
}


@dataclass(frozen=True)
class Asker:
    """Whoever sent a request: an App as itself, or an account by a token."""

    account: Account
    world: World
    token: Token | None = None
    app: App | None = None

    @property
    def is_installation(self) -> bool:
        return self.token is not None and self.token.installation is not None

    def sees(self, repository: Repository) -> bool:
        if self.token is None:
            return False
        if self.token.installation is not None and repository.id not in self.token.installation.repositories:
            return False
        if not self.is_installation and self.world.role(self.account, repository) == "none":
            return False
        return self.token.repositories is None or repository.id in self.token.repositories

    def may(self, permission: str, level: str, repository: Repository | None = None) -> bool:
        """Whether the token, and the role of the person whose it is, allow it."""
        if self.token is None:
            return False
        has = self.token.permissions.get(permission, "none")
        if repository is not None and not self.is_installation:
            role = self.world.role(self.account, repository)
            has = min(has, _BY_ROLE.get(role, {}).get(permission, "admin"), key=_LEVELS.index)
        return _LEVELS.index(has) >= _LEVELS.index(level)

    def words_of_refusal(self) -> str:
        kind = "integration" if self.is_installation else "personal access token"
        return f"Resource not accessible by {kind}"


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
    return Asker(token.account, world, token)


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
        issued, ends = float(claims["iat"]), float(claims["exp"])
    except (jwt.PyJWTError, KeyError, ValueError):
        raise Denied(401, "A JSON web token could not be decoded") from None
    now = world.now().timestamp()
    if issued > now + _SKEW:
        raise Denied(401, "'Issued at' claim ('iat') must be an Integer representing the time in the past")
    if ends > now + _LONGEST_JWT + _SKEW:
        raise Denied(401, "'Expiration time' claim ('exp') is too far in the future")
    if ends <= now:
        raise Denied(
            401, "'Expiration time' claim ('exp') must be a numeric value representing the future time"
        )
    return Asker(app.bot, world, app=app)
