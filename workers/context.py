"""The container of this worker process."""

from __future__ import annotations

import os
from functools import cache

from gate.bootstrap import Container, build
from gate.config import load


@cache
def container() -> Container:
    """Built at the first job of a process: a forked work-horse opens connections of its own."""
    return build(load(os.environ))
