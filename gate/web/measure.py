"""Figures for Prometheus. The store and the tally hold them, so every process answers the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gate.services.ports.measures import Census, Tallied, Tally
from gate.web.services import WebServices

HTTP_REQUESTS = "pushgate_http_requests"
WEBHOOKS = "pushgate_webhooks"

_MEANING = {
    HTTP_REQUESTS: "HTTP requests answered",
    WEBHOOKS: "Webhook deliveries answered, by event",
    "pushgate_jobs": "Jobs ended, by how",
    "pushgate_job_seconds": "Seconds from enqueueing a job to its end, added up",
}


def install(app: Flask, tally: Tally) -> None:
    def count(response: Response) -> Response:
        if request.blueprint == "webhooks":
            return response  # It counts itself once it is answered, as GitHub waits.
        labels = {"endpoint": request.endpoint or "none", "status": f"{response.status_code // 100}xx"}
        tally.add(HTTP_REQUESTS, {**labels, "method": _method(request.method)})
        return response

    app.after_request(count)


def exposition(services: WebServices) -> bytes:
    """Everything, in the text format."""
    registry = CollectorRegistry()
    registry.register(_Figures(services.take_census(), services.tally.read()))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, census: Census, tallied: Iterable[Tallied]) -> None:
        self._census = census
        self._tallied = tallied

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily("pushgate_pushes", "Pushes taken", self._census.pushes)
        holds = GaugeMetricFamily("pushgate_holds", "Holds by state", labels=["state"])
        for state, number in self._census.holds.items():
            holds.add_metric([state], number)
        yield holds
        releases = CounterMetricFamily("pushgate_releases", "Releases by outcome", labels=["outcome"])
        for outcome, number in self._census.releases.items():
            releases.add_metric([outcome], number)
        yield releases
        yield from _totals(self._tallied)


def _totals(tallied: Iterable[Tallied]) -> Iterator[Metric]:
    families: dict[str, list[Tallied]] = defaultdict(list)
    for total in tallied:
        families[total.name].append(total)
    for name, totals in sorted(families.items()):
        labels = sorted({label for total in totals for label, _ in total.labels})
        family = CounterMetricFamily(name, _MEANING.get(name, name), labels=labels)
        for total in totals:
            values = dict(total.labels)
            family.add_metric([values.get(label, "") for label in labels], total.value)
        yield family


def _method(said: str) -> str:
    # A client can send any word as method, and each would become a series of its own.
    return said if said in ("GET", "HEAD", "POST") else "other"
