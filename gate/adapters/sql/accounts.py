"""The accounts of agents and people in the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gate.adapters.sql.schema import agents, grants, repositories, sign_in_links, users
from gate.domain.errors import NotFound, Refused, Taken
from gate.domain.repository import Agent, Grant
from gate.domain.review import Account, Role
from gate.domain.user import SignInLink, User


class SqlAgents:
    """Implements `ports.store.Agents`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, name: str, operator_id: int | None, token_hash: str, at: datetime) -> Agent:
        values = {"name": name, "operator_id": operator_id, "token_hash": token_hash, "created_at": at}
        try:
            self._connection.execute(insert(agents).values(values))
        except IntegrityError:
            raise Refused(
                f"agent {name}: there is one of this name. `agent rotate` gives a new token."
            ) from None
        return self.get(name)

    def get(self, name: str) -> Agent:
        row = self._connection.execute(select(agents).where(agents.c.name == name)).one_or_none()
        if row is None:
            raise NotFound(f"agent {name}: there is none of this name. `agent list` shows what there is.")
        return _agent(row)

    def all(self) -> list[Agent]:
        return [_agent(row) for row in self._connection.execute(select(agents).order_by(agents.c.name))]

    def token_hash(self, name: str) -> str | None:
        return self._connection.scalar(select(agents.c.token_hash).where(agents.c.name == name))

    def set_token_hash(self, name: str, token_hash: str) -> None:
        self._set(name, token_hash=token_hash)

    def set_disabled(self, name: str, disabled: bool) -> None:
        self._set(name, is_disabled=disabled)

    def set_operator(self, name: str, operator_id: int | None) -> None:
        self._set(name, operator_id=operator_id)

    def set_github(self, name: str, account: Account | None) -> None:
        self._set(name, **_account_values(account))

    def grant(self, agent: str, repository: str, allow_refs: Sequence[str]) -> None:
        row = {"agent_id": self._id(agents, agent), "repository_id": self._id(repositories, repository)}
        key = [grants.c[name] == value for name, value in row.items()]
        self._connection.execute(delete(grants).where(*key))
        self._connection.execute(insert(grants).values(**row, allow_refs=json.dumps(list(allow_refs))))

    def grants(self, *, agent: str | None = None, repository: str | None = None) -> list[Grant]:
        query = (
            select(agents.c.name.label("agent"), repositories.c.name.label("repository"))
            .add_columns(grants.c.allow_refs, agents.c.is_disabled)
            .select_from(grants.join(agents).join(repositories))
            .where(~repositories.c.removed)
            .order_by(agents.c.name, repositories.c.name)
        )
        if agent is not None:
            query = query.where(agents.c.name == agent)
        if repository is not None:
            query = query.where(repositories.c.name == repository)
        return [
            Grant(row.agent, row.repository, tuple(json.loads(row.allow_refs)), row.is_disabled)
            for row in self._connection.execute(query)
        ]

    def _set(self, name: str, **values: object) -> None:
        self.get(name)
        self._connection.execute(update(agents).where(agents.c.name == name).values(**values))

    def _id(self, table: Any, name: str) -> int:
        found = self._connection.scalar(select(table.c.id).where(table.c.name == name))
        if found is None:
            raise NotFound(f"{table.name} has no {name}.")
        return int(found)


class SqlUsers:
    """Implements `ports.store.Users`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, login: str, role: Role, at: datetime) -> User:
        try:
            self._connection.execute(insert(users).values(login=login, role=role, created_at=at))
        except IntegrityError:
            raise Refused(f"user {login}: this login is taken. Choose another.") from None
        return self.get(login)

    def get(self, login: str) -> User:
        row = self._connection.execute(select(users).where(users.c.login == login)).one_or_none()
        if row is None:
            raise NotFound(f"user {login}: nobody has this login. `user list` shows who is there.")
        return _user(row)

    def by_id(self, user_id: int) -> User | None:
        row = self._connection.execute(select(users).where(users.c.id == user_id)).one_or_none()
        return None if row is None else _user(row)

    def all(self) -> list[User]:
        return [_user(row) for row in self._connection.execute(select(users).order_by(users.c.login))]

    def set_password_hash(self, user_id: int, password_hash: str) -> None:
        self._set(user_id, password_hash=password_hash)

    def set_role(self, user_id: int, role: Role) -> None:
        self._set(user_id, role=role)

    def set_disabled(self, user_id: int, disabled: bool) -> None:
        self._set(user_id, is_disabled=disabled)

    def set_github(self, user_id: int, account: Account | None) -> None:
        try:
            self._set(user_id, **_account_values(account))
        except IntegrityError:
            assert account is not None, "any number of people may have no account"
            raise Taken(
                f"GitHub's {account.login} is matched with somebody else here. Take it from them first: "
                "python -m gate user map LOGIN --nobody"
            ) from None

    def add_link(self, link: SignInLink) -> None:
        self._connection.execute(
            insert(sign_in_links).values(
                token_hash=link.token_hash, user_id=link.user_id, expires_at=link.expires_at
            )
        )

    def use_link(self, token_hash: str, at: datetime) -> User | None:
        fresh = (
            sign_in_links.c.token_hash == token_hash,
            sign_in_links.c.used_at.is_(None),
            sign_in_links.c.expires_at > at,
        )
        used = self._connection.execute(update(sign_in_links).where(*fresh).values(used_at=at))
        if used.rowcount != 1:
            return None
        user_id = self._connection.scalar(
            select(sign_in_links.c.user_id).where(sign_in_links.c.token_hash == token_hash)
        )
        return self.by_id(user_id) if user_id is not None else None

    def _set(self, user_id: int, **values: object) -> None:
        self._connection.execute(update(users).where(users.c.id == user_id).values(**values))


def _agent(row: Row[Any]) -> Agent:
    return Agent(row.id, row.name, row.operator_id, row.is_disabled, row.created_at, _account(row))


def _user(row: Row[Any]) -> User:
    return User(
        row.id, row.login, row.role, row.is_disabled, row.created_at, row.password_hash, _account(row)
    )


def _account(row: Row[Any]) -> Account | None:
    return None if row.github_id is None else Account(row.github_id, row.github_login)


def _account_values(account: Account | None) -> dict[str, object]:
    if account is None:
        return {"github_id": None, "github_login": None}
    return {"github_id": account.id, "github_login": account.login}
