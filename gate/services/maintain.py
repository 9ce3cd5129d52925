"""Maintain: keep the gate repositories quick as they age."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.errors import GateError
from gate.services.ports.git import GateRepositories
from gate.services.ports.outside import ReportFault
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class Maintain:
    """Pack refs and objects of every repository. Never prunes. Safe to run at any time."""

    store: Store
    repositories: GateRepositories
    report_fault: ReportFault

    def __call__(self) -> None:
        with self.store.snapshot() as tx:
            repositories = tx.repositories.all()
        for repository in repositories:
            try:
                self.repositories.open(repository.name, repository.upstream).maintain()
            except GateError as fault:
                self.report_fault("maintain:repository", fault)
