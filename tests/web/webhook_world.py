"""The web app as GitHub and an admin meet it, on the store and use cases of the delivery world."""

from __future__ import annotations

import itertools
from dataclasses import fields
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from gate.domain.review import Role
from gate.services.lockdown import Lockdown
from gate.services.people import People
from gate.services.queries.deliveries import ListDeliveries
from gate.web import WebhookServices, WebServices, WebSettings, create_app
from tests.services.delivery_world import DeliveryWorld, signature
from tests.web.web_world import PASSWORD, NoHooks, PlainHasher, Totals, sign_in

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class WebhookWorld(DeliveryWorld):
    """A gate with alice the admin and bob the reviewer."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.totals = Totals()
        secrets = (f"secret-{n}" for n in itertools.count(1))
        self.people = People(self.store, PlainHasher(), self.clock, lambda: next(secrets))
        for login, role in (("alice", Role.ADMIN), ("bob", Role.REVIEWER)):
            link = self.people.add(login, role, actor="cli:root")
            self.people.use_link(link.token, PASSWORD, source="127.0.0.1")

    def app(self, *, is_set_up: bool = True) -> Flask:
        webhooks = WebhookServices(self.accept, ListDeliveries(self.store), self.redeliver)
        used: dict[str, Any] = {
            "clock": self.clock,
            "people": self.people,
            "lockdown": Lockdown(self.store, NoHooks(), self.jobs, self.clock),  # type: ignore[arg-type]
            "tally": self.totals,
            "webhooks": webhooks if is_set_up else None,
        }
        # What is missing fails where it is used: the webhook needs no other service.
        every: dict[str, Any] = {field.name: used.get(field.name) for field in fields(WebServices)}
        services = WebServices(**every)
        settings = WebSettings(secret_key="k" * 32, base_url="http://localhost", cookie_secure=False)
        app = create_app(services, settings)
        app.testing = True
        return app

    def browser(self, login: str = "alice") -> FlaskClient:
        return sign_in(self.app().test_client(), login)

    def github(self, body: bytes, *, event: str = "star", delivery: str = "d-1", **headers: Any) -> Any:
        """Send a delivery as GitHub does; a header can be replaced, or left out with None."""
        sent = {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": signature(body),
            "Content-Type": JSON,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        kept = {name: value for name, value in sent.items() if value is not None}
        return self.app().test_client().post("/webhooks/github", data=body, headers=kept, buffered=True)
