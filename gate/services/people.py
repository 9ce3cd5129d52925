"""People's accounts: who may sign in, as what, and how they get a password."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from gate.domain.audit import Action, AuditEvent, Detail, Outcome
from gate.domain.errors import Invalid, NotAllowed, NotFound, Refused, Taken
from gate.domain.review import Account, Role
from gate.domain.user import SignInLink, User
from gate.services.github_account import account_details, find_account
from gate.services.ports.forge import ForgeAdmin
from gate.services.ports.outside import Clock, NewSecret, PasswordHasher
from gate.services.ports.store import Store, Transaction

SHORTEST_PASSWORD = 12
# Argon2 takes any length; this keeps a request from making it hash megabytes.
LONGEST_PASSWORD = 256
LINK_LIFETIME = timedelta(hours=24)

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,38}")
_WRONG = "The name or the password is wrong. An admin can make you a new one-time link."
_DEAD_LINK = "This link was used already, or it is too old. Ask an admin for a new one."


@dataclass(frozen=True, slots=True)
class NewLink:
    """A one-time link as its maker sees it, once: only the token's hash is kept."""

    login: str
    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"NewLink({self.login!r}, expires_at={self.expires_at!r})"


class People:
    """Everything that changes an account. Each change and its audit event are one transaction."""

    def __init__(
        self,
        store: Store,
        hasher: PasswordHasher,
        clock: Clock,
        new_secret: NewSecret,
        link_lifetime: timedelta = LINK_LIFETIME,
        forge_admin: ForgeAdmin | None = None,
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._clock = clock
        self._new_secret = new_secret
        self._link_lifetime = link_lifetime
        self._forge_admin = forge_admin

    def all(self) -> list[User]:
        """Everybody with an account, disabled ones too."""
        with self._store.snapshot() as tx:
            return tx.users.all()

    def by_id(self, user_id: int) -> User | None:
        with self._store.snapshot() as tx:
            return tx.users.by_id(user_id)

    def add(self, login: str, role: Role, *, actor: str) -> NewLink:
        """Give a person an account, and the one-time link with which they choose a password.

        Raises Invalid for a name that is none, Refused for one that is taken.
        """
        if not _LOGIN.fullmatch(login):
            raise Invalid("account", [f"name {login!r}: use 1 to 39 of a-z, 0-9, dot, dash and underscore"])
        now = self._clock()
        with self._store.transaction() as tx:
            user = tx.users.add(login, role, now)
            link = self._add_link(tx, user, now)
            self._note(tx, now, actor, Action.USER_ADD, login, role=str(role))
            self._note(tx, now, actor, Action.USER_LINK_CREATE, login)
        return link

    def link(self, login: str, *, actor: str) -> NewLink:
        """A fresh one-time link for somebody who has lost the password. Raises NotFound or Refused."""
        now = self._clock()
        with self._store.transaction() as tx:
            user = tx.users.get(login)
            if user.is_disabled:
                raise Refused(f"{login} is disabled: enable the account first.")
            link = self._add_link(tx, user, now)
            self._note(tx, now, actor, Action.USER_LINK_CREATE, login)
        return link

    def use_link(self, token: str, password: str, *, source: str) -> User:
        """Set the password with a one-time link. Raises Invalid (the link stays good) or NotAllowed."""
        password_hash = self._hash(password)
        try:
            return self._use_link(token, password_hash, source)
        except NotAllowed as fault:
            self._refuse(Action.USER_LINK_USE, "unknown", source, fault)

    def sign_in(self, login: str, password: str, *, source: str) -> User:
        """Raises NotAllowed, with the same words and after the same work whatever was wrong."""
        user = self._find(login)
        fits = self._fits(user, password)
        if user is None or not fits:
            # People type passwords into the name field: a name that nobody has is not written down.
            self._refuse(
                Action.USER_SIGN_IN_FAIL, f"user:{login}" if user else "unknown", source, NotAllowed(_WRONG)
            )
        with self._store.transaction() as tx:
            if tx.users.by_id(user.id) != user:
                raise NotAllowed("Your account was changed just now. Sign in again.")
            self._note(tx, self._clock(), f"user:{login}", Action.USER_SIGN_IN, login, source=source)
        return user

    def sign_out(self, user: User) -> None:
        with self._store.transaction() as tx:
            self._note(tx, self._clock(), f"user:{user.login}", Action.USER_SIGN_OUT, user.login)

    def change_password(self, user: User, current: str, new: str) -> User:
        """The person's own change, which ends every other session of theirs. Raises NotAllowed or Invalid."""
        if not self._fits(user, current):
            raise NotAllowed("The current password is wrong, so nothing was changed.")
        password_hash = self._hash(new)
        with self._store.transaction() as tx:
            tx.users.set_password_hash(user.id, password_hash)
            self._note(tx, self._clock(), f"user:{user.login}", Action.USER_CHANGE_PASSWORD, user.login)
            return tx.users.get(user.login)

    def change_role(self, login: str, role: Role, *, actor: str) -> None:
        """Raises NotFound, and Refused where nobody would be left to run the gate."""
        with self._store.transaction() as tx:
            user = tx.users.get(login)
            if user.role is role:
                return
            if role is not Role.ADMIN:
                _check_admin_is_left(tx, user)
            tx.users.set_role(user.id, role)
            change: dict[str, Detail] = {"old": str(user.role), "new": str(role)}
            self._note(tx, self._clock(), actor, Action.USER_CHANGE_ROLE, login, **change)

    def map_github(self, login: str, github: str | None, *, actor: str) -> Account | None:
        """Say who this person is at GitHub, so that nobody approves their own work; None for nobody.

        Raises NotFound, Taken where it is another person's, and what `find_account` raises.
        """
        account = find_account(self._forge_admin, github)
        with self._store.transaction() as tx:
            user = tx.users.get(login)
            if user.github == account:
                return account
            _check_nobody_has(tx, account, user)
            tx.users.set_github(user.id, account)
            self._note(tx, self._clock(), actor, Action.USER_MAP, login, **account_details(account))
        return account

    def disable(self, login: str, *, actor: str) -> None:
        """End the person's sessions and let them in no more. Raises NotFound or Refused."""
        with self._store.transaction() as tx:
            user = tx.users.get(login)
            if user.is_disabled:
                return
            _check_admin_is_left(tx, user)
            tx.users.set_disabled(user.id, True)
            self._note(tx, self._clock(), actor, Action.USER_DISABLE, login)

    def enable(self, login: str, *, actor: str) -> None:
        with self._store.transaction() as tx:
            user = tx.users.get(login)
            if not user.is_disabled:
                return
            tx.users.set_disabled(user.id, False)
            self._note(tx, self._clock(), actor, Action.USER_ENABLE, login)

    def _add_link(self, tx: Transaction, user: User, now: datetime) -> NewLink:
        token = self._new_secret()
        link = SignInLink(_token_hash(token), user.id, now + self._link_lifetime)
        tx.users.add_link(link)
        return NewLink(user.login, token, link.expires_at)

    def _use_link(self, token: str, password_hash: str, source: str) -> User:
        now = self._clock()
        with self._store.transaction() as tx:
            user = tx.users.use_link(_token_hash(token), now)
            if user is None or user.is_disabled:
                raise NotAllowed(_DEAD_LINK)
            tx.users.set_password_hash(user.id, password_hash)
            actor = f"user:{user.login}"
            self._note(tx, now, actor, Action.USER_LINK_USE, user.login, source=source)
            self._note(tx, now, actor, Action.USER_CHANGE_PASSWORD, user.login)
            self._note(tx, now, actor, Action.USER_SIGN_IN, user.login, source=source)
            return tx.users.get(user.login)

    def _find(self, login: str) -> User | None:
        try:
            with self._store.snapshot() as tx:
                return tx.users.get(login)
        except NotFound:
            return None

    def _fits(self, user: User | None, password: str) -> bool:
        if user is None or user.password_hash is None:
            # Hashing takes as long as verifying, so the time does not tell which names exist.
            self._hasher.hash(password)
            return False
        return self._hasher.verify(user.password_hash, password) and not user.is_disabled

    def _hash(self, password: str) -> str:
        if len(password) < SHORTEST_PASSWORD:
            raise Invalid("password", [f"it needs at least {SHORTEST_PASSWORD} characters"])
        if len(password) > LONGEST_PASSWORD:
            raise Invalid("password", [f"it may have at most {LONGEST_PASSWORD} characters"])
        return self._hasher.hash(password)

    def _refuse(self, action: Action, actor: str, source: str, fault: NotAllowed) -> NoReturn:
        event = AuditEvent(
            at=self._clock(),
            actor=actor,
            action=action,
            details={"source": source},
            outcome=Outcome.REFUSED,
        )
        with self._store.transaction() as tx:
            tx.audit.append(event)
        raise fault

    def _note(
        self, tx: Transaction, at: datetime, actor: str, action: Action, login: str, **details: Detail
    ) -> None:
        event = AuditEvent(at=at, actor=actor, action=action, details={"user": login, **details})
        tx.audit.append(event)


def _check_admin_is_left(tx: Transaction, leaving: User) -> None:
    admins = [user for user in tx.users.all() if user.role is Role.ADMIN and not user.is_disabled]
    if [user.id for user in admins] == [leaving.id]:
        raise Refused(f"{leaving.login} is the only admin: make another one first.")


def _check_nobody_has(tx: Transaction, account: Account | None, but: User) -> None:
    for user in tx.users.all():
        if account is not None and user.github is not None and user.github.id == account.id and user != but:
            raise Taken(
                f"GitHub's {account.login} is {user.login} here already. Take it from {user.login} first: "
                f"python -m gate user map {user.login} --nobody"
            )


def _token_hash(token: str) -> str:
    # A token has 256 random bits: a plain hash can't be guessed back, so it needs no slow one.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
