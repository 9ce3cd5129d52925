"""The health of repositories at their forge: looked at now and then, shown on their page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from gate.domain.errors import GateError
from gate.domain.repository import LOCAL, Repository
from gate.services.ports.forge import ForgeAdmin
from gate.services.ports.git import Finding
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class ForgeHealth:
    """What was found at the last look; an empty list is good news."""

    looked_at: datetime
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class LookAtForges:
    """Check every repository at its forge and keep what was found. One's fault does not hide the others'."""

    store: Store
    forge_admin: ForgeAdmin | None
    clock: Clock

    def __call__(self) -> None:
        with self.store.snapshot() as tx:
            repositories = [one for one in tx.repositories.all() if one.forge != LOCAL]
        for repository in repositories:
            findings = [asdict(finding) for finding in self.findings(repository)]
            found = json.dumps({"at": self.clock().isoformat(), "findings": findings})
            with self.store.transaction() as tx:
                tx.settings.put(_key(repository.name), found)

    def findings(self, repository: Repository) -> list[Finding]:
        """What is wrong now. Never raises: a forge that does not answer is a finding."""
        if self.forge_admin is None:
            mend = "`python -m gate github setup` says what is needed"
            return [Finding("GitHub", "it is not set up, so nothing can be reviewed there", mend)]
        try:
            return self.forge_admin.check(repository)
        except GateError as fault:
            mend = f"`python -m gate repo check {repository.name}` looks again"
            return [Finding("GitHub", str(fault), mend)]


def forge_health(tx: Transaction, repository: str) -> ForgeHealth | None:
    """What the last look found; None where nobody has looked yet, or there is no forge to look at."""
    text = tx.settings.get(_key(repository))
    if text is None:
        return None
    found = json.loads(text)
    findings = tuple(Finding(**finding) for finding in found["findings"])
    return ForgeHealth(datetime.fromisoformat(found["at"]), findings)


def _key(repository: str) -> str:
    return f"forge_health:{repository}"
