"""GitHub's own list of what it delivered to the webhook, and asking it to deliver once more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from itertools import islice

from github.HookDelivery import HookDeliverySummary
from github.PaginatedList import PaginatedList
from github.Requester import Requester

from gate.adapters.github.address import Address
from gate.adapters.github.client import GitHub
from gate.adapters.github.errors import told
from gate.domain.delivery import SentDelivery
from gate.domain.errors import Failed, GateError, NotFound

_PAGE = 100
# Of the failed ones there may be more than a page, after an outage.
_MOST_FAILED = 300


@dataclass(frozen=True, slots=True)
class _Hook:
    """One webhook in GitHub's API, as the one who may read it."""

    path: str
    requester: Requester


@dataclass(frozen=True, slots=True)
class GitHubDeliveries:
    """The deliveries of the App's webhook, or with a token those of each repository's own one.

    `upstreams` are the addresses of all repositories at GitHub, `webhook_url` is the gate's own address for
    deliveries. A repository's webhook can only be read by an admin's token.
    """

    github: GitHub
    upstreams: Callable[[], Sequence[str]]
    webhook_url: str
    _seen_at: dict[int, _Hook] = field(default_factory=dict, repr=False)

    def deliveries(self) -> Sequence[SentDelivery]:
        """The latest ones and the failed ones, newest first. Raises Unavailable, Failed."""
        found: dict[int, SentDelivery] = {}
        for hook in self._hooks():
            for sent in self._sent_by(hook):
                found[sent.number] = sent
                self._seen_at[sent.number] = hook
        return sorted(found.values(), key=lambda one: (one.delivered_at, one.number), reverse=True)

    def redeliver(self, number: int) -> None:
        """Raises NotFound where GitHub has forgotten this delivery."""
        if number not in self._seen_at:
            self.deliveries()
        hook = self._seen_at.get(number)
        if hook is None:
            raise NotFound(f"GitHub no longer lists a delivery {number}.")
        with told("have GitHub deliver again"):
            hook.requester.requestJsonAndCheck("POST", f"{hook.path}/deliveries/{number}/attempts")

    def _hooks(self) -> list[_Hook]:
        app = self.github.app()
        if app is not None:
            return [_Hook("/app/hook", app.requester)]
        hooks, faults = [], []
        for name in sorted({Address.of(upstream).full_name for upstream in self.upstreams()}):
            try:
                hooks.append(self._repository_hook(name))
            except GateError as fault:
                faults.append(fault)
        if faults and not hooks:
            raise faults[0]
        return hooks

    def _repository_hook(self, full_name: str) -> _Hook:
        with told(f"read the webhooks of {full_name}"):
            for hook in self.github.repository(full_name).get_hooks():
                if hook.config.get("url") == self.webhook_url:
                    return _Hook(f"/repos/{full_name}/hooks/{hook.id}", self.github.api(full_name).requester)
        raise Failed(f"{full_name} has no webhook to {self.webhook_url}. Add it: docs/webhooks.md.")

    def _sent_by(self, hook: _Hook) -> Iterator[SentDelivery]:
        with told("read GitHub's list of deliveries"):
            for wanted, most in (({}, _PAGE), ({"status": "failure"}, _MOST_FAILED)):
                for item in islice(_listed(hook, wanted), most):
                    yield _sent(item)


def _listed(hook: _Hook, wanted: dict[str, str]) -> PaginatedList[HookDeliverySummary]:
    return PaginatedList(HookDeliverySummary, hook.requester, f"{hook.path}/deliveries", dict(wanted))


def _sent(item: HookDeliverySummary) -> SentDelivery:
    assert item.id is not None
    assert item.guid is not None
    assert item.event is not None
    assert item.delivered_at is not None
    return SentDelivery(
        number=item.id,
        guid=item.guid,
        event=item.event,
        action=item.action or "",
        delivered_at=item.delivered_at.astimezone(UTC),
        status_code=item.status_code or 0,
        is_redelivery=bool(item.redelivery),
    )
