"""People with an account here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.review import Account, Role


@dataclass(frozen=True, slots=True)
class User:
    """A person's account. `password_hash` is Argon2's text; None until the first sign-in link was used.

    `github` is the same person's account there, without which the gate can't tell that both are one.
    """

    id: int
    login: str
    role: Role
    is_disabled: bool
    created_at: datetime
    password_hash: str | None = None
    github: Account | None = None

    @property
    def permission(self) -> str:
        """What the role means where a policy asks for a permission, in a forge's terms.

        A disabled person's is `none`, which counts for nothing; that is known, unlike a forge's silence.
        """
        if self.is_disabled:
            return "none"
        return {Role.ADMIN: "admin", Role.REVIEWER: "write", Role.AUDITOR: "read"}[self.role]


@dataclass(frozen=True, slots=True)
class SignInLink:
    """A link that signs a person in once, to set a password; only its token's SHA-256 is kept."""

    token_hash: str
    user_id: int
    expires_at: datetime
    used_at: datetime | None = None
