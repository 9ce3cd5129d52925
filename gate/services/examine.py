"""Examine: whether an installation is sound, and how to mend what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gate.domain.errors import GateError, Unavailable
from gate.domain.policy import check_policy
from gate.services.ports.git import Finding, GateRepositories
from gate.services.ports.installation import Installation
from gate.services.ports.measures import QueueProbe
from gate.services.ports.outside import Clock, PolicySource
from gate.services.ports.store import Store
from gate.services.sweep import LAST_SWEEP

_CLOCK_SLACK = timedelta(minutes=5)
_SWEEP_OVERDUE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Examine:
    """Look at everything and change nothing. One part's fault does not hide the others'."""

    installation: Installation
    store: Store
    repositories: GateRepositories
    policies: PolicySource
    queue: QueueProbe
    clock: Clock

    def __call__(self) -> list[Finding]:
        findings = list(self.installation.findings())
        if self.installation.is_store_current():
            findings += [*self._clock(), *self._sweeps(), *self._repositories()]
        else:
            mend = "python -m gate migrate"
            findings.append(Finding("store", "it is not at this release's schema", mend))
        return [*findings, *self._queue()]

    def _clock(self) -> Iterator[Finding]:
        newest = self.installation.newest_event_at()
        if newest is not None and newest > self.clock() + _CLOCK_SLACK:
            yield Finding(
                "clock",
                f"the newest audit event is of {newest:%Y-%m-%d %H:%M} UTC, which is still to come",
                "set the machine's clock, and keep it right: timedatectl set-ntp true",
            )

    def _sweeps(self) -> Iterator[Finding]:
        with self.store.snapshot() as tx:
            last = tx.settings.get(LAST_SWEEP)
        if last is None or datetime.fromisoformat(last) < self.clock() - _SWEEP_OVERDUE:
            yield Finding(
                "sweep",
                f"the last one was {last or 'never'}",
                "start the worker and cron processes, or run: python -m gate sweep",
                is_fatal=False,
            )

    def _repositories(self) -> Iterator[Finding]:
        with self.store.snapshot() as tx:
            repositories = tx.repositories.all()
        for repository in repositories:
            try:
                found = self.repositories.open(repository.name, repository.upstream).check()
            except GateError as fault:
                found = [Finding("repository", str(fault), f"python -m gate repo check {repository.name}")]
            for finding in (*found, *self._policy(repository.name)):
                yield Finding(
                    f"{repository.name}, {finding.subject}", finding.what, finding.mend, finding.is_fatal
                )

    def _policy(self, repository: str) -> Iterator[Finding]:
        text = self.policies.text(repository)
        if text is None:
            yield Finding("policy", "there is none, so nothing is released", "write one: docs/policy.md")
            return
        for fault in check_policy(text).faults:
            yield Finding("policy", fault, "python -m gate policy check FILE")

    def _queue(self) -> Iterator[Finding]:
        try:
            standing = self.queue.standing()
        except Unavailable as fault:
            yield Finding("queue", str(fault), "start the redis process, or set REDIS_URL")
            return
        if not standing.workers:
            yield Finding("queue", "no worker takes jobs", "start it: python -m workers")
        for job in standing.failed:
            yield Finding(
                "queue",
                f"job {job.name} ({job.id}) failed: {job.fault}",
                "mend the cause; the sweep tries again by itself",
                is_fatal=False,
            )
