"""The app that the tests' gunicorn serves: the git blueprint over a real store, with upstream faked."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from flask import Flask

from gate.adapters.sql.store import SqlStore
from gate.domain.errors import Unavailable
from gate.services.authenticate_agent import AuthenticateAgent
from gate.services.refresh import Refresh
from gate.transport.smart_http import create_git_blueprint
from gate.transport.wiring import TransportServices, TransportSettings


class FakeUpstreams:
    """Upstreams that are down while a file `<name>.down` is there; each look adds a line to `looks`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def open(self, name: str, upstream: str) -> Any:
        self.upstream = FakeUpstream(self._root, name)
        return self


class FakeUpstream:
    def __init__(self, root: Path, name: str) -> None:
        self._root = root
        self._name = name

    def sync(self) -> None:
        if (self._root / f"{self._name}.down").exists():
            raise Unavailable("upstream is at /secret/place and does not answer")


def create_app() -> Flask:
    structlog.configure(processors=[structlog.processors.JSONRenderer()])
    root = Path(os.environ["TRANSPORT_TEST_ROOT"])
    store = SqlStore(f"sqlite:///{root / 'store.db'}")

    def clock() -> datetime:
        return datetime.now(UTC)

    def noticed(repository: str, push_id: str) -> None:
        with (root / f"{repository}.noticed").open("a") as log:
            log.write(f"{push_id}\n")

    services = TransportServices(
        authenticate=AuthenticateAgent(store, clock),
        refresh=Refresh(store, FakeUpstreams(root), clock, timedelta(seconds=0)),
        noticed=noticed,
    )
    app = Flask(__name__)
    # As small as a form's limit may be: a push has to get past it.
    app.config["MAX_CONTENT_LENGTH"] = 1024
    app.register_blueprint(
        create_git_blueprint(services, TransportSettings(root / "repositories", finish_seconds=2))
    )
    return app
