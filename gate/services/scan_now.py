"""Scan now: what the agent's terminal is told of secrets while its push is being answered."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.secret import ADVICE, FoundSecret, first_named
from gate.services.ports.git import GateRepositories
from gate.services.ports.store import Store
from gate.services.scan_push import ScanPush


@dataclass(frozen=True, slots=True)
class ScanNow:
    """Scan a push that the hook has just held. Writes nothing: the assessment scans again, and decides.

    Raises NotFound for a repository that there is not, Failed where it cannot say.
    """

    store: Store
    repositories: GateRepositories
    scan_push: ScanPush

    def __call__(self, repository_name: str, push_id: str) -> tuple[str, ...]:
        """The lines for the terminal; none where nothing stops the push."""
        with self.store.snapshot() as tx:
            repository = tx.repositories.get(repository_name)
            allowed = tx.evidence.allowed(repository_name)
        opened = self.repositories.open(repository.name, repository.upstream)
        receipt = opened.held.receipt(push_id)
        found: list[FoundSecret] = []
        for held in () if receipt is None else receipt.updates:
            facts = opened.history.facts(held.update)
            found += self.scan_push(opened.history, held.update, facts, allowed)
        return _lines([one for one in found if one.is_blocking])


def _lines(secrets: list[FoundSecret]) -> tuple[str, ...]:
    if not secrets:
        return ()
    return (
        "A secret is in what you pushed. It stays held, and is not shown to anybody for review:",
        *(f"  {words}" for words in first_named(secrets)),
        ADVICE,
    )
