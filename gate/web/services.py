"""What the views read and do. Bootstrap fills it; the web app itself knows no adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from gate.services.accept_delivery import AcceptDelivery
from gate.services.allow_secrets import AllowSecrets
from gate.services.lockdown import Lockdown
from gate.services.people import People
from gate.services.ports.measures import TakeCensus, Tally
from gate.services.ports.outside import Clock
from gate.services.queries.deliveries import ListDeliveries
from gate.services.queries.evidence_page import ReadEvidence
from gate.services.queries.health import CheckReady, ReadHealth
from gate.services.queries.hold_list import ListHolds
from gate.services.queries.hold_page import ShowHold
from gate.services.queries.log_page import ReadLog
from gate.services.queries.push_page import ShowPush
from gate.services.queries.repository_list import ListAgents, ListRepositories
from gate.services.queries.revision_files import ReadRevision
from gate.services.queries.trail import ReadTrail
from gate.services.read_raw import ReadRaw
from gate.services.redeliver import Redeliver
from gate.services.review import ReviewHold

_KEY = "pushgate"


@dataclass(frozen=True)
class WebhookServices:
    """What GitHub's webhook and its page need."""

    accept: AcceptDelivery
    list_deliveries: ListDeliveries
    redeliver: Redeliver


@dataclass(frozen=True)
class WebServices:
    """Every query and use case that a page needs. Without GitHub there are no `webhooks`."""

    clock: Clock
    people: People
    list_holds: ListHolds
    show_hold: ShowHold
    read_revision: ReadRevision
    show_push: ShowPush
    list_repositories: ListRepositories
    list_agents: ListAgents
    read_trail: ReadTrail
    read_health: ReadHealth
    check_ready: CheckReady
    read_evidence: ReadEvidence
    read_log: ReadLog
    read_raw: ReadRaw
    allow_secrets: AllowSecrets
    review: ReviewHold
    lockdown: Lockdown
    take_census: TakeCensus
    tally: Tally
    webhooks: WebhookServices | None = None

    def install(self, extensions: dict[str, object]) -> None:
        extensions[_KEY] = self


def services() -> WebServices:
    """The services of the app that answers the current request."""
    return cast("WebServices", current_app.extensions[_KEY])
