"""What every command needs: the container, and who is asking."""

from __future__ import annotations

import getpass
import os
from functools import cache

from gate.adapters.process import begin
from gate.adapters.sql.migrate import is_current
from gate.bootstrap import Container, build, build_inline
from gate.config import Settings, load
from gate.domain.errors import Refused


@cache
def settings() -> Settings:
    """Raises Invalid with every fault of the environment and the file."""
    found = load(os.environ)
    begin(found.log_level)
    return found


@cache
def container_as_it_is() -> Container:
    """The gate as its processes run it, whatever state the store is in."""
    return build(settings())


def container() -> Container:
    """The gate as its processes run it. Raises Refused while the store is not at this release's schema."""
    return _checked(container_as_it_is())


@cache
def inline_container() -> Container:
    """The gate with jobs run here and now, which needs no Redis."""
    return _checked(build_inline(settings()))


def _checked(built: Container) -> Container:
    if not is_current(built.store):
        raise Refused(
            f"the store in {settings().home} is not at this release's schema. Run: python -m gate migrate"
        )
    return built


def actor() -> str:
    """Who asks, for the audit trail: the system user behind the command line."""
    return f"cli:{getpass.getuser()}"
