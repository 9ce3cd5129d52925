"""`python -m gate sweep`, `maintain` and `migrate`."""

from __future__ import annotations

import sys

import click

from gate.adapters.sql.migrate import migrate as migrate_store
from gate.bootstrap import now
from gate.cli.context import actor, container, container_as_it_is, inline_container, settings
from gate.domain.audit import Action, AuditEvent


@click.command()
def sweep() -> None:
    """Take up whatever a crash or a lost job left undone, here and now, with no need of Redis."""
    swept = inline_container().sweep()
    click.echo(
        f"{swept.pushes} missed pushes taken up, {swept.live} live holds looked at, "
        f"{swept.unsettled} closed ones settled."
    )
    for fault in swept.faults:
        click.echo(f"FAULT  {fault}", err=True)
    if swept.faults:
        sys.exit(1)


@click.command()
def maintain() -> None:
    """Pack refs and objects of every repository. Nothing is pruned."""
    container().maintain()
    click.echo("Done.")


@click.command()
def migrate() -> None:
    """Bring the store and the repositories' hooks to this release. Run it before the processes start.

    Also compiles the rules of the scan for secrets, which takes seconds, so that no push waits for it.
    """
    home = settings().home
    for folder in (home, settings().repositories, settings().policies, settings().secrets):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    gate = container_as_it_is()
    reached = migrate_store(gate.store)
    if reached is not None:
        with gate.store.transaction() as tx:
            details = {"revision": reached}
            tx.audit.append(AuditEvent(at=now(), actor=actor(), action=Action.STORE_MIGRATE, details=details))
    with gate.store.snapshot() as tx:
        repositories = tx.repositories.all()
    for repository in repositories:
        gate.repositories.bring_up_to_date(repository.name, repository.upstream)
    gate.tell_hooks.all()
    click.echo(f"The store in {home} and {len(repositories)} repositories are at this release.")
    gate.scanner.warm_up()
