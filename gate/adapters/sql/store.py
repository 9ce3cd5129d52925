"""One store: engines set up for the two databases, and the transaction that nobody else commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from gate.adapters.audit.log import AuditLog
from gate.adapters.sql.accounts import SqlAgents, SqlUsers
from gate.adapters.sql.deliveries import SqlDeliveries
from gate.adapters.sql.evidence import SqlEvidences
from gate.adapters.sql.holds import SqlHolds
from gate.adapters.sql.logins import SqlLogins
from gate.adapters.sql.places import SqlPlaces
from gate.adapters.sql.pull_requests import SqlPullRequests
from gate.adapters.sql.releases import SqlReleases
from gate.adapters.sql.repositories import SqlRepositories
from gate.adapters.sql.reviews import SqlReviews
from gate.adapters.sql.schema import audit
from gate.adapters.sql.seen_reviews import SqlSeenReviews
from gate.adapters.sql.settings import SqlSettings
from gate.domain.errors import Unavailable

_BUSY_SECONDS = 30


class SqlTransaction:
    """The gateways that share one connection, and so one database transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def repositories(self) -> SqlRepositories:
        return SqlRepositories(self._connection)

    @cached_property
    def agents(self) -> SqlAgents:
        return SqlAgents(self._connection)

    @cached_property
    def places(self) -> SqlPlaces:
        return SqlPlaces(self._connection)

    @cached_property
    def users(self) -> SqlUsers:
        return SqlUsers(self._connection)

    @cached_property
    def holds(self) -> SqlHolds:
        return SqlHolds(self._connection)

    @cached_property
    def reviews(self) -> SqlReviews:
        return SqlReviews(self._connection)

    @cached_property
    def releases(self) -> SqlReleases:
        return SqlReleases(self._connection)

    @cached_property
    def pull_requests(self) -> SqlPullRequests:
        return SqlPullRequests(self._connection)

    @cached_property
    def seen_reviews(self) -> SqlSeenReviews:
        return SqlSeenReviews(self._connection)

    @cached_property
    def deliveries(self) -> SqlDeliveries:
        return SqlDeliveries(self._connection)

    @cached_property
    def logins(self) -> SqlLogins:
        return SqlLogins(self._connection)

    @cached_property
    def evidence(self) -> SqlEvidences:
        return SqlEvidences(self._connection)

    @cached_property
    def audit(self) -> AuditLog:
        return AuditLog(self._connection, audit)

    @cached_property
    def settings(self) -> SqlSettings:
        return SqlSettings(self._connection)


class SqlStore:
    """The database behind `url`: `sqlite:////path` or `postgresql+psycopg://…`."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        with _faults_told(), self.engine.connect() as connection, connection.begin():
            yield SqlTransaction(connection)

    @contextmanager
    def snapshot(self) -> Iterator[SqlTransaction]:
        with _faults_told(), self.engine.connect() as connection:
            reading = connection.execution_options(pushgate_reading=True)
            with reading.begin():
                yield SqlTransaction(reading)

    def close(self) -> None:
        """Give up pooled connections; a forked child calls this before it opens its own."""
        self.engine.dispose(close=False)


@contextmanager
def _faults_told() -> Iterator[None]:
    """A database that is locked, full or away may answer later: whoever can wait tries again."""
    try:
        yield
    except OperationalError as fault:
        raise Unavailable(
            f"store: the database did not do its part ({fault.orig}). It is tried again."
        ) from fault


def open_engine(url: str) -> Engine:
    """An engine whose write transactions queue up instead of failing half-way."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(url, pool_pre_ping=True)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: it would begin deferred ones, whose upgrade from
    # reading to writing fails with SQLITE_BUSY whatever the timeout.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("pushgate_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("pushgate_reading", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
