"""Put a repository behind the gate, take it away again, and refresh it by hand."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.audit import Action, AuditEvent, Detail
from gate.domain.errors import Refused
from gate.domain.hold import LIVE_STATES
from gate.domain.repository import GITHUB, LOCAL, Repository
from gate.services.hook_rules import TellHooks
from gate.services.ports.forge import ForgeAdmin
from gate.services.ports.git import GateRepositories
from gate.services.ports.outside import Clock, PolicyFiles
from gate.services.ports.store import HoldFilter, Store, Transaction

# At GitHub an approval can meet a page that is older than the head it counts for.
_SETTLE_SECONDS = {LOCAL: 0, GITHUB: 10}


@dataclass(frozen=True, slots=True)
class Enroll:
    """What an admin does with repositories; `actor` goes on the trail."""

    store: Store
    repositories: GateRepositories
    policies: PolicyFiles
    tell_hooks: TellHooks
    clock: Clock
    forge_admin: ForgeAdmin | None = None

    def add(self, name: str, upstream: str, *, forge: str, actor: str) -> Repository:
        """Make the gate repository and mirror upstream. Raises Refused or Unavailable; then nothing stays."""
        with self.store.snapshot() as tx:
            if any(repository.name == name for repository in tx.repositories.all()):
                raise Refused(f"repository {name}: there is one of this name. Choose another name.")
        forge_id = self._forge_id(upstream, forge)
        self.repositories.create(name, upstream)
        try:
            with self.store.transaction() as tx:
                repository = tx.repositories.add(name, upstream, forge, self.clock())
                tx.repositories.set_synced(name, self.clock(), None)
                if forge_id is not None:
                    tx.repositories.set_upstream(name, upstream, forge_id)
                self._record(tx, Action.REPOSITORY_ADD, name, actor, {"upstream": upstream, "forge": forge})
        except Exception:  # whatever it is: a folder that no row names is none
            self.repositories.remove(name)
            raise
        try:
            self.policies.write_default(name, settle_seconds=_SETTLE_SECONDS[forge])
            self.tell_hooks(name)
        except Exception:  # a full disk as well: half a gate is none
            self.remove(name, actor=actor)
            raise
        return repository

    def _forge_id(self, upstream: str, forge: str) -> int | None:
        """The forge's own number for upstream: its name can change, and be given to another."""
        if forge == LOCAL:
            return None
        if self.forge_admin is None:
            raise Refused(
                "GitHub is not set up, so no repository can be reviewed there. "
                "`python -m gate github setup` says what is needed."
            )
        forge_id = self.forge_admin.repository_id(upstream)
        with self.store.snapshot() as tx:
            before = tx.repositories.by_forge_id(forge_id)
        if before:
            # Review branches are named by the numbers of holds, which would be those of two repositories.
            raise Refused(
                f"upstream {upstream}: repository {before[0].name} is in front of it already. "
                "Two would take each other's review branches away."
            )
        return forge_id

    def remove(self, name: str, *, actor: str) -> str:
        """Stop taking pushes; returns where the folder was set aside. Raises Refused while holds live."""
        with self.store.transaction() as tx:
            tx.repositories.get(name)
            live = tx.holds.page(HoldFilter(states=LIVE_STATES, repository=name), before=None, limit=1)
            if live:
                raise Refused(
                    f"repository {name}: holds are still live, such as {live[0].name}. "
                    "Reject or withdraw them first."
                )
            tx.repositories.remove(name)
            self._record(tx, Action.REPOSITORY_REMOVE, name, actor, {})
        return self.repositories.remove(name)

    def sync(self, name: str, *, actor: str) -> None:
        """Fetch upstream now. Raises Unavailable where it cannot be reached."""
        with self.store.snapshot() as tx:
            upstream = tx.repositories.get(name).upstream
        self.repositories.open(name, upstream).upstream.sync()
        with self.store.transaction() as tx:
            tx.repositories.set_synced(name, self.clock(), None)
            self._record(tx, Action.REPOSITORY_SYNC, name, actor, {})
        self.tell_hooks(name)

    def _record(
        self, tx: Transaction, action: Action, name: str, actor: str, details: dict[str, Detail]
    ) -> None:
        event = AuditEvent(at=self.clock(), actor=actor, action=action, repository=name, details=details)
        tx.audit.append(event)
